#include "system/supervise/supervisor.h"

#include "base/io/log.h"
#include "system/supervise/role_link.h"

#include <poll.h>
#include <sys/signalfd.h>

#include <algorithm>
#include <cerrno>
#include <csignal>

namespace ravelin::system {

using base::MonoTime;
using base::Result;
using messages::Condition;
using namespace std::chrono_literals;

namespace {

constexpr int kCouldNot = 4;

}  // namespace

Supervisor::Supervisor(SupervisorOptions options)
    : options_(std::move(options)), sockets_(std::move(options_.passed)) {}

Supervisor::~Supervisor() {
  if (reading_) reading_->child.signal(SIGKILL);
  for (Process* process : running())
    process->child->signal(SIGKILL);
}

Result<int> Supervisor::run() {
  if (const auto done = open_signals(); !done) return done.error();
  if (const auto done = read_configuration(Purpose::start, 0); !done) return done.error();
  while (!is_over())
    turn();
  return exit_status_.value_or(kCouldNot);
}

Result<> Supervisor::open_signals() {
  sigset_t set;
  ::sigemptyset(&set);
  for (const int number : {SIGHUP, SIGTERM, SIGINT, SIGUSR1, SIGUSR2})
    ::sigaddset(&set, number);
  ::pthread_sigmask(SIG_BLOCK, &set, nullptr);
  signals_ = base::OwnedFd(::signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK));
  if (!signals_.is_open()) return base::fail_errno(errno, "waiting for signals");
  return {};
}

bool Supervisor::is_over() {
  return running().empty() && !reading_ && (is_stopping_ || exit_status_);
}

std::vector<Supervisor::Process*> Supervisor::running() {
  std::vector<Process*> all;
  const auto add = [&all](Process& process) {
    if (process.child) all.push_back(&process);
  };
  std::ranges::for_each(processes_, add);
  if (next_) add(*next_);
  std::ranges::for_each(leaving_, add);
  return all;
}

// One wait, and all that came of it.
void Supervisor::turn() {
  std::vector<pollfd> polled{{signals_.get(), POLLIN, 0}};
  const auto add = [&polled](int fd) { polled.push_back({fd, POLLIN, 0}); };
  if (reading_) {
    add(reading_->child.link().fd());
    add(reading_->child.end_fd());
  }
  for (Process* process : running()) {
    if (process->is_linked) add(process->child->link().fd());
    add(process->child->end_fd());
  }
  const base::Duration wait = next_deadline() - base::mono_now();
  const auto ms = std::chrono::ceil<std::chrono::milliseconds>(std::max(wait, base::Duration(0)));
  ::poll(polled.data(), polled.size(), static_cast<int>(ms.count()));
  const auto is_ready = [&polled](int fd) {
    return std::ranges::any_of(
        polled, [fd](const pollfd& one) { return one.fd == fd && one.revents != 0; });
  };
  if (is_ready(signals_.get())) handle_signals();
  if (reading_) serve_reader();
  for (Process* process : running()) {
    if (process->is_linked && is_ready(process->child->link().fd())) serve(*process);
    if (process->child && is_ready(process->child->end_fd())) ended(*process);
  }
  std::erase_if(leaving_, [](const Process& process) { return !process.child; });
  std::erase_if(processes_,
                [](const Process& process) { return process.is_unwanted && !process.child; });
  if (next_ && !next_->child) next_.reset();
  if (next_ && next_->start_by && base::mono_now() >= *next_->start_by) {
    next_->start_by.reset();
    give_up_upgrade("the new gateway does not serve in time");
  }
  if (last_upgrade_ && last_upgrade_->condition == Condition::ready && next_) finish_upgrade();
  if (opening_ && base::mono_now() >= opening_->until) give_up_opening("its agent does not answer");
  if (gateway_waits() && base::mono_now() >= next_alive_) tell_alive();
  if (former_until_ && base::mono_now() >= *former_until_) {
    forget_former();
    if (!is_stopping_) restart(Role::keys);
  }
  for (Process* process : running()) {
    if (process->kill_at) end(*process);
  }
  if (is_stopping_)
    stop_next();
  else
    start_waiting();
}

