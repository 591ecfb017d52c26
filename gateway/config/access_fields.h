// The fields of an access log line by name, and which finished requests get a line. Values; any
// thread.
#pragma once

#include "gateway/config/config.h"

#include <array>
#include <cstdint>
#include <optional>
#include <string_view>

namespace ravelin::gateway {

// In the order they are written. `time` comes before all of them and is always there.
enum class AccessField : std::uint8_t {
  id,
  listener,
  route,
  client,
  client_port,
  peer,
  peer_port,
  user,
  method,
  host,
  path,
  protocol,
  status,
  reason,
  detail,
  bytes_in,
  bytes_out,
  user_agent,
  referer,
  tls_version,
  tls_cipher,
  sni,
  client_subject,
  tls_resumed,
  pool,
  server,
  retries,
  upstream_reused,
  hedge,
  handshake_us,
  queue_us,
  connect_us,
  first_byte_us,
  total_us,
  count_,
};

inline constexpr std::array<std::string_view, static_cast<std::size_t>(AccessField::count_)>
    kAccessFieldNames = {"id",
                         "listener",
                         "route",
                         "client",
                         "client_port",
                         "peer",
                         "peer_port",
                         "user",
                         "method",
                         "host",
                         "path",
                         "protocol",
                         "status",
                         "reason",
                         "detail",
                         "bytes_in",
                         "bytes_out",
                         "user_agent",
                         "referer",
                         "tls_version",
                         "tls_cipher",
                         "sni",
                         "client_subject",
                         "tls_resumed",
                         "pool",
                         "server",
                         "retries",
                         "upstream_reused",
                         "hedge",
                         "handshake_us",
                         "queue_us",
                         "connect_us",
                         "first_byte_us",
                         "total_us"};
static_assert(!kAccessFieldNames.back().empty(), "a name for every field");

class AccessFieldSet {
 public:
  static constexpr AccessFieldSet all() { return AccessFieldSet(~std::uint64_t{0}); }

  static constexpr AccessFieldSet none() { return AccessFieldSet(0); }

  [[nodiscard]] constexpr bool has(AccessField field) const { return (bits_ & bit(field)) != 0; }

  constexpr void add(AccessField field) { bits_ |= bit(field); }

  constexpr void remove(AccessField field) { bits_ &= ~bit(field); }

 private:
  explicit constexpr AccessFieldSet(std::uint64_t bits) : bits_(bits) {}

  static constexpr std::uint64_t bit(AccessField field) {
    return std::uint64_t{1} << static_cast<unsigned>(field);
  }

  std::uint64_t bits_;
};

std::optional<AccessField> find_access_field(std::string_view name);

// What `log.fields` and `log.fields_without` come to.
AccessFieldSet access_fields(const LogConfig& config);

// What is known of a request once it is over.
struct AccessFacts {
  int status = 0;
  bool is_well = true;  // its reason is none
  std::chrono::microseconds total{0};
  std::string_view id;  // hexadecimal: its end decides by chance
};

// Whether it gets a line.
bool is_kept(const AccessSampleConfig& sample, const AccessFacts& facts);

}  // namespace ravelin::gateway
