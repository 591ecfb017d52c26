// Gateway: everything together: the workers, the listening sockets, the generation in use, and the
// control thread's work (reload, certificates, server states, drain). One object per process; lives
// on the control thread, which is the one that calls run().
#pragma once

#include "base/result.h"
#include "gateway/admin/admin_backend.h"
#include "gateway/dns/dns_client.h"
#include "gateway/runtime/ban_desk.h"
#include "gateway/runtime/build_snapshot.h"
#include "gateway/runtime/client_crls.h"
#include "gateway/runtime/listening_sockets.h"
#include "gateway/runtime/overload_watch.h"
#include "gateway/runtime/pool_members.h"
#include "gateway/runtime/process_keeper.h"
#include "gateway/runtime/restart_only.h"
#include "gateway/runtime/server_orders.h"
#include "gateway/runtime/store_certificates.h"
#include "gateway/runtime/store_tickets.h"
#include "gateway/runtime/upstream_certificates.h"
#include "gateway/runtime/worker.h"
#include "gateway/tls/certificate_watcher.h"
#include "gateway/tls/ticket_ring.h"
#include "gateway/upstream/health.h"

#include <functional>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <unordered_map>
#include <vector>

namespace ravelin::gateway {

class RemoteKeys;

class Gateway final : public ControlEvents {
 public:
  // Reads the configuration again; used by reload().
  using ConfigSource = std::function<base::Result<Config>()>;

  struct Options {
    ConfigSource reload_config;  // may be empty: reload() then fails
    // Told how each reload ended: whether what `reload_config` gave is what is served now. May be
    // empty.
    std::function<void(bool)> reload_ended{};
    std::string version;
    // Of the listeners, and outlives the gateway; null = it opens its own.
    SocketSource* sockets = nullptr;
    LogOpener log_opener = open_log_file;  // of the access log; any thread
    // Of this process, and outlives the gateway; null = nobody does.
    ProcessKeeper* keeper = nullptr;
    // Told of each state as it begins; `ready` once every worker serves the generation. May be
    // empty.
    std::function<void(base::ServiceState)> state_changed{};
    // `alive` is told at least this often while every worker answers; nothing = never.
    std::optional<base::Duration> alive_every{};
    // Takes bans on to the firewall, and outlives the gateway; null = the gateway alone bans.
    messages::BanChannel* bans = nullptr;
    // Where the private keys are; null = in this process, read from their files.
    std::shared_ptr<RemoteKeys> remote_keys{};
  };

  // Builds the first generation and binds every listener; nothing is served yet. Error: a
  // certificate, an address in use, … Nothing is left behind then.
  static base::Result<std::unique_ptr<Gateway>> open(const Config& config, Options options);
  Gateway(const Gateway&) = delete;
  Gateway& operator=(const Gateway&) = delete;
  ~Gateway() override;

  // Serves until stop() or shut_down() has ended.
  void run();

  // ---- control thread ----
  // Builds the new generation beside the old one and hands it to the workers. On an error the old
  // one serves on, byte for byte.
  base::Result<void> reload();
  // Stops accepting, lets requests end, then stops: at the latest after the configured drain
  // timeout.
  void shut_down();
  // The same, while another process goes on with the same sockets: clients that idle have time to
  // send one more request, whose answer tells them to come anew.
  void hand_over();
  void stop();

  [[nodiscard]] std::shared_ptr<const Snapshot> snapshot() const { return snapshot_; }

  [[nodiscard]] const std::vector<std::unique_ptr<Worker>>& workers() const { return workers_; }

  GatewayMetrics& metrics() { return *metrics_; }

  AccessLog& access_log() { return *access_log_; }

  GatewayLoad& load() { return load_; }

  [[nodiscard]] const OverloadWatch& overload() const { return overload_; }

  HealthMonitor& health() { return *health_; }

  ServerOrders& orders() { return *orders_; }

  [[nodiscard]] const PoolMembers& members() const { return members_; }

  // Whether the pool has other servers than the generation in use knows of.
  [[nodiscard]] bool is_stale(const std::string& pool) const { return stale_pools_.contains(pool); }

  DnsClient& dns() { return *dns_; }

  Reactor& reactor() { return control_; }

  // Where each listener is bound ("127.0.0.1:8443"), with the real port when it was 0.
  [[nodiscard]] std::vector<std::pair<std::string, std::string>> bound() const {
    return sockets_.bound();
  }

  // Every generation's worth of the certificates in use, for status and metrics.
  [[nodiscard]] const std::map<std::string, ListenerMaterials>& materials() const {
    return materials_;
  }

  [[nodiscard]] const BanDesk& bans() const { return bans_; }

  [[nodiscard]] const StoreCertificates& store() const { return store_; }

  [[nodiscard]] const StoreTickets& store_tickets() const { return store_tickets_; }

  // Who renews what is in the store says so; asked for each status, on the control thread.
  void describe_renewals(std::function<RenewalOutlook()> describe) {
    describe_renewals_ = std::move(describe);
  }

  [[nodiscard]] RenewalOutlook renewal_outlook() const {
    return describe_renewals_ ? describe_renewals_() : RenewalOutlook{};
  }

  // Null: this process is the only one.
  [[nodiscard]] ProcessKeeper* keeper() const { return options_.keeper; }

  [[nodiscard]] const certs::Tokens& tokens() const { return tokens_; }

  // Null: the keys are in this process.
  [[nodiscard]] RemoteKeys* remote_keys() const { return options_.remote_keys.get(); }

