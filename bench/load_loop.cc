// The load generator's event loop.
#include "bench/load_loop.h"

#include "bench/net.h"
#include "bench/pattern.h"

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <fstream>
#include <utility>

namespace ravelin::bench {

namespace {

constexpr unsigned kSources = 32;  // client addresses 127.0.0.1 to .32

std::string make_request(const LoadOptions& options, const std::string& host,
                         const std::string& prefix) {
  const std::string common = "Host: " + host + "\r\nUser-Agent: ravelin-bench\r\nAccept: */*\r\n";
  if (options.upload_bytes == 0) {
    return fmt::format("GET {}bytes/{} HTTP/1.1\r\n{}\r\n", prefix, options.download_bytes, common);
  }
  return fmt::format("POST {}sink HTTP/1.1\r\n{}Content-Length: {}\r\n\r\n{}", prefix, common,
                     options.upload_bytes, body_pattern(options.upload_bytes));
}

std::vector<Request> make_requests(const LoadOptions& options, std::string_view body) {
  if (options.targets.empty())
    return {{make_request(options, options.identity.server_name, "/"), body}};
  std::vector<Request> requests;
  std::ifstream file(options.targets);
  for (std::string host, prefix; file >> host >> prefix;) {
    requests.push_back({make_request(options, host, prefix), body});
  }
  if (requests.empty()) die("the targets file is empty");
  return requests;
}

Client::Sizing sizing_of(const LoadOptions& options) {
  return options.download_bytes > 64 * 1024 ? Client::Sizing::bulk : Client::Sizing::small;
}

timespec to_timespec(LoadClock::duration duration) {
  const auto ns = std::max<std::int64_t>(std::chrono::nanoseconds(duration).count(), 0);
  return {.tv_sec = ns / 1'000'000'000, .tv_nsec = ns % 1'000'000'000};
}

}  // namespace

LoadLoop::LoadLoop(const LoadOptions& options)
    : body_(options.upload_bytes > 0 ? std::to_string(options.upload_bytes)
                                     : body_pattern(options.download_bytes)),
      requests_(make_requests(options, body_)),
      client_(options.port, sizing_of(options), options.identity) {
  for (unsigned i = 0; i < options.connections; ++i)
    slots_.emplace_back(client_, 1 + i % kSources);
}

bool LoadLoop::turn(Mode& mode, LoadClock::time_point until) {
  std::array<epoll_event, 128> events;
  const auto now = LoadClock::now();
  until = std::min(until, mode.on_time(now));
  const timespec timeout = to_timespec(until - now);
  const int ready = epoll_pwait2(client_.epoll, events.data(), static_cast<int>(events.size()),
                                 &timeout, nullptr);
  if (ready < 0 && errno != EINTR) die("epoll_pwait2");
  for (int i = 0; i < ready && !has_failed(); ++i) {
    const epoll_event& event = events[static_cast<std::size_t>(i)];
    if (event.data.ptr == nullptr) {
      mode.on_input();
      continue;
    }
    Slot& slot = *static_cast<Slot*>(event.data.ptr);
    step(mode, slot, slot.connection.on_event(event.events));
  }
  return ready > 0;
}

void LoadLoop::run_until(Mode& mode, LoadClock::time_point until) {
  while (!has_failed() && LoadClock::now() < until)
    turn(mode, until);
}

void LoadLoop::open(Slot& slot, Connection::Resume resume) {
  slot.began = LoadClock::now();
  slot.is_busy = true;
  slot.asks_to_resume = resume == Connection::Resume::yes;
  slot.connection.open(resume);
}

void LoadLoop::send(Mode& mode, Slot& slot, LoadClock::time_point began) {
  slot.began = began;
  slot.is_busy = true;
  const Request& request = requests_[next_request_];
  if (++next_request_ == requests_.size()) next_request_ = 0;
  step(mode, slot, slot.connection.send(request));
}

void LoadLoop::step(Mode& mode, Slot& slot, Step step) {
  switch (step) {
    case Step::waiting:
      return;
    case Step::connected:
      ++handshakes_;
      if (tls_.empty()) tls_ = slot.connection.describe();
      mode.on_connected(slot);
      return;
    case Step::answered:
      slot.is_busy = false;
      mode.on_answered(slot);
      return;
    case Step::failed:
      fail(slot.connection.why());
      return;
  }
}

void LoadLoop::watch_stdin() {
  watch(client_.epoll, EPOLL_CTL_ADD, STDIN_FILENO, EPOLLIN, nullptr);
}

void LoadLoop::unwatch_stdin() {
  watch(client_.epoll, EPOLL_CTL_DEL, STDIN_FILENO, 0, nullptr);
}

void LoadLoop::fail(std::string why) {
  if (first_error_.empty()) first_error_ = std::move(why);
}

}  // namespace ravelin::bench
