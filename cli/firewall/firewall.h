// `ravelin firewall …`: what its subcommands share. Each stands in the file of its name.
#pragma once

#include "cli/commands.h"
#include "cli/flags.h"
#include "cli/who_asks.h"
#include "firewall/control/service.h"

#include <boost/json.hpp>

#include <memory>
#include <string>

namespace ravelin::cli {

inline constexpr const char* kDefaultPolicy = "/etc/ravelin/policy.yaml";
inline constexpr const char* kDefaultFirewallState = "/var/lib/ravelin/firewall";
inline constexpr const char* kDefaultFirewallSocket = "/run/ravelin/firewall.sock";

struct FirewallFlags {
  std::string policy = kDefaultPolicy;
  std::string state = kDefaultFirewallState;
  std::string socket = kDefaultFirewallSocket;
  std::string library;  // of shipped policies; empty: where the package puts it
  OutputForm form = OutputForm::text;
};

void add_policy_argument(CLI::App& command, FirewallFlags& flags);
void add_state_flags(CLI::App& command, FirewallFlags& flags);

// Prints an answer in the form wanted; its exit code.
ExitCode print_answer(const firewall::Answer& answer, OutputForm form);

// Asks the agent if one answers at flags.socket; else takes the state directory and answers itself.
ExitCode ask(const FirewallFlags& flags, const boost::json::object& question);

// A policy read with its includes and facts, as findings say; none with errors, which are printed.
std::optional<firewall::PolicyBundle> read_bundle(const FirewallFlags& flags,
                                                  base::Diagnostics& diagnostics);

void add_firewall_check(CLI::App& group, Action& chosen);
void add_firewall_change(CLI::App& group,
                         Action& chosen);                 // plan apply confirm rollback off history
void add_firewall_look(CLI::App& group, Action& chosen);  // show status drift
void add_firewall_explain(CLI::App& group, Action& chosen);
void add_firewall_bans(CLI::App& group, Action& chosen);  // ban unban bans is-banned
void add_firewall_watch(CLI::App& group, Action& chosen);
void add_firewall_derive(CLI::App& group, Action& chosen);  // derive export

}  // namespace ravelin::cli
