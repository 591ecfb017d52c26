#include "gateway/observe/access_record.h"

#include "base/check.h"
#include "base/utf8.h"

#include <array>
#include <charconv>
#include <cstring>

namespace ravelin::gateway {
namespace {

constexpr std::uint64_t kEvery = 0x0101010101010101;
constexpr std::uint64_t kHigh = 0x8080808080808080;

constexpr std::uint64_t has_byte(std::uint64_t word, unsigned char byte) {
  const std::uint64_t x = word ^ (kEvery * byte);
  return (x - kEvery) & ~x & kHigh;
}

// Eight bytes that stand in JSON as they are: ASCII without controls, DEL, '"' and '\\'.
constexpr bool is_plain(std::uint64_t word) {
  const std::uint64_t control = (word - kEvery * 0x20) & ~word & kHigh;
  return ((word & kHigh) | control | has_byte(word, '"') | has_byte(word, '\\') |
          has_byte(word, 0x7F)) == 0;
}

constexpr bool is_plain(char c) {
  const auto byte = static_cast<unsigned char>(c);
  return byte >= 0x20 && byte < 0x7F && c != '"' && c != '\\';
}

// Writes one JSON object into memory the caller has made large enough.
class JsonLine {
 public:
  explicit JsonLine(std::span<char> out) : begin_(out.data()), at_(out.data()) {}

  void raw(std::string_view text) {
    std::memcpy(at_, text.data(), text.size());
    at_ += text.size();
  }

  // `key` is `,"name":"` ready to copy.
  void text(std::string_view key, std::string_view value, std::size_t bytes_max) {
    raw(key);
    escaped(limited(value, bytes_max));
    *at_++ = '"';
  }

  void optional_text(std::string_view key, std::string_view value, std::size_t bytes_max) {
    if (!value.empty()) text(key, value, bytes_max);
  }

  void number(std::string_view key, std::uint64_t value) {
    raw(key);
    at_ = std::to_chars(at_, at_ + 20, value).ptr;
  }

  void time(std::string_view key, std::chrono::microseconds value) {
    if (value >= std::chrono::microseconds(0)) {
      number(key, static_cast<std::uint64_t>(value.count()));
    }
  }

  [[nodiscard]] bool is_truncated() const { return is_truncated_; }

  [[nodiscard]] std::size_t size() const { return static_cast<std::size_t>(at_ - begin_); }

 private:
  std::string_view limited(std::string_view value, std::size_t bytes_max) {
    if (value.size() <= bytes_max) return value;
    is_truncated_ = true;
    std::size_t keep = bytes_max;
    const auto continues = [&] { return (static_cast<unsigned char>(value[keep]) & 0xC0) == 0x80; };
    while (keep + 3 > bytes_max && continues())
      --keep;
    return value.substr(0, keep);
  }

  void escaped(std::string_view value) {
    const char* from = value.data();
    const char* const end = from + value.size();
    while (from != end) {
      if (end - from >= 8) {
        std::uint64_t word = 0;
        std::memcpy(&word, from, 8);
        if (is_plain(word)) {
          std::memcpy(at_, &word, 8);
          at_ += 8;
          from += 8;
          continue;
        }
      }
      if (is_plain(*from)) {
        *at_++ = *from++;
      } else {
        from += special({from, static_cast<std::size_t>(end - from)});
      }
    }
  }

  // Writes what `rest` starts with, which is not plain; returns how many bytes that was.
  std::size_t special(std::string_view rest) {
    const char c = rest[0];
    if (c == '"' || c == '\\') {
      *at_++ = '\\';
      *at_++ = c;
      return 1;
    }
    const std::size_t length = base::utf8_sequence_length(rest);
    if (length == 0) {
      code(static_cast<unsigned char>(c));
      return 1;
    }
    if (base::is_c1_control(rest)) {
      code(static_cast<unsigned char>(rest[1]));
      return 2;
    }
    raw(rest.substr(0, length));
    return length;
  }

  void code(unsigned char value) {
    constexpr std::string_view kHex = "0123456789abcdef";
    raw("\\u00");
    *at_++ = kHex[value >> 4];
    *at_++ = kHex[value & 0x0F];
  }

