// The vocabulary both HTTP versions share: methods, the fields the gateway knows by number, and a
// list of fields that views the bytes they came in. Pure values, no allocation; any thread.
#pragma once

#include "base/check.h"

#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <new>
#include <string_view>

namespace ravelin::gateway {

enum class Method : std::uint8_t {
  get,
  head,
  post,
  put,
  delete_,  // NOLINT(readability-identifier-naming): "delete" is a keyword
  options,
  patch,
  trace,
  connect,
  other,  // any other legal token (RFC 9110 section 5.6.2)
};

// Methods are case-sensitive: "get" is `other`.
Method find_method(std::string_view token);
std::string_view to_string(Method method);  // "GET"; "" for other
bool is_safe(Method method);                // RFC 9110 section 9.2.1; `other` is not
bool is_idempotent(Method method);          // RFC 9110 section 9.2.2; `other` is not

// At most 64, so that a set of them is one word. fields.cc spells them in this order.
enum class FieldId : std::uint8_t {
  unknown,
  host,
  content_length,
  transfer_encoding,
  connection,
  keep_alive,
  proxy_connection,
  upgrade,
  te,
  trailer,
  expect,
  via,
  forwarded,
  x_forwarded_for,
  x_forwarded_proto,
  x_forwarded_host,
  x_forwarded_port,
  x_real_ip,
  x_request_id,
  date,
  server,
  proxy_status,
  strict_transport_security,
  authorization,
  proxy_authorization,
  proxy_authenticate,
  www_authenticate,
  cookie,
  set_cookie,
  content_type,
  content_encoding,
  content_range,
  user_agent,
  accept,
  accept_encoding,
  accept_language,
  accept_ranges,
  referer,
  origin,
  location,
  cache_control,
  pragma,
  age,
  expires,
  etag,
  last_modified,
  vary,
  range,
  if_match,
  if_none_match,
  if_modified_since,
  if_unmodified_since,
  if_range,
  max_forwards,
  retry_after,
  warning,
  allow,
  sec_websocket_key,
  http2_settings,
  alt_svc,
  early_data,
  traceparent,
  tracestate,
  server_timing,
  count_,
};

inline constexpr std::size_t kFieldIdCount = static_cast<std::size_t>(FieldId::count_);
static_assert(kFieldIdCount <= 64);

// A set of fields as one word is the sum of these.
constexpr std::uint64_t field_bit(FieldId id) {
  return std::uint64_t{1} << static_cast<unsigned>(id);
}

// Which field a name means, in any letter case; unknown for every other text.
FieldId find_field(std::string_view name);
std::string_view to_string(FieldId id);  // lower case; "" for unknown

// Belongs to one connection and is never forwarded (RFC 9110 section 7.6.1): Connection,
// Keep-Alive, Proxy-Connection, TE, Transfer-Encoding, Upgrade, HTTP2-Settings. Trailer is not one:
// it announces fields that may be forwarded.
bool is_hop_by_hop(FieldId id);

struct Field {
  FieldId id = FieldId::unknown;
  std::string_view name;   // as received
  std::string_view value;  // without surrounding SP and HTAB
};

inline constexpr std::size_t kFieldCountCeiling = 128;  // what a configured limit may not exceed

// Up to kFieldCountCeiling fields in order of arrival, stored inline. Its memory is not touched
// before a field is put there: making or clearing one costs nothing.
class FieldList {
 public:
  FieldList() = default;
  FieldList(const FieldList&) = delete;
  FieldList& operator=(const FieldList&) = delete;

  [[nodiscard]] std::size_t size() const { return size_; }

  [[nodiscard]] bool empty() const { return size_ == 0; }

  [[nodiscard]] const Field* begin() const {
    return std::launder(reinterpret_cast<const Field*>(storage_.data()));
  }

  [[nodiscard]] const Field* end() const { return begin() + size_; }

  const Field& operator[](std::size_t index) const {
    CHECK(index < size_);
    return begin()[index];
  }

  [[nodiscard]] bool has(FieldId id) const { return (present_ & field_bit(id)) != 0; }

  // The first field with this id, or null.
  [[nodiscard]] const Field* find(FieldId id) const;

  // False when full.
  bool push_back(const Field& field) {
    if (size_ == kFieldCountCeiling) return false;
    next_slot() = field;
    keep_slot();
    return true;
  }

  // The place behind the last field, to fill in place: copying a field just written costs more than
  // finding it. It joins the list by keep_slot(). Only while size() < kFieldCountCeiling.
  Field& next_slot() {
    CHECK(size_ < kFieldCountCeiling);
    return *::new (static_cast<void*>(storage_.data() + size_ * sizeof(Field))) Field;
  }

  void keep_slot() {
    present_ |= field_bit(begin()[size_].id);
    ++size_;
  }

  void clear() {
    size_ = 0;
    present_ = 0;
  }

 private:
  std::size_t size_ = 0;
  std::uint64_t present_ = 0;
  alignas(Field) std::array<std::byte, kFieldCountCeiling * sizeof(Field)> storage_;
};

// The first field with this name, in any letter case, or null.
const Field* find_named(const FieldList& fields, std::string_view name);

}  // namespace ravelin::gateway
