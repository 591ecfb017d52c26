// `ravelin certs ca …`: what its subcommands share.
#pragma once

#include "certs/ca/own_ca.h"
#include "cli/certs/certs.h"

#include <functional>
#include <string>

namespace ravelin::cli {

// Runs `work` with the CA's folder (STORE/ca), as its owner; prints what stood in the way before.
ExitCode in_ca_folder(const CertsFlags& flags,
                      const std::function<ExitCode(const std::string&)>& work);

void add_ca_show(CLI::App& group, Action& chosen);   // show crl
void add_ca_sign(CLI::App& group, Action& chosen);   // issue revoke
void add_ca_trust(CLI::App& group, Action& chosen);  // trust

}  // namespace ravelin::cli
