// Name tables: one perfect hash, checked complete at compile time,
// then one comparison of eight bytes at a time. No allocation; any thread.
#include "gateway/http/fields.h"

#include "base/text.h"

#include <cstring>

namespace ravelin::gateway {
namespace {

constexpr std::array<std::string_view, kFieldIdCount> kFieldNames = {
    "",
    "host",
    "content-length",
    "transfer-encoding",
    "connection",
    "keep-alive",
    "proxy-connection",
    "upgrade",
    "te",
    "trailer",
    "expect",
    "via",
    "forwarded",
    "x-forwarded-for",
    "x-forwarded-proto",
    "x-forwarded-host",
    "x-forwarded-port",
    "x-real-ip",
    "x-request-id",
    "date",
    "server",
    "proxy-status",
    "strict-transport-security",
    "authorization",
    "proxy-authorization",
    "proxy-authenticate",
    "www-authenticate",
    "cookie",
    "set-cookie",
    "content-type",
    "content-encoding",
    "content-range",
    "user-agent",
    "accept",
    "accept-encoding",
    "accept-language",
    "accept-ranges",
    "referer",
    "origin",
    "location",
    "cache-control",
    "pragma",
    "age",
    "expires",
    "etag",
    "last-modified",
    "vary",
    "range",
    "if-match",
    "if-none-match",
    "if-modified-since",
    "if-unmodified-since",
    "if-range",
    "max-forwards",
    "retry-after",
    "warning",
    "allow",
    "sec-websocket-key",
    "http2-settings",
    "alt-svc",
    "early-data",
    "traceparent",
    "tracestate",
    "server-timing",
};

constexpr std::size_t kNameBytesMax = 32;  // room for whole words; the longest name has 25
constexpr std::size_t kSlots = 256;

// Four characters with the letters among them in lower case.
constexpr std::uint64_t four_of(const char* text) {
  const auto byte = [text](std::size_t i) {
    return std::uint64_t{static_cast<std::uint8_t>(text[i])};
  };
  return (byte(0) | byte(1) << 8 | byte(2) << 16 | byte(3) << 24) | 0x20202020;
}

// From the first four characters, the last four and the length (three characters of a shorter
// name). The multiplier was found by search; build_slots() fails to compile where two names
// collide.
constexpr std::size_t slot_of(std::string_view name) {
  constexpr std::uint64_t kMultiplier = 0x9ae8191eb58ecd8d;
  const std::size_t size = name.size();
  std::uint64_t key = size;
  if (size >= 4) {
    key += four_of(name.data()) | four_of(name.data() + size - 4) << 32;
  } else {
    const char three[] = {name[0], name[size / 2], name[size - 1], '\0'};
    key += four_of(three) & 0xffffff;
  }
  return (key * kMultiplier) >> 56;
}

consteval std::array<std::uint8_t, kSlots> build_slots() {
  std::array<std::uint8_t, kSlots> slots{};
  for (std::size_t id = 1; id < kFieldIdCount; ++id) {
    auto& slot = slots[slot_of(kFieldNames[id])];
    if (slot != 0) throw "two field names share a slot: search new multipliers";
    slot = static_cast<std::uint8_t>(id);
  }
  return slots;
}

struct Spelling {
  std::array<char, kNameBytesMax> text{};
  std::size_t size = 0;
};

consteval std::array<Spelling, kFieldIdCount> build_spellings() {
  std::array<Spelling, kFieldIdCount> out{};
  for (std::size_t id = 0; id < kFieldIdCount; ++id) {
    for (std::size_t i = 0; i < kFieldNames[id].size(); ++i)
      out[id].text[i] = kFieldNames[id][i];
    out[id].size = kFieldNames[id].size();
  }
  return out;
}

constexpr auto kSlotTable = build_slots();
constexpr auto kSpellings = build_spellings();

template <class Word>
bool same_word(const char* text, const char* lower) {
  Word a;
  Word b;
  std::memcpy(&a, text, sizeof a);
  std::memcpy(&b, lower, sizeof b);
  // Bytes with bit 0x40 in `lower` are letters: there, and only there, bit 0x20 (case) may differ.
  const Word letters = b & static_cast<Word>(0x4040404040404040ULL);
  return ((a ^ b) & ~static_cast<Word>(letters >> 1)) == 0;
}

bool same_name(const char* text, const char* lower, std::size_t size) {
  if (size >= 8) {
    for (std::size_t i = 0; i + 8 <= size; i += 8) {
      if (!same_word<std::uint64_t>(text + i, lower + i)) return false;
    }
    return same_word<std::uint64_t>(text + size - 8, lower + size - 8);
  }
  if (size >= 4) {
    return same_word<std::uint32_t>(text, lower) &&
           same_word<std::uint32_t>(text + size - 4, lower + size - 4);
  }
  for (std::size_t i = 0; i < size; ++i) {
    if ((text[i] | 0x20) != lower[i]) return false;  // the names this short are letters only
  }
  return true;
}

constexpr std::array<std::string_view, 10> kMethodNames = {
    "GET", "HEAD", "POST", "PUT", "DELETE", "OPTIONS", "PATCH", "TRACE", "CONNECT", "",
};

}  // namespace

Method find_method(std::string_view token) {
  if (token == "GET") return Method::get;
  for (std::size_t i = 1; i < static_cast<std::size_t>(Method::other); ++i) {
    if (token == kMethodNames[i]) return static_cast<Method>(i);
  }
  return Method::other;
}

std::string_view to_string(Method method) {
  return kMethodNames[static_cast<std::size_t>(method)];
}

bool is_safe(Method method) {
  return method == Method::get || method == Method::head || method == Method::options ||
         method == Method::trace;
}

bool is_idempotent(Method method) {
  return is_safe(method) || method == Method::put || method == Method::delete_;
}

FieldId find_field(std::string_view name) {
  if (name.size() < 2 || name.size() > kNameBytesMax) return FieldId::unknown;
  const std::uint8_t id = kSlotTable[slot_of(name)];
  const Spelling& known = kSpellings[id];
  if (known.size != name.size() || !same_name(name.data(), known.text.data(), name.size())) {
    return FieldId::unknown;
  }
  return static_cast<FieldId>(id);
}

std::string_view to_string(FieldId id) {
  return kFieldNames[static_cast<std::size_t>(id)];
}

bool is_hop_by_hop(FieldId id) {
  constexpr std::uint64_t kHopByHop =
      field_bit(FieldId::connection) | field_bit(FieldId::keep_alive) |
      field_bit(FieldId::proxy_connection) | field_bit(FieldId::te) |
      field_bit(FieldId::transfer_encoding) | field_bit(FieldId::upgrade) |
      field_bit(FieldId::http2_settings);
  return (kHopByHop & field_bit(id)) != 0;
}

const Field* FieldList::find(FieldId id) const {
  if (!has(id)) return nullptr;
  const Field* field = begin();
  while (field->id != id)
    ++field;  // has() says it is there
  return field;
}

const Field* find_named(const FieldList& fields, std::string_view name) {
  if (const FieldId id = find_field(name); id != FieldId::unknown) return fields.find(id);
  for (const Field& field : fields) {
    if (base::iequals(field.name, name)) return &field;
  }
  return nullptr;
}

}  // namespace ravelin::gateway
