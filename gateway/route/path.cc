#include "gateway/route/path.h"

#include "base/text.h"

#include <algorithm>
#include <array>

namespace ravelin::gateway {
namespace {

enum ByteClass : std::uint8_t { plain, slash, dot, percent, backslash, high, bad };

constexpr std::array<std::uint8_t, 256> kByteClass = [] {
  std::array<std::uint8_t, 256> table{};
  for (std::size_t c = 0; c <= 0x20; ++c)
    table[c] = bad;
  for (std::size_t c = 0x80; c < 256; ++c)
    table[c] = high;
  table[0x7f] = bad;
  table['#'] = table['?'] = bad;
  table['/'] = slash;
  table['.'] = dot;
  table['%'] = percent;
  table['\\'] = backslash;
  return table;
}();

std::uint8_t class_of(char c) {
  return kByteClass[static_cast<unsigned char>(c)];
}

// What a byte means to the scan of is_plainly_canonical, as bits.
constexpr std::uint8_t kEndsSegment = 1;
constexpr std::uint8_t kNotFirstInSegment = 2;
constexpr std::uint8_t kNeverPlain = 4;

constexpr std::array<std::uint8_t, 256> kScanBits = [] {
  std::array<std::uint8_t, 256> table{};
  for (std::size_t c = 0; c < 256; ++c)
    table[c] = kByteClass[c] == plain ? 0 : kNeverPlain;
  table['/'] = kEndsSegment | kNotFirstInSegment;
  table['.'] = kNotFirstInSegment;
  return table;
}();

// True when the text starts with a slash, has only plain bytes, and no segment that is empty or
// starts with a dot: then it is canonical as it stands. Without a branch in the loop: 17 ns for 30
// bytes, against 17 to 26 with branches, as the code happened to be aligned.
bool is_plainly_canonical(std::string_view raw) {
  if (raw.empty() || raw[0] != '/') return false;
  unsigned found = 0;
  unsigned previous = kEndsSegment;
#pragma GCC unroll 4
  for (const char c : raw.substr(1)) {
    const unsigned bits = kScanBits[static_cast<unsigned char>(c)];
    found |= bits & (kNeverPlain | (previous & kEndsSegment) << 1);
    previous = bits;
  }
  return found == 0;
}

// RFC 3986 section 2.3.
constexpr bool is_unreserved(int c) {
  return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-' ||
         c == '.' || c == '_' || c == '~';
}

// Writes the canonical text segment by segment; `size_` always stands behind a slash when a segment
// starts.
class Canonicaliser {
 public:
  explicit Canonicaliser(std::span<char> out) : out_(out) { put('/'); }

  CanonicalPath run(std::string_view raw) {
    std::size_t at = 1;
    while (fault_ < PathFault::above_root) {
      std::size_t end = at;
      while (end < raw.size() && !is_separator(raw[end]))
        ++end;
      const bool is_last = end == raw.size();
      if (!is_last && raw[end] == '\\') note(PathFault::backslash);
      const std::size_t start = size_;
      write_segment(raw.substr(at, end - at));
      finish_segment(start, is_last);
      if (is_last) break;
      at = end + 1;
    }
    if (fault_ >= PathFault::above_root) return {{}, fault_};
    return {{out_.data(), size_}, fault_};
  }

 private:
  static bool is_separator(char c) { return c == '/' || c == '\\'; }

  void note(PathFault fault) { fault_ = std::max(fault_, fault); }

  void put(char c) {
    if (size_ == out_.size()) return note(PathFault::scratch_too_small);
    out_[size_++] = c;
  }

  void put_encoded(int byte) {
    constexpr std::string_view kHex = "0123456789ABCDEF";
    put('%');
    put(kHex[static_cast<std::size_t>(byte >> 4)]);
    put(kHex[static_cast<std::size_t>(byte & 15)]);
  }

