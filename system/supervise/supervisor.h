// The supervisor of `ravelin run`: has the configuration read, keeps the listening sockets, starts
// the processes it asks for, starts again what ends by itself, replaces the program under them, and
// ends all of them in order. It reads no file and parses nothing but messages. One thread.
#pragma once

#include "base/io/systemd.h"
#include "base/result.h"
#include "system/supervise/back_off.h"
#include "system/supervise/child.h"
#include "system/supervise/kept_sockets.h"

#include <functional>
#include <list>
#include <map>
#include <optional>
#include <set>
#include <span>
#include <string>
#include <vector>

namespace ravelin::system {

struct SupervisorOptions {
  // The command line of a process of this role; messages::Role::command reads the configuration.
  std::function<std::vector<std::string>(messages::Role)> command_of;
  gateway::PassedSockets passed{};
  // Told of each state as it begins. May be empty.
  std::function<void(base::ServiceState)> state_changed{};
  std::optional<base::Duration> alive_every{};  // `alive` is told as the gateway says it is
  std::string confinement{};                    // this process's own, for the status
  // Prints findings of the configuration for whoever started it.
  std::function<void(const std::string&)> print{};
  // The configuration that serves is kept in this file; "" = nowhere.
  std::string last_good{};
  // The command line that reads it from there, as messages::Role::command reads the files.
  std::vector<std::string> read_last_good{};
};

class Supervisor {
 public:
  explicit Supervisor(SupervisorOptions options);
  Supervisor(const Supervisor&) = delete;
  Supervisor& operator=(const Supervisor&) = delete;
  ~Supervisor();  // ends what still runs

  // Until SIGTERM or SIGINT, or until the gateway cannot be started at all. What is to be this
  // process's exit status: the gateway's, or the reader's when the configuration is refused.
  base::Result<int> run();

 private:
  using Role = messages::Role;

  // Beyond the time a process may take to end.
  static constexpr base::Duration kEndGrace = std::chrono::seconds(10);
  // How long a gateway waits, at first, for what it serves to be open and for the store of
  // certificates to be made ready.
  static constexpr base::Duration kOthersReadyMax = std::chrono::seconds(10);
  // How long handshakes that were begun before a reload may still need keys of before.
  static constexpr base::Duration kFormerKeysLast = std::chrono::seconds(5);

  struct Process {
    messages::RoleWanted wanted;
    std::optional<Child> child;
    base::MonoTime started;
    std::optional<base::MonoTime> start_at;  // again
    BackOff back_off;
    std::uint32_t starts = 0;
    messages::Condition condition = messages::Condition::starting;
    std::string confinement;
    std::string last_end;
    bool was_ready = false;                  // since it was started first
    bool is_unwanted = false;                // it ends, and is not started again
    bool is_linked = false;                  // its connection is open
    std::optional<base::MonoTime> kill_at;   // it was asked to end
    std::optional<base::MonoTime> start_by;  // it serves, or is given up
  };

  // fall_back: as start, from what is kept.
  enum class Purpose : unsigned char { start, fall_back, reload, upgrade, nobody };

  // What the reader of the configuration has said so far, and what for it reads.
  struct Reading {
    Child child;
    base::MonoTime until;
    Purpose purpose;
    std::uint32_t id;  // of the gateway's question, for a reload
    std::vector<messages::RoleWanted> roles{};
    Addresses addresses{};
    std::set<std::string> logs{};
  };

  // A reload or an upgrade that waits until the firewall has opened what is new.
  struct Opening {
    Purpose purpose;
    std::uint32_t rules;
    std::uint32_t id;  // of the gateway's question, for a reload
    std::vector<messages::RoleWanted> roles;
    messages::Finished finished;  // what the reader has said
    base::MonoTime until;
  };

  struct LastUpgrade {
    base::MonoTime began;
    messages::Condition condition = messages::Condition::starting;
    std::string text;
  };

  base::Result<> open_signals();
  base::Result<> read_configuration(Purpose purpose, std::uint32_t id);
  void serve_reader();
  void configuration_read(const messages::Finished& finished, std::vector<base::OwnedFd> given);
  void reading_failed(const std::string& why);
  void answer_reload(const Reading& read, messages::Finished finished);
  // What was read is handed to the gateway, or why not.
  void hand_over(std::uint32_t id, const messages::Finished& finished);
  // What follows from these configurations is to be in the firewall. 0: it cannot be asked now.
  std::uint32_t want_rules(std::span<const int> configs);
  void rules_answered(std::uint32_t id, const messages::Finished& finished);
  // Whether the last good configuration is read instead of what is refused.
  bool falls_back(Purpose refused);
  // What serves now is the last good configuration.
  void keep_last_good();
  void open_for(const Reading& read, messages::Finished finished);
  // The firewall's agent does not answer, or has ended.
  void give_up_opening(const std::string& why);
  // Why the gateway that runs cannot go over to what was read; "" = it can.
  [[nodiscard]] std::string out_of_reach() const;
  [[nodiscard]] bool is_firewall_elsewhere() const;
  // The same of all processes.
  [[nodiscard]] std::string beyond_a_reload(const Reading& read);