bool Supervisor::gateway_waits() const {
  return options_.alive_every && ((reading_ && reading_->purpose == Purpose::reload) ||
                                  (opening_ && opening_->purpose == Purpose::reload));
}

void Supervisor::tell_alive() {
  tell(base::ServiceState::alive);
  next_alive_ = base::mono_now() + *options_.alive_every;
}

MonoTime Supervisor::next_deadline() {
  MonoTime next = base::mono_now() + 60s;
  if (reading_) next = std::min(next, reading_->until);
  if (former_until_) next = std::min(next, *former_until_);
  if (opening_) next = std::min(next, opening_->until);
  if (gateway_waits()) next = std::min(next, next_alive_);
  for (const Process& process : processes_) {
    if (!is_stopping_ && process.start_at)
      next = std::min(next, held_until(process).value_or(*process.start_at));
  }
  for (const Process* process : running()) {
    if (process->start_by) next = std::min(next, *process->start_by);
    if (process->kill_at) next = std::min(next, *process->kill_at);
  }
  return next;
}

// ---- starting ----

void Supervisor::start_roles() {
  for (Process& process : processes_)
    process.start_at = base::mono_now();
  start_waiting();
}

void Supervisor::start_waiting() {
  for (Process& process : processes_) {
    if (process.child || process.is_unwanted) continue;
    if (!process.start_at || base::mono_now() < *process.start_at) continue;
    if (held_until(process)) continue;
    process.start_at.reset();
    if (process.wanted.role == Role::gateway) sockets_.allow(addresses_);
    start(process, config_);
  }
}

std::optional<MonoTime> Supervisor::held_until(const Process& process) {
  if (process.wanted.role != Role::gateway || process.starts != 0) return std::nullopt;
  for (const Role role : {Role::firewall, Role::certs}) {
    const Process* first = find(role);
    if (first == nullptr || first->was_ready || !first->child || first->starts > 1) continue;
    const MonoTime until = first->started + kOthersReadyMax;
    if (base::mono_now() < until) return until;
  }
  return std::nullopt;
}

void Supervisor::start(Process& process, const base::OwnedFd& config) {
  ++process.starts;
  process.started = base::mono_now();
  process.condition = Condition::starting;
  process.confinement.clear();
  auto child = Child::start(options_.command_of(process.wanted.role));
  Result<> done;
  std::vector<int> with{config.get()};
  // While another configuration is about to follow, handshakes need the keys of both, and clients
  // what either opens. And for a while those of the one before.
  const bool is_keys = process.wanted.role == Role::keys;
  if (next_config_.is_open() && (is_keys || process.wanted.role == Role::firewall))
    with.push_back(next_config_.get());
  else if (former_config_.is_open() && is_keys)
    with.push_back(former_config_.get());
  if (child) {
    const auto alive_every =
        std::chrono::duration_cast<std::chrono::milliseconds>(options_.alive_every.value_or(0s));
    done = child->link().send(
        {.message = messages::RoleStart{process.wanted.role, process.wanted.user,
                                        process.wanted.confinement,
                                        static_cast<std::uint32_t>(alive_every.count())}},
        with);
  } else {
    done = child.error();
  }
  if (!done) {
    process.start_at = base::mono_now() + process.back_off.ended(0s, false);
    base::log_error(
        kSupervisorPart, "a process cannot be started",
        {{"role", messages::word_of(process.wanted.role)}, {"reason", done.error().message}});
    // One that ends at once takes no message any more.
    process.last_end = child ? child->finish().text() : done.error().message;
    return;
  }
  process.child = std::move(*child);
  process.is_linked = true;
  introduce_to_others(process);
  base::log_info(kSupervisorPart, "started",
                 {{"role", messages::word_of(process.wanted.role)}, {"pid", process.child->pid()}});
}

