#include "certs/acme/acme_issuer.h"

#include "base/io/log.h"
#include "certs/acme/order_run.h"

namespace ravelin::certs {
namespace {

using acme::Failure;
using acme::Patience;
using acme::Reply;
using base::Errc;
using base::fail;

constexpr std::string_view kPart = "acme";

IssueFailure issue_failure(const Failure& failure) {
  return {failure.error, failure.retry_after,
          failure.problem.has_value() && is_final(*failure.problem), failure.is_away};
}

}  // namespace

Result<std::unique_ptr<AcmeIssuer>> AcmeIssuer::open(AcmeOptions options, ChallengeBoard& board) {
  const auto url = acme::parse_url(options.directory);
  if (!url) return base::wrap(url.error(), "issuer \"" + options.name + "\"");
  auto http =
      acme::HttpClient::open({.ca_file = options.ca_file, .user_agent = options.user_agent});
  if (!http) return base::wrap(http.error(), "issuer \"" + options.name + "\"");
  auto session = acme::Session::open(std::move(*http), options.directory, options.session);
  if (!session) return session.error();
  auto file =
      acme::AccountFile::open(options.accounts + "/" + acme::folder_name(*url), options.directory);
  if (!file) return base::wrap(file.error(), "issuer \"" + options.name + "\"");
  return std::unique_ptr<AcmeIssuer>(new AcmeIssuer(std::move(options), board, std::move(*file),
                                                    acme::Client(std::move(*session))));
}

Patience AcmeIssuer::patience_of(std::chrono::seconds most, std::stop_token stop) const {
  return {base::mono_now() + most, std::move(stop)};
}

// ---- the account ----

Reply<> AcmeIssuer::ensure_account(const Patience& patience) {
  if (!account_.kid.empty()) return {};
  const auto lock = file_.lock(patience);
  if (!lock) return lock.error();
  if (auto settled = settle_key_change(patience); !settled) return settled;
  auto key = file_.key();
  if (!key) return key.error();
  const auto url = file_.url();
  if (!url) return url.error();
  key_ = std::move(*key);
  account_ = {key_.get(), *url};
  if (!account_.kid.empty()) return {};
  return register_account(patience);
}

// With the lock held and the key on the disk. A key the CA has met before gets its old account.
Reply<> AcmeIssuer::register_account(const Patience& patience) {
  const auto found =
      client_.register_account(key_.get(), options_.contacts, options_.external_account, patience);
  if (!found) return found.error();
  if (found->account.status != acme::Status::valid)
    return fail(Errc::denied, "{}: the CA says the account {} is {}", client_.start("new account"),
                found->url, text_of(found->account.status));
  if (auto saved = file_.save_url(found->url); !saved) return saved.error();
  account_.kid = found->url;
  const auto directory = client_.directory(patience);
  base::log_info(kPart, "account registered",
                 {{"issuer", options_.name},
                  {"account", found->url},
                  {"terms", directory ? (*directory)->terms : std::string()}});
  return {};
}

// A change of key that a crash cut in two: which key the CA knows is the one that counts.
Reply<> AcmeIssuer::settle_key_change(const Patience& patience) {
  const auto next = file_.next_key();
  if (!next) return next.error();
  if (!*next) return {};
  const auto found = client_.find_account((*next)->get(), patience);
  if (!found && !found.error().is("accountDoesNotExist")) return found.error();
  const auto settled = found ? file_.adopt_next_key() : file_.drop_next_key();
  if (!settled) return settled.error();
  base::log_info(kPart, "an interrupted change of the account's key is settled",
                 {{"issuer", options_.name}, {"changed", found.has_value()}});
  return {};
}

Reply<bool> AcmeIssuer::replace_lost_account(const Failure& failure, const Patience& patience) {
  const bool about_account =
      failure.is("accountDoesNotExist") || failure.is("unauthorized") || failure.is("malformed");
  if (failure.status == 0 || !about_account) return false;
  const auto lock = file_.lock(patience);
  if (!lock) return lock.error();
  auto other = adopt_from_disk();
  if (!other || *other) return other;
  if (failure.is("malformed")) return false;
  const auto found = client_.find_account(key_.get(), patience);
  if (!found && !found.error().is("accountDoesNotExist") && !found.error().is("unauthorized"))
    return found.error();
  if (found && found->account.status == acme::Status::valid) {
    if (found->url == account_.kid) return false;  // it was about something else
    if (auto saved = file_.save_url(found->url); !saved) return saved.error();
    account_.kid = found->url;
    return true;
  }
  if (found && found->account.status == acme::Status::revoked) return false;
  base::log_warn(
      kPart, "the CA no longer takes the account; registering another",
      {{"issuer", options_.name}, {"account", account_.kid}, {"set_aside_in", file_.folder()}});
  if (auto retired = file_.retire(base::wall_now()); !retired) return retired.error();
  auto key = file_.key();
  if (!key) return key.error();
  key_ = std::move(*key);
  account_ = {key_.get(), {}};
  if (auto registered = register_account(patience); !registered) return registered.error();
  return true;
}

Reply<bool> AcmeIssuer::adopt_from_disk() {
  auto key = file_.key();
  if (!key) return key.error();
  const auto url = file_.url();
  if (!url) return url.error();
  if (EVP_PKEY_eq(key->get(), key_.get()) == 1 && *url == account_.kid) return false;
  if (url->empty()) return false;
  key_ = std::move(*key);
  account_ = {key_.get(), *url};
  return true;
}

Result<std::string> AcmeIssuer::account_url(std::stop_token stop) {
  const auto ready = ensure_account(patience_of(options_.other_deadline, std::move(stop)));
  if (!ready) return ready.error().error;
  return account_.kid;
}

Result<> AcmeIssuer::change_account_key(std::stop_token stop) {
  const Patience patience = patience_of(options_.other_deadline, std::move(stop));
  if (auto ready = ensure_account(patience); !ready) return ready.error().error;
  const auto lock = file_.lock(patience);
  if (!lock) return lock.error();
  auto next = file_.make_next_key();
  if (!next) return next.error();
  if (auto changed = client_.change_key(account_, next->get(), patience); !changed) {
    // A "no" may be about the second try of what was done at the first: the CA has to be asked. If
    // it cannot be, whoever comes next does.
    account_.kid.clear();
    if (!settle_key_change(patience)) return changed.error().error;
    const auto settled = file_.key();
    if (!settled || EVP_PKEY_eq(settled->get(), next->get()) != 1) return changed.error().error;
    return {};
  }
  if (auto adopted = file_.adopt_next_key(); !adopted) return adopted;
  key_ = std::move(*next);
  account_.key = key_.get();
  base::log_info(kPart, "the account has a new key",
                 {{"issuer", options_.name}, {"account", account_.kid}});
  return {};
}

Result<std::string> AcmeIssuer::known_account_url(std::stop_token stop) {
  const auto lock = file_.lock(patience_of(options_.other_deadline, std::move(stop)));
  if (!lock) return lock.error();
  return file_.url();
}

Result<> AcmeIssuer::deactivate_account(std::stop_token stop) {
  const Patience patience = patience_of(options_.other_deadline, std::move(stop));
  if (auto ready = ensure_account(patience); !ready) return ready.error().error;
  const auto lock = file_.lock(patience);
  if (!lock) return lock.error();
  if (auto done = client_.deactivate_account(account_, patience); !done) return done.error().error;
  base::log_info(kPart, "account deactivated",
                 {{"issuer", options_.name}, {"account", account_.kid}});
  account_ = {};
  return file_.retire(base::wall_now());
}

// ---- the Issuer ----

Issuer::Outcome AcmeIssuer::issue(const CertificateOrder& order, OrderNote& note,
                                  std::stop_token stop) {
  const Patience patience = patience_of(options_.order_deadline, std::move(stop));
  if (auto ready = ensure_account(patience); !ready) return issue_failure(ready.error());
  const auto run = [&] {
    return acme::OrderRun({client_, options_, board_, account_, order, note}, patience).run();
  };
  auto chain = run();
  if (!chain) {
    const auto replaced = replace_lost_account(chain.error(), patience);
    if (!replaced) return issue_failure(replaced.error());
    if (*replaced) chain = run();  // once: what fails now is not for want of an account
  }
  if (!chain) return issue_failure(chain.error());
  return std::move(*chain);
}

Result<> AcmeIssuer::revoke(std::string_view chain_pem, RevocationReason reason,
                            std::stop_token stop) {
  const Patience patience = patience_of(options_.other_deadline, std::move(stop));
  const auto chain = parse_chain(chain_pem, "the certificate to revoke");
  if (!chain) return chain.error();
  if (auto ready = ensure_account(patience); !ready) return ready.error().error;
  unsigned char* der = nullptr;
  const int size = i2d_X509(chain->leaf.get(), &der);
  if (size < 0) return fail(Errc::invalid, "the certificate to revoke: {}", take_openssl_error());
  const std::string bytes(reinterpret_cast<const char*>(der), static_cast<std::size_t>(size));
  OPENSSL_free(der);
  auto done = client_.revoke(account_, bytes, reason, patience);
  if (!done && done.error().status != 0) {
    const auto lock = file_.lock(patience);
    const auto other = lock ? adopt_from_disk() : Reply<bool>(false);
    if (other && *other) done = client_.revoke(account_, bytes, reason, patience);
  }
  if (!done) return done.error().error;
  return {};
}

Result<std::optional<RenewalWindow>> AcmeIssuer::renewal_window(std::string_view chain_pem,
                                                                std::stop_token stop) {
  using Window = std::optional<RenewalWindow>;
  const Patience patience = patience_of(options_.other_deadline, std::move(stop));
  const auto directory = client_.directory(patience);
  if (!directory) return directory.error().error;
  if ((*directory)->renewal_info.empty()) return Window();
  const auto chain = parse_chain(chain_pem, "the certificate");
  if (!chain) return chain.error();
  const auto id = acme::certificate_id(chain->leaf.get());
  if (!id) return id.error();
  auto window = client_.renewal_info(*id, patience);
  if (!window) return window.error().error;
  return Window(std::move(*window));
}

}  // namespace ravelin::certs
