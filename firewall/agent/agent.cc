#include "firewall/agent/agent.h"

#include "base/io/log.h"
#include "firewall/control/system_facts.h"
#include "messages/fitted_text.h"

#include <poll.h>
#include <sys/signalfd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <csignal>

namespace ravelin::firewall {
namespace {

using base::Errc;
using namespace std::chrono_literals;

constexpr std::chrono::milliseconds kTick = 100ms;
constexpr int kAcceptsAtOnce = 1024;
constexpr int kMessagesAtOnce = 1024;  // of one client before the others have their turn
constexpr std::string_view kPart = "firewall";

Result<base::OwnedFd> signal_descriptor() {
  sigset_t set;
  sigemptyset(&set);
  for (const int signal : {SIGTERM, SIGINT, SIGHUP})
    sigaddset(&set, signal);
  if (::sigprocmask(SIG_BLOCK, &set, nullptr) != 0)
    return base::fail_errno(errno, "blocking signals");
  base::OwnedFd fd(::signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK));
  if (fd.get() < 0) return base::fail_errno(errno, "listening for signals");
  return fd;
}

messages::Outcome outcome_of(const base::Error& error) {
  return error.code == Errc::denied || error.code == Errc::invalid ? messages::Outcome::refused
                                                                   : messages::Outcome::failed;
}

using Quarantined = std::vector<std::pair<base::IpEndpoint, std::chrono::seconds>>;

base::LogRate quarantine_log_rate(20);
base::LogRate refusal_log_rate(1);

void log_missing(const Quarantined& from, const Quarantined& in, std::string_view what) {
  for (const auto& entry : from) {
    const auto is_it = [&entry](const auto& other) { return other.first == entry.first; };
    if (std::ranges::none_of(in, is_it))
      base::log_limited(quarantine_log_rate, base::LogLevel::info, kPart, what,
                        {{"server", base::to_string(entry.first)}});
  }
}

void log_quarantine(const Quarantined& before, const Quarantined& now) {
  log_missing(now, before, "a server is cut off");
  log_missing(before, now, "a server is let through again");
}

std::string fitted(std::string text) {
  return messages::fitted(std::move(text), messages::kTextBytes);
}

}  // namespace

Agent::Agent(Keeper& keeper, Kernel& kernel, FeedTable& feeds, const Times& times,
             AgentOptions options)
    : keeper_(keeper),
      kernel_(kernel),
      feeds_(feeds),
      times_(times),
      options_(std::move(options)),
      service_(keeper, kernel, times, options_.around),
      access_(options_.access),
      facts_([] { return std::make_unique<SystemFacts>(); }, times) {}

Result<> Agent::run() {
  auto signals = signal_descriptor();
  if (!signals) return signals.error();
  auto listener = SeqListener::open(options_.socket, options_.socket_mode);
  if (!listener) return listener.error();
  base::log_info(kPart, "watching",
                 {{"socket", options_.socket}, {"revision", keeper_.live_revision()}});
  if (keeper_.pending()) {
    if (auto armed = guard_.arm(options_.undo); !armed) return armed.error();
  }
  while (!is_over_) {
    if (auto done = poll_once(*listener, signals->get()); !done) return done.error();
    tick();
  }
  if (bans_changed_) return keeper_.save_bans();
  return {};
}

Result<> Agent::poll_once(SeqListener& listener, int signals) {
  std::vector<pollfd> waiting{{signals, POLLIN, 0}, {listener.fd(), POLLIN, 0}};
  for (const Client& client : clients_)
    waiting.push_back({client.socket.fd(), POLLIN, 0});
  if (options_.orders >= 0) waiting.push_back({options_.orders, POLLIN, 0});
  const int ready = ::poll(waiting.data(), waiting.size(), static_cast<int>(kTick.count()));
  if (ready < 0 && errno != EINTR) return base::fail_errno(errno, "waiting");
  if (ready <= 0) return {};
  if (waiting[0].revents != 0) {
    signalfd_siginfo info{};
    if (::read(signals, &info, sizeof info) == static_cast<ssize_t>(sizeof info))
      info.ssi_signo == SIGHUP ? policy_stamp_.clear() : void(is_over_ = true);
  }
  std::vector<WaitingBan> bans;
  constexpr std::size_t kFirstClient = 2;
  for (std::size_t i = 0; i < clients_.size(); ++i) {
    if (waiting[i + kFirstClient].revents != 0) serve(i, bans);
  }
  settle_bans(bans);
  if (options_.orders >= 0 && waiting.back().revents != 0) options_.serve_orders(*this);
  drop_closed();
  if (waiting[1].revents != 0) accept(listener);
  return {};
}

