// `ravelin certs …`: what its subcommands share. Each stands in the file of its name.
#pragma once

#include "cli/commands.h"
#include "cli/flags.h"

#include <memory>
#include <optional>
#include <string>

namespace ravelin::cli {

inline constexpr const char* kDefaultCertsStore = "/var/lib/ravelin/certs";

struct CertsFlags {
  std::string config;  // "" = not given
  std::string store;   // "" = the configuration's, else the default
  OutputForm form = OutputForm::text;
  bool is_probed = true;  // after a change the gateway's listeners are asked what they show
};

void add_certs_flags(CLI::App& command, CertsFlags& flags);
// --no-probe
void add_probe_flag(CLI::App& command, CertsFlags& flags);

// The store's folder: of --store, else `certs.store` of the configuration given, else the default.
// Of the configuration nothing else is looked at. None with errors, which are printed.
std::optional<std::string> find_store(const CertsFlags& flags);

void add_certs_change(CLI::App& group, Action& chosen);   // issue rotate rollback remove index
void add_certs_look(CLI::App& group, Action& chosen);     // list show
void add_certs_tickets(CLI::App& group, Action& chosen);  // tickets, tickets rotate
void add_certs_ca(CLI::App& group, Action& chosen);       // ca init show crl issue revoke trust

void add_certs_import(CLI::App& group, Action& chosen);
void add_certs_export(CLI::App& group, Action& chosen);
void add_certs_check(CLI::App& group, Action& chosen);
void add_certs_plan(CLI::App& group, Action& chosen);  // plan renew
void add_certs_canary(CLI::App& group, Action& chosen);
void add_certs_revoke(CLI::App& group, Action& chosen);
void add_certs_accounts(CLI::App& group, Action& chosen);
void add_certs_backup(CLI::App& group, Action& chosen);  // backup restore

}  // namespace ravelin::cli
