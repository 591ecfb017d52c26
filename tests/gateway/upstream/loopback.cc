#include "tests/gateway/upstream/loopback.h"

#include "base/check.h"
#include "gateway/upstream/health_alarm.h"

#include <array>

namespace ravelin::gateway::test {

using base::Task;
using namespace std::chrono_literals;

namespace {

constexpr base::Duration kPatience = 20s;

// Looks again every few milliseconds, and stops the reactor when it is time.
class Watch {
 public:
  Watch(Reactor& reactor, const std::function<bool()>& holds, base::MonoTime until)
      : reactor_(reactor), timer_(reactor.io()), holds_(holds), until_(until) {}

  void look() {
    if (holds_() || base::mono_now() >= until_) {
      reactor_.stop();
      return;
    }
    timer_.expires_after(2ms);
    timer_.async_wait([this](const boost::system::error_code& error) {
      if (!error) look();
    });
  }

 private:
  Reactor& reactor_;
  boost::asio::steady_timer timer_;
  const std::function<bool()>& holds_;
  base::MonoTime until_;
};

}  // namespace

bool run_until(Reactor& reactor, const std::function<bool()>& holds) {
  if (holds()) return true;
  Watch watch(reactor, holds, base::mono_now() + kPatience);
  reactor.io().restart();
  reactor.post([&] { watch.look(); });
  reactor.run();
  return holds();
}

void run_for(Reactor& reactor, std::chrono::milliseconds time) {
  const base::MonoTime until = base::mono_now() + time;
  run_until(reactor, [until] { return base::mono_now() >= until; });
}

struct Backend::Session {
  Session(Reactor& reactor, BufferPool& buffers, int fd) : stream(reactor, buffers, fd) {}

  HandshakeInfo info;
  Stream stream;
  bool is_over = false;
  std::optional<Task<void>> task;
};

Backend::Backend(Reactor& reactor, Manner manner, std::string text,
                 std::shared_ptr<const ListenerTls> tls)
    : reactor_(reactor), manner_(manner), text_(std::move(text)), tls_(std::move(tls)) {
  auto fd =
      open_listener(*base::parse_endpoint("127.0.0.1:0", base::PortZero::allowed), ReusePort::no);
  CHECK(fd.has_value());
  endpoint_ = std::get<base::IpEndpoint>(*local_endpoint(fd->get()));
  listener_ = std::make_unique<Socket>(reactor_, fd->release());
  accepting_.emplace(accept_all());
  accepting_->await_suspend(std::noop_coroutine()).resume();
}

Backend::~Backend() = default;

void Backend::behave(Manner manner, std::string text) {
  manner_ = manner;
  text_ = std::move(text);
}

void Backend::stop() {
  accepting_.reset();
  listener_.reset();
  sessions_.clear();
  open_ = 0;
}

Task<void> Backend::accept_all() {
  for (;;) {
    sessions_.remove_if([](const auto& session) { return session->is_over; });
    Accepted accepted = accept_one(listener_->fd());
    if (!accepted.fd.is_open()) {
      listener_->set_ready(false);
      co_await listener_->readable(kNever);
      continue;
    }
    ++accepted_;
    ++open_;
    Session& session = *sessions_.emplace_back(
        std::make_unique<Session>(reactor_, buffers_, accepted.fd.release()));
    session.task.emplace(serve(session));
    session.task->await_suspend(std::noop_coroutine()).resume();
  }
}

Task<void> Backend::serve(Session& session) {
  Task<void> talking = talk(session);
  co_await talking;
  session.stream.socket().close();
  session.is_over = true;
  --open_;
}

Task<void> Backend::talk(Session& session) {
  const base::MonoTime patience = base::mono_now() + kPatience;
  if (manner_ == Manner::close) co_return;
  if (tls_ != nullptr) {
    session.info.tls = tls_;
    session.stream.start_tls(new_server_ssl(session.info));
    const HandshakeEnd end = co_await session.stream.handshake(patience);
    if (end != HandshakeEnd::done) co_return;
    session.stream.release_output();
  }
  for (;;) {
    const bool asked = co_await read_head(session);
    if (!asked) co_return;
    if (manner_ != Manner::hang) break;
  }
  if (manner_ == Manner::answer) {
    session.stream.write(text_);
    co_await session.stream.flush(patience);
    session.stream.finish_output();
    co_return;
  }
  for (const char byte : std::string(text_)) {
    session.stream.write({&byte, 1});
    Sleep pause(reactor_, base::mono_now() + 50ms);
    co_await pause;
    if (session.stream.is_broken()) co_return;
  }
}

// False when the client went away first.
Task<bool> Backend::read_head(Session& session) {
  std::string head;
  std::array<char, 1024> bytes;
  while (head.find("\r\n\r\n") == std::string::npos) {
    const IoResult got = session.stream.read(bytes);
    if (got.status == IoStatus::ok) {
      head.append(bytes.data(), got.bytes);
      continue;
    }
    if (got.status != IoStatus::would_block) co_return false;
    co_await session.stream.socket().readable(kNever);
  }
  last_request_ = std::move(head);
  co_return true;
}

}  // namespace ravelin::gateway::test