// Whoever may not ask, or has no place, is told so and gone: nobody can keep root out.
void Agent::accept(SeqListener& listener) {
  for (int i = 0; i < kAcceptsAtOnce; ++i) {
    auto socket = listener.accept();
    if (!socket || !*socket) return;
    const auto peer = (*socket)->peer();
    if (!peer) continue;
    const auto of_gateway = std::ranges::count_if(
        clients_, [this](const Client& client) { return access_.is_gateway(client.peer); });
    const std::string_view refusal =
        access_.refusal_of_connection(*peer, static_cast<std::size_t>(of_gateway), clients_.size());
    if (refusal.empty())
      clients_.push_back({std::move(**socket), *peer});
    else
      turn_away(**socket, *peer, refusal);
  }
}

void Agent::turn_away(SeqSocket& socket, const PeerId& peer, std::string_view why) {
  base::log_limited(refusal_log_rate, base::LogLevel::warn, kPart, "a client is turned away",
                    {{"pid", peer.pid}, {"uid", peer.uid}, {"reason", why}});
  // What it has asked is taken first: closed with that unread, it would not get the answer.
  const auto asked = socket.receive(0ms);
  const std::uint32_t id = asked && *asked ? (*asked)->packet.id : 0;
  static_cast<void>(socket.send(
      {.id = id,
       .message = messages::FirewallAnswer{messages::Outcome::refused, std::string(why)}}));
}

void Agent::serve(std::size_t index, std::vector<WaitingBan>& bans) {
  for (int i = 0; i < kMessagesAtOnce; ++i) {
    auto received = clients_[index].socket.receive(0ms);
    if (!received) {
      if (received.error().code != Errc::unavailable)
        base::log_warn(kPart, "a client is dropped",
                       {{"pid", clients_[index].peer.pid}, {"reason", received.error().message}});
      closed_.push_back(index);
      return;
    }
    if (!*received) return;
    if (!serve_one(index, std::move(**received), bans)) {
      closed_.push_back(index);
      return;
    }
  }
}

bool Agent::serve_one(std::size_t index, Received received, std::vector<WaitingBan>& bans) {
  Client& client = clients_[index];
  const std::uint32_t id = received.packet.id;
  if (const auto* ban = std::get_if<messages::BanRequest>(&received.packet.message)) {
    const std::string_view refusal =
        access_.refusal_of_ban(client.peer, ban->target, times_.boot().since_boot);
    if (refusal.empty()) {
      bans.push_back({index,
                      id,
                      {ban->target, ban->duration, ban->reason,
                       std::string(access_.name_of(client.peer)), ban->request_id}});
      return true;
    }
    return client.socket
        .send({.id = id,
               .message = messages::BanResult{messages::Outcome::refused, std::string(refusal)}})
        .has_value();
  }
  const auto finish = [&client, id](const Result<>& done) {
    messages::Finished answer;
    if (!done) answer = {outcome_of(done.error()), fitted(done.error().message)};
    return client.socket.send({.id = id, .message = std::move(answer)}).has_value();
  };
  if (const auto* wanted = std::get_if<messages::Quarantine>(&received.packet.message))
    return finish(quarantine(client, *wanted));
  if (const auto* wanted = std::get_if<messages::Overload>(&received.packet.message))
    return finish(tighten(client, *wanted));
  if (const auto* question = std::get_if<messages::FirewallQuestion>(&received.packet.message)) {
    settle_bans(bans);  // in the order they were asked
    answer_question(client, received, question->command);
    return true;
  }
  base::log_warn(kPart, "a client sent a message that is not for the firewall",
                 {{"pid", client.peer.pid}});
  return false;
}

