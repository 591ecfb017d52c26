// The values that Ravelin's processes exchange, each a plain struct. To add one: write the struct
// with its kType (never reused), kName and visit_fields, and put it into Message. Pure; any thread.
//
// visit_fields names every field once, in wire order; encoding, decoding and printing all go
// through it. A struct may add `std::string_view flaw() const`: what is wrong with the fields
// together ("" = nothing); the codec refuses to write or read a message with one.
#pragma once

#include "base/address.h"
#include "messages/config_messages.h"
#include "messages/fields.h"
#include "messages/launch_messages.h"
#include "messages/renewal_messages.h"
#include "messages/vocabulary.h"

#include <chrono>
#include <cstdint>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

namespace ravelin::messages {

// The first message each way. A peer with another version is refused.
struct Hello {
  static constexpr std::uint16_t kType = 1;
  static constexpr std::string_view kName = "hello";

  Role role = Role::supervisor;
  std::string version;  // of the program: "0.1.0"

  template <class Self, class Visit>
  static void visit_fields(Self& self, Visit& visit) {
    visit("role", self.role);
    visit("version", self.version, kTokenBytes);
  }

  friend bool operator==(const Hello&, const Hello&) = default;
};

// To the firewall: drop what comes from `target` for a while. Answered by BanResult.
struct BanRequest {
  static constexpr std::uint16_t kType = 2;
  static constexpr std::string_view kName = "ban_request";

  base::IpPrefix target;
  std::chrono::seconds duration{0};  // 1 s to about 136 years
  std::string reason;                // token of gateway::Reason, or what the operator gave
  std::string request_id;  // of the request that caused it, as in the access log; or empty
  std::string where;       // the listener it came to; or empty

  template <class Self, class Visit>
  static void visit_fields(Self& self, Visit& visit) {
    visit("target", self.target);
    visit("duration", self.duration);
    visit("reason", self.reason, kTokenBytes);
    visit("request_id", self.request_id, kTokenBytes);
    visit("where", self.where, kNameBytes);
  }

  [[nodiscard]] std::string_view flaw() const {
    if (duration.count() == 0) return "a ban lasts at least a second";
    return reason.empty() ? "a ban has a reason" : "";
  }

  friend bool operator==(const BanRequest&, const BanRequest&) = default;
};

struct BanResult {
  static constexpr std::uint16_t kType = 3;
  static constexpr std::string_view kName = "ban_result";

  Outcome outcome = Outcome::done;
  std::string text;  // why not; empty when done

  template <class Self, class Visit>
  static void visit_fields(Self& self, Visit& visit) {
    visit("outcome", self.outcome);
    visit("text", self.text, kTextBytes);
  }

  friend bool operator==(const BanResult&, const BanResult&) = default;
};

// The gateway listens: the firewall may derive an opening from it. The socket itself, where one is
// handed over, is the descriptor that goes with the message.
struct ListenerOpened {
  static constexpr std::uint16_t kType = 4;
  static constexpr std::string_view kName = "listener_opened";

  std::string name;
  base::Endpoint endpoint;
  Protocol protocol = Protocol::https;

  template <class Self, class Visit>
  static void visit_fields(Self& self, Visit& visit) {
    visit("name", self.name, kNameBytes);
    visit("endpoint", self.endpoint);
    visit("protocol", self.protocol);
  }

  friend bool operator==(const ListenerOpened&, const ListenerOpened&) = default;
};

struct ListenerClosed {
  static constexpr std::uint16_t kType = 5;
  static constexpr std::string_view kName = "listener_closed";

  std::string name;
  base::Endpoint endpoint;
  Protocol protocol = Protocol::https;

  template <class Self, class Visit>
  static void visit_fields(Self& self, Visit& visit) {
    ListenerOpened::visit_fields(self, visit);
  }

  friend bool operator==(const ListenerClosed&, const ListenerClosed&) = default;
};

// To the firewall: new connections from here to these servers, and to no others, are refused, until
// `duration` is over. What it replaces is what was sent before. Answered by Finished.
struct Quarantine {
  static constexpr std::uint16_t kType = 53;
  static constexpr std::string_view kName = "quarantine";

  std::vector<base::Endpoint> servers;  // addresses with ports
  std::chrono::seconds duration{0};

  template <class Self, class Visit>
  static void visit_fields(Self& self, Visit& visit) {
    visit("servers", self.servers, kEndpoints);
    visit("duration", self.duration);
  }

