// What the processes say to the supervisor, and what it answers.
#include "base/io/file.h"
#include "base/io/log.h"
#include "gateway/observe/access_target.h"
#include "messages/fitted_text.h"
#include "system/supervise/config_file.h"
#include "system/supervise/grants.h"
#include "system/supervise/role_link.h"
#include "system/supervise/supervisor.h"

#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <csignal>

namespace ravelin::system {

using base::Result;
using messages::Condition;
using messages::Outcome;
using namespace std::chrono_literals;

namespace {

constexpr base::Duration kReadMax = 60s;
constexpr base::Duration kRulesMax = 15s;  // a policy of many thousand rules takes seconds
constexpr int kRefused = 3;
constexpr int kNotDone = 4;

template <class... Ts>
struct Overloaded : Ts... {
  using Ts::operator()...;
};

template <class... Ts>
Overloaded(Ts...) -> Overloaded<Ts...>;

}  // namespace

// ---- the configuration ----

Result<> Supervisor::read_configuration(Purpose purpose, std::uint32_t id) {
  auto child = Child::start(purpose == Purpose::fall_back ? options_.read_last_good
                                                          : options_.command_of(Role::command));
  if (!child) return child.error();
  reading_.emplace(Reading{std::move(*child), base::mono_now() + kReadMax, purpose, id});
  return {};
}

void Supervisor::serve_reader() {
  Child& child = reading_->child;
  for (;;) {
    auto received = child.link().receive(0ms);
    if (!received) {
      const Child::End end = child.finish();
      return reading_failed(received.error().code == base::Errc::protocol ? received.error().message
                                                                          : end.text());
    }
    if (!*received) break;
    messages::Message& message = (*received)->packet.message;
    if (auto* wanted = std::get_if<messages::RoleWanted>(&message)) {
      reading_->roles.push_back(std::move(*wanted));
    } else if (auto* address = std::get_if<messages::AddressWanted>(&message)) {
      reading_->addresses.insert_or_assign(std::move(address->key), std::move(address->endpoint));
    } else if (auto* log = std::get_if<messages::LogWanted>(&message)) {
      reading_->logs.insert(std::move(log->path));
    } else if (const auto* finished = std::get_if<messages::Finished>(&message)) {
      return configuration_read(*finished, std::move((*received)->descriptors));
    } else {
      child.signal(SIGKILL);
    }
  }
  if (base::mono_now() >= reading_->until) child.signal(SIGKILL);
}

void Supervisor::configuration_read(const messages::Finished& finished,
                                    std::vector<base::OwnedFd> given) {
  static_cast<void>(reading_->child.finish());
  const Reading read = std::move(*reading_);
  reading_.reset();
  const bool is_done = finished.outcome == Outcome::done && !given.empty();
  // Of the one in use a few may be left: whoever may open those could before.
  if (is_done) logs_.insert(read.logs.begin(), read.logs.end());
  const bool is_start = read.purpose == Purpose::start || read.purpose == Purpose::fall_back;
  if (is_done && !is_start && read.purpose != Purpose::nobody) {
    next_config_ = std::move(given.front());
    next_addresses_ = read.addresses;
    next_roles_ = read.roles;
  }
  switch (read.purpose) {
    case Purpose::nobody:
      return;
    case Purpose::reload:
      return answer_reload(read, finished);
    case Purpose::upgrade:
      return is_done ? upgrade_to(read) : give_up_upgrade(finished.text);
    case Purpose::start:
    case Purpose::fall_back:
      break;
  }
  if (options_.print && !finished.text.empty()) options_.print(finished.text);
  if (!is_done && falls_back(read.purpose)) return;
  if (is_stopping_ || !is_done) {
    if (!exit_status_) exit_status_ = kRefused;
    return;
  }
  serves_last_good_ = read.purpose == Purpose::fall_back;
  if (serves_last_good_)
    base::log_error(kSupervisorPart,
                    "the files of the configuration are refused: what served last is served; mend "
                    "them and reload",
                    {{"kept_in", options_.last_good}});
  config_ = std::move(given.front());
  addresses_ = read.addresses;
  for (const messages::RoleWanted& wanted : read.roles)
    processes_.push_back({.wanted = wanted});
  start_roles();
}

void Supervisor::reading_failed(const std::string& why) {
  const Reading read = std::move(*reading_);
  reading_.reset();
  const std::string text = "the configuration could not be read: its reader ended, " + why;
  switch (read.purpose) {
    case Purpose::nobody:
      return;
    case Purpose::reload:
      return answer_reload(read, {Outcome::failed, text});
    case Purpose::upgrade:
      return give_up_upgrade(text);
    case Purpose::start:
    case Purpose::fall_back:
      break;
  }
  if (!is_stopping_) base::log_error(kSupervisorPart, text);
  if (falls_back(read.purpose)) return;
  if (!exit_status_) exit_status_ = kNotDone;
}

bool Supervisor::falls_back(Purpose refused) {
  if (refused != Purpose::start || is_stopping_ || options_.last_good.empty()) return false;

  struct stat status {};

  if (::lstat(options_.last_good.c_str(), &status) != 0) return false;  // nothing has served yet
  if (!S_ISREG(status.st_mode) || status.st_uid != ::geteuid() || (status.st_mode & 0022) != 0) {
    base::log_error(kSupervisorPart, "what served last is not served: others may have written it",
                    {{"kept_in", options_.last_good}});
    return false;
  }
  return read_configuration(Purpose::fall_back, 0).has_value();
}

// What cannot be kept serves all the same.
void Supervisor::keep_last_good() {
  if (options_.last_good.empty() || serves_last_good_) return;
  constexpr mode_t kOwnersAlone = 0600;
  const auto text = messages::read_memory_file(config_.get(), kConfigBytesMax);
  const auto done =
      text ? base::replace_file(options_.last_good, *text, kOwnersAlone) : Result<>(text.error());
  if (!done)
    base::log_error(kSupervisorPart,
                    "the configuration that serves is not kept for a start with broken files",
                    {{"reason", done.error().message}});
}

// A process that gave up what its configuration did not name cannot get it back.
std::string Supervisor::out_of_reach() const {
  const auto now = read_config_file(config_.get());
  const auto next = read_config_file(next_config_.get());
  if (!now) return now.error().message;
  if (!next) return next.error().message;
  std::string paths;
  for (const messages::PathGranted& missing : beyond(now->grants, next->grants)) {
    if (missing.role == Role::gateway)
      paths += fmt::format("{}{} ({})", paths.empty() ? "" : ", ", missing.path,
                           messages::word_of(missing.use));
  }
  if (paths.empty()) return {};
  return fmt::format(
      "the gateway was started without access to {}: `ravelin upgrade` starts one that has it, "
      "without a lost request",
      paths);
}

// The agent follows the files it was started with.
bool Supervisor::is_firewall_elsewhere() const {
  const auto paths = [](int config) {
    std::vector<std::string> all;
    const auto snapshot = read_config_file(config);
    if (!snapshot) return all;
    for (const messages::PathGranted& granted : snapshot->grants)
      if (granted.role == Role::firewall) all.push_back(granted.path);
    return all;
  };
  return paths(config_.get()) != paths(next_config_.get());
}

std::string Supervisor::beyond_a_reload(const Reading& read) {
  if ((find(Role::firewall) == nullptr) != (find_wanted(read.roles, Role::firewall) == nullptr))
    return "whether `firewall.manage` is on changes with `ravelin upgrade`, which loses no request";
  const messages::RoleWanted* next = find_wanted(read.roles, Role::gateway);
  if (next != nullptr && next->user != find(Role::gateway)->wanted.user)
    return "`user` changes with `ravelin upgrade`, which loses no request";
  if (is_firewall_elsewhere())
    return "`firewall.policy`, `firewall.state` and `firewall.socket` change with `ravelin "
           "upgrade`, "
           "which loses no request";
  const bool is_held = find(Role::gateway)->wanted.confinement == messages::Need::required;
  return is_held ? out_of_reach() : std::string();
}

void Supervisor::answer_reload(const Reading& read, messages::Finished finished) {
  Process* gateway = find(Role::gateway);
  if (gateway == nullptr || !gateway->child) return;
  if (finished.outcome == Outcome::done) {
    if (std::string why = beyond_a_reload(read); !why.empty()) {
      finished = {Outcome::refused, std::move(why)};
      drop_next();
    }
  }
  if (finished.outcome == Outcome::done) return open_for(read, std::move(finished));
  hand_over(read.id, finished);
}

void Supervisor::open_for(const Reading& read, messages::Finished finished) {
  const bool is_managed =
      find(Role::firewall) != nullptr && find_wanted(read.roles, Role::firewall) != nullptr;
  const std::uint32_t rules =
      is_managed ? want_rules(std::array{config_.get(), next_config_.get()}) : 0;
  opening_ = Opening{
      read.purpose, rules, read.id, read.roles, std::move(finished), base::mono_now() + kRulesMax};
  if (!is_managed)
    rules_answered(rules, {});  // there is nothing to open
  else if (rules == 0)
    give_up_opening("its agent is being started");
}

void Supervisor::hand_over(std::uint32_t id, const messages::Finished& finished) {
  Process* gateway = find(Role::gateway);
  if (gateway == nullptr || !gateway->child) return;
  std::vector<int> with;
  if (finished.outcome == Outcome::done) with.push_back(next_config_.get());
  static_cast<void>(gateway->child->link().send({.id = id, .message = finished}, with));
}

std::uint32_t Supervisor::want_rules(std::span<const int> configs) {
  Process* firewall = find(Role::firewall);
  if (firewall == nullptr || !firewall->child) return 0;
  if (++last_rules_ == 0) ++last_rules_;
  const auto sent = firewall->child->link().send(
      {.id = last_rules_, .message = messages::RulesWanted{}}, configs);
  return sent ? last_rules_ : 0;
}

// Open first, then serve: nobody is dropped by the firewall at what is served.
void Supervisor::rules_answered(std::uint32_t id, const messages::Finished& finished) {
  if (!opening_ || opening_->rules != id) {
    // After the gateway has gone over, or has not: nothing is lost by what is open longer.
    if (finished.outcome != Outcome::done)
      base::log_error(kSupervisorPart, "the firewall does not follow the gateway",
                      {{"reason", finished.text}});
    return;
  }
  const Opening opening = std::move(*opening_);
  opening_.reset();
  if (opening.purpose == Purpose::upgrade) {
    if (is_stopping_) return;
    if (finished.outcome == Outcome::done) return start_next(opening.roles);
    return give_up_upgrade("the firewall: " + finished.text);
  }
  if (finished.outcome != Outcome::done) {
    drop_next();
    return hand_over(opening.id,
                     {Outcome::refused,
                      messages::fitted("the firewall: " + finished.text, messages::kPieceBytes)});
  }
  sockets_.allow(next_addresses_);
  forget_former();
  add_roles(opening.roles);
  restart(Role::keys);
  is_going_over_ = true;
  hand_over(opening.id, opening.finished);
}

// The agent may do it yet, late: then it is told what serves, too.
void Supervisor::give_up_opening(const std::string& why) {
  rules_answered(opening_->rules, {Outcome::failed, why});
  want_rules(std::array{config_.get()});
}

bool Supervisor::is_next_the_same() const {
  const auto now = messages::read_memory_file(config_.get(), kConfigBytesMax);
  const auto next = messages::read_memory_file(next_config_.get(), kConfigBytesMax);
  return now && next && *now == *next;
}

void Supervisor::note_reload_ended(Outcome outcome) {
  if (!std::exchange(is_going_over_, false)) return;
  if (outcome == Outcome::done) {
    if (!is_next_the_same()) {
      former_config_ = std::move(config_);
      former_until_ = base::mono_now() + kFormerKeysLast;
      restart(Role::certs);
    }
    config_ = std::move(next_config_);
    addresses_ = std::move(next_addresses_);
    take_over_roles();
    next_roles_.clear();
    serves_last_good_ = false;
    keep_last_good();
    want_rules(std::array{config_.get()});
  } else {
    forget_next();
  }
  sockets_.allow(addresses_);
}

// ---- one process ----

void Supervisor::serve(Process& process) {
  constexpr int kMessagesAtOnce = 64;
  for (int i = 0; i < kMessagesAtOnce && process.is_linked; ++i) {
    auto received = process.child->link().receive(0ms);
    if (!received) {
      process.is_linked = false;  // it is about to end, or says what no process of ours says
      if (received.error().code == base::Errc::protocol) process.child->signal(SIGKILL);
      return;
    }
    if (!*received) return;
    handle(process, std::move(**received));
  }
}

void Supervisor::handle(Process& process, messages::Received received) {
  const std::uint32_t id = received.packet.id;
  const bool is_gateway = process.wanted.role == Role::gateway;
  if (const auto* health = std::get_if<messages::Health>(&received.packet.message))
    return note_health(process, *health);
  const auto* finished = std::get_if<messages::Finished>(&received.packet.message);
  if (finished != nullptr && process.wanted.role == Role::firewall)
    return rules_answered(id, *finished);
  const auto refuse = [&] {
    base::log_warn(kSupervisorPart, "a process asked for what is not its own",
                   {{"pid", process.child->pid()}, {"asked", to_string(received.packet.message)}});
  };
  if (!is_gateway) return refuse();
  std::visit(
      Overloaded{
          [&](const messages::SocketRequest& request) { answer_socket(process, id, request); },
          [&](const messages::LogRequest& request) { answer_log(process, id, request); },
          [&](const messages::SocketReleased& released) { sockets_.release(released.key); },
          [&](const messages::ReloadRequest&) {
            if (const auto begun = begin_reload(process, id); !begun)
              send_end(process, id, {Outcome::failed, begun.error().message});
          },
          [&](const messages::ReloadEnded& ended) {
            if (&process == find(Role::gateway)) note_reload_ended(ended.outcome);
          },
          [&](const messages::UpgradeRequest&) {
            const auto begun = begin_upgrade();
            send_end(process, id,
                     begun ? messages::Finished{}
                           : messages::Finished{Outcome::refused, begun.error().message});
          },
          [&](const messages::ProcessesRequest&) { answer_processes(process, id); },
          [&](const auto&) { refuse(); }},
      received.packet.message);
}

Result<> Supervisor::begin_reload(const Process& process, std::uint32_t id) {
  if (&process != find(Role::gateway))
    return base::fail(base::Errc::conflict, "another gateway takes over");
  note_reload_ended(Outcome::failed);  // it waited no longer for the one before
  if (reading_ || next_ || opening_)
    return base::fail(base::Errc::conflict,
                      "the configuration is being read already, or the program is being replaced");
  return read_configuration(Purpose::reload, id);
}

void Supervisor::send_end(Process& process, std::uint32_t id, messages::Finished end) {
  static_cast<void>(process.child->link().send({.id = id, .message = std::move(end)}));
}

void Supervisor::answer_socket(Process& process, std::uint32_t id,
                               const messages::SocketRequest& request) {
  const auto sockets = sockets_.give(request);
  messages::HandedOver answer;
  if (!sockets) {
    answer.outcome =
        sockets.error().code == base::Errc::denied ? Outcome::refused : Outcome::failed;
    answer.text = messages::fitted(sockets.error().message, messages::kTextBytes);
  }
  const auto sent = process.child->link().send({.id = id, .message = answer},
                                               sockets ? *sockets : std::vector<int>());
  if (!sent)
    base::log_warn(kSupervisorPart, "the gateway does not take its sockets",
                   {{"address", request.key}, {"reason", sent.error().message}});
}

void Supervisor::answer_log(Process& process, std::uint32_t id,
                            const messages::LogRequest& request) {
  messages::HandedOver answer;
  std::vector<int> with;
  base::OwnedFd log;
  if (!logs_.contains(request.path)) {
    answer = {Outcome::refused, "the configuration has no such log"};
  } else if (auto opened = gateway::open_log_file(request.path); !opened) {
    answer = {Outcome::failed, messages::fitted(opened.error().message, messages::kTextBytes)};
  } else {
    log = std::move(*opened);
    if (log.is_open()) with.push_back(log.get());
  }
  static_cast<void>(process.child->link().send({.id = id, .message = answer}, with));
}

void Supervisor::answer_processes(Process& process, std::uint32_t id) {
  const base::MonoTime now = base::mono_now();
  const auto tell = [&process, id](messages::ProcessState state) {
    static_cast<void>(process.child->link().send({.id = id, .message = std::move(state)}));
  };
  const Condition own = serves_last_good_ ? Condition::degraded : Condition::ready;
  tell({.role = Role::supervisor,
        .pid = static_cast<std::uint32_t>(::getpid()),
        .up = std::chrono::duration_cast<std::chrono::seconds>(now - started_),
        .condition = is_stopping_ ? Condition::draining : own,
        .confinement = options_.confinement,
        .last_end = serves_last_good_ ? "the files of the configuration were refused: what served "
                                        "last is served"
                                      : ""});
  for (const Process& one : processes_)
    tell(
        {.role = one.wanted.role,
         .pid = one.child ? static_cast<std::uint32_t>(one.child->pid()) : 0,
         .up = std::chrono::duration_cast<std::chrono::seconds>(one.child ? now - one.started : 0s),
         .starts = one.starts,
         .condition = one.condition,
         .confinement = one.confinement,
         .last_end = one.last_end});
  if (last_upgrade_)
    static_cast<void>(process.child->link().send(
        {.id = id,
         .message = messages::UpgradeState{
             last_upgrade_->condition,
             std::chrono::duration_cast<std::chrono::seconds>(now - last_upgrade_->began),
             messages::fitted(last_upgrade_->text, messages::kTextBytes)}}));
  static_cast<void>(process.child->link().send({.id = id, .message = messages::Finished{}}));
}

void Supervisor::note_health(Process& process, const messages::Health& health) {
  if (health.role != process.wanted.role) return;
  const Condition before = std::exchange(process.condition, health.condition);
  if (!health.text.empty()) process.confinement = health.text;
  const bool is_news = before != health.condition;
  if (before == Condition::starting && health.condition == Condition::ready)
    base::log_info(
        kSupervisorPart, "ready",
        {{"role", messages::word_of(process.wanted.role)}, {"pid", process.child->pid()}});
  if (next_ && &process == &*next_) {
    if (health.condition == Condition::ready) last_upgrade_->condition = Condition::ready;
    return;
  }
  if (&process != find(Role::gateway)) {
    process.was_ready = process.was_ready || health.condition == Condition::ready;
    return;
  }
  if (health.condition == Condition::ready) {
    const bool is_first = !std::exchange(process.was_ready, true);
    if (is_first || before == Condition::starting) sockets_.release_others();
    if (is_first) keep_last_good();
    // A name misspelt, more often than not.
    for (const std::string& name : is_first ? sockets_.unused() : std::vector<std::string>())
      base::log_warn(kSupervisorPart, "a passed socket is used by no listener", {{"name", name}});
    if (std::exchange(reload_once_ready_, false)) process.child->signal(SIGHUP);
    tell(is_news ? base::ServiceState::ready : base::ServiceState::alive);
  } else if (is_news && health.condition == Condition::reloading) {
    tell(base::ServiceState::reloading);
  } else if (is_news && health.condition == Condition::draining) {
    tell(base::ServiceState::stopping);
  }
}

}  // namespace ravelin::system
