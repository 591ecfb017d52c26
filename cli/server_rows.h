// The table of servers, as `status` and `server` show it. Pure.
#pragma once

#include "cli/admin_client.h"
#include "cli/table.h"

#include <vector>

namespace ravelin::cli {

// "3", "9 (of 3)" where an operator changed it, "3 x 0.25" where load, a report or slow start do.
inline std::string weight_text(const boost::json::value& server) {
  const std::int64_t weight = number_at(server, "weight");
  const std::int64_t configured = number_at(server, "configured_weight");
  const std::int64_t effective = number_at(server, "effective_weight_percent");
  std::string text = fmt::format("{}", weight);
  if (weight != configured) text += fmt::format(" (of {})", configured);
  if (weight != 0 && effective != weight * 100)
    text += fmt::format(" x {:.2f}",
                        static_cast<double>(effective) / 100 / static_cast<double>(weight));
  return text;
}

// A heading and one row a server. `answer` has "pools" as in /v1/servers.
inline std::vector<TableRow> server_rows(const boost::json::value& answer) {
  std::vector<TableRow> rows = {
      {"POOL", "SERVER", "ADDRESS", "STATE", "WEIGHT", "IN FLIGHT", "SINCE", "REASON"}};
  for (const boost::json::value& pool : list_at(answer, "pools")) {
    for (const boost::json::value& server : list_at(pool, "servers")) {
      rows.push_back({text_at(pool, "pool"),
                      text_at(server, "server") + (flag_at(server, "backup") ? " (backup)" : ""),
                      text_at(server, "address"), text_at(server, "state"), weight_text(server),
                      fmt::format("{}", number_at(server, "in_flight")), text_at(server, "changed"),
                      text_at(server, "reason")});
    }
  }
  return rows;
}

}  // namespace ravelin::cli
