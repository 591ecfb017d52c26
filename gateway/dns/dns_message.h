// Answers of name servers: the records that answer one question, out of the bytes of a message.
// Strict, and limited by the size of the message. Pure; any thread. Source: RFC 1035 section 4 (the
// message), RFC 3596 (AAAA), RFC 2782 (SRV), RFC 2181 section 8 (TTLs).
#pragma once

#include "base/address.h"

#include <cstdint>
#include <span>
#include <string>
#include <vector>

namespace ravelin::gateway {

enum class RecordType : std::uint16_t { a = 1, aaaa = 28, srv = 33 };
std::string_view to_string(RecordType type);  // "A"

// What an SRV record says of one server of a service.
struct ServiceRecord {
  std::string target;  // lower case, without the last dot; empty = "." (RFC 2782: not offered)
  std::uint16_t port = 0;
  std::uint16_t priority = 0;  // lower is tried first
  std::uint16_t weight = 0;    // 0 = hardly anything, beside others of its priority

  friend auto operator<=>(const ServiceRecord&, const ServiceRecord&) = default;
};

struct AnswerRecords {
  std::vector<base::IpAddress> addresses;  // of a question for A or AAAA, in the answer's order
  std::vector<ServiceRecord> services;     // of a question for SRV, likewise
  // The least of the records and of the aliases that lead to them; one with its first bit set is 0.
  std::uint32_t ttl_s = 0;

  [[nodiscard]] bool empty() const { return addresses.empty() && services.empty(); }
};

inline constexpr std::size_t kAliasesMax = 16;  // CNAMEs followed one after the other

// The records of `type` that the message gives for the name it was asked for, aliases followed.
// None is a good answer too. Error (protocol): not one whole answer to one question of that type
// without an error code, a name that is none, a record that does not fit its type, aliases in a
// circle.
base::Result<AnswerRecords> parse_dns_answer(std::span<const std::uint8_t> message,
                                             RecordType type);

}  // namespace ravelin::gateway
