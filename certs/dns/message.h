// Messages to and from name servers as values: questions, dynamic updates (RFC 2136), and the
// records of answers. Strict; what is read is limited by the size of the message. Pure; any thread;
// fuzzed. Source: RFC 1035 section 4, RFC 2136 section 2.
#pragma once

#include "base/result.h"

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace ravelin::certs::dns {

using base::Result;

enum class Type : std::uint16_t {
  a = 1,
  ns = 2,
  cname = 5,
  soa = 6,
  txt = 16,
  aaaa = 28,
  tsig = 250,
  caa = 257
};

enum class Class : std::uint16_t { in = 1, none = 254, any = 255 };

// The codes of RFC 1035, RFC 2136 and, in TSIG records, RFC 8945.
enum class Code : std::uint16_t {
  no_error = 0,
  format_error = 1,
  server_failure = 2,
  no_such_name = 3,
  not_implemented = 4,
  refused = 5,
  not_authoritative = 9,
  not_zone = 10,
  bad_signature = 16,
  bad_key = 17,
  bad_time = 18
};

// "REFUSED", "code 23".
std::string text_of(Code code);

// Names are in lower case, without a dot at their end; "" is the root.
struct Record {
  std::string name;
  Type type = Type::a;  // may be one of no name here
  Class in_class = Class::in;
  std::uint32_t ttl_s = 0;
  std::string data;    // as on the wire, but:
  std::string target;  // of CNAME and NS: the name in it

  friend bool operator==(const Record&, const Record&) = default;
};

struct Message {
  std::uint16_t id = 0;
  Code code = Code::no_error;
  bool is_answer = false;
  bool is_authoritative = false;
  bool is_truncated = false;
  std::vector<Record> answers;
  std::vector<Record> authorities;
  std::vector<Record> additionals;
  std::size_t last_record = 0;  // where the last additional record begins; 0 = there is none
};

inline constexpr std::size_t kMessageBytesMax = 65'535;

// Error: a name that cannot be asked for.
Result<std::string> encode_question(std::uint16_t id, std::string_view name, Type type);

// An update of a zone. Records of Class::in are added, those of Class::none deleted (exactly they).
Result<std::string> encode_update(std::uint16_t id, std::string_view zone,
                                  std::span<const Record> changes);

// Error (protocol): not one whole message and nothing behind it.
Result<Message> parse_message(std::string_view bytes);

// ---- parts ----

// On the wire, uncompressed. Error: labels of 1 to 63 bytes, 255 bytes in all.
Result<std::string> encode_name(std::string_view name);
// The data of a TXT record for a text of at most 255 bytes, and the texts of one joined; "" = none.
std::string encode_txt(std::string_view text);
std::string txt_of(std::string_view data);

// A name within a message, which may point back into it; moves `at` behind it. Error (protocol).
Result<std::string> read_name(std::string_view message, std::size_t& at);

// Big-endian numbers: to the end of `out`, and from `bytes`, which has them at `at`.
void put16(std::string& out, std::uint16_t value);
void put32(std::string& out, std::uint32_t value);
std::uint16_t get16(std::string_view bytes, std::size_t at);
std::uint32_t get32(std::string_view bytes, std::size_t at);

}  // namespace ravelin::certs::dns
