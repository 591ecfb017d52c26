// The one path of a request: canonical_path() turns the path of a target into the text that is
// matched against routes, checked by rules, and forwarded. No second view of it exists downstream
// of here. Pure; any thread; never allocates.
#pragma once

#include "gateway/config/config.h"

#include <cstdint>
#include <span>
#include <string_view>

namespace ravelin::gateway {

// What is wrong with a path. Up to raw_8bit: PathPolicy::normalise repairs it. After: refused
// whatever the policy.
enum class PathFault : std::uint8_t {
  none,
  dot_segment,         // "." or "..", also spelt %2e
  empty_segment,       // "//"
  backslash,           // a separator to some servers
  encoded_slash,       // %2F: one segment to RFC 3986, a border to servers that decode first
  encoded_backslash,   // %5C
  raw_8bit,            // a byte above 0x7E, not percent-encoded
  above_root,          // ".." with nothing left to remove
  hidden_dot_segment,  // "..%2Fx", "..;x": harmless to RFC 3986, a climb to servers that decode or
                       // strip parameters first
  bad_percent,         // "%" without two hex digits
  encoded_nul,         // %00 ends the path in C
  not_a_path,          // no leading slash, or a control, space, "#" or "?"
  scratch_too_small,
};

// "has a dot segment": reads after "path "; lower case, no full stop.
std::string_view describe(PathFault fault);

struct CanonicalPath {
  std::string_view path;  // views the given raw text or the scratch; empty when always refused
  PathFault fault = PathFault::none;  // the worst found

  // Whether a route with this policy may take it; if not, the answer is Reason::bad_path.
  [[nodiscard]] bool is_permitted(PathPolicy policy) const {
    return fault == PathFault::none ||
           (policy == PathPolicy::normalise && fault <= PathFault::raw_8bit);
  }
};

// Scratch that suffices for every path of `raw_bytes`; without raw 8-bit bytes, raw_bytes are
// enough.
constexpr std::size_t path_scratch_bytes(std::size_t raw_bytes) {
  return 3 * raw_bytes + 1;
}

// The canonical form of the path of a target (no query). Equivalent spellings become one (RFC 3986
// section 6.2.2: %61 is a, %2f is %2F, an empty path is "/"), under either policy: so no spelling
// slips past a route. With a fault a policy may repair, `path` is the repaired text: dot segments
// removed, runs of slashes merged (before dot removal, as nginx does), backslashes read as slashes
// (as browsers do), 8-bit bytes encoded, while %2F, %5C and %25 are never decoded.
// So: canonicalise once, match a route on `path`, ask is_permitted(route.path_policy), forward
// `path`. A path with nothing to change comes back as `raw` itself, after one table scan.
CanonicalPath canonical_path(std::string_view raw, std::span<char> scratch);

}  // namespace ravelin::gateway