Result<> Agent::quarantine(const Client& client, const messages::Quarantine& wanted) {
  if (const auto refusal = access_.refusal_of_state(client.peer, times_.boot().since_boot);
      !refusal.empty())
    return base::fail(Errc::denied, "{}", refusal);
  std::vector<base::IpEndpoint> servers;
  servers.reserve(wanted.servers.size());
  for (const base::Endpoint& server : wanted.servers)
    servers.push_back(std::get<base::IpEndpoint>(server));
  const auto before = keeper_.quarantined();
  auto done = keeper_.quarantine(servers, wanted.duration);
  if (done) log_quarantine(before, keeper_.quarantined());
  return done;
}

Result<> Agent::tighten(const Client& client, const messages::Overload& wanted) {
  if (const auto refusal = access_.refusal_of_state(client.peer, times_.boot().since_boot);
      !refusal.empty())
    return base::fail(Errc::denied, "{}", refusal);
  const bool did_hold = keeper_.tightened_for().count() > 0;
  auto done = keeper_.tighten(wanted.duration);
  const bool holds = keeper_.tightened_for().count() > 0;
  if (done && holds != did_hold)
    base::log_warn(kPart, holds ? "the gateway is overloaded: each source has fewer connections"
                                : "the gateway is overloaded no more");
  return done;
}

void Agent::answer_question(Client& client, const Received& received, const std::string& command) {
  const auto refuse = [&](std::string why) {
    static_cast<void>(client.socket.send(
        {.id = received.packet.id,
         .message = messages::FirewallAnswer{messages::Outcome::refused, fitted(std::move(why))}}));
  };
  if (const std::string_view refusal = access_.refusal_of_question(client.peer); !refusal.empty())
    return refuse(std::string(refusal));
  if (received.descriptors.empty()) return refuse("the question is missing");
  const auto question = messages::read_memory_file(received.descriptors.front().get(),
                                                   kBundleBytesMax + (kBundleBytesMax >> 1));
  if (!question) return refuse(question.error().message);
  // Before the batch: whoever comes after a crash of ours must not depend on us.
  const bool may_wait = command == "apply";
  if (may_wait && options_.undo) {
    if (auto armed = guard_.arm(options_.undo); !armed) return refuse(armed.error().message);
  }
  const Answer answer = service_.answer(*question);
  if (!keeper_.pending()) guard_.disarm();
  if (!only_looks(command)) {
    base::log_info(kPart, command,
                   {{"pid", client.peer.pid},
                    {"went", static_cast<int>(answer.went)},
                    {"revision", keeper_.live_revision()}});
    generation_.reset();
  }
  const auto body = messages::memory_file(format_answer(answer));
  if (!body) return refuse(body.error().message);
  static_cast<void>(client.socket.send(
      {.id = received.packet.id, .message = messages::FirewallAnswer{}}, std::array{body->get()}));
  if (options_.until_confirmed && !keeper_.pending() && !only_looks(command)) is_over_ = true;
}

// All that came in one turn is one batch for the kernel.
void Agent::settle_bans(std::vector<WaitingBan>& bans) {
  if (bans.empty()) return;
  std::vector<BanOrder> orders;
  orders.reserve(bans.size());
  for (const WaitingBan& ban : bans)
    orders.push_back(ban.order);
  const auto answers = keeper_.ban_all(orders);
  bans_changed_ = bans_changed_ || answers.has_value();
  for (std::size_t i = 0; i < bans.size(); ++i) {
    if (bans[i].id == 0) continue;  // no answer is expected
    const Result<Ban> answer = answers ? (*answers)[i] : Result<Ban>(answers.error());
    messages::BanResult result;
    if (!answer) result = {outcome_of(answer.error()), fitted(answer.error().message)};
    if (!clients_[bans[i].client].socket.send({.id = bans[i].id, .message = result}))
      closed_.push_back(bans[i].client);
  }
  bans.clear();
}

void Agent::drop_closed() {
  std::sort(closed_.begin(), closed_.end());
  closed_.erase(std::unique(closed_.begin(), closed_.end()), closed_.end());
  for (auto at = closed_.rbegin(); at != closed_.rend(); ++at)
    clients_.erase(clients_.begin() + static_cast<std::ptrdiff_t>(*at));
  closed_.clear();
}

}  // namespace ravelin::firewall
