// `ravelin certs issue --dry-run`: what would keep an order from coming to its end, found without
// asking a CA for anything and without a change.
#pragma once

#include "cli/certs/desk.h"

#include <string>

namespace ravelin::cli {

// Prints a line for each thing looked at. ExitCode::no: the order would fail.
ExitCode rehearse_issue(CertsDesk& desk, const CertsFlags& flags, const certs::Want& want);

}  // namespace ravelin::cli
