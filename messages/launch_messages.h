// What the supervisor exchanges with the processes it starts. See message.h for the rules.
#pragma once

#include "base/address.h"
#include "messages/fields.h"
#include "messages/vocabulary.h"

#include <chrono>
#include <cstdint>
#include <string>
#include <string_view>

namespace ravelin::messages {

// Of whoever reads the configuration, to the supervisor: this process is to run.
struct RoleWanted {
  static constexpr std::uint16_t kType = 20;
  static constexpr std::string_view kName = "role_wanted";

  Role role = Role::gateway;
  std::string user;  // that it becomes when started as root; "" = none
  Need confinement = Need::required;
  std::chrono::seconds drain{0};  // it may take to end, once asked to

  template <class Self, class Visit>
  static void visit_fields(Self& self, Visit& visit) {
    visit("role", self.role);
    visit("user", self.user, kNameBytes);
    visit("confinement", self.confinement);
    visit("drain", self.drain);
  }

  friend bool operator==(const RoleWanted&, const RoleWanted&) = default;
};

// Of whoever reads the configuration, to the supervisor: the gateway may ask for sockets that
// listen here.
struct AddressWanted {
  static constexpr std::uint16_t kType = 21;
  static constexpr std::string_view kName = "address_wanted";

  std::string key;  // unique; what the gateway asks by
  base::Endpoint endpoint;

  template <class Self, class Visit>
  static void visit_fields(Self& self, Visit& visit) {
    visit("key", self.key, kNameBytes);
    visit("endpoint", self.endpoint);
  }

  friend bool operator==(const AddressWanted&, const AddressWanted&) = default;
};

// Of whoever reads the configuration, to the supervisor: the gateway may have this file opened.
struct LogWanted {
  static constexpr std::uint16_t kType = 38;
  static constexpr std::string_view kName = "log_wanted";

  std::string path;

  template <class Self, class Visit>
  static void visit_fields(Self& self, Visit& visit) {
    visit("path", self.path, kPathBytes);
  }

  friend bool operator==(const LogWanted&, const LogWanted&) = default;
};

// To a process as it starts; the configuration (config_messages.h, one after another in a memory
// file) is the descriptor that goes with it.
struct RoleStart {
  static constexpr std::uint16_t kType = 22;
  static constexpr std::string_view kName = "role_start";

  Role role = Role::gateway;
  std::string user;  // to become; "" = stay
  Need confinement = Need::required;
  std::uint32_t alive_every_ms = 0;  // a Health at least this often; 0 = on changes only

  template <class Self, class Visit>
  static void visit_fields(Self& self, Visit& visit) {
    visit("role", self.role);
    visit("user", self.user, kNameBytes);
    visit("confinement", self.confinement);
    visit("alive_every_ms", self.alive_every_ms);
  }

  friend bool operator==(const RoleStart&, const RoleStart&) = default;
};

// Of the gateway: sockets that listen at the address of this key, from the one numbered `first` on.
// Answered by HandedOver. The same question has the same sockets as its answer, also when another
// process of the gateway asks it.
struct SocketRequest {
  static constexpr std::uint16_t kType = 23;
  static constexpr std::string_view kName = "socket_request";

  std::string key;
  std::uint16_t first = 0;
  std::uint16_t count = 1;  // kDescriptorsMax at most; 0: those that are there already

  template <class Self, class Visit>
  static void visit_fields(Self& self, Visit& visit) {
    visit("key", self.key, kNameBytes);
    visit("first", self.first);
    visit("count", self.count);
  }

  [[nodiscard]] std::string_view flaw() const {
    return count <= 64 ? "" : "at most 64 sockets are asked for";
  }

  friend bool operator==(const SocketRequest&, const SocketRequest&) = default;
};

// What was asked for are the descriptors that go with it. Of an address there may be fewer than
// asked for: a Unix one has one, one that the service manager passed as many as it passed. Of a log
// that is a pipe nobody reads there is none yet.
struct HandedOver {
  static constexpr std::uint16_t kType = 24;
  static constexpr std::string_view kName = "handed_over";

  Outcome outcome = Outcome::done;
  std::string text;  // why not

  template <class Self, class Visit>
  static void visit_fields(Self& self, Visit& visit) {
    visit("outcome", self.outcome);
    visit("text", self.text, kTextBytes);
  }

  friend bool operator==(const HandedOver&, const HandedOver&) = default;
};

// Of the gateway: the access log, opened to be appended to. Answered by HandedOver.
struct LogRequest {
  static constexpr std::uint16_t kType = 39;
  static constexpr std::string_view kName = "log_request";

  std::string path;

  template <class Self, class Visit>
  static void visit_fields(Self& self, Visit& visit) {
    visit("path", self.path, kPathBytes);
  }

  friend bool operator==(const LogRequest&, const LogRequest&) = default;
};

// Of the gateway: nothing is to listen at this address any more. No answer; new handshakes are
// dropped, the gateway's own descriptors of the sockets stay.
struct SocketReleased {
  static constexpr std::uint16_t kType = 25;
  static constexpr std::string_view kName = "socket_released";

