// StickyCookies: the cookies that bind sessions to the servers of one pool, made ready: what to set
// for each server, and which server a cookie names. A cookie holds no address but a keyed tag of
// pool and server, so that only who has the key can make one. Immutable; any thread.
#pragma once

#include "gateway/config/pool_config.h"

#include <cstddef>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

namespace ravelin::gateway {

class StickyCookies {
 public:
  // The servers of the pool, in its order.
  StickyCookies(const StickyConfig& config, std::string_view secret, std::string_view pool,
                std::span<const std::string_view> servers);

  StickyCookies(const StickyCookies&) = delete;
  StickyCookies& operator=(const StickyCookies&) = delete;

  [[nodiscard]] const std::string& name() const { return name_; }

  // The server a cookie's value names; nothing for any value that this key did not make.
  [[nodiscard]] std::optional<std::size_t> find(std::string_view value) const;

  // The value of Set-Cookie that binds a session to this server.
  [[nodiscard]] std::string_view set_cookie(std::size_t server) const { return lines_[server]; }

 private:
  std::string name_;
  std::vector<std::string> lines_;  // by server
  std::vector<std::string> tags_;
  std::unordered_map<std::string_view, std::size_t> by_tag_;  // views of tags_
};

}  // namespace ravelin::gateway