  void start_roles();
  void start(Process& process, const base::OwnedFd& config);
  // Gives a gateway a connection to the process of this role, where both run.
  void introduce(Process& gateway, Role role);
  void introduce_to_others(Process& process);
  // A gateway starts, at first, once there is something to show and what it serves is open: until
  // then. Not held: nothing.
  [[nodiscard]] std::optional<base::MonoTime> held_until(const Process& process);
  // Those of the configuration that was read which the one in use has no process for: restart()
  // starts them.
  void add_roles(const std::vector<messages::RoleWanted>& roles);
  // Null: these do not want it.
  static const messages::RoleWanted* find_wanted(const std::vector<messages::RoleWanted>& roles,
                                                 Role role);
  // What the configuration that serves from now on says of them.
  void take_over_roles();
  // Those it has no use for end.
  void end_unwanted();
  // It starts anew. Another list of keys is to be used: handshakes wait for it.
  void restart(Role role);
  // Keys of before the last reload are used no more.
  void forget_former();
  // Its files are, not what they name.
  [[nodiscard]] bool is_next_the_same() const;
  // What was read is not taken into use: nobody knows of it yet.
  void drop_next();
  // The same; others may know.
  void forget_next();
  void start_waiting();
  void ended(Process& process);
  void serve(Process& process);
  void handle(Process& process, messages::Received received);
  base::Result<> begin_reload(const Process& process, std::uint32_t id);
  // Asked for its next configuration, the gateway says nothing until it has it: the signs of life
  // are ours so long, for as long as reading and opening may take.
  [[nodiscard]] bool gateway_waits() const;
  void tell_alive();
  static void send_end(Process& process, std::uint32_t id, messages::Finished end);
  void answer_socket(Process& process, std::uint32_t id, const messages::SocketRequest& request);
  void answer_log(Process& process, std::uint32_t id, const messages::LogRequest& request);
  void answer_processes(Process& process, std::uint32_t id);
  void note_health(Process& process, const messages::Health& health);
  void note_reload_ended(messages::Outcome outcome);

  base::Result<> begin_upgrade();
  void upgrade_to(const Reading& read);
  void start_next(const std::vector<messages::RoleWanted>& roles);
  void finish_upgrade();
  void give_up_upgrade(const std::string& why);

  void handle_signals();
  void stop_next();
  static void end(Process& process);
  void tell(base::ServiceState state);
  [[nodiscard]] Process* find(Role role);
  [[nodiscard]] std::vector<Process*> running();
  [[nodiscard]] bool is_over();
  [[nodiscard]] base::MonoTime next_deadline();
  void turn();

  SupervisorOptions options_;
  base::MonoTime started_ = base::mono_now();
  base::OwnedFd signals_;
  KeptSockets sockets_;
  std::optional<Reading> reading_;
  base::OwnedFd config_, next_config_;  // memory files: in use, and asked for by the gateway
  base::OwnedFd former_config_;         // for the key process, until then
  std::optional<base::MonoTime> former_until_;
  Addresses addresses_, next_addresses_;
  std::vector<messages::RoleWanted> next_roles_;
  // The gateway has been given the next configuration, and is to say whether it went over.
  bool is_going_over_ = false;
  std::set<std::string> logs_;    // paths of the configuration in use, and of the next one
  std::list<Process> processes_;  // in the order they are started
  // While the program is replaced: the gateway that is to be, and those that were.
  std::optional<Process> next_;
  std::list<Process> leaving_;
  std::optional<LastUpgrade> last_upgrade_;
  std::uint32_t last_rules_ = 0;  // asked for
  std::optional<Opening> opening_;
  bool is_stopping_ = false;
  bool serves_last_good_ = false;   // and not what the files say
  bool reload_once_ready_ = false;  // SIGHUP came before the gateway served
  base::MonoTime next_alive_;       // where gateway_waits()
  std::optional<int> exit_status_;
};

}  // namespace ravelin::system
