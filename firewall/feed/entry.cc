#include "firewall/feed/entry.h"

#include <optional>

namespace ravelin::firewall::feed {
namespace {

constexpr int kShortest4 = 8;
constexpr int kShortest6 = 16;

// A dotted quad from the start of the text; it moves on behind it. By hand: base::parse_ip costs
// more than the rest of a line.
std::optional<Key4> take_quad(std::string_view& text) {
  Key4 key = 0;
  std::size_t at = 0;
  for (int part = 0; part < 4; ++part) {
    if (part != 0) {
      if (at == text.size() || text[at] != '.') return std::nullopt;
      ++at;
    }
    const std::size_t start = at;
    unsigned value = 0;
    while (at < text.size() && at - start < 4 && text[at] >= '0' && text[at] <= '9')
      value = value * 10 + static_cast<unsigned>(text[at++] - '0');
    const std::size_t digits = at - start;
    // Some read a leading zero as octal: such a number is no address.
    if (digits == 0 || value > 255 || (digits > 1 && text[start] == '0')) return std::nullopt;
    key = key << 8 | value;
  }
  text.remove_prefix(at);
  return key;
}

constexpr std::ptrdiff_t kHostLineBytesMax = 16;  // "255.255.255.255" and its line feed

unsigned digit(const char* at) {
  return static_cast<unsigned char>(*at) - unsigned{'0'};
}

// A number of one to three digits, without a leading zero; more than 255: it is none. Moves on.
unsigned take_number(const char*& at) {
  constexpr unsigned kNone = 256;
  unsigned value = digit(at);
  if (value > 9) return kNone;
  unsigned next = digit(++at);
  if (next > 9) return value;
  if (value == 0) return kNone;
  value = value * 10 + next;
  next = digit(++at);
  if (next > 9) return value;
  ++at;
  return value * 10 + next;
}

// A line of that kind, of which kHostLineBytesMax bytes can be read; null: it is not.
const char* after_host_line(const char* at, Key4& key) {
  constexpr char kEnds[] = {'.', '.', '.', '\n'};
  key = 0;
  for (const char end : kEnds) {
    const unsigned value = take_number(at);
    if (value > 255 || *at != end) return nullptr;
    ++at;
    key = key << 8 | value;
  }
  return at;
}

std::optional<int> length_of(std::string_view text) {
  if (text.empty() || text.size() > 3) return std::nullopt;
  int length = 0;
  for (const char c : text) {
    if (c < '0' || c > '9') return std::nullopt;
    length = length * 10 + (c - '0');
  }
  return length;
}

Key4 low_bits4(int length) {
  return length == 0 ? UINT32_MAX : length >= 32 ? 0 : UINT32_MAX >> length;
}

Key6 low_bits6(int length) {
  if (length >= 64) return {0, length >= 128 ? 0 : UINT64_MAX >> (length - 64)};
  return {length == 0 ? UINT64_MAX : UINT64_MAX >> length, UINT64_MAX};
}

bool add_prefix4(Key4 key, int length, Entries& entries) {
  if (length < kShortest4 || length > 32) return false;
  const Key4 low = low_bits4(length);
  entries.v4.add(key & ~low, key | low);
  return true;
}

bool add_prefix6(Key6 key, int length, Entries& entries) {
  if (length < kShortest6 || length > 128) return false;
  const Key6 low = low_bits6(length);
  entries.v6.add({key.high & ~low.high, key.low & ~low.low},
                 {key.high | low.high, key.low | low.low});
  return true;
}

bool add_range4(Key4 first, Key4 last, Entries& entries) {
  if (last < first || last - first > low_bits4(kShortest4)) return false;
  entries.v4.add(first, last);
  return true;
}

bool add_range6(Key6 first, Key6 last, Entries& entries) {
  if (last < first || last.high - first.high > low_bits6(kShortest6).high) return false;
  entries.v6.add(first, last);
  return true;
}

// IPv6, and IPv4 written as such.
bool add_slowly(std::string_view text, Entries& entries) {
  const std::size_t cut = text.find_first_of("-/");
  const auto first = base::parse_ip(text.substr(0, cut));
  if (!first) return false;
  const bool is_v4 = first->family == base::Family::ipv4;
  if (cut == std::string_view::npos) {
    return is_v4 ? add_prefix4(key4(*first), 32, entries) : add_prefix6(key6(*first), 128, entries);
  }
  const std::string_view rest = text.substr(cut + 1);
  if (text[cut] == '/') {
    const std::optional<int> length = length_of(rest);
    if (!length) return false;
    // ::ffff:192.0.2.0/120
    return is_v4 ? add_prefix4(key4(*first), *length - 96, entries)
                 : add_prefix6(key6(*first), *length, entries);
  }
  const auto last = base::parse_ip(rest);
  if (!last || last->family != first->family) return false;
  return is_v4 ? add_range4(key4(*first), key4(*last), entries)
               : add_range6(key6(*first), key6(*last), entries);
}

}  // namespace

std::size_t add_plain_hosts(std::string_view& piece, std::size_t most, Entries& entries) {
  const char* at = piece.data();
  const char* const end = piece.data() + piece.size();
  std::size_t lines = 0;
  while (lines < most && end - at >= kHostLineBytesMax) {
    Key4 key = 0;
    const char* next = after_host_line(at, key);
    if (next == nullptr) break;
    entries.v4.hosts.push_back(key);
    ++lines;
    at = next;
  }
  piece.remove_prefix(static_cast<std::size_t>(at - piece.data()));
  return lines;
}

bool add_entry(std::string_view text, Entries& entries) {
  std::string_view rest = text;
  const std::optional<Key4> first = take_quad(rest);
  if (!first) return add_slowly(text, entries);
  if (rest.empty()) {
    entries.v4.hosts.push_back(*first);
    return true;
  }
  const char mark = rest.front();
  rest.remove_prefix(1);
  if (mark == '/') {
    const std::optional<int> length = length_of(rest);
    return length && add_prefix4(*first, *length, entries);
  }
  if (mark != '-') return false;
  const std::optional<Key4> last = take_quad(rest);
  return last && rest.empty() && add_range4(*first, *last, entries);
}

}  // namespace ravelin::firewall::feed
