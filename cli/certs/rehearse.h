// `ravelin certs issue|rotate --dry-run`: what would keep an order from coming to its end, found
// without asking a CA for anything and without a change.
#pragma once

#include "certs/rotate/check_served.h"
#include "cli/certs/desk.h"

#include <string>
#include <vector>

namespace ravelin::cli {

// Prints a line for each thing looked at. ExitCode::no: the order would fail.
struct RehearsalPlan {
  certs::Want want;
  std::uint16_t http_port = 80;  // where http-01 is asked for, as seen from here
  bool has_gateway = false;      // found out by rehearse_issue()
};

ExitCode rehearse_issue(CertsDesk& desk, const CertsFlags& flags, RehearsalPlan plan);

// ---- its parts ----
using RehearsalLines = std::vector<certs::CheckLine>;

// What of the CA's limits the order would take (certs/rotate/ca_limits.h).
void check_budget(CertsDesk& desk, const certs::IssuerConfig& issuer, const certs::Want& want,
                  RehearsalLines& lines);

// What the CA will find of the names: addresses, whether http leads to the gateway, CAA.
void check_names(CertsDesk& desk, const CertsFlags& flags, const certs::IssuerConfig& issuer,
                 const RehearsalPlan& plan, RehearsalLines& lines);

}  // namespace ravelin::cli
