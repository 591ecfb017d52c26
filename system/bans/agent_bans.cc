#include "system/bans/agent_bans.h"

#include "base/check.h"
#include "base/io/log.h"
#include "messages/channel/seq_socket.h"

#include <poll.h>
#include <pthread.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <csignal>
#include <cstdint>
#include <deque>
#include <optional>
#include <utility>

namespace ravelin::system {

using base::MonoTime;
using messages::BanFate;
using messages::BanRequest;

namespace {

constexpr std::string_view kPart = "abuse";

BanFate fate_of(messages::Outcome outcome) {
  if (outcome == messages::Outcome::done) return BanFate::made;
  return outcome == messages::Outcome::refused ? BanFate::refused : BanFate::failed;
}

std::chrono::microseconds in_microseconds(base::Duration duration) {
  return std::chrono::duration_cast<std::chrono::microseconds>(duration);
}

}  // namespace

// What the thread does, and what only it knows.
class AgentBans::Loop {
 public:
  explicit Loop(AgentBans& bans) : bans_(bans), pause_(bans.options_.retry_first) {}

  void run() {
    for (;;) {
      if (!agent_) connect();
      if (agent_) send_waiting();
      if (agent_) send_orders();
      {
        const std::lock_guard lock(bans_.mutex_);
        if (bans_.is_stopping_) return;
      }
      wait();
      if (agent_) receive();
    }
  }

 private:
  void connect() {
    const MonoTime now = base::mono_now();
    if (now < retry_at_) return;
    auto agent = messages::SeqSocket::connect(bans_.options_.socket);
    if (!agent) return lose(agent.error().message);
    agent_ = std::move(*agent);
    pause_ = bans_.options_.retry_first;
    is_told_ = false;
    base::log_info(kPart, "the firewall's agent takes bans", {{"socket", bans_.options_.socket}});
    const std::lock_guard lock(bans_.mutex_);
    bans_.queue_.begin_anew(now);
    bans_.quarantine_.begin_anew();
    bans_.overload_.begin_anew();
    asked_.clear();
    if (was_connected_) ++bans_.status_.reconnects;
    was_connected_ = true;
    bans_.status_.is_connected = true;
    bans_.status_.trouble.clear();
  }

  // Without an agent the gateway goes on refusing the banned by itself: said once.
  void lose(const std::string& why) {
    agent_.reset();
    retry_at_ = base::mono_now() + pause_;
    pause_ = std::min(2 * pause_, bans_.options_.retry_max);
    if (!is_told_)
      base::log_warn(kPart, "no agent of the firewall takes bans; the gateway alone refuses",
                     {{"why", why}});
    is_told_ = true;
    const std::lock_guard lock(bans_.mutex_);
    bans_.status_.is_connected = false;
    bans_.status_.trouble = why;
    bans_.status_.quarantined = 0;
    bans_.status_.is_tightened = false;
  }

  void send_waiting() {
    for (;;) {
      std::vector<BanRequest> late;
      std::optional<BanQueue::Sending> sending;
      {
        const std::lock_guard lock(bans_.mutex_);
        sending = bans_.queue_.next(base::mono_now(), late);
        bans_.status_.dropped += late.size();
      }
      for (const BanRequest& request : late)
        bans_.settle(request, BanFate::dropped, "its time was over before an agent came");
      if (!sending) return;
      const messages::Packet packet{.id = sending->id, .message = std::move(sending->request)};
      if (const auto sent = agent_->send(packet); !sent) return lose(sent.error().message);
    }
  }

  void send_orders() {
    std::optional<std::vector<base::IpEndpoint>> servers;
    std::optional<bool> overload;
    {
      const std::lock_guard lock(bans_.mutex_);
      servers = bans_.quarantine_.next(base::mono_now());
      overload = bans_.overload_.next(base::mono_now());
    }
    if (servers) {
      messages::Quarantine order{.duration = kOrderLasts};
      order.servers.assign(servers->begin(), servers->end());
      send(Asked{.servers = servers->size()}, std::move(order));
    }
    if (overload && agent_)
      send(Asked{.is_overload = true, .is_on = *overload},
           messages::Overload{*overload ? kOrderLasts : std::chrono::seconds(0)});
  }

  // Answered in their order.
  struct Asked {
    bool is_overload = false;
    std::size_t servers = 0;  // to be kept from
    bool is_on = false;
  };

  void send(const Asked& asked, messages::Message message) {
    asked_.push_back(asked);
    const messages::Packet packet{.id = kOrderId, .message = std::move(message)};
    if (const auto sent = agent_->send(packet); !sent) lose(sent.error().message);
  }

  void wait() {
    std::array<pollfd, 2> waiting{{{bans_.wake_fd_, POLLIN, 0}, {-1, POLLIN, 0}}};
    MonoTime until = retry_at_;
    if (agent_) {
      waiting[1].fd = agent_->fd();
      const std::lock_guard lock(bans_.mutex_);
      until = std::min(bans_.quarantine_.due(), bans_.overload_.due());
    }
    int timeout = -1;
    if (until != StandingOrder<bool>::kNever) {
      const auto left = std::chrono::ceil<std::chrono::milliseconds>(until - base::mono_now());
      timeout = std::max(0, static_cast<int>(left.count()));
    }
    ::poll(waiting.data(), waiting.size(), timeout);
    std::uint64_t count = 0;
    if (waiting[0].revents == 0) return;
    const ssize_t got = ::read(bans_.wake_fd_, &count, sizeof count);
    CHECK(got == static_cast<ssize_t>(sizeof count) || errno == EAGAIN);
  }