// Every gateway has its signatures from the key process; the one in use shows what is renewed.
void Supervisor::introduce_to_others(Process& process) {
  const Role role = process.wanted.role;
  if (role == Role::keys) {
    for (Process* other : running())
      if (other->wanted.role == Role::gateway) introduce(*other, role);
  } else if (role == Role::certs) {
    if (Process* gateway = find(Role::gateway); gateway != nullptr) introduce(*gateway, role);
  } else if (role == Role::gateway) {
    introduce(process, Role::keys);
    if (&process == find(Role::gateway)) introduce(process, Role::certs);
  }
}

// Connections of before end with the process of before.
void Supervisor::introduce(Process& gateway, Role role) {
  Process* other = find(role);
  if (other == nullptr || !other->child || !gateway.child) return;
  auto ends = messages::SeqSocket::make_pair();
  Result<> done;
  if (!ends) done = ends.error();
  if (done)
    done = other->child->link().send({.message = messages::Hello{Role::gateway, ""}},
                                     std::array{ends->first.fd()});
  if (done)
    done = gateway.child->link().send({.message = messages::Hello{role, ""}},
                                      std::array{ends->second.fd()});
  if (!done)
    base::log_error(kSupervisorPart, "the gateway is not connected to another process",
                    {{"role", messages::word_of(role)}, {"reason", done.error().message}});
}

void Supervisor::restart(Role role) {
  Process* process = find(role);
  if (process == nullptr) return;
  if (process->child)
    end(*process);
  else if (!process->start_at)
    process->start_at = base::mono_now();
}

void Supervisor::add_roles(const std::vector<messages::RoleWanted>& roles) {
  for (const messages::RoleWanted& wanted : roles) {
    if (wanted.role == Role::gateway || find(wanted.role) != nullptr) continue;
    // The agent begins with a configuration that serves and has rules for it.
    if (wanted.role == Role::firewall && next_config_.is_open()) continue;
    processes_.push_back({.wanted = wanted});
    restart(wanted.role);
  }
}

const messages::RoleWanted* Supervisor::find_wanted(const std::vector<messages::RoleWanted>& roles,
                                                    Role role) {
  const auto found = std::ranges::find(roles, role, &messages::RoleWanted::role);
  return found == roles.end() ? nullptr : &*found;
}

void Supervisor::take_over_roles() {
  for (Process& process : processes_) {
    const auto* wanted = find_wanted(next_roles_, process.wanted.role);
    if (wanted != nullptr) process.wanted = *wanted;
  }
}

void Supervisor::end_unwanted() {
  for (Process& process : processes_) {
    if (find_wanted(next_roles_, process.wanted.role) != nullptr) continue;
    process.is_unwanted = true;
    if (process.child) end(process);
    if (process.wanted.role == Role::firewall)
      base::log_warn(kSupervisorPart,
                     "the firewall is not managed any more: its rules stay as they are until "
                     "`ravelin firewall off`");
  }
}

void Supervisor::forget_former() {
  former_config_ = base::OwnedFd();
  former_until_.reset();
}

void Supervisor::drop_next() {
  next_config_ = base::OwnedFd();
  next_addresses_.clear();
  next_roles_.clear();
}

void Supervisor::forget_next() {
  is_going_over_ = false;
  drop_next();
  restart(Role::keys);  // with those of before
  want_rules(std::array{config_.get()});
}

// ---- ending ----

