// The load generator's event loop: connections, requests and the first error. What happens when a
// connection is ready is the mode's business (load_modes.h). One thread.
#pragma once

#include "bench/client.h"
#include "bench/load_options.h"

#include <chrono>
#include <cstdint>
#include <deque>
#include <string>
#include <vector>

namespace ravelin::bench {

using LoadClock = std::chrono::steady_clock;

// A place for one connection after the other, and when its present piece of work began.
struct Slot {
  Slot(Client& client, unsigned source) : connection(client, source, this) {}

  Connection connection;
  LoadClock::time_point began;
  bool is_busy = false;
  bool asks_to_resume = false;  // the present connection
};

class Mode {
 public:
  Mode() = default;
  Mode(const Mode&) = delete;
  Mode& operator=(const Mode&) = delete;
  virtual ~Mode() = default;

  virtual void on_connected(Slot& slot) = 0;
  virtual void on_answered(Slot& slot) = 0;

  // Starts what is due and says when it wants to be called again.
  virtual LoadClock::time_point on_time(LoadClock::time_point) {
    return LoadClock::time_point::max();
  }

  // A line came in on stdin, where the mode watches it.
  virtual void on_input() {}
};

class LoadLoop {
 public:
  explicit LoadLoop(const LoadOptions& options);

  // One wait, until `until` at the latest, and the events it brought. False: nothing came.
  bool turn(Mode& mode, LoadClock::time_point until);
  // Turns until then, or the first error.
  void run_until(Mode& mode, LoadClock::time_point until);

  void open(Slot& slot, Connection::Resume resume = Connection::Resume::no);
  // Sends the next request of the list on a connected slot; its time counts from `began`.
  void send(Mode& mode, Slot& slot, LoadClock::time_point began);
  void watch_stdin();
  void unwatch_stdin();
  void fail(std::string why);

  [[nodiscard]] bool has_failed() const { return !first_error_.empty(); }

  [[nodiscard]] const std::string& first_error() const { return first_error_; }

  // How the first handshake came out, e.g. "TLSv1.3 TLS_AES_128_GCM_SHA256 X25519 EC-256".
  [[nodiscard]] const std::string& tls() const { return tls_; }

  [[nodiscard]] std::uint64_t tickets() const { return client_.tickets; }

  [[nodiscard]] std::uint64_t handshakes() const { return handshakes_; }

  std::deque<Slot>& slots() { return slots_; }

 private:
  void step(Mode& mode, Slot& slot, Step step);

  std::string body_;
  std::vector<Request> requests_;
  std::size_t next_request_ = 0;
  Client client_;
  std::deque<Slot> slots_;
  std::uint64_t handshakes_ = 0;
  std::string tls_;
  std::string first_error_;
};

}  // namespace ravelin::bench
