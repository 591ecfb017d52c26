#include "system/supervise/role_link.h"

#include "base/io/log.h"
#include "system/supervise/config_file.h"

#include <fcntl.h>
#include <sys/socket.h>

#include <algorithm>
#include <cerrno>

namespace ravelin::system {

using base::Errc;
using base::OwnedFd;
using base::Result;
using messages::Outcome;

namespace {

Result<ConfigSnapshot> config_in(const messages::Received& received, std::size_t index = 0) {
  if (received.descriptors.size() <= index)
    return base::fail(Errc::protocol, "the supervisor sent no configuration");
  return read_config_file(received.descriptors[index].get());
}

base::Error unexpected(const messages::Packet& packet) {
  return base::fail(Errc::protocol, "the supervisor answered something else: {}",
                    messages::to_string(packet.message));
}

Errc code_of(Outcome outcome) {
  return outcome == Outcome::refused ? Errc::denied : Errc::unavailable;
}

}  // namespace

Result<RoleLink::Started> RoleLink::take() {
  if (::fcntl(kRoleLinkFd, F_SETFD, FD_CLOEXEC) != 0)
    return base::fail(Errc::invalid, "this command is for `ravelin run`, which starts it");
  auto link = std::make_unique<RoleLink>(messages::SeqSocket(OwnedFd(kRoleLinkFd)));
  auto received = link->socket_.receive(kAnswerMax);
  if (!received) return base::wrap(received.error(), "the supervisor");
  if (!*received) return base::fail(Errc::timeout, "the supervisor says nothing");
  auto* start = std::get_if<messages::RoleStart>(&(*received)->packet.message);
  if (start == nullptr) return unexpected((*received)->packet);
  auto config = config_in(**received);
  if (!config) return config.error();
  Started started{std::move(*start), std::move(*config), {}, std::move(link)};
  if ((*received)->descriptors.size() > 1) {
    auto next = config_in(**received, 1);
    if (!next) return next.error();
    started.next = std::move(*next);
  }
  return started;
}

RoleLink::~RoleLink() {
  stop();
}

void RoleLink::stop() {
  if (!reader_.joinable()) return;
  is_ending_ = true;
  ::shutdown(socket_.fd(), SHUT_RDWR);
  reader_.join();
}

void RoleLink::start(Handlers handlers) {
  handlers_ = std::move(handlers);
  reader_ = std::thread(&RoleLink::read, this);
}

void RoleLink::read() {
  constexpr std::chrono::seconds kTurn{60};
  for (;;) {
    auto received = socket_.receive(kTurn);
    if (!received) break;  // it is gone, or no supervisor of ours
    if (*received) take_in(std::move(**received));
  }
  {
    const std::lock_guard guard(inbox_mutex_);
    is_closed_ = true;
  }
  arrived_.notify_all();
  if (handlers_.alone && !is_ending_) handlers_.alone();
}

void RoleLink::take_in(messages::Received received) {
  if (received.packet.id == 0) {
    const auto* hello = std::get_if<messages::Hello>(&received.packet.message);
    if (hello != nullptr && handlers_.met)
      handlers_.met(hello->role, std::move(received.descriptors));
    return;
  }
  {
    const std::lock_guard guard(inbox_mutex_);
    inbox_.push_back(std::move(received));
  }
  arrived_.notify_all();
}

Result<> RoleLink::ask(messages::Message message) {
  return socket_.send({.id = ++last_id_, .message = std::move(message)});
}

Result<messages::Received> RoleLink::next() {
  std::unique_lock lock(inbox_mutex_);
  const auto until = std::chrono::steady_clock::now() + kAnswerMax;
  for (;;) {
    const bool has_news =
        arrived_.wait_until(lock, until, [this] { return !inbox_.empty() || is_closed_; });
    if (!has_news)
      return base::fail(Errc::timeout, "the supervisor did not answer within {} s",
                        kAnswerMax.count());
    if (inbox_.empty()) return base::fail(Errc::unavailable, "the supervisor is gone");
    messages::Received received = std::move(inbox_.front());
    inbox_.pop_front();
    if (received.packet.id == last_id_) return received;
    // Of a question that was given up.
  }
}

Result<std::vector<OwnedFd>> RoleLink::ask_for_descriptors(messages::Message message) {
  if (const auto asked = ask(std::move(message)); !asked) return asked.error();
  auto received = next();
  if (!received) return received.error();
  const auto* answer = std::get_if<messages::HandedOver>(&received->packet.message);
  if (answer == nullptr) return unexpected(received->packet);
  if (answer->outcome != Outcome::done)
    return base::fail(code_of(answer->outcome), "{}", answer->text);
  return std::move(received->descriptors);
}

Result<std::vector<OwnedFd>> RoleLink::open(const gateway::ListenAddress& address,
                                            std::size_t count) {
  const std::lock_guard guard(mutex_);
  std::vector<OwnedFd> sockets;
  // Those for `count` workers, then those of a gateway that had more: connections queue there, too.
  for (;;) {
    const std::size_t wanted = count - std::min(sockets.size(), count);
    const std::size_t slice = std::min<std::size_t>(wanted, messages::kDescriptorsMax);
    auto given = ask_for_descriptors(
        messages::SocketRequest{address.key, static_cast<std::uint16_t>(sockets.size()),
                                static_cast<std::uint16_t>(slice)});
    if (!given) return given.error();
    if (given->empty()) break;
    const bool is_last = slice != 0 && given->size() < slice;
    std::ranges::move(*given, std::back_inserter(sockets));
    if (is_last) break;
  }
  if (sockets.empty())
    return base::fail(Errc::protocol, "the supervisor has no socket for {}", address.key);
  return sockets;
}

Result<OwnedFd> RoleLink::open_log(const std::string& path) {
  const std::lock_guard guard(mutex_);
  auto given = ask_for_descriptors(messages::LogRequest{path});
  if (!given) return given.error();
  return given->empty() ? OwnedFd() : std::move(given->front());
}

void RoleLink::release(const gateway::ListenAddress& address) {
  const std::lock_guard guard(mutex_);
  if (!address.passed.empty()) return;
  if (const auto done = ask(messages::SocketReleased{address.key}); !done)
    base::log_warn(kSupervisorPart, "an address cannot be given back",
                   {{"address", address.key}, {"reason", done.error().message}});
}

Result<ConfigSnapshot> RoleLink::ask_for_reload() {
  const std::lock_guard guard(mutex_);
  if (const auto asked = ask(messages::ReloadRequest{}); !asked) return asked.error();
  auto received = next();
  if (!received) return received.error();
  const auto* answer = std::get_if<messages::Finished>(&received->packet.message);
  if (answer == nullptr) return unexpected(received->packet);
  if (answer->outcome != Outcome::done) return base::fail(Errc::invalid, "{}", answer->text);
  return config_in(*received);
}

void RoleLink::tell_reload_ended(bool is_done) {
  const std::lock_guard guard(mutex_);
  static_cast<void>(ask(messages::ReloadEnded{is_done ? Outcome::done : Outcome::failed}));
}

void RoleLink::tell(messages::Role role, messages::Condition condition, const std::string& text) {
  const std::lock_guard guard(mutex_);
  static_cast<void>(ask(messages::Health{role, condition, text}));
}

Result<RoleLink::Processes> RoleLink::processes() {
  const std::lock_guard guard(mutex_);
  if (const auto asked = ask(messages::ProcessesRequest{}); !asked) return asked.error();
  Processes found;
  for (;;) {
    auto received = next();
    if (!received) return received.error();
    if (auto* state = std::get_if<messages::ProcessState>(&received->packet.message))
      found.states.push_back(std::move(*state));
    else if (auto* upgrade = std::get_if<messages::UpgradeState>(&received->packet.message))
      found.last_upgrade = std::move(*upgrade);
    else
      return found;
  }
}

Result<> RoleLink::ask_for_upgrade() {
  const std::lock_guard guard(mutex_);
  if (auto asked = ask(messages::UpgradeRequest{}); !asked) return asked;
  const auto received = next();
  if (!received) return received.error();
  const auto* answer = std::get_if<messages::Finished>(&received->packet.message);
  if (answer == nullptr) return unexpected(received->packet);
  if (answer->outcome == Outcome::done) return {};
  return base::fail(Errc::unavailable, "{}", answer->text);
}

bool RoleLink::is_alone() const {
  char byte = 0;
  const ssize_t count = ::recv(socket_.fd(), &byte, 1, MSG_PEEK | MSG_DONTWAIT);
  return count == 0 || (count < 0 && errno != EAGAIN && errno != EINTR);
}

}  // namespace ravelin::system