void Supervisor::ended(Process& process) {
  if (process.is_linked) serve(process);  // what it said last
  const Child::End end = process.child->collect();
  const bool is_gateway = &process == find(Role::gateway);
  const bool was_asked = process.kill_at.has_value();
  process.child.reset();
  process.is_linked = false;
  process.kill_at.reset();
  process.last_end = end.text();
  const bool was_ready = process.condition != Condition::starting;
  process.condition = Condition::failed;
  if (next_ && &process == &*next_)
    return give_up_upgrade("the new gateway ended before it served, " + process.last_end);
  const bool is_leaving = std::ranges::any_of(
      leaving_, [&process](const Process& leaving) { return &leaving == &process; });
  if (is_leaving) return;
  if (is_gateway && reading_ && reading_->purpose == Purpose::reload) {
    reading_->child.signal(SIGKILL);  // nobody waits for it any more
    reading_->purpose = Purpose::nobody;
  }
  if (process.wanted.role == Role::firewall && opening_) give_up_opening("its agent has ended");
  if (is_gateway && opening_ && opening_->purpose == Purpose::reload) opening_.reset();
  const bool is_upgraded = next_ || opening_;
  if (is_gateway && !is_upgraded && next_config_.is_open()) forget_next();  // it died of the reload
  // Whoever gave up before it ever served would do so again; whoever was killed may not.
  if (is_gateway && (is_stopping_ || (!process.was_ready && !end.by_signal))) {
    exit_status_ = end.by_signal ? kCouldNot : end.number;
    is_stopping_ = true;
  }
  if (is_stopping_ || process.is_unwanted) return;
  process.start_at = base::mono_now();
  if (was_asked) return;  // it is replaced
  const base::Duration pause =
      process.back_off.ended(base::mono_now() - process.started, was_ready);
  process.start_at = base::mono_now() + pause;
  base::log_error(
      kSupervisorPart, "a process ended by itself and is started again",
      {{"role", messages::word_of(process.wanted.role)},
       {"how", process.last_end},
       {"in_ms", std::chrono::duration_cast<std::chrono::milliseconds>(pause).count()}});
}

void Supervisor::end(Process& process) {
  if (!process.kill_at) {
    process.kill_at = base::mono_now() + process.wanted.drain + kEndGrace;
    process.child->signal(SIGTERM);
  } else if (base::mono_now() >= *process.kill_at) {
    base::log_warn(kSupervisorPart, "a process does not end and is killed",
                   {{"role", messages::word_of(process.wanted.role)}});
    process.child->signal(SIGKILL);
    process.kill_at = base::mono_now() + kEndGrace;
  }
}

// The gateway first: requests in flight may need the others.
void Supervisor::stop_next() {
  if (next_ && next_->child) next_->child->signal(SIGKILL);
  Process* gateway = find(Role::gateway);
  if (gateway != nullptr && gateway->child) return end(*gateway);
  for (Process& process : processes_) {
    if (process.child) end(process);
  }
}

void Supervisor::handle_signals() {
  signalfd_siginfo info{};
  while (::read(signals_.get(), &info, sizeof info) == sizeof info) {
    const int number = static_cast<int>(info.ssi_signo);
    Process* gateway = find(Role::gateway);
    const bool has_gateway = gateway != nullptr && gateway->child;
    if (number == SIGHUP || number == SIGUSR1) {
      // Before it is ready, it would be the end of one that does not handle signals yet.
      if (has_gateway && gateway->condition != Condition::starting)
        gateway->child->signal(number);
      else
        reload_once_ready_ = reload_once_ready_ || number == SIGHUP;
      for (const Process& leaving : leaving_)
        if (leaving.child && number == SIGUSR1) leaving.child->signal(number);
      continue;
    }
    if (number == SIGUSR2) {
      if (const auto begun = begin_upgrade(); !begun)
        base::log_error(kSupervisorPart, "no upgrade", {{"reason", begun.error().message}});
      continue;
    }
    if (is_stopping_ && has_gateway) gateway->child->signal(SIGTERM);  // the second time means it
    if (!is_stopping_ && !exit_status_) exit_status_ = 0;
    is_stopping_ = true;
    if (reading_) reading_->child.signal(SIGKILL);
  }
}

void Supervisor::tell(base::ServiceState state) {
  if (options_.state_changed) options_.state_changed(state);
}

Supervisor::Process* Supervisor::find(Role role) {
  const auto found = std::ranges::find_if(
      processes_, [role](const Process& process) { return process.wanted.role == role; });
  return found == processes_.end() ? nullptr : &*found;
}

}  // namespace ravelin::system