  [[nodiscard]] const ClientCrls& client_crls() const { return client_crls_; }

  [[nodiscard]] base::WallTime started() const { return started_; }

  [[nodiscard]] const std::string& version() const { return options_.version; }

  struct ReloadState {
    bool ok = true;
    base::WallTime at;
    std::string error;
  };

  [[nodiscard]] const ReloadState& last_reload() const { return last_reload_; }

  // Called when another generation of a certificate of the store is shown, on the control thread;
  // workers follow in a moment.
  void on_swap(std::function<void(const StoreSwap&)> then) { swapped_ = std::move(then); }

  // Called after each successful reload, on the control thread.
  void on_reloaded(std::function<void()> then) { reloaded_.push_back(std::move(then)); }

  void server_failed(std::shared_ptr<Server> server, Reason reason) override;

 private:
  explicit Gateway(Options options);
  base::Result<void> prepare(const Config& config);
  base::Result<BuiltSnapshot> build(const Config& config, const Discovery::Next& found,
                                    const ClientCrls::Next& crls);
  [[nodiscard]] GenerationParts generation_parts(
      std::function<PoolConfig(const PoolConfig&)> with_members);

  // Everything of a generation that can fail to come about.
  struct Next {
    BuiltSnapshot built;
    Discovery::Next found;
    std::map<std::string, TicketRing> rings;
    ListeningSockets::Change sockets;
    StoreCertificates::Next store;
    ClientCrls::Next crls;
  };

  base::Result<Next> make_next(const Config& config);
  // A ring for each TLS listener: the one it has, or a new one where there is none or its settings
  // have changed.
  base::Result<std::map<std::string, TicketRing>> make_rings(const Snapshot& next) const;
  void adopt(Next next);
  void drain_changed(const Snapshot& before,
                     const std::map<std::string, ListenerMaterials>& materials_before);
  // The servers of this pool have become others: a generation that has them follows, at once or
  // with what else changes soon.
  void members_changed(const std::string& pool);
  void renew_pools();
  // Clients were banned: their connections end, at once or a moment after those before.
  void cut_banned();
  void adopt(const RenewedSnapshot& renewed);
  void patch_contexts(Snapshot& snapshot);
  [[nodiscard]] std::shared_ptr<const ListenerTls> tls_of(const std::string& listener) const;
  void publish_tls(const std::string& listener);
  void watch_certificates();
  void tick();
  void tick_certificates();
  void tick_store();
  void set_challenges();
  void note_store();
  void tick_staples();
  void tick_revoked();
  void begin_to_end();
  void drain_all();
  void tick_crls();
  void use_crls(const std::string& listener, ListenerMaterials& materials);
  void drain_listener(const std::string& listener);
  void finish_shut_down();
  void tell(base::ServiceState state);
  void tell_ready();
  void tell_alive();

  Options options_;
  certs::Tokens tokens_;  // outlives whatever serves with a key of it
  std::unique_ptr<KeySource> keys_;
  Reactor control_;
  base::WallTime started_;
  RestartOnly started_with_;
  GatewayLoad load_;
  BanDesk bans_;
  Alarm cut_alarm_;
  base::MonoTime cut_at_;  // banned clients, the last time
  std::unique_ptr<GatewayMetrics> metrics_;
  std::unique_ptr<AccessLog> access_log_;
  std::vector<std::unique_ptr<Worker>> workers_;
  std::unique_ptr<PasswordChecks> password_checks_;  // after the workers whose reactors it posts to
  std::unique_ptr<DnsClient> dns_;
  std::unique_ptr<HealthMonitor> health_;
  PoolMembers members_;
  std::unique_ptr<ServerOrders> orders_;
  std::set<std::string> stale_pools_;  // whose servers are others than the generation's
  base::MonoTime renewed_at_;          // the last generation that came of them
  Alarm renew_alarm_;
  std::shared_ptr<const Snapshot> snapshot_;
  ServerRegistry servers_;
  std::map<std::string, ListenerMaterials> materials_;
  std::map<std::string, TicketRing> tickets_;  // by listener
  OwnSockets own_sockets_;
  ListeningSockets sockets_;
  OverloadWatch overload_{workers_, load_};
  std::vector<std::pair<std::string, std::size_t>> watched_;  // the watcher's index: listener, pair
  std::unique_ptr<CertificateWatcher> watcher_;
  UpstreamCertificates upstream_certificates_{*keys_};
  StoreCertificates store_;
  StoreTickets store_tickets_;
  ClientCrls client_crls_;
  std::function<RenewalOutlook()> describe_renewals_;
  // Contexts made since the generation in use was built, because of a new client certificate.
  std::unordered_map<const Server*, std::shared_ptr<const UpstreamContext>> newer_contexts_;
  std::unique_ptr<boost::asio::steady_timer> tick_timer_;
  base::MonoTime next_staple_look_;
  base::MonoTime next_revoked_look_;
  certs::RevokedKeys revoked_told_;
  base::MonoTime next_crl_look_;
  base::MonoTime closed_at_;  // by then the listeners are
  base::MonoTime drain_until_;
  base::MonoTime drain_at_;  // once it has handed over: whoever idles still
  ReloadState last_reload_;
  std::vector<std::function<void()>> reloaded_;
  std::function<void(const StoreSwap&)> swapped_;
  bool shutting_down_ = false;
  bool owes_ready_ = true;  // `ready` is to be told
  bool tells_overload_ = false;
  base::MonoTime next_alive_;
  std::uint64_t beats_asked_ = 0;  // of each worker
};

}  // namespace ravelin::gateway