  char* begin_;
  char* at_;
  bool is_truncated_ = false;
};

using enum AccessField;

void write_request(JsonLine& line, const AccessRecord& record, AccessFieldSet fields) {
  if (fields.has(id)) line.text(R"(,"id":")", record.request_id, kNameBytesMax);
  if (fields.has(listener)) line.text(R"(,"listener":")", record.listener, kNameBytesMax);
  if (fields.has(route)) line.optional_text(R"(,"route":")", record.route, kNameBytesMax);
  if (fields.has(client)) line.text(R"(,"client":")", record.client, kNameBytesMax);
  if (fields.has(client_port) && record.client_port != 0)
    line.number(R"(,"client_port":)", record.client_port);
  if (!record.peer.empty()) {
    if (fields.has(peer)) line.text(R"(,"peer":")", record.peer, kNameBytesMax);
    if (fields.has(peer_port)) line.number(R"(,"peer_port":)", record.peer_port);
  }
  if (fields.has(user)) line.optional_text(R"(,"user":")", record.user, kNameBytesMax);
  if (fields.has(method)) line.text(R"(,"method":")", record.method, kNameBytesMax);
  if (fields.has(host)) line.optional_text(R"(,"host":")", record.host, kNameBytesMax);
  if (fields.has(path)) line.text(R"(,"path":")", record.path, kPathBytesMax);
  if (fields.has(protocol)) line.text(R"(,"protocol":")", record.protocol, kNameBytesMax);
}

void write_outcome(JsonLine& line, const AccessRecord& record, AccessFieldSet fields) {
  if (fields.has(status))
    line.number(R"(,"status":)", static_cast<std::uint64_t>(record.status < 0 ? 0 : record.status));
  if (fields.has(reason)) {
    line.raw(R"(,"reason":")");
    line.raw(describe(record.reason).token);
    line.raw("\"");
  }
  if (fields.has(detail)) line.optional_text(R"(,"detail":")", record.detail, kNameBytesMax);
  if (fields.has(bytes_in)) line.number(R"(,"bytes_in":)", record.bytes_in);
  if (fields.has(bytes_out)) line.number(R"(,"bytes_out":)", record.bytes_out);
  if (fields.has(user_agent))
    line.optional_text(R"(,"user_agent":")", record.user_agent, kUserAgentBytesMax);
  if (fields.has(referer)) line.optional_text(R"(,"referer":")", record.referer, kRefererBytesMax);
}

void write_tls(JsonLine& line, const AccessRecord& record, AccessFieldSet fields) {
  if (record.tls_version.empty()) return;
  if (fields.has(tls_version)) line.text(R"(,"tls_version":")", record.tls_version, kNameBytesMax);
  if (fields.has(tls_cipher))
    line.optional_text(R"(,"tls_cipher":")", record.tls_cipher, kNameBytesMax);
  if (fields.has(sni)) line.optional_text(R"(,"sni":")", record.sni, kNameBytesMax);
  if (fields.has(client_subject))
    line.optional_text(R"(,"client_subject":")", record.client_subject, kNameBytesMax);
  if (fields.has(tls_resumed))
    line.raw(record.tls_resumed ? R"(,"tls_resumed":true)" : R"(,"tls_resumed":false)");
}

void write_upstream(JsonLine& line, const AccessRecord& record, AccessFieldSet fields) {
  if (fields.has(pool)) line.optional_text(R"(,"pool":")", record.pool, kNameBytesMax);
  if (record.server.empty()) return;
  if (fields.has(server)) line.text(R"(,"server":")", record.server, kNameBytesMax);
  if (fields.has(retries)) line.number(R"(,"retries":)", record.retries);
  if (fields.has(upstream_reused))
    line.raw(record.upstream_reused ? R"(,"upstream_reused":true)" : R"(,"upstream_reused":false)");
  if (fields.has(hedge)) line.optional_text(R"(,"hedge":")", record.hedge, kNameBytesMax);
}

void write_times(JsonLine& line, const AccessRecord& record, AccessFieldSet fields) {
  if (fields.has(handshake_us)) line.time(R"(,"handshake_us":)", record.handshake);
  if (fields.has(queue_us)) line.time(R"(,"queue_us":)", record.queue);
  if (fields.has(connect_us)) line.time(R"(,"connect_us":)", record.connect);
  if (fields.has(first_byte_us)) line.time(R"(,"first_byte_us":)", record.first_byte);
  if (fields.has(total_us)) line.time(R"(,"total_us":)", record.total);
}

}  // namespace

std::size_t format_access_record(const AccessRecord& record, base::UtcText& clock,
                                 std::span<char> out, AccessFieldSet fields) {
  CHECK(out.size() >= kAccessLineBytesMax);
  JsonLine line(out);
  line.raw(R"({"time":")");
  line.raw(clock(record.time));
  line.raw("\"");
  write_request(line, record, fields);
  write_outcome(line, record, fields);
  write_tls(line, record, fields);
  write_upstream(line, record, fields);
  write_times(line, record, fields);
  if (line.is_truncated()) line.raw(R"(,"truncated":true)");
  line.raw("}\n");
  return line.size();
}

}  // namespace ravelin::gateway
