// Worker: one thread with everything it serves: its reactor, accept loops, connections, and its own
// side of every pool. Nothing here is shared; other threads talk to it through post().
#pragma once

#include "gateway/proxy/session/connection.h"
#include "gateway/proxy/worker_context.h"
#include "gateway/runtime/acceptor.h"

#include <map>
#include <memory>
#include <string>
#include <thread>
#include <unordered_map>
#include <utility>
#include <vector>

namespace ravelin::gateway {

class Worker {
 public:
  struct Parts {
    unsigned index = 0;
    GatewayMetrics& metrics;
    AccessLog& access_log;
    GatewayLoad& load;
    ControlEvents& control;
    PasswordChecks& password_checks;
    BanListener& bans;
  };

  explicit Worker(const Parts& parts);
  Worker(const Worker&) = delete;
  Worker& operator=(const Worker&) = delete;
  ~Worker();

  void start();  // its thread
  void join();

  // What a worker takes over in one piece.
  // The kernel answers a SYN three times within it: at once, after one second, after two more.
  static constexpr base::Duration kHandshakesMax = std::chrono::seconds(3);

  struct Generation {
    std::shared_ptr<const Snapshot> snapshot;
    std::map<std::string, std::shared_ptr<const ListenerTls>>
        tls;  // by listener; not of plain ones; unused where the listeners are the same ones
    // Address keys, and the listener each belongs to from now on.
    std::vector<std::pair<std::string, std::shared_ptr<ListenerShared>>> moved;
  };

  // ---- any thread; carried out on the worker's thread, in order ----
  // From the next request on this generation is served.
  void apply(Generation generation);
  // Connections accepted from now on use this.
  void set_tls(std::string listener, std::shared_ptr<const ListenerTls> tls);
  // Answered from now on; never null. The revision counts once it is so.
  void set_challenges(std::shared_ptr<const certs::ChallengeAnswers> challenges);
  // All that was set before belongs to this revision of the certificate store.
  void note_store(std::uint64_t revision);
  // Connections made to `server` from now on use this.
  void set_server_tls(std::shared_ptr<Server> server,
                      std::shared_ptr<const UpstreamContext> context);
  void listen(Acceptor::Address address);
  // Accepts what still queues there for the grace time, then closes the socket: once no handshake
  // is under way, and kHandshakesMax later at the latest.
  void close_address(std::string key, base::Duration grace);
  // Another process accepts from its sockets from now on. Those that were given up close like the
  // address that is closed.
  void hand_over_addresses(base::Duration grace);
  // Ends connections of one listener (empty = all) at their next border between requests.
  void drain(std::string listener);
  // Counts once it is carried out: a sign that the loop turns.
  void beat();
  // Closes connections that wait for another request: an eighth of them, those accepted first.
  void close_idle();
  // Ends the connections of these clients now; as pack_client() has them, sorted. Behind a proxy
  // those whose PROXY protocol header names one.
  void cut_clients(std::shared_ptr<const std::vector<std::uint64_t>> clients);
  // Ends every connection now, then the thread.
  void stop();

  // Generation served, for `status`; connections and tasks still there. Any thread.
  [[nodiscard]] std::uint64_t generation() const {
    return generation_.load(std::memory_order_acquire);
  }

  // Of the certificate store, as it serves it; 0 = none yet.
  [[nodiscard]] std::uint64_t store_revision() const {
    return store_revision_.load(std::memory_order_acquire);
  }

  // Of the newest set_challenges() carried out.
  [[nodiscard]] std::uint64_t challenge_revision() const {
    return challenge_revision_.load(std::memory_order_acquire);
  }

  // Whether some address has not closed yet.
  [[nodiscard]] bool is_closing() const { return closing_.load(std::memory_order_acquire) != 0; }

  [[nodiscard]] std::uint64_t beats() const { return beats_.load(std::memory_order_relaxed); }

  [[nodiscard]] std::size_t open_connections() const {
    return open_connections_.load(std::memory_order_acquire);
  }

  // Of its thread, since it was started. The thread that started it.
  [[nodiscard]] std::chrono::nanoseconds cpu_time();

  Reactor& reactor() { return reactor_; }

 private:
  void use(const Generation& generation);
  std::shared_ptr<WorkerPool> make_pool(const PoolRuntime& runtime, std::uint64_t generation);
  std::shared_ptr<WorkerPool> renew_pool(const PoolRuntime& runtime, std::uint64_t generation,
                                         const std::shared_ptr<WorkerPool>& before);
  void use_listeners(const Generation& generation, WorkerSnapshot& next);
  void drop_left_servers(const WorkerSnapshot& before, const WorkerSnapshot& next);
  void close_acceptors_in(base::Duration time);
  void close_acceptors(base::MonoTime now);
  void add_turns(const Snapshot& snapshot, WorkerSnapshot& next) const;
  void keep_mirror_counts(WorkerSnapshot& next) const;
  void keep_left_listeners(const Snapshot& next);
  // Connections for which `is_meant` end at their next border between requests.
  template <typename Predicate>
  void drain_if(const Predicate& is_meant);
  [[nodiscard]] std::shared_ptr<const ListenerTls> tls_of(const std::string& listener) const;
  void finish();

  unsigned index_;
  GatewayMetrics& metrics_;
  Reactor reactor_;
  BufferPool buffers_;
  base::TaskGroup tasks_;
  RequestIds request_ids_;
  // A worker's side of each server, kept over reloads while the server stays the same.
  std::unordered_map<const Server*, std::shared_ptr<UpstreamServer>> servers_;
  WorkerContext context_;
  std::unordered_map<std::string, std::shared_ptr<const ListenerTls>> tls_;
  std::vector<std::unique_ptr<Acceptor>> acceptors_;
  std::atomic<std::size_t> closing_{0};  // of acceptors_, and orders to close that wait
  std::atomic<std::uint64_t> generation_{0};
  std::atomic<std::uint64_t> beats_{0};
  std::atomic<std::uint64_t> store_revision_{0};
  std::atomic<std::uint64_t> challenge_revision_{0};
  std::atomic<std::size_t> open_connections_{0};
  std::thread thread_;
};

}  // namespace ravelin::gateway
