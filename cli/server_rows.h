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

// "app1", "app1 (backup)", "app1 (priority 2, zone west, by file)".
inline std::string server_text(const boost::json::value& server) {
  std::string notes = flag_at(server, "backup") ? "backup" : "";
  if (const std::int64_t priority = number_at(server, "priority"); priority != 0)
    notes = fmt::format("priority {}", priority);
  if (const std::string zone = text_at(server, "zone"); !zone.empty())
    notes += fmt::format("{}zone {}", notes.empty() ? "" : ", ", zone);
  const std::string source = text_at(server, "source");
  if (!source.empty() && source != "config")
    notes += fmt::format("{}by {}", notes.empty() ? "" : ", ", source);
  const std::string name = text_at(server, "server");
  return notes.empty() ? name : fmt::format("{} ({})", name, notes);
}

// A heading and one row a server. `answer` has "pools" as in /v1/servers.
inline std::vector<TableRow> server_rows(const boost::json::value& answer) {
  std::vector<TableRow> rows = {
      {"POOL", "SERVER", "ADDRESS", "STATE", "WEIGHT", "IN FLIGHT", "SINCE", "REASON"}};
  for (const boost::json::value& pool : list_at(answer, "pools")) {
    for (const boost::json::value& server : list_at(pool, "servers")) {
      rows.push_back({text_at(pool, "pool") + (flag_at(pool, "panic") ? " (panic)" : ""),
                      server_text(server), text_at(server, "address"), text_at(server, "state"),
                      weight_text(server), fmt::format("{}", number_at(server, "in_flight")),
                      text_at(server, "changed"), text_at(server, "reason")});
    }
  }
  return rows;
}

}  // namespace ravelin::cli
