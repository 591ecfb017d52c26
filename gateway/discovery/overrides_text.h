// The text of the file that keeps the operator's orders over a restart, and of a server as an order
// names it. Pure; any thread.
//
//   {"version": 1, "overrides": [
//     {"pool": "web", "server": "a", "order": "drain", "since": "2026-11-24T12:00:00Z"},
//     {"pool": "web", "server": "a", "order": "weight", "weight": 5, "configured_weight": 3, …},
//     {"pool": "web", "server": "c", "order": "add", "with": {"address": "10.0.0.9:80", …}, …},
//     {"pool": "web", "server": "d", "order": "remove", …}
//   ]}
//
// It is JSON, and read by the typed YAML reader, of which JSON is a part: that one knows the place
// of every mistake, and the rules of a server.
#pragma once

#include "base/diagnostics.h"
#include "gateway/config/parse_server.h"
#include "gateway/discovery/overrides.h"

#include <string>
#include <string_view>

namespace ravelin::gateway {

inline constexpr std::size_t kOverridesBytesMax = 4 * 1024 * 1024;

// Read back by parse_overrides() it gives the same set. One order a line.
std::string format_overrides(const OverrideSet& set);

// Every mistake at its place in `path`; with errors the set is not to be used.
OverrideSet parse_overrides(std::string_view text, const std::string& path,
                            base::Diagnostics& diagnostics);

// {"address": "10.0.0.9:80", "name": "c", "weight": 2, "backup": true, "priority": 1, "zone":
// "east",
//  "connections_max": 100, "agent_port": 9707, "tls": true | false | {"ca": …, "name": …,
//  "certificate": …, "key": …}}; all but the address may be left out. Error (invalid): all that is
// wrong with it.
base::Result<NewServer> parse_server_json(std::string_view body);

}  // namespace ravelin::gateway
