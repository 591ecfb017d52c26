#include "system/keys/key_server.h"

#include "base/io/log.h"

#include <poll.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>

#include <cerrno>
#include <utility>

namespace ravelin::system {
namespace {

using base::Errc;
using base::OwnedFd;

// Taken of one connection before another has its turn.
constexpr std::size_t kQuestionsAtOnce = 8;
// For one that does not read its answers.
constexpr int kFullPatienceMs = 100;

// Told once; then not again until it is asked for anew, so that one thread at a time takes of it.
constexpr std::uint32_t kOnce = EPOLLIN | EPOLLONESHOT;

}  // namespace

base::Result<std::unique_ptr<KeyServer>> KeyServer::open(KeyDesk& desk, unsigned threads) {
  std::unique_ptr<KeyServer> server(new KeyServer(desk));
  server->epoll_ = OwnedFd(::epoll_create1(EPOLL_CLOEXEC));
  server->stop_ = OwnedFd(::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK));
  epoll_event event{.events = EPOLLIN, .data = {.u64 = 0}};
  if (!server->epoll_.is_open() || !server->stop_.is_open() ||
      ::epoll_ctl(server->epoll_.get(), EPOLL_CTL_ADD, server->stop_.get(), &event) != 0)
    return base::fail_errno(errno, "waiting for questions");
  for (unsigned i = 0; i < threads; ++i)
    server->threads_.emplace_back(&KeyServer::work, server.get());
  return server;
}

KeyServer::~KeyServer() {
  static_cast<void>(::eventfd_write(stop_.get(), 1));
  for (std::thread& thread : threads_)
    thread.join();
}

void KeyServer::add(OwnedFd connection) {
  const auto line = std::make_shared<Line>(std::move(connection));
  const std::lock_guard lock(mutex_);
  epoll_event event{.events = kOnce, .data = {.u64 = next_id_}};
  if (::epoll_ctl(epoll_.get(), EPOLL_CTL_ADD, line->socket.fd(), &event) == 0)
    lines_.emplace(next_id_++, line);
  else
    base::log_error("keys", "a connection was not taken",
                    {{"error", base::fail_errno(errno, "waiting for it").message}});
}

KeyServer::LinePtr KeyServer::find(std::uint64_t id) {
  const std::lock_guard lock(mutex_);
  const auto found = lines_.find(id);
  return found == lines_.end() ? nullptr : found->second;
}

void KeyServer::work() {
  for (;;) {
    epoll_event event{};
    const int count = ::epoll_wait(epoll_.get(), &event, 1, -1);
    if (count < 0 && errno != EINTR) return;
    if (count != 1) continue;
    if (event.data.u64 == 0) return;
    if (const LinePtr line = find(event.data.u64); line != nullptr) serve(event.data.u64, line);
  }
}

// To what one connection asked at a time: together, but for those a token gives later.
class KeyServer::Answers {
 public:
  explicit Answers(LinePtr line) : line_(std::move(line)) {}

  void take(std::uint32_t id, const messages::Message& message) {
    auto bytes = messages::encode({.id = id, .message = message});
    if (id == 0 || !bytes) return;
    {
      const std::lock_guard lock(mutex_);
      if (is_open_) {
        ready_.push_back(std::move(*bytes));
        return;
      }
    }
    send(*line_, std::span(&*bytes, 1));
  }

  void close() {
    {
      const std::lock_guard lock(mutex_);
      is_open_ = false;
    }
    send(*line_, ready_);
  }

 private:
  LinePtr line_;
  std::mutex mutex_;  // a token's thread may be early
  bool is_open_ = true;
  std::vector<std::vector<std::byte>> ready_;
};

// What has come first, then the others may have theirs, then the answers.
bool KeyServer::serve(std::uint64_t id, const LinePtr& line) {
  std::vector<messages::Packet> questions;
  std::optional<base::Error> ended;
  while (questions.size() < kQuestionsAtOnce && !ended) {
    auto received = line->socket.receive(std::chrono::milliseconds(0));
    if (!received)
      ended = received.error();
    else if (*received)
      questions.push_back(std::move((*received)->packet));
    else
      break;
  }
  epoll_event event{.events = kOnce, .data = {.u64 = id}};
  if (!ended && !line->is_closed)
    ::epoll_ctl(epoll_.get(), EPOLL_CTL_MOD, line->socket.fd(), &event);
  const auto answers = std::make_shared<Answers>(line);
  for (const messages::Packet& question : questions) {
    const bool is_taken = desk_.take(
        question.message, [answers, asked = question.id](const messages::Message& message) {
          answers->take(asked, message);
        });
    if (!is_taken)
      ended = base::fail(Errc::protocol, "nobody asks this here: {}",
                         messages::to_string(question.message));
  }
  answers->close();
  if (ended) close(id, line, *ended);
  return !ended;
}

void KeyServer::close(std::uint64_t id, const LinePtr& line, const base::Error& why) {
  {
    const std::lock_guard lock(mutex_);
    if (lines_.erase(id) == 0) return;
  }
  line->is_closed = true;
  ::epoll_ctl(epoll_.get(), EPOLL_CTL_DEL, line->socket.fd(), nullptr);
  if (why.code == Errc::unavailable)
    base::log_info("keys", "a gateway has gone", {});
  else
    base::log_warn("keys", "a connection is closed", {{"reason", why.message}});
}

void KeyServer::send(Line& line, std::span<const std::vector<std::byte>> answers) {
  for (int i = 0; i < 2 && !answers.empty() && !line.is_closed; ++i) {
    const auto sent = line.socket.send_encoded(answers);
    if (!sent) return;
    answers = answers.subspan(*sent);
    pollfd state{line.socket.fd(), POLLOUT, 0};
    if (!answers.empty()) ::poll(&state, 1, kFullPatienceMs);
  }
}

}  // namespace ravelin::system
