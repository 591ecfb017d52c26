// What of a request decides which server of its pool it goes to: the key of consistent hashing, and
// the cookie that binds its session. Read once, before the first try. Pure; any thread.
#pragma once

#include "base/address.h"
#include "gateway/http1/request_parser.h"
#include "gateway/upstream/pool.h"

#include <cstdint>
#include <string_view>

namespace ravelin::gateway {

struct PickHints {
  enum class Cookie : std::uint8_t { none, bad, good };

  std::uint64_t key = 0;
  Cookie cookie = Cookie::none;  // bad: of our name, but none that our key made
  std::size_t server = 0;        // whose cookie it is, when it is good
};

// `path` is the canonical one, `client` 0.0.0.0 over a Unix socket.
PickHints read_hints(const Pool& pool, const http1::RequestHead& request, std::string_view path,
                     const base::IpAddress& client);

// The key of a request for `balance: hash`. Without the header or cookie, or with an empty one: the
// client's prefix.
std::uint64_t hash_key(const HashConfig& config, const http1::RequestHead& request,
                       std::string_view path, const base::IpAddress& client);

}  // namespace ravelin::gateway