  void receive() {
    for (;;) {
      auto received = agent_->receive(std::chrono::milliseconds(0));
      if (!received) return lose(received.error().message);
      if (!*received) return;
      const messages::Packet& packet = (*received)->packet;
      if (const auto* done = std::get_if<messages::Finished>(&packet.message);
          done != nullptr && packet.id == kOrderId && !asked_.empty()) {
        settle(*done);
        continue;
      }
      if (const auto* refused = std::get_if<messages::FirewallAnswer>(&packet.message))
        return lose("the agent refuses: " + refused->text);
      const auto* result = std::get_if<messages::BanResult>(&packet.message);
      if (result == nullptr) return lose("the agent sent something that is no answer to a ban");
      settle(packet.id, *result);
    }
  }

  void settle(std::uint32_t id, const messages::BanResult& result) {
    std::optional<BanQueue::Settled> settled;
    const BanFate fate = fate_of(result.outcome);
    {
      const std::lock_guard lock(bans_.mutex_);
      settled = bans_.queue_.settle(id, result.outcome, base::mono_now());
      if (!settled) return;
      messages::BanChannelStatus& status = bans_.status_;
      ++(fate == BanFate::made ? status.made
                               : (fate == BanFate::refused ? status.refused : status.failed));
      if (fate == BanFate::made) status.made_time += in_microseconds(settled->waited);
    }
    bans_.settle(settled->request, fate, result.text);
  }

  void settle(const messages::Finished& done) {
    const Asked asked = asked_.front();
    asked_.pop_front();
    const bool is_done = done.outcome == messages::Outcome::done;
    bool& is_told = asked.is_overload ? is_overload_told_ : is_quarantine_told_;
    if (!is_done && !std::exchange(is_told, true))
      base::log_warn(kPart,
                     asked.is_overload ? "the firewall does not tighten its limits"
                                       : "the firewall does not cut servers off",
                     {{"why", done.text}});
    if (is_done) is_told = false;
    const std::lock_guard lock(bans_.mutex_);
    if (asked.is_overload) bans_.status_.is_tightened = is_done && asked.is_on;
    if (!asked.is_overload) bans_.status_.quarantined = is_done ? asked.servers : 0;
  }

  static constexpr std::uint32_t kOrderId = UINT32_MAX;  // bans count up from 1

  AgentBans& bans_;
  std::optional<messages::SeqSocket> agent_;
  std::deque<Asked> asked_;
  bool is_quarantine_told_ = false, is_overload_told_ = false;  // that it is refused
  std::chrono::milliseconds pause_;
  MonoTime retry_at_;
  bool was_connected_ = false;
  bool is_told_ = false;
};

AgentBans::AgentBans(Options options)
    : options_(std::move(options)),
      wake_fd_(::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)),
      queue_(options_.limits) {
  CHECK(wake_fd_ >= 0);
}

AgentBans::~AgentBans() {
  stop();
  ::close(wake_fd_);
}

void AgentBans::start() {
  thread_ = std::thread([this] {
    sigset_t all;  // signals belong to the control thread
    ::sigfillset(&all);
    ::pthread_sigmask(SIG_BLOCK, &all, nullptr);
    ::pthread_setname_np(::pthread_self(), "bans");
    Loop(*this).run();
  });
}

void AgentBans::stop() {
  if (!thread_.joinable()) return;
  {
    const std::lock_guard lock(mutex_);
    is_stopping_ = true;
  }
  wake();
  thread_.join();
}

void AgentBans::wake() {
  const std::uint64_t one = 1;
  const ssize_t put = ::write(wake_fd_, &one, sizeof one);
  CHECK(put == static_cast<ssize_t>(sizeof one) || errno == EAGAIN);  // then it is awake
}

void AgentBans::settle(const BanRequest& request, BanFate fate, const std::string& text) {
  if (settled_) settled_(request, fate, text);
}

void AgentBans::ban(const BanRequest& request) {
  bool is_full = false;
  {
    const std::lock_guard lock(mutex_);
    const BanQueue::Push push = queue_.push(request, base::mono_now());
    is_full = push == BanQueue::Push::full;
    status_.dropped += is_full ? 1 : 0;
    status_.merged += push == BanQueue::Push::merged ? 1 : 0;
  }
  if (is_full) return settle(request, BanFate::dropped, "too many bans wait for the agent");
  wake();
}

void AgentBans::forget(const base::IpPrefix& target) {
  const std::lock_guard lock(mutex_);
  queue_.forget(target);
}

// No more than a message holds.
void AgentBans::quarantine(std::vector<base::IpEndpoint> servers) {
  if (servers.size() > messages::kEndpoints.count) {
    base::log_warn(kPart, "more servers are out than the firewall cuts off",
                   {{"out", servers.size()}, {"cut_off", messages::kEndpoints.count}});
    servers.resize(messages::kEndpoints.count);
  }
  {
    const std::lock_guard lock(mutex_);
    quarantine_.want(std::move(servers));
  }
  wake();
}

void AgentBans::overloaded(bool is_overloaded) {
  {
    const std::lock_guard lock(mutex_);
    overload_.want(is_overloaded);
    if (overload_.due() != MonoTime()) return;
  }
  wake();
}

void AgentBans::withdraw_orders() {
  const std::lock_guard lock(mutex_);
  quarantine_.withdraw();
  overload_.withdraw();
}

messages::BanChannelStatus AgentBans::status() const {
  const std::lock_guard lock(mutex_);
  messages::BanChannelStatus status = status_;
  status.waiting = queue_.waiting();
  return status;
}

}  // namespace ravelin::system
