// The table of servers, as `status` and `server` show it. Pure.
#pragma once

#include "cli/admin_client.h"
#include "cli/table.h"

#include <vector>

namespace ravelin::cli {

// A heading and one row a server. `answer` has "pools" as in /v1/servers.
inline std::vector<TableRow> server_rows(const boost::json::value& answer) {
  std::vector<TableRow> rows = {
      {"POOL", "SERVER", "ADDRESS", "STATE", "WEIGHT", "IN FLIGHT", "SINCE", "REASON"}};
  for (const boost::json::value& pool : list_at(answer, "pools")) {
    for (const boost::json::value& server : list_at(pool, "servers")) {
      const std::int64_t weight = number_at(server, "weight");
      const std::int64_t configured = number_at(server, "configured_weight");
      rows.push_back({text_at(pool, "pool"),
                      text_at(server, "server") + (flag_at(server, "backup") ? " (backup)" : ""),
                      text_at(server, "address"), text_at(server, "state"),
                      weight == configured ? fmt::format("{}", weight)
                                           : fmt::format("{} (of {})", weight, configured),
                      fmt::format("{}", number_at(server, "in_flight")), text_at(server, "changed"),
                      text_at(server, "reason")});
    }
  }
  return rows;
}

}  // namespace ravelin::cli