  [[nodiscard]] std::string_view flaw() const {
    if (duration.count() == 0 || duration > std::chrono::hours(1))
      return "a quarantine lasts from a second to an hour";
    for (const base::Endpoint& server : servers)
      if (!std::holds_alternative<base::IpEndpoint>(server))
        return "a quarantine is of addresses with ports";
    return "";
  }

  friend bool operator==(const Quarantine&, const Quarantine&) = default;
};

// To the firewall: who serves is overloaded for so long, or (0 s) no more, as the policy's
// `overload` has it. Answered by Finished.
struct Overload {
  static constexpr std::uint16_t kType = 54;
  static constexpr std::string_view kName = "overload";

  std::chrono::seconds duration{0};  // at most an hour

  template <class Self, class Visit>
  static void visit_fields(Self& self, Visit& visit) {
    visit("duration", self.duration);
  }

  [[nodiscard]] std::string_view flaw() const {
    return duration > std::chrono::hours(1) ? "an overload lasts at most an hour" : "";
  }

  friend bool operator==(const Overload&, const Overload&) = default;
};

// All servers of a pool as they are now; replaces what was sent for this pool before.
struct BackendSet {
  static constexpr std::uint16_t kType = 6;
  static constexpr std::string_view kName = "backend_set";

  std::string pool;
  std::vector<base::Endpoint> endpoints;

  template <class Self, class Visit>
  static void visit_fields(Self& self, Visit& visit) {
    visit("pool", self.pool, kNameBytes);
    visit("endpoints", self.endpoints, kEndpoints);
  }

  friend bool operator==(const BackendSet&, const BackendSet&) = default;
};

// Which key: of the files of the configuration, or of the certificates of the store. Part of other
// messages.
struct KeyRef {
  KeyPlace place = KeyPlace::configured;
  std::string name;  // what the configuration's list calls it; in the store: the certificate's name
  std::uint64_t generation = 0;  // in the store only
  KeySlot slot = KeySlot::only;  // in the store ec or rsa
  Bytes spki;                    // SHA-256 of the certificate's SubjectPublicKeyInfo

  template <class Self, class Visit>
  static void visit_fields(Self& self, Visit& visit) {
    visit("place", self.place);
    visit("name", self.name, kNameBytes);
    visit("generation", self.generation);
    visit("slot", self.slot);
    visit("spki", self.spki, kRandomBytes);
  }

  [[nodiscard]] std::string_view flaw() const {
    if (name.empty()) return "a key has a name";
    if (spki.size() != 32) return "a key is known by 32 bytes of its certificate's";
    const bool is_stored = place == KeyPlace::store;
    return is_stored == (slot != KeySlot::only) && is_stored == (generation != 0)
               ? ""
               : "a key of the store, and no other, has a generation and a slot";
  }

  friend bool operator==(const KeyRef&, const KeyRef&) = default;
};

// To the key process, which builds the structure to be signed itself and so never signs bytes of
// the caller's choice. TLS 1.3: of the transcript's hash (RFC 8446 section 4.4.3). TLS 1.2, server:
// of both randoms and the parameters of ECDHE (RFC 8422 section 5.4). TLS 1.2, client: the
// handshake so far (RFC 5246 section 7.4.8), whose form is checked there. Answered by SignResult.
struct SignRequest {
  static constexpr std::uint16_t kType = 7;
  static constexpr std::string_view kName = "sign_request";

  KeyRef key;
  TlsVersion tls_version = TlsVersion::tls1_3;
  TlsSide side = TlsSide::server;
  std::uint16_t scheme = 0;  // SignatureScheme, RFC 8446 section 4.2.3
  Bytes transcript_hash;     // TLS 1.3: 32 or 48 bytes
  Bytes client_random;       // TLS 1.2, server: 32 bytes each
  Bytes server_random;
  std::uint16_t group = 0;  // NamedGroup, RFC 8446 section 4.2.7
  Bytes point;              // our share
  Bytes transcript;         // TLS 1.2, client

  template <class Self, class Visit>
  static void visit_fields(Self& self, Visit& visit) {
    KeyRef::visit_fields(self.key, visit);
    visit("tls_version", self.tls_version);
    visit("side", self.side);
    visit("scheme", self.scheme);
    visit("transcript_hash", self.transcript_hash, kHashBytes);
    visit("client_random", self.client_random, kRandomBytes);
    visit("server_random", self.server_random, kRandomBytes);
    visit("group", self.group);
    visit("point", self.point, kPointBytes);
    visit("transcript", self.transcript, kTranscriptBytes);
  }

