// AdminBackend: what the admin server may ask of the gateway and order it to do, as values. The
// gateway's side of it is in gateway/runtime; tests bring their own. Control thread.
#pragma once

#include "base/address.h"
#include "base/clock.h"
#include "base/result.h"
#include "gateway/config/parse_server.h"
#include "gateway/discovery/overrides.h"
#include "gateway/limit/abuse_table.h"
#include "gateway/limit/recent_bans.h"
#include "gateway/upstream/health.h"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace ravelin::gateway {

struct Readiness {
  bool is_ready = false;
  std::string reason;  // why not; empty when ready
};

struct ListenerStatus {
  std::string name;
  std::vector<std::string> addresses;  // as bound, with the real port
  bool is_tls = false;
};

struct WorkerStatus {
  std::uint32_t index = 0;
  std::uint64_t generation = 0;  // of the configuration it serves
  std::uint64_t connections = 0;
  std::uint64_t store_revision = 0;  // of the certificate store
};

// Where a pool finds servers.
struct SourceStatus {
  std::string source;  // "dns", "file"
  std::string text;    // for people
};

struct PoolStatus {
  std::string name;
  std::string balance;  // as in the configuration: "round_robin"
  std::uint32_t queued = 0;
  bool panics = false;  // too few servers are healthy: all are used
  std::vector<ServerStatus> servers;
  std::vector<SourceStatus> sources{};
};

struct CertificateStatus {
  std::string listener;
  std::vector<std::string> names;
  std::string file;
  std::string serial;
  base::WallTime not_after;
};

// When a certificate of the store is renewed.
struct RenewalStatus {
  std::string name;
  base::WallTime at;
  std::string why;
  int failures = 0;  // in a row
  base::WallTime failed{};
  std::string error{};  // of the last failure, in the CA's own words; "" = there is none
};

// What is left of a limit of a CA.
struct CaLimitStatus {
  std::string issuer;
  std::string limit;  // account, registered_domain, exact_names
  std::string what;   // "certificates for example.com in 7 d"; "" = nothing counts for it
  std::uint64_t left = 0;
  std::uint64_t most = 0;
  bool is_assumed = false;  // the CA's own are not known
};

// What the unattended renewal is about to do. All empty where there is none.
struct RenewalOutlook {
  std::vector<RenewalStatus> next;            // the first first, at most kNextMax
  std::optional<RenewalStatus> last_failure;  // of a certificate that has not been renewed since
  std::vector<CaLimitStatus> limits{};        // of CAs that have some

  static constexpr std::size_t kNextMax = 10;
};

// A certificate of the store that is served.
struct StoredExpiry {
  std::string name;
  std::uint64_t generation = 0;
  base::WallTime not_after;
};

// The store of certificates; all empty where none is shown.
struct StoreStatus {
  std::string path;
  std::uint64_t certificates = 0;
  std::uint64_t revision = 0;  // of the newest view
  std::string trouble;         // why it cannot be followed; "" = it can
  std::vector<std::pair<std::string, std::string>>
      refused;                          // certificate, why its newest is not served
  std::vector<StoredExpiry> soonest{};  // that end first, at most kSoonestMax
  std::uint32_t workers_serving = 0;    // that serve all of the newest view
  std::optional<base::WallTime> ticket_key_made{};
  RenewalOutlook renewals{};

  static constexpr std::size_t kSoonestMax = 5;
};

// Where clients are shown a certificate of the store.
struct ShownAt {
  std::string listener;
  std::string address;  // as bound
  bool is_tls_1_2 = true;
  bool is_tls_1_3 = true;
};

// What clients make of a generation that has taken another's place.
struct SwapStatus {
  std::uint64_t before = 0;
  std::uint64_t seconds = 0;          // since
  std::uint64_t accepted = 0;         // full handshakes that ended well
  std::uint64_t accepted_before = 0;  // since then, with another generation
  std::uint32_t refusing = 0;         // clients that took the one before, and refuse it
};

// A generation that some clients are shown.
struct CanaryStatus {
  std::uint64_t generation = 0;
  double share = 0;  // of the clients
  base::WallTime since;
  std::uint64_t lasts_s = 0;  // then all get it; 0 = when someone says so
  std::uint64_t accepted = 0;
  std::uint32_t refusing = 0;  // as for a swap
};

// One certificate of the store, as it is served.
struct StoredCertificateStatus {
  std::string name;
  std::uint64_t generation = 0;
  base::WallTime not_after;
  std::uint32_t workers = 0;
  std::uint32_t workers_serving = 0;  // that serve all of the store's newest view
  // Listeners that can be asked for it by its name: not those that other certificates answer for,
  // or that want a PROXY header first.
  std::vector<ShownAt> shown_at{};
  std::optional<SwapStatus> swap{};  // of the last minutes
  std::optional<CanaryStatus> canary{};
};

// A challenge of a CA that is being answered.
struct ChallengeStatus {
  std::string token;
  std::uint32_t workers = 0;
  std::uint32_t workers_answering = 0;
};

// The revocation list of a CA whose clients a listener lets in.
struct ClientCrlStatus {
  std::string listener;
  std::string issuer;
  std::string state;   // good, expired, missing
  std::string from{};  // the file or URL; "" = it is missing, as is all below
  std::string number{};
  std::uint64_t revoked = 0;
  base::WallTime this_update{};
  base::WallTime next_update{};
};

// Where such lists are fetched from.
struct CrlSourceStatus {
  std::string url;
  std::string last;  // result of the last attempt
  base::WallTime last_at{};
  base::WallTime good_at{};  // of the last good one; the epoch = there was none since the start
  base::WallTime next_at{};
  std::uint64_t failures = 0;  // in a row
  std::string error{};         // of the last attempt
};