  std::string key;

  template <class Self, class Visit>
  static void visit_fields(Self& self, Visit& visit) {
    visit("key", self.key, kNameBytes);
  }

  friend bool operator==(const SocketReleased&, const SocketReleased&) = default;
};

// Of the gateway: it is about to reload, and asks for the configuration as it is now. Answered by
// Finished: done with the configuration as its descriptor (as in RoleStart), or refused with the
// findings.
struct ReloadRequest {
  static constexpr std::uint16_t kType = 26;
  static constexpr std::string_view kName = "reload_request";

  template <class Self, class Visit>
  static void visit_fields(Self& /*self*/, Visit& /*visit*/) {}

  friend bool operator==(const ReloadRequest&, const ReloadRequest&) = default;
};

// Of the gateway: it serves what it asked for last (done), or what it served before. No answer.
struct ReloadEnded {
  static constexpr std::uint16_t kType = 27;
  static constexpr std::string_view kName = "reload_ended";

  Outcome outcome = Outcome::done;

  template <class Self, class Visit>
  static void visit_fields(Self& self, Visit& visit) {
    visit("outcome", self.outcome);
  }

  friend bool operator==(const ReloadEnded&, const ReloadEnded&) = default;
};

// How are the processes? Answered by a ProcessState for each, and Finished.
struct ProcessesRequest {
  static constexpr std::uint16_t kType = 28;
  static constexpr std::string_view kName = "processes_request";

  template <class Self, class Visit>
  static void visit_fields(Self& /*self*/, Visit& /*visit*/) {}

  friend bool operator==(const ProcessesRequest&, const ProcessesRequest&) = default;
};

// Of the gateway: an operator wants the program that is on the disk now. Answered by Finished as
// soon as it is under way; UpgradeState says how it went.
struct UpgradeRequest {
  static constexpr std::uint16_t kType = 36;
  static constexpr std::string_view kName = "upgrade_request";

  template <class Self, class Visit>
  static void visit_fields(Self& /*self*/, Visit& /*visit*/) {}

  friend bool operator==(const UpgradeRequest&, const UpgradeRequest&) = default;
};

// Part of the answer to ProcessesRequest where there has been an upgrade: starting (it is under
// way), ready (it went well) or failed.
struct UpgradeState {
  static constexpr std::uint16_t kType = 37;
  static constexpr std::string_view kName = "upgrade_state";

  Condition condition = Condition::starting;
  std::chrono::seconds ago{0};  // it began
  std::string text;             // why not

  template <class Self, class Visit>
  static void visit_fields(Self& self, Visit& visit) {
    visit("condition", self.condition);
    visit("ago", self.ago);
    visit("text", self.text, kTextBytes);
  }

  friend bool operator==(const UpgradeState&, const UpgradeState&) = default;
};

struct ProcessState {
  static constexpr std::uint16_t kType = 29;
  static constexpr std::string_view kName = "process_state";

  Role role = Role::supervisor;
  std::uint32_t pid = 0;       // 0 = it does not run: it is about to be started again
  std::chrono::seconds up{0};  // since it was started
  std::uint32_t starts = 1;    // so far; more than one = it has ended by itself
  Condition condition = Condition::starting;
  // As it says itself: what it gave up in one line, then a line for each thing it may do.
  std::string confinement;  // "" = unknown
  std::string last_end;     // how the one before ended; "" = there was none

  template <class Self, class Visit>
  static void visit_fields(Self& self, Visit& visit) {
    visit("role", self.role);
    visit("pid", self.pid);
    visit("up", self.up);
    visit("starts", self.starts);
    visit("condition", self.condition);
    visit("confinement", self.confinement, kTextBytes);
    visit("last_end", self.last_end, kTextBytes);
  }

  friend bool operator==(const ProcessState&, const ProcessState&) = default;
};

// The end of an answer that may consist of several messages.
struct Finished {
  static constexpr std::uint16_t kType = 30;
  static constexpr std::string_view kName = "finished";

  Outcome outcome = Outcome::done;
  std::string text;  // why not

  template <class Self, class Visit>
  static void visit_fields(Self& self, Visit& visit) {
    visit("outcome", self.outcome);
    visit("text", self.text, kPieceBytes);
  }

  friend bool operator==(const Finished&, const Finished&) = default;
};

// To the firewall: what follows from the configurations that go with it, one or two, is to be in
// force, and nothing else that followed from another. Answered by Finished.
struct RulesWanted {
  static constexpr std::uint16_t kType = 52;
  static constexpr std::string_view kName = "rules_wanted";

  template <class Self, class Visit>
  static void visit_fields(Self& /*self*/, Visit& /*visit*/) {}

  friend bool operator==(const RulesWanted&, const RulesWanted&) = default;
};

}  // namespace ravelin::messages