  void write_segment(std::string_view raw) {
    for (std::size_t i = 0; i < raw.size(); ++i) {
      const std::uint8_t byte_class = class_of(raw[i]);
      if (byte_class == bad) return note(PathFault::not_a_path);
      if (byte_class == high) {
        note(PathFault::raw_8bit);
        put_encoded(static_cast<unsigned char>(raw[i]));
      } else if (byte_class == percent) {
        const int upper = i + 2 < raw.size() ? base::hex_value(raw[i + 1]) : -1;
        const int lower = i + 2 < raw.size() ? base::hex_value(raw[i + 2]) : -1;
        if (upper < 0 || lower < 0) return note(PathFault::bad_percent);
        write_escape(upper * 16 + lower);
        i += 2;
      } else {
        put(raw[i]);
      }
    }
  }

  void write_escape(int byte) {
    if (byte == 0) return note(PathFault::encoded_nul);
    if (byte == '/') note(PathFault::encoded_slash);
    if (byte == '\\') note(PathFault::encoded_backslash);
    if (is_unreserved(byte)) return put(static_cast<char>(byte));
    put_encoded(byte);
  }

  // Dot segments and empty ones leave no text of their own; others keep theirs.
  void finish_segment(std::size_t start, bool is_last) {
    const std::string_view segment(out_.data() + start, size_ - start);
    if (segment.empty()) {
      if (!is_last) note(PathFault::empty_segment);
    } else if (segment == ".") {
      note(PathFault::dot_segment);
      size_ = start;
    } else if (segment == "..") {
      note(PathFault::dot_segment);
      if (start == 1) return note(PathFault::above_root);
      size_ = std::string_view(out_.data(), start - 1).rfind('/') + 1;
    } else {
      if (hides_dot_segment(segment)) return note(PathFault::hidden_dot_segment);
      if (!is_last) put('/');
    }
  }

  // Whether a server that splits at %2F or %5C, or drops ";parameters", would see "." or "..".
  static bool hides_dot_segment(std::string_view segment) {
    while (true) {
      std::size_t end = 0;
      while (end < segment.size() && !is_encoded_separator(segment.substr(end)))
        ++end;
      const std::string_view part = segment.substr(0, std::min(segment.find(';'), end));
      if (part == "." || part == "..") return true;
      if (end == segment.size()) return false;
      segment.remove_prefix(end + 3);
    }
  }

  static bool is_encoded_separator(std::string_view text) {
    return text.starts_with("%2F") || text.starts_with("%5C");
  }

  std::span<char> out_;
  std::size_t size_ = 0;
  PathFault fault_ = PathFault::none;
};

}  // namespace

std::string_view describe(PathFault fault) {
  switch (fault) {
    case PathFault::none:
      return "is canonical";
    case PathFault::dot_segment:
      return "has a dot segment";
    case PathFault::empty_segment:
      return "has an empty segment";
    case PathFault::backslash:
      return "has a backslash";
    case PathFault::encoded_slash:
      return "has an encoded slash";
    case PathFault::encoded_backslash:
      return "has an encoded backslash";
    case PathFault::raw_8bit:
      return "has a byte that is not ASCII";
    case PathFault::above_root:
      return "climbs above the root";
    case PathFault::hidden_dot_segment:
      return "hides a dot segment";
    case PathFault::bad_percent:
      return "has a percent sign without two hex digits";
    case PathFault::encoded_nul:
      return "has an encoded NUL";
    case PathFault::not_a_path:
      return "is not a path";
    case PathFault::scratch_too_small:
      return "is too long once encoded";
  }
  return "";
}

CanonicalPath canonical_path(std::string_view raw, std::span<char> scratch) {
  if (is_plainly_canonical(raw)) return {raw, PathFault::none};
  if (raw.empty()) return {"/", PathFault::none};
  if (raw[0] != '/' && raw[0] != '\\') return {{}, PathFault::not_a_path};
  CanonicalPath result = Canonicaliser(scratch).run(raw);
  if (raw[0] == '\\') result.fault = std::max(result.fault, PathFault::backslash);
  return result;
}

}  // namespace ravelin::gateway