struct ReloadStatus {
  bool is_ok = true;    // the last attempt
  base::WallTime time;  // of the last success; before any reload, of the start
  std::string error;    // of the last attempt
};

struct OverloadStatus {
  std::vector<std::string> actions;                            // in force
  std::vector<std::pair<std::string, std::uint32_t>> percent;  // of each resource's limit
};

// Of the tables behind limits and abuse; estimates.
struct LimitStatus {
  std::uint64_t rate_entries = 0;  // keys with tokens spent
  std::uint64_t rate_entries_max = 0;
  std::uint64_t abuse_watched = 0;  // clients with points
  std::uint64_t abuse_banned = 0;
};

struct AbusiveClient {
  std::string client;  // prefix
  std::uint32_t points = 0;
  std::uint64_t banned_for_s = 0;  // 0 = not banned
};

// All that is known of a client, or of the bans one request caused.
struct BanExplanation {
  std::string subject;                           // as asked: an address or the id of a request
  bool is_watching = false;                      // `abuse` is configured
  std::optional<AbuseTable::Standing> standing;  // of the client, where one is known
  std::vector<BanRecord> bans;                   // the youngest first, at most 20
  std::string agent_socket;                      // where the gateway's bans go on to; "" = nowhere
  bool agent_connected = false;
  std::string agent_trouble;  // why not
};

// A process of this program, as the supervisor sees it.
struct ProcessStatus {
  std::string role;
  std::int64_t pid = 0;             // 0 = it is about to be started again
  std::int64_t up_seconds = 0;      // since it was started
  std::uint32_t starts = 1;         // so far; more than one: it has ended by itself
  std::string condition;            // starting, ready, …
  std::string confinement;          // what it gave up; "" = it has not said
  std::vector<std::string> may_do;  // what is left to it, a sentence each
  std::string last_end;             // how the one before ended; "" = there was none
};

// How the program was replaced the last time.
struct UpgradeStatus {
  std::string condition;  // starting: it is under way; ready: it went well; failed
  std::int64_t seconds_ago = 0;
  std::string error;
};

struct ProcessesStatus {
  std::vector<ProcessStatus> all;  // none: there is this one alone
  std::optional<UpgradeStatus> last_upgrade;
};

struct GatewayStatus {
  std::string version;
  std::int64_t pid = 0;
  std::string config;  // path of the main file
  base::WallTime now;
  base::WallTime started;
  std::uint64_t generation = 0;
  Readiness readiness;
  std::uint32_t requests_in_flight = 0;
  std::vector<ListenerStatus> listeners;
  std::vector<WorkerStatus> workers;
  std::vector<PoolStatus> pools;
  std::vector<CertificateStatus> certificates;
  std::vector<ClientCrlStatus> client_crls;
  std::vector<CrlSourceStatus> crl_sources;
  ReloadStatus reload;
  OverloadStatus overload;
  LimitStatus limits;
  StoreStatus store;
  ProcessesStatus processes;
};

class AdminBackend {
 public:
  AdminBackend() = default;
  AdminBackend(const AdminBackend&) = delete;
  AdminBackend& operator=(const AdminBackend&) = delete;
  virtual ~AdminBackend() = default;

  [[nodiscard]] virtual GatewayStatus status() const = 0;
  [[nodiscard]] virtual std::vector<PoolStatus> pools() const = 0;
  [[nodiscard]] virtual Readiness readiness() const = 0;
  [[nodiscard]] virtual std::string metrics_text() const = 0;  // the body of /metrics

  // Error: not_found, the store has none of that name or is not shown.
  [[nodiscard]] virtual base::Result<StoredCertificateStatus> stored_certificate(
      std::string_view name) const = 0;

  // Error: not_found, it is not known here (yet).
  [[nodiscard]] virtual base::Result<ChallengeStatus> challenge(std::string_view token) const = 0;

  // The worst first, at most 100.
  [[nodiscard]] virtual std::vector<AbusiveClient> abusive_clients() const = 0;
  // Error: not_found, nothing is known against the client.
  virtual base::Result<void> forget_client(const base::IpPrefix& client) = 0;

  // Error: invalid, it is neither an address nor the id of a request.
  [[nodiscard]] virtual base::Result<BanExplanation> why(std::string_view subject) const = 0;

  // The number of the generation now in use. Error: the configuration was refused or could not be
  // put to use, the old one serves on.
  virtual base::Result<std::uint64_t> reload() = 0;

  // The program that is on the disk now takes over; status() says how it went. Error: not now.
  virtual base::Result<void> upgrade() = 0;

  // Errors: not_found (with what there is), invalid, conflict: said by name, or it cannot be saved;
  // nothing was done then.
  virtual base::Result<void> set_admin_state(std::string_view pool, std::string_view server,
                                             AdminState state, Saving saving) = 0;
  virtual base::Result<void> set_weight(std::string_view pool, std::string_view server,
                                        std::optional<std::uint32_t> weight, Saving saving) = 0;
  virtual base::Result<void> add_server(std::string_view pool, const NewServer& server,
                                        Saving saving) = 0;
  virtual base::Result<void> remove_server(std::string_view pool, std::string_view server,
                                           Saving saving) = 0;
  virtual base::Result<void> restore_server(std::string_view pool, std::string_view server,
                                            Saving saving) = 0;
  // Orders in force or saved.
  [[nodiscard]] virtual std::vector<OverrideRow> overrides() const = 0;
};

}  // namespace ravelin::gateway