  [[nodiscard]] std::string_view flaw() const {
    if (const auto of_key = key.flaw(); !of_key.empty()) return of_key;
    const bool is_13 = tls_version == TlsVersion::tls1_3;
    const bool is_exchange = !is_13 && side == TlsSide::server;
    if (is_13 ? transcript_hash.size() != 32 && transcript_hash.size() != 48
              : !transcript_hash.empty())
      return "in TLS 1.3, and only there, a transcript hash of 32 or 48 bytes is signed";
    const std::size_t random_bytes = is_exchange ? 32 : 0;
    if (client_random.size() != random_bytes || server_random.size() != random_bytes ||
        point.empty() == is_exchange || (group == 0) == is_exchange)
      return "a server of TLS 1.2, and only that, has two randoms, a group and a point signed";
    return transcript.empty() == (is_13 || is_exchange)
               ? ""
               : "a client of TLS 1.2, and only that, has a transcript signed";
  }

  friend bool operator==(const SignRequest&, const SignRequest&) = default;
};

struct SignResult {
  static constexpr std::uint16_t kType = 8;
  static constexpr std::string_view kName = "sign_result";

  Outcome outcome = Outcome::done;
  Bytes signature;   // only when done
  std::string text;  // only when not

  template <class Self, class Visit>
  static void visit_fields(Self& self, Visit& visit) {
    visit("outcome", self.outcome);
    visit("signature", self.signature, kSignatureBytes);
    visit("text", self.text, kTextBytes);
  }

  [[nodiscard]] std::string_view flaw() const {
    const bool is_done = outcome == Outcome::done;
    return is_done != signature.empty() && is_done == text.empty()
               ? ""
               : "there is either a signature or the text of an error";
  }

  friend bool operator==(const SignResult&, const SignResult&) = default;
};

// A new certificate of this name lies in the store; generations only grow.
struct CertificatePublished {
  static constexpr std::uint16_t kType = 9;
  static constexpr std::string_view kName = "certificate_published";

  std::string name;
  std::uint64_t generation = 0;

  template <class Self, class Visit>
  static void visit_fields(Self& self, Visit& visit) {
    visit("name", self.name, kNameBytes);
    visit("generation", self.generation);
  }

  friend bool operator==(const CertificatePublished&, const CertificatePublished&) = default;
};

// Which configuration the sender runs, or (from the supervisor) is to run; the snapshot itself is
// the descriptor that goes with the message.
struct ConfigGeneration {
  static constexpr std::uint16_t kType = 10;
  static constexpr std::string_view kName = "config_generation";

  std::uint64_t number = 0;
  Bytes hash;  // of the snapshot's bytes

  template <class Self, class Visit>
  static void visit_fields(Self& self, Visit& visit) {
    visit("number", self.number);
    visit("hash", self.hash, kHashBytes);
  }

  friend bool operator==(const ConfigGeneration&, const ConfigGeneration&) = default;
};

// How the sender fares; sent on every change and as a sign of life.
struct Health {
  static constexpr std::uint16_t kType = 11;
  static constexpr std::string_view kName = "health";

  Role role = Role::supervisor;
  Condition condition = Condition::starting;
  std::string text;

  template <class Self, class Visit>
  static void visit_fields(Self& self, Visit& visit) {
    visit("role", self.role);
    visit("condition", self.condition);
    visit("text", self.text, kTextBytes);
  }

  friend bool operator==(const Health&, const Health&) = default;
};

// To the firewall's agent: one of the commands of `ravelin firewall`. What it asks is JSON in the
// descriptor that goes with the message (a memory file), since policies have no small bound.
// Answered by FirewallAnswer.
struct FirewallQuestion {
  static constexpr std::uint16_t kType = 12;
  static constexpr std::string_view kName = "firewall_question";

  std::string command;

  template <class Self, class Visit>
  static void visit_fields(Self& self, Visit& visit) {
    visit("command", self.command, kTokenBytes);
  }

  [[nodiscard]] std::string_view flaw() const {
    return command.empty() ? "a question names its command" : "";
  }

  friend bool operator==(const FirewallQuestion&, const FirewallQuestion&) = default;
};

// The answer itself is JSON in the descriptor that goes with it; without one, `text` says why not.
struct FirewallAnswer {
  static constexpr std::uint16_t kType = 13;
  static constexpr std::string_view kName = "firewall_answer";

  Outcome outcome = Outcome::done;
  std::string text;

