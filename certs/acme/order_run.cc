#include "certs/acme/order_run.h"

#include "base/io/log.h"
#include "base/text.h"
#include "certs/acme/chain_choice.h"
#include "certs/acme/order_note.h"

#include <algorithm>

namespace ravelin::certs::acme {
namespace {

using namespace std::chrono_literals;
using base::Errc;
using base::fail;

constexpr std::string_view kPart = "acme";
constexpr base::Duration kCleaningUp = 10s;
constexpr std::size_t kNamesMax = 100;  // what CAs take

std::vector<Identifier> identifiers_of(const std::vector<std::string>& names) {
  std::vector<Identifier> out;
  out.reserve(names.size());
  for (const std::string& name : names)
    out.push_back(identifier_of(name));
  return out;
}

// The order this CA may no longer know, or never knew: another one takes its place.
bool is_gone(const Failure& failure) {
  return failure.status == 404 || failure.status == 403 || failure.status == 410 ||
         failure.is("malformed");
}

// Replaced before, or a certificate the CA does not know, or knows as another account's: which of
// the other words it has for that, RFC 9773 leaves to the CA.
bool is_about_replaced(const Failure& failure) {
  return failure.is("alreadyReplaced") || failure.is("malformed") || failure.is("unauthorized") ||
         failure.status == 404;
}

void replace_all(std::string& text, std::string_view what, std::string_view with) {
  for (std::size_t at = 0; (at = text.find(what, at)) != std::string::npos; at += with.size())
    text.replace(at, what.size(), with);
}

}  // namespace

Reply<IssuedChain> OrderRun::run() {
  if (wanted_.names.empty() || wanted_.names.size() > kNamesMax)
    return fail(Errc::invalid, "an order has 1 to {} names, not {}", kNamesMax,
                wanted_.names.size());
  auto resumed = resume();
  if (!resumed) return resumed.error();
  if (*resumed) {
    const std::string url = (*resumed)->url;
    base::log_info(kPart, "going on with an order", {{"issuer", options_.name}, {"order", url}});
    auto chain = finish(std::move(**resumed));
    // An order that came to nothing meanwhile, or was for another key, makes room for a new one.
    // One that fails now, or a CA that is away, does not.
    if (chain || !chain.error().order_is_lost || triggered_) return chain;
    base::log_warn(
        kPart, "the order is lost, placing another",
        {{"issuer", options_.name}, {"order", url}, {"reason", chain.error().error.message}});
  }
  auto placed = place();
  if (!placed) return placed.error();
  return finish(std::move(*placed));
}

// ---- the order ----

Reply<std::optional<AskedOrder>> OrderRun::resume() {
  using Resumed = std::optional<AskedOrder>;
  const auto noted = parse_note(note_.text());
  if (!noted || noted->directory != client_.directory_url() || noted->account != account_.kid)
    return Resumed();
  auto order = client_.order(account_, noted->order, patience_);
  if (!order && is_gone(order.error())) return Resumed();
  if (!order) return order.error();
  if (order->order.status == Status::invalid ||
      !are_same(order->order.identifiers, identifiers_of(wanted_.names)))
    return Resumed();
  order->url = noted->order;
  return Resumed(std::move(*order));
}

Reply<OrderRequest> OrderRun::make_request() {
  const auto directory = client_.directory(patience_);
  if (!directory) return directory.error();
  OrderRequest request{identifiers_of(wanted_.names), wanted_.profile, wanted_.replaces,
                       wanted_.not_before, wanted_.not_after};
  const auto& profiles = (*directory)->profiles;
  if (!request.profile.empty() &&
      std::find(profiles.begin(), profiles.end(), request.profile) == profiles.end()) {
    base::log_warn(kPart, "the CA has no such profile; ordering without one",
                   {{"issuer", options_.name},
                    {"profile", request.profile},
                    {"profiles", base::join(profiles, " ")}});
    request.profile.clear();
  }
  // Who does not say when to renew has no use for what is replaced.
  if ((*directory)->renewal_info.empty()) request.replaces.clear();
  return request;
}

Reply<AskedOrder> OrderRun::place() {
  auto request = make_request();
  if (!request) return request.error();
  auto order = client_.new_order(account_, *request, patience_);
  if (!order && !request->replaces.empty() && is_about_replaced(order.error())) {
    base::log_info(kPart,
                   "the CA does not take what the order is to replace; ordering without saying so",
                   {{"issuer", options_.name}, {"reason", order.error().error.message}});
    request->replaces.clear();
    order = client_.new_order(account_, *request, patience_);
  }
  if (!order) return order.error();
  says_replaces_ = !request->replaces.empty();
  // Before anything else: from here on a crash must not cost a second order.
  if (auto saved = note_.save(format_note({client_.directory_url(), account_.kid, order->url}));
      !saved)
    return base::wrap(saved.error(), "remembering the order");
  base::log_info(kPart, "order placed", {{"issuer", options_.name}, {"order", order->url}});
  if (!are_same(order->order.identifiers, request->identifiers))
    return fail(Errc::protocol, "{}: the CA's order is for other names",
                client_.start("new order"));
  return order;
}

Reply<IssuedChain> OrderRun::finish(AskedOrder order) {
  if (order.order.status == Status::pending) {
    auto proven = prove(order);
    take_down_all();
    if (!proven) {
      Failure failure = without_secrets(proven.error());
      // Who was too slow may still be done by the next time.
      if (failure.error.code != Errc::timeout && failure.error.code != Errc::unavailable)
        deactivate_pending(order.order);
      up_.clear();
      return failure;
    }
    up_.clear();
    auto ready = await_order(std::move(order), Status::pending);
    if (!ready) return ready.error();
    order = std::move(*ready);
  }
  if (order.order.status == Status::ready) {
    auto finalized = finalize(order);
    if (!finalized) return finalized.error();
    order = std::move(*finalized);
  }
  if (order.order.status == Status::processing) {
    auto done = await_order(std::move(order), Status::processing);
    if (!done) return done.error();
    order = std::move(*done);
  }
  if (order.order.status != Status::valid) return order_failed(order);
  return fetch(order);
}

Failure OrderRun::order_failed(const AskedOrder& order) const {
  Failure failure(fail(Errc::denied, "{}: {}",
                       client_.start(fmt::format("the order is {}", text_of(order.order.status))),
                       order.order.error ? text_of(*order.order.error) : "no reason given"));
  failure.problem = order.order.error;
  failure.order_is_lost = true;
  return failure;
}

Failure OrderRun::authorization_failed(const Authorization& authorization) const {
  Failure failure(fail(Errc::denied, "{}", client_.start(failure_text(authorization))));
  failure.problem = problem_of(authorization);
  failure.order_is_lost = true;
  return failure;
}

Failure OrderRun::needs_longer(std::string_view doing) const {
  return fail(Errc::timeout, "{}: the CA needs longer than {}; the order goes on later",
              client_.start(doing), base::format_duration(options_.order_deadline));
}

// A CA that has answered until now is not away because the order's time ended while it was asked.
Failure OrderRun::unless_too_late(const Failure& failure, std::string_view doing) const {
  const bool is_late = failure.error.code == Errc::timeout && patience_.left() == base::Duration(0);
  return is_late ? needs_longer(doing) : failure;
}

Reply<> OrderRun::wait_turn(std::optional<std::chrono::seconds> asked, int tries,
                            std::string_view doing) {
  const base::Duration own = options_.poll_first * std::min(tries, 10);
  const base::Duration wait = asked ? base::Duration(*asked) : own;
  if (wait >= patience_.left() && !patience_.stop.stop_requested()) {
    Failure failure = needs_longer(doing);
    failure.retry_after = asked;
    return failure;
  }
  if (auto waited = pause(wait, patience_, doing); !waited) return Failure(waited.error());
  return {};
}

Reply<AskedOrder> OrderRun::await_order(AskedOrder order, Status state) {
  constexpr std::string_view kDoing = "waiting for the order";
  const std::string url = order.url;
  for (int tries = 1;; ++tries) {
    // What is known is from before the names were proven or the request handed in.
    if (tries > 1 || state == Status::processing) {
      if (order.order.status != state) return order;
      if (auto waited = wait_turn(order.retry_after, tries, kDoing); !waited) return waited.error();
    }
    auto again = client_.order(account_, url, patience_);
    if (!again) return unless_too_late(again.error(), kDoing);
    order = std::move(*again);
    order.url = url;
  }
}

Reply<AskedOrder> OrderRun::finalize(const AskedOrder& order) {
  auto finalized = client_.finalize(account_, order.order.finalize, wanted_.csr, patience_);
  // The answer to an earlier try may have been lost on the way: the order knows.
  const bool maybe_done = !finalized && finalized.error().is("orderNotReady");
  if (!finalized && !maybe_done) return finalized.error();
  if (maybe_done) {
    auto again = client_.order(account_, order.url, patience_);
    if (!again) return again.error();
    if (again->order.status != Status::processing && again->order.status != Status::valid)
      return finalized.error();
    finalized = std::move(again);
  }
  finalized->url = order.url;
  return finalized;
}

Reply<IssuedChain> OrderRun::fetch(const AskedOrder& order) {
  const auto texts = client_.download(account_, order.order.certificate, patience_);
  if (!texts) return texts.error();
  std::vector<Chain> chains;
  std::vector<ChainFacts> facts;
  for (const std::string& pem : *texts) {
    auto chain = parse_issued(pem);
    const auto checked =
        chain ? check_issued(*chain, wanted_.csr, wanted_.names) : Result<>(chain.error());
    if (!checked && chains.empty()) {
      Failure failure(base::wrap(checked.error(), client_.start("downloading the certificate")));
      failure.order_is_lost = chain.has_value();
      return failure;
    }
    if (!checked) continue;  // an alternate that is of no use
    facts.push_back(facts_of(*chain));
    chains.push_back(std::move(*chain));
  }
  const std::size_t chosen = choose_chain(facts, options_.preferred_chain);
  if (!options_.preferred_chain.empty() && !is_preferred(facts[chosen], options_.preferred_chain))
    base::log_warn(kPart, "the CA has no chain to the preferred root",
                   {{"issuer", options_.name},
                    {"preferred", options_.preferred_chain},
                    {"root", facts[chosen].root_name}});
  return IssuedChain{to_pem(chains[chosen]), order.url, says_replaces_};
}

// ---- proving the names ----

Reply<> OrderRun::prove(const AskedOrder& order) {
  for (const std::string& url : order.order.authorizations) {
    if (auto challenged = challenge(url); !challenged) return challenged;
  }
  for (const Challenged& challenged : up_) {
    if (auto done = await_authorization(challenged); !done) return done;
  }
  return {};
}

Reply<> OrderRun::challenge(const std::string& authorization_url) {
  const auto asked = client_.authorization(account_, authorization_url, patience_);
  if (!asked) {
    Failure failure = asked.error();
    failure.order_is_lost = failure.status != 0 && is_gone(failure);
    return failure;
  }
  const Authorization& authorization = asked->authorization;
  if (authorization.status == Status::valid) return {};
  Identifier ordered = authorization.identifier;
  if (authorization.is_wildcard) ordered.value.insert(0, "*.");
  const auto wanted = identifiers_of(wanted_.names);
  if (std::none_of(wanted.begin(), wanted.end(),
                   [&](const Identifier& one) { return are_same({one}, {ordered}); }))
    return fail(Errc::protocol, "{}: it is for a name that was not ordered",
                client_.start("reading an authorization"));
  if (authorization.status != Status::pending) return authorization_failed(authorization);
  const auto offered =
      choose_challenge(authorization, options_.challenges,
                       [this](ChallengeType type) { return board_.can_answer(type); });
  if (!offered) return base::wrap(offered.error(), client_.start("challenge"));
  const Challenge challenge{type_of(*offered), authorization.identifier.value, offered->token,
                            offered->token + "." + thumbprint(account_.key)};
  up_.push_back({authorization_url, challenge});  // from here on it is taken down
  if (auto put = board_.put_up(challenge); !put)
    return base::wrap(put.error(), fmt::format("{}: {}", challenge.name, text_of(challenge.type)));
  if (offered->status != Status::pending) return {};  // asked to look before a crash
  triggered_ = true;
  return trigger(authorization_url, *offered);
}

Reply<> OrderRun::trigger(const std::string& authorization_url, const OfferedChallenge& offered) {
  auto answered = client_.answer(account_, offered.url, patience_);
  if (answered || answered.error().status == 0) return answered;
  // Asked twice, since the first answer was lost: then it is no longer pending.
  const auto again = client_.authorization(account_, authorization_url, patience_);
  const auto began = [&](const OfferedChallenge& one) {
    return one.url == offered.url && one.status != Status::pending;
  };
  if (again && std::any_of(again->authorization.challenges.begin(),
                           again->authorization.challenges.end(), began))
    return {};
  return answered;
}

Reply<> OrderRun::await_authorization(const Challenged& challenged) {
  const std::string doing = "waiting for the authorization of " + challenged.challenge.name;
  for (int tries = 1;; ++tries) {
    const auto asked = client_.authorization(account_, challenged.authorization_url, patience_);
    if (!asked) return unless_too_late(asked.error(), doing);
    const Authorization& authorization = asked->authorization;
    if (authorization.status == Status::valid) return {};
    if (authorization.status != Status::pending) return authorization_failed(authorization);
    if (auto waited = wait_turn(asked->retry_after, tries, doing); !waited) return waited;
  }
}

void OrderRun::take_down_all() {
  for (const Challenged& challenged : up_)
    board_.take_down(challenged.challenge);
}

// Pending authorizations count against limits. Also when time is up or we are stopped: then there
// is a little time of its own.
void OrderRun::deactivate_pending(const Order& order) {
  const Patience patience{base::mono_now() + kCleaningUp, {}};
  for (const std::string& url : order.authorizations) {
    const auto asked = client_.authorization(account_, url, patience);
    if (!asked) return;
    if (asked->authorization.status != Status::pending) continue;
    if (!client_.deactivate_authorization(account_, url, patience)) return;
  }
}

// CAs quote what they looked for, and where.
Failure OrderRun::without_secrets(Failure failure) const {
  for (const Challenged& challenged : up_) {
    replace_all(failure.error.message, challenged.challenge.key_authorization,
                "(key authorization)");
    replace_all(failure.error.message, challenged.challenge.token, "(token)");
  }
  return failure;
}

}  // namespace ravelin::certs::acme
