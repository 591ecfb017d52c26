// A gateway of two pools that remembers what it was told, as the admin server's tests see it.
#pragma once

#include "gateway/admin/admin_backend.h"

#include <chrono>
#include <string>
#include <vector>

namespace ravelin::gateway {

// 2026-11-24T12:00:00Z
inline base::WallTime fake_now() {
  return std::chrono::sys_days(std::chrono::year(2026) / 11 / 24) + std::chrono::hours(12);
}

class FakeBackend final : public AdminBackend {
 public:
  FakeBackend() {
    state_.version = "1.2.3";
    state_.pid = 4711;
    state_.config = "/etc/ravelin/ravelin.yaml";
    state_.now = fake_now();
    state_.started = fake_now() - std::chrono::minutes(125);
    state_.generation = 7;
    state_.readiness.is_ready = true;
    state_.requests_in_flight = 3;
    state_.listeners = {{"web", {"0.0.0.0:443", "[::]:443"}, true},
                        {"plain", {"0.0.0.0:80"}, false}};
    state_.workers = {{0, 7, 12}, {1, 6, 9}};
    state_.pools = {{"web",
                     "round_robin",
                     0,
                     false,
                     {server("web", "one", "10.0.1.11:8080", 3, false),
                      server("web", "two", "10.0.1.12:8080", 1, true)}},
                    {"api",
                     "least_requests",
                     2,
                     false,
                     {server("api", "unix:/run/api.sock", "unix:/run/api.sock", 1, false)}}};
    state_.certificates = {{"web",
                            {"www.example.com", "example.com"},
                            "/etc/ravelin/www.crt",
                            "0A1B",
                            fake_now() + std::chrono::hours(35 * 24 + 2)}};
    state_.reload = {true, fake_now() - std::chrono::minutes(5), ""};
  }

  [[nodiscard]] GatewayStatus status() const override { return state_; }

  StoreStatus& store() { return state_.store; }

  ProcessesStatus& processes() { return state_.processes; }

  base::Result<void> upgrade() override {
    if (refuses_) return *refuses_;
    state_.processes.last_upgrade = {"starting", 0, ""};
    return {};
  }

  [[nodiscard]] std::vector<PoolStatus> pools() const override { return state_.pools; }

  [[nodiscard]] Readiness readiness() const override { return state_.readiness; }

  [[nodiscard]] std::string metrics_text() const override {
    return metrics_.empty() ? "# TYPE ravelin_build_info gauge\nravelin_build_info 1\n" : metrics_;
  }

  [[nodiscard]] base::Result<StoredCertificateStatus> stored_certificate(
      std::string_view name) const override {
    if (name != "*.example.com")
      return base::fail(base::Errc::not_found, "no certificate \"{}\" of the store is served",
                        name);
    return StoredCertificateStatus{std::string(name), 12, fake_now(), 2, 1};
  }

  [[nodiscard]] base::Result<ChallengeStatus> challenge(std::string_view token) const override {
    if (token != "token_1")
      return base::fail(base::Errc::not_found, "no such challenge is up here");
    return ChallengeStatus{std::string(token), 2, 2};
  }

  [[nodiscard]] std::vector<AbusiveClient> abusive_clients() const override { return abusive_; }

  base::Result<void> forget_client(const base::IpPrefix& client) override {
    const std::string text = base::to_string(client);
    const auto is_it = [&](const AbusiveClient& known) { return known.client == text; };
    if (std::erase_if(abusive_, is_it) != 0) return {};
    return base::fail(base::Errc::not_found, "nothing is known against {}", text);
  }

  [[nodiscard]] base::Result<BanExplanation> why(std::string_view subject) const override {
    if (subject.find(' ') != std::string_view::npos)
      return base::fail(base::Errc::invalid, "\"{}\" is neither an address nor the id of a request",
                        subject);
    BanExplanation explanation{.subject = std::string(subject), .is_watching = true};
    if (subject != "192.0.2.7" && subject != "r1") return explanation;
    explanation.standing =
        AbuseTable::Standing{.client = {.prefix = *base::parse_prefix("192.0.2.7"),
                                        .points = 12,
                                        .banned_for = std::chrono::seconds(200)},
                             .offences = 2,
                             .counted = {{"scanner", 3}}};
    explanation.bans = {{.client = *base::parse_prefix("192.0.2.7"),
                         .at = fake_now(),
                         .duration = std::chrono::seconds(240),
                         .reason = "trapped_path",
                         .rule = "honeypot",
                         .request_id = "r1",
                         .listener = "web",
                         .offence = 2,
                         .generation = 7,
                         .kernel = KernelBan::made}};
    explanation.agent_socket = "/run/ravelin/firewall.sock";
    explanation.agent_connected = true;
    return explanation;
  }

  base::Result<std::uint64_t> reload() override {
    if (refuses_) {
      state_.reload.is_ok = false;
      state_.reload.error = refuses_->message;
      return *refuses_;
    }
    return ++state_.generation;
  }

