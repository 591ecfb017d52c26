// One example of every message, for the tests of the codec.
#pragma once

#include "messages/codec.h"

#include <span>
#include <string_view>
#include <vector>

namespace ravelin::messages {

inline Bytes some_bytes(std::size_t count) {
  Bytes bytes(count);
  for (std::size_t i = 0; i < count; ++i)
    bytes[i] = static_cast<std::byte>(i * 7 + 1);
  return bytes;
}

inline KeyRef some_key() {
  return {.place = KeyPlace::store,
          .name = "www.example.com",
          .generation = 12,
          .slot = KeySlot::ec,
          .spki = some_bytes(32)};
}

inline Bytes text_bytes(std::string_view text) {
  const auto bytes = std::as_bytes(std::span(text));
  return {bytes.begin(), bytes.end()};
}

// What the gateway and the firewall say.
inline std::vector<Packet> part_packets() {
  const base::Endpoint https = *base::parse_endpoint("[2001:db8::1]:443");
  const base::Endpoint http = *base::parse_endpoint("192.0.2.1:80");
  const base::Endpoint name = *base::parse_endpoint("app.internal:8080");
  const base::Endpoint path = *base::parse_endpoint("unix:/run/app.sock");
  return {
      {.id = 1, .message = Hello{.role = Role::gateway, .version = "0.1.0"}},
      {.id = 2,
       .message = BanRequest{.target = *base::parse_prefix("198.51.100.0/24"),
                             .duration = std::chrono::seconds(600),
                             .reason = "bad_path",
                             .request_id = "0af7651916cd43dd",
                             .where = "web"}},
      {.id = 2, .message = BanResult{.outcome = Outcome::refused, .text = "it is in never"}},
      {.descriptors = 1,
       .message = ListenerOpened{.name = "web", .endpoint = https, .protocol = Protocol::https}},
      {.message = ListenerClosed{.name = "plain", .endpoint = http, .protocol = Protocol::http}},
      {.message = BackendSet{.pool = "web", .endpoints = {http, name, path}}},
      {.id = 0x01020304,
       .message = SignRequest{.key = some_key(),
                              .tls_version = TlsVersion::tls1_3,
                              .side = TlsSide::server,
                              .scheme = 0x0403,
                              .transcript_hash = some_bytes(32)}},
      {.id = 0x01020304,
       .message = SignResult{.outcome = Outcome::done, .signature = some_bytes(8), .text = ""}},
      {.message = CertificatePublished{.name = "www.example.com", .generation = 1ULL << 40}},
      {.descriptors = 1, .message = ConfigGeneration{.number = 7, .hash = some_bytes(4)}},
      {.message =
           Health{.role = Role::keys, .condition = Condition::degraded, .text = "rate is capped"}},
      {.id = 3, .descriptors = 1, .message = FirewallQuestion{.command = "plan"}},
      {.id = 3, .message = FirewallAnswer{.outcome = Outcome::refused, .text = "only root"}},
  };
}

// What the supervisor, its processes and the keys say.
inline std::vector<Packet> process_packets() {
  const base::Endpoint http = *base::parse_endpoint("192.0.2.1:80");
  return {
      {.message =
           RoleWanted{Role::gateway, "ravelin", Need::where_possible, std::chrono::seconds(30)}},
      {.message = AddressWanted{"192.0.2.1:80", http}},
      {.descriptors = 1, .message = RoleStart{Role::gateway, "ravelin", Need::required, 10}},
      {.id = 5, .message = SocketRequest{"192.0.2.1:80", 64, 2}},
      {.id = 5, .descriptors = 2, .message = HandedOver{}},
      {.message = SocketReleased{"admin.socket"}},
      {.id = 6, .message = ReloadRequest{}},
      {.message = ReloadEnded{Outcome::failed}},
      {.id = 7, .message = ProcessesRequest{}},
      {.id = 7,
       .message = ProcessState{.role = Role::keys,
                               .pid = 4711,
                               .up = std::chrono::hours(1),
                               .starts = 2,
                               .condition = Condition::ready,
                               .confinement = "seccomp",
                               .last_end = "exit status 4"}},
      {.id = 7, .message = Finished{Outcome::refused, "2 errors"}},
      {.message = ConfigStart{"ravelin.yaml", "/etc/ravelin"}},
      {.message = ConfigFile{"/etc/ravelin/ravelin.yaml", "1:2"}},
      {.message = ConfigText{text_bytes("version: 1\n")}},
      {.message = ConfigMatch{"site.d/*.yaml", "site.d/a.yaml"}},
      {.message = PathGranted{Role::gateway, "/etc/ravelin", PathUse::read}},
      {.id = 8, .message = UpgradeRequest{}},
      {.message = LogWanted{"/var/log/a"}},
      {.id = 9, .message = LogRequest{"/var/log/a"}},
      {.id = 7, .message = UpgradeState{Condition::failed, std::chrono::seconds(5), "no"}},
      {.id = 4, .message = KeyQuestion{.key = some_key()}},
      {.id = 4,
       .message = KeyAnswer{.outcome = Outcome::refused,
                            .findings = {"error E_KEY_PERMS: www.key: mode 0644"}}},
      {.id = 5, .message = KeyCounts{.signatures = 3, .refused = 1, .keys_held = 2}},
      {.id = 6, .message = TokenCounts{{"web"}, {9, 1, 0, 0, 2, 1}}},
  };
}

// What the gateway and the process that renews certificates say.
inline std::vector<Packet> renewal_packets() {
  const SwapRef swap{"/var/lib/certs", "www.example.com", 3, 4, Flag::yes};
  return {
      {.id = 1, .message = ChallengeQuestion{"tok"}},
      {.id = 1, .message = ChallengeState{.workers = 4, .answering = 3}},
      {.message = SwapNote{swap, std::chrono::seconds(90)}},
      {.id = 2, .message = SwapQuestion{swap}},
      {.id = 2,
       .message = SwapState{Flag::yes, Flag::no, 12, 1, {"127.0.0.1:443"}, {TlsVersions::both}}},
      {.message = RenewalNote{"www.example.com", std::chrono::seconds(1700000000),
                              "two thirds of its lifetime are over", 2,
                              std::chrono::seconds(1690000000), "rateLimited"}},
      {.message = LimitNote{"le", "account", "", 300, 300, Flag::yes}},
      {.message = RenewalsTold{.by_probe = 1, .by_alerts = 2}},
      {.id = 3, .descriptors = 2, .message = RulesWanted{}},
      {.id = 4,
       .message = Quarantine{{base::IpEndpoint{*base::parse_ip("10.0.0.5"), 8080}},
                             std::chrono::seconds(60)}},
      {.id = 5, .message = Overload{std::chrono::seconds(60)}},
  };
}

inline std::vector<Packet> example_packets() {
  std::vector<Packet> all = part_packets();
  for (Packet& packet : process_packets())
    all.push_back(std::move(packet));
  for (Packet& packet : renewal_packets())
    all.push_back(std::move(packet));
  return all;
}

}  // namespace ravelin::messages
