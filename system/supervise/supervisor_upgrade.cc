// Another program under the same sockets: its gateway is started beside the one that serves, and
// takes over once it serves itself. Until then nothing has changed.
#include "base/io/log.h"
#include "system/supervise/role_link.h"
#include "system/supervise/supervisor.h"

#include <csignal>

namespace ravelin::system {

using base::Errc;
using base::Result;
using messages::Condition;
using namespace std::chrono_literals;

namespace {

// The new gateway has this long until it serves.
constexpr base::Duration kReadyMax = 60s;

}  // namespace

Result<> Supervisor::begin_upgrade() {
  const Process* gateway = find(Role::gateway);
  if (is_stopping_) return base::fail(Errc::unavailable, "it is shutting down");
  if (gateway == nullptr || !gateway->child || !gateway->was_ready)
    return base::fail(Errc::unavailable, "there is no gateway that serves");
  if (reading_ || next_ || opening_ || is_going_over_)
    return base::fail(Errc::conflict, "a reload or an upgrade is under way already");
  if (auto done = read_configuration(Purpose::upgrade, 0); !done) return done;
  last_upgrade_ = {base::mono_now(), Condition::starting, ""};
  base::log_info(kSupervisorPart, "upgrade: the new program reads the configuration",
                 {{"program", options_.command_of(Role::gateway).front()}});
  return {};
}

void Supervisor::upgrade_to(const Reading& read) {
  open_for(read, {});
}

// What it serves is open.
void Supervisor::start_next(const std::vector<messages::RoleWanted>& roles) {
  if (const auto* wanted = find_wanted(roles, Role::gateway))
    next_.emplace(Process{.wanted = *wanted});
  if (!next_) return give_up_upgrade("the new program wants no gateway");
  Addresses both = next_addresses_;
  both.insert(addresses_.begin(), addresses_.end());  // the one that serves may still ask
  sockets_.allow(std::move(both));
  forget_former();
  add_roles(roles);
  restart(Role::keys);
  start(*next_, next_config_);
  if (!next_->child)
    return give_up_upgrade("the new program cannot be started: " + next_->last_end);
  next_->starts = find(Role::gateway)->starts + 1;
  next_->start_by = base::mono_now() + kReadyMax;
}

void Supervisor::finish_upgrade() {
  Process& gateway = *find(Role::gateway);
  former_config_ = std::move(config_);  // handshakes under way at the one before end with its keys
  former_until_ = base::mono_now() + kFormerKeysLast;
  config_ = std::move(next_config_);
  addresses_ = std::move(next_addresses_);
  sockets_.allow(addresses_);
  sockets_.release_others();  // the gateway before sees that, and accepts what queues there
  const pid_t before = gateway.child ? gateway.child->pid() : 0;
  if (gateway.child) {
    gateway.child->signal(SIGUSR2);  // hands over
    gateway.kill_at = base::mono_now() + gateway.wanted.drain + kEndGrace;
    leaving_.push_back(std::move(gateway));
  }
  gateway = std::move(*next_);
  gateway.was_ready = true;
  gateway.start_by.reset();
  next_.reset();
  take_over_roles();
  end_unwanted();
  add_roles(next_roles_);
  next_roles_.clear();
  serves_last_good_ = false;
  keep_last_good();
  base::log_info(kSupervisorPart, "upgrade: the new gateway serves; the one before drains",
                 {{"pid", gateway.child->pid()}, {"before", before}});
  // The others need no sockets: they end, and start again as the new program.
  for (const Process& process : processes_) {
    if (process.wanted.role != Role::gateway && !process.is_unwanted) restart(process.wanted.role);
  }
}

void Supervisor::give_up_upgrade(const std::string& why) {
  base::log_error(kSupervisorPart, "upgrade: given up; what served before serves on",
                  {{"reason", why}});
  last_upgrade_->condition = Condition::failed;
  last_upgrade_->text = why;
  if (next_ && next_->child) next_->child->signal(SIGKILL);
  if (next_config_.is_open()) forget_next();
  sockets_.allow(addresses_);
  sockets_.release_others();
}

}  // namespace ravelin::system
