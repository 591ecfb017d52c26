// What the gateway would do with one request, from the configuration alone: with the parsers and
// the router it serves with, and one route at a time why it is not that one. Pure.
#pragma once

#include "base/address.h"
#include "base/result.h"
#include "gateway/config/config.h"
#include "gateway/route/explain.h"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace ravelin::cli {

struct AskedRequest {
  std::string method;
  std::string url;  // as given
  bool is_https = true;
  std::string host;                       // lower case
  std::optional<std::uint16_t> port;      // as written in the URL
  std::string path;                       // raw
  std::string query;                      // raw, without "?"
  std::vector<std::string> header_lines;  // "name: value", as given
  std::optional<base::IpAddress> client;  // the connection's peer
};

// "GET https://host/path", or the URL alone for a GET; "OPTIONS *", with neither host nor scheme.
// Error: what the edge would refuse too.
base::Result<AskedRequest> parse_asked(std::string_view text);

// "name: value" of one more header field. Error: what the edge would refuse, or drop.
base::Result<void> add_header_line(std::string_view line, AskedRequest& asked);

struct ListenerAnswer {
  const gateway::ListenerConfig* listener = nullptr;
  int status = 0;    // ours: 404, 308, …; 0: a server's, the request is forwarded
  std::string what;  // "forwarded to pool \"web\"", "path has a dot segment"
  const gateway::RouteConfig* route = nullptr;  // the one that takes it
  std::string path;                             // matched; empty when it is refused for any route
  std::string sent_path;  // the server gets this one, when the request is forwarded
  std::string pool;       // that serves it; "" for none, or where several take turns
  std::optional<base::IpAddress> client;         // that decides: the peer, or who it forwards for
  std::vector<gateway::Explanation> candidates;  // empty when no route was asked

  // By a route, or by the redirect to https.
  bool is_taken = false;
};

// Of every listener the request may reach: those of its scheme that listen on its port; where none
// does and the URL names no port, all of its scheme (the outside may map ports). Error: a route
// table that does not build. `config` must outlive the answers.
base::Result<std::vector<ListenerAnswer>> explain_request(const gateway::Config& config,
                                                          const AskedRequest& asked);

}  // namespace ravelin::cli