  template <class Self, class Visit>
  static void visit_fields(Self& self, Visit& visit) {
    visit("outcome", self.outcome);
    visit("text", self.text, kTextBytes);
  }

  friend bool operator==(const FirewallAnswer&, const FirewallAnswer&) = default;
};

// To the key process: is this key there, and does it fit? Answered by KeyAnswer. The key is read
// anew.
struct KeyQuestion {
  static constexpr std::uint16_t kType = 40;
  static constexpr std::string_view kName = "key_question";

  KeyRef key;

  template <class Self, class Visit>
  static void visit_fields(Self& self, Visit& visit) {
    KeyRef::visit_fields(self.key, visit);
  }

  [[nodiscard]] std::string_view flaw() const { return key.flaw(); }

  friend bool operator==(const KeyQuestion&, const KeyQuestion&) = default;
};

struct KeyAnswer {
  static constexpr std::uint16_t kType = 41;
  static constexpr std::string_view kName = "key_answer";

  Outcome outcome = Outcome::done;    // done: it signs
  std::vector<std::string> findings;  // "error E_KEY_PERMS: …", "warning …"; why not, if not done

  template <class Self, class Visit>
  static void visit_fields(Self& self, Visit& visit) {
    visit("outcome", self.outcome);
    visit("findings", self.findings, kFindings);
  }

  [[nodiscard]] std::string_view flaw() const {
    for (const std::string& finding : findings)
      if (finding.empty() || finding.size() > kTextBytes.count)
        return "a finding has 1 to 1024 bytes";
    return outcome != Outcome::done && findings.empty() ? "a refusal has a finding" : "";
  }

  friend bool operator==(const KeyAnswer&, const KeyAnswer&) = default;
};

// What the key process has done since it began. Asked for with one of zeros.
struct KeyCounts {
  static constexpr std::uint16_t kType = 42;
  static constexpr std::string_view kName = "key_counts";

  std::uint64_t signatures = 0;
  std::uint64_t refused = 0;     // not listed, not the key of that certificate, malformed
  std::uint64_t limited = 0;     // over the rate
  std::uint64_t failed = 0;      // the key could not be read, or the token did not sign
  std::uint64_t waiting = 0;     // with a token now
  std::uint64_t signing_ns = 0;  // of all signatures, but for those of tokens
  std::uint64_t keys_held = 0;

  template <class Self, class Visit>
  static void visit_fields(Self& self, Visit& visit) {
    visit("signatures", self.signatures);
    visit("refused", self.refused);
    visit("limited", self.limited);
    visit("failed", self.failed);
    visit("waiting", self.waiting);
    visit("signing_ns", self.signing_ns);
    visit("keys_held", self.keys_held);
  }

  friend bool operator==(const KeyCounts&, const KeyCounts&) = default;
};

// How the tokens of the key process fare. Asked for with an empty one.
struct TokenCounts {
  static constexpr std::uint16_t kType = 43;
  static constexpr std::string_view kName = "token_counts";

  // Of each token: signed, failed, refused, dropped, waiting now, 1 = away.
  static constexpr std::size_t kNumbers = 6;

  std::vector<std::string> labels;
  std::vector<std::uint64_t> numbers;

  template <class Self, class Visit>
  static void visit_fields(Self& self, Visit& visit) {
    visit("labels", self.labels, kTokenLabels);
    visit("numbers", self.numbers, kTokenNumbers);
  }

  [[nodiscard]] std::string_view flaw() const {
    return numbers.size() == labels.size() * kNumbers ? "" : "each token has six numbers";
  }

  friend bool operator==(const TokenCounts&, const TokenCounts&) = default;
};

using Message = std::variant<
    Hello, BanRequest, BanResult, ListenerOpened, ListenerClosed, BackendSet, SignRequest,
    SignResult, CertificatePublished, ConfigGeneration, Health, FirewallQuestion, FirewallAnswer,
    RoleWanted, AddressWanted, RoleStart, SocketRequest, HandedOver, SocketReleased, ReloadRequest,
    ReloadEnded, ProcessesRequest, ProcessState, Finished, ConfigStart, ConfigFile, ConfigText,
    ConfigMatch, PathGranted, UpgradeRequest, UpgradeState, LogWanted, LogRequest, KeyQuestion,
    KeyAnswer, KeyCounts, TokenCounts, ChallengeQuestion, ChallengeState, SwapNote, SwapQuestion,
    SwapState, RenewalNote, LimitNote, RenewalsTold, RulesWanted, Quarantine, Overload>;

}  // namespace ravelin::messages