  base::Result<void> set_admin_state(std::string_view pool, std::string_view server,
                                     AdminState state, Saving saving) override {
    if (saving == Saving::yes && !may_save_) return not_saved();
    ServerStatus* found = find(pool, server);
    if (found == nullptr) return unknown(pool, server);
    found->state = state == AdminState::ready ? "up" : to_string(state);
    found->reason = state == AdminState::ready ? "" : "ordered by the operator";
    return {};
  }

  base::Result<void> set_weight(std::string_view pool, std::string_view server,
                                std::optional<std::uint32_t> weight, Saving saving) override {
    if (saving == Saving::yes && !may_save_) return not_saved();
    ServerStatus* found = find(pool, server);
    if (found == nullptr) return unknown(pool, server);
    found->weight = weight.value_or(found->configured_weight);
    found->effective_weight = found->weight * kWeightUnit;
    return {};
  }

  base::Result<void> add_server(std::string_view pool, const NewServer& added,
                                Saving saving) override {
    if (saving == Saving::yes && !may_save_) return not_saved();
    const ServerConfig& config = added.server;
    if (find(pool, config.name) != nullptr)
      return base::fail(base::Errc::conflict, "server \"{}\" is already in pool \"{}\"",
                        config.name, pool);
    for (PoolStatus& one : state_.pools) {
      if (one.name != pool) continue;
      one.servers.push_back(server(one.name, config.name, base::to_string(config.address),
                                   static_cast<std::uint32_t>(config.weight), config.backup));
      one.servers.back().zone = config.zone;
      one.servers.back().source = ServerSource::admin;
      overrides_.push_back({one.name, config.name, "added at " + base::to_string(config.address),
                            "2026-11-24T12:00:00Z", saving == Saving::yes ? "saved" : "not saved",
                            false});
      return {};
    }
    return base::fail(base::Errc::not_found, "pool \"{}\" is not defined (defined: web, api)",
                      pool);
  }

  base::Result<void> remove_server(std::string_view pool, std::string_view server,
                                   Saving /*saving*/) override {
    if (find(pool, server) == nullptr) return unknown(pool, server);
    for (PoolStatus& one : state_.pools) {
      if (one.name != pool) continue;
      const auto is_it = [&](const ServerStatus& status) { return status.server == server; };
      removed_ = *std::ranges::find_if(one.servers, is_it);
      std::erase_if(one.servers, is_it);
    }
    overrides_.push_back({std::string(pool), std::string(server), "removed", "2026-11-24T12:00:00Z",
                          "not saved", false});
    return {};
  }

  base::Result<void> restore_server(std::string_view pool, std::string_view server,
                                    Saving /*saving*/) override {
    if (!removed_ || removed_->pool != pool || removed_->server != server)
      return base::fail(base::Errc::conflict, "server \"{}/{}\" is not removed by an order", pool,
                        server);
    for (PoolStatus& one : state_.pools) {
      if (one.name == pool) one.servers.push_back(*removed_);
    }
    removed_.reset();
    overrides_.clear();
    return {};
  }

  [[nodiscard]] std::vector<OverrideRow> overrides() const override { return overrides_; }

  // ---- for the tests ----
  void allow_saving() { may_save_ = true; }

  void drain() { state_.readiness = {false, "draining: the gateway is shutting down"}; }

  void press() {
    state_.overload = {{"stop_keep_alive"}, {{"memory", 40}, {"descriptors", 87}, {"lag", 2}}};
    state_.limits = {1200, 262'150, 31, 2};
  }

  void refuse_reloads(base::Error error) { refuses_ = std::move(error); }

  void set_metrics(std::string text) { metrics_ = std::move(text); }

  ServerStatus* find(std::string_view pool, std::string_view server) {
    for (PoolStatus& one : state_.pools) {
      for (ServerStatus& status : one.servers) {
        if (one.name == pool && status.server == server) return &status;
      }
    }
    return nullptr;
  }

 private:
  static ServerStatus server(std::string pool, std::string name, std::string address,
                             std::uint32_t weight, bool is_backup) {
    ServerStatus status;
    status.pool = std::move(pool);
    status.server = std::move(name);
    status.address = std::move(address);
    status.state = "up";
    status.weight = status.configured_weight = weight;
    status.effective_weight = weight * kWeightUnit;
    status.is_backup = is_backup;
    status.changed = fake_now() - std::chrono::minutes(125);
    return status;
  }

  static base::Error not_saved() {
    return base::fail(base::Errc::conflict, "nothing was done: admin.overrides names no file");
  }

  static base::Error unknown(std::string_view pool, std::string_view server) {
    return base::fail(base::Errc::not_found, "there is no server \"{}/{}\"", pool, server);
  }

  GatewayStatus state_;
  std::vector<AbusiveClient> abusive_{{"192.0.2.7/32", 250, 540}, {"2001:db8:1:2::/64", 30, 0}};
  std::optional<base::Error> refuses_;
  std::vector<OverrideRow> overrides_;
  std::optional<ServerStatus> removed_;
  bool may_save_ = false;
  std::string metrics_;
};

}  // namespace ravelin::gateway
