// A reactor driven by the test's own thread, and small servers on it that behave as told.
#pragma once

#include "base/io/task.h"
#include "gateway/net/listener.h"
#include "gateway/net/reactor.h"
#include "gateway/tls/stream.h"
#include "gateway/upstream/pool_runtime.h"

#include <functional>
#include <list>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

namespace ravelin::gateway::test {

// Runs `reactor` until `holds`; false when it still does not after 20 s.
bool run_until(Reactor& reactor, const std::function<bool()>& holds);
// Runs it for about that long: for what must not happen.
void run_for(Reactor& reactor, std::chrono::milliseconds time);

// The value of `task`, which must end within 20 s.
template <class T>
base::Task<void> put_into(base::Task<T> task, std::optional<T>& into) {
  into.emplace(co_await task);
}

template <class T>
std::optional<T> run_task(Reactor& reactor, base::Task<T> task) {
  std::optional<T> result;
  base::Task<void> running = put_into(std::move(task), result);
  running.await_suspend(std::noop_coroutine()).resume();
  run_until(reactor, [&] { return result.has_value(); });
  return result;
}

// A server on 127.0.0.1, any port. Whatever it does it does to each connection alike.
class Backend {
 public:
  enum class Manner {
    answer,   // reads a request head, sends `text`, closes
    trickle,  // the same, a byte every 50 ms
    close,    // closes at once
    hang,     // reads, and never says anything
  };

  // `tls`: null = in the clear.
  Backend(Reactor& reactor, Manner manner, std::string text = {},
          std::shared_ptr<const ListenerTls> tls = nullptr);
  Backend(const Backend&) = delete;
  Backend& operator=(const Backend&) = delete;
  ~Backend();

  void behave(Manner manner, std::string text = {});
  // From now on connections are refused.
  void stop();

  [[nodiscard]] base::IpEndpoint endpoint() const { return endpoint_; }

  [[nodiscard]] int accepted() const { return accepted_; }  // connections so far

  [[nodiscard]] int open() const { return open_; }  // connections now

  [[nodiscard]] const std::string& last_request() const { return last_request_; }

 private:
  struct Session;
  base::Task<void> accept_all();
  base::Task<void> serve(Session& session);
  base::Task<void> talk(Session& session);
  base::Task<bool> read_head(Session& session);

  Reactor& reactor_;
  BufferPool buffers_;
  Manner manner_;
  std::string text_;
  std::shared_ptr<const ListenerTls> tls_;
  base::IpEndpoint endpoint_;
  int accepted_ = 0;
  int open_ = 0;
  std::string last_request_;
  std::unique_ptr<Socket> listener_;
  std::list<std::unique_ptr<Session>> sessions_;
  std::optional<base::Task<void>> accepting_;
};

inline constexpr std::string_view kOk =
    "HTTP/1.1 200 OK\r\nContent-Length: 9\r\nConnection: close\r\n\r\nall good!";
inline constexpr std::string_view kError =
    "HTTP/1.1 500 Internal Server Error\r\nContent-Length: 0\r\n\r\n";

}  // namespace ravelin::gateway::test
