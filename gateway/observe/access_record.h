// One line of the access log: what a request was and came to, as a value that borrows its text, and
// the pure function that writes it as one JSON object. Any thread; no allocation.
#pragma once

#include "base/clock.h"
#include "base/utc.h"
#include "gateway/config/access_fields.h"
#include "gateway/observe/reason.h"

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>

namespace ravelin::gateway {

inline constexpr std::chrono::microseconds kNoTime{-1};  // this part did not happen: not written

// Text is borrowed for the call. Empty optional text ([o]) is not written. Text from outside may
// hold any bytes.
struct AccessRecord {
  base::WallTime time;  // when the request ended
  std::string_view request_id;
  std::string_view listener;
  std::string_view route;   // [o]
  std::string_view client;  // address text, made once per connection
  std::uint16_t client_port = 0;
  std::string_view peer;        // [o] who connected, where a PROXY protocol header named the client
  std::uint16_t peer_port = 0;  // written only with `peer`
  std::string_view user;        // [o] of basic_auth
  std::string_view method;
  std::string_view host;      // [o]
  std::string_view path;      // path and query, as received
  std::string_view protocol;  // "HTTP/1.1"
  int status = 0;             // 0 = nothing was answered
  Reason reason = Reason::none;
  std::string_view detail;      // [o] what exactly, for the operator: may name servers
  std::uint64_t bytes_in = 0;   // request body
  std::uint64_t bytes_out = 0;  // response body
  std::string_view user_agent;  // [o]
  std::string_view referer;     // [o]

  std::string_view tls_version;     // [o] "1.3"; the other tls_ values are written only with it
  std::string_view tls_cipher;      // [o]
  std::string_view sni;             // [o]
  std::string_view client_subject;  // [o] subject of a verified client certificate
  bool tls_resumed = false;

  std::string_view pool;    // [o]
  std::string_view server;  // [o]
  std::uint32_t retries = 0;
  bool upstream_reused = false;  // written only with `server`
  std::string_view hedge;        // [o] what became of a second server's try beside the first's

  std::chrono::microseconds handshake = kNoTime;   // on the first request of a connection
  std::chrono::microseconds queue = kNoTime;       // waiting for a server
  std::chrono::microseconds connect = kNoTime;     // TCP and TLS to the server; not when reused
  std::chrono::microseconds first_byte = kNoTime;  // request sent to first response byte
  std::chrono::microseconds total{0};              // first request byte to last response byte
};

// Bytes kept of each text; what is longer is cut there (never inside a UTF-8 sequence) and the
// record says "truncated":true.
inline constexpr std::size_t kPathBytesMax = 2048;
inline constexpr std::size_t kRefererBytesMax = 1024;
inline constexpr std::size_t kUserAgentBytesMax = 512;
inline constexpr std::size_t kNameBytesMax = 256;  // every other text

// The longest line: each kept byte may become six, plus keys and numbers.
inline constexpr std::size_t kAccessLineBytesMax =
    6 * (kPathBytesMax + kRefererBytesMax + kUserAgentBytesMax + 17 * kNameBytesMax) + 1024;

// Writes the record and its '\n' into `out` (at least kAccessLineBytesMax); returns the length.
// Only `fields` are written, and the time. `clock` keeps the text of the second between calls. JSON
// as of RFC 8259: '"', '\\', controls, DEL and C1 controls are escaped; a byte that is not part of
// well-formed UTF-8 is written as \u00XX with its value.
std::size_t format_access_record(const AccessRecord& record, base::UtcText& clock,
                                 std::span<char> out, AccessFieldSet fields);

}  // namespace ravelin::gateway
