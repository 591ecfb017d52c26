#include "gateway/route/path.h"

#include <gtest/gtest.h>

#include <array>
#include <random>
#include <string>
#include <vector>

namespace ravelin::gateway {
namespace {

struct PathCase {
  const char* name;
  const char* raw;
  const char* canonical;  // nullptr = refused under every policy
  PathFault fault = PathFault::none;
};

using enum PathFault;

constexpr PathCase kPathCases[] = {
    {"Root", "/", "/"},
    {"Empty", "", "/"},
    {"Ordinary", "/v1/items/7", "/v1/items/7"},
    {"TrailingSlash", "/v1/", "/v1/"},
    {"DotsInsideNames", "/a.b/c..d/...", "/a.b/c..d/..."},
    {"DotFile", "/.well-known/acme-challenge/x", "/.well-known/acme-challenge/x"},
    {"PathParameters", "/a;x=1/b", "/a;x=1/b"},
    {"BrowsersLeaveTheseRaw", "/a|b[1]^`{x}\"<>", "/a|b[1]^`{x}\"<>"},
    {"UnreservedIsDecoded", "/%61dmin%7E%2d", "/admin~-"},
    {"HexIsUpperCased", "/caf%c3%a9", "/caf%C3%A9"},
    {"CrlfStaysEncoded", "/a%0d%0aX-Injected:%20true", "/a%0D%0AX-Injected:%20true"},
    {"PercentIsDecodedOnce", "/%252e%252e/x", "/%252e%252e/x"},
    {"ReservedStaysEncoded", "/a%3Fb%23c%3B%40", "/a%3Fb%23c%3B%40"},

    {"DotSegment", "/a/./b", "/a/b", dot_segment},
    {"DotDotSegment", "/a/../b", "/b", dot_segment},
    {"TrailingDot", "/a/.", "/a/", dot_segment},
    {"TrailingDotDot", "/a/b/..", "/a/", dot_segment},
    {"DotDotToRoot", "/a/..", "/", dot_segment},
    {"DotDotTwice", "/a/b/c/../../d", "/a/d", dot_segment},
    {"LoneDot", "/.", "/", dot_segment},
    {"EncodedDot", "/a/%2e/b", "/a/b", dot_segment},
    {"EncodedDotDot", "/a/%2E%2e/b", "/b", dot_segment},
    {"HalfEncodedDotDot", "/a/.%2e/b", "/b", dot_segment},
    {"EmptySegment", "/a//b", "/a/b", empty_segment},
    {"LeadingEmptySegment", "//admin", "/admin", empty_segment},
    {"OnlySlashes", "///", "/", empty_segment},
    {"TrailingEmptySegment", "/a//", "/a/", empty_segment},
    {"MergesBeforeItRemovesDots", "/a//../b", "/b", empty_segment},
    {"Backslash", "/a\\b", "/a/b", backslash},
    {"LeadingBackslash", "\\a", "/a", backslash},
    {"BackslashDotDot", "/a\\..\\admin", "/admin", backslash},
    {"EncodedSlash", "/group%2fproject/x", "/group%2Fproject/x", encoded_slash},
    {"EncodedBackslash", "/a%5cb", "/a%5Cb", encoded_backslash},
    {"Latin1", "/caf\xe9", "/caf%E9", raw_8bit},
    {"Utf8", "/\xc3\xa9/", "/%C3%A9/", raw_8bit},

    {"AboveRoot", "/..", nullptr, above_root},
    {"AboveRootLater", "/a/../../b", nullptr, above_root},
    {"AboveRootEncoded", "/%2e%2e/etc/passwd", nullptr, above_root},
    {"AboveRootAfterMerge", "//../x", nullptr, above_root},
    {"DotDotBehindEncodedSlash", "/public/..%2fadmin", nullptr, hidden_dot_segment},
    {"AllEncodedTraversal", "/public/%2e%2e%2fadmin", nullptr, hidden_dot_segment},
    {"DotDotBeforeEncodedSlash", "/a%2f%2e%2e/admin", nullptr, hidden_dot_segment},
    {"DotDotBetweenBackslashes", "/a%5c..%5cadmin", nullptr, hidden_dot_segment},
    {"DotDotWithParameter", "/a/..;/admin", nullptr, hidden_dot_segment},
    {"DotWithParameter", "/a/.;x=1/admin", nullptr, hidden_dot_segment},
    {"PercentAtEnd", "/a%", nullptr, bad_percent},
    {"PercentOneDigit", "/a%4", nullptr, bad_percent},
    {"PercentNotHex", "/a%zz", nullptr, bad_percent},
    {"PercentAcrossSegments", "/a%4/1", nullptr, bad_percent},
    {"IisUnicode", "/%u002e", nullptr, bad_percent},
    {"EncodedNul", "/a%00.png", nullptr, encoded_nul},
    {"NoSlash", "admin", nullptr, not_a_path},
    {"Asterisk", "*", nullptr, not_a_path},
    {"Space", "/a b", nullptr, not_a_path},
    {"Tab", "/a\tb", nullptr, not_a_path},
    {"Delete", "/a\x7f", nullptr, not_a_path},
    {"Fragment", "/admin#/public", nullptr, not_a_path},
    {"Query", "/a?b", nullptr, not_a_path},
};

class Path : public testing::TestWithParam<PathCase> {};

TEST_P(Path, HasOneCanonicalForm) {
  const PathCase& row = GetParam();
  std::array<char, 256> scratch;
  const CanonicalPath result = canonical_path(row.raw, scratch);
  EXPECT_EQ(result.fault, row.fault) << describe(result.fault);
  EXPECT_EQ(result.path, row.canonical == nullptr ? "" : row.canonical);
  EXPECT_EQ(result.is_permitted(PathPolicy::reject), row.fault == PathFault::none);
  EXPECT_EQ(result.is_permitted(PathPolicy::normalise), row.canonical != nullptr);
}

TEST_P(Path, CanonicalFormIsCanonical) {
  const PathCase& row = GetParam();
  if (row.canonical == nullptr) return;
  std::array<char, 256> scratch;
  const CanonicalPath again = canonical_path(row.canonical, scratch);
  EXPECT_EQ(again.path, row.canonical);
}

INSTANTIATE_TEST_SUITE_P(Cases, Path, testing::ValuesIn(kPathCases),
                         [](const auto& row) { return row.param.name; });

TEST(PathView, IsTheRawTextWhenNothingChanges) {
  const std::string raw = "/v1/items/7.json";
  EXPECT_EQ(canonical_path(raw, {}).path.data(), raw.data());
}

TEST(PathView, NeverWritesPastItsScratch) {
  const std::string raw = "/\xe9\xe9\xe9/a/../b%2f";
  for (std::size_t room = 0; room <= path_scratch_bytes(raw.size()); ++room) {
    std::vector<char> scratch(room);
    const CanonicalPath result = canonical_path(raw, scratch);
    if (result.path.empty()) EXPECT_EQ(result.fault, PathFault::scratch_too_small);
    if (!result.path.empty()) EXPECT_EQ(result.path, "/%E9%E9%E9/b%2F");
  }
  std::vector<char> scratch(path_scratch_bytes(raw.size()));
  EXPECT_EQ(canonical_path(raw, scratch).path, "/%E9%E9%E9/b%2F");
}

TEST(PathView, NeedsNoMoreRoomThanThePathWithout8BitBytes) {
  const std::string raw = "/%7Ea/.%2e/b%2f//c";
  std::vector<char> scratch(raw.size());
  EXPECT_EQ(canonical_path(raw, scratch).path, "/b%2F/c");
}

// What is forwarded has no second reading: splitting it any way a backend may shows no dot segment,
// and canonicalising it again changes nothing.
TEST(PathView, OfRandomTextIsAFixedPointWithoutDotSegments) {
  constexpr std::string_view kPieces[] = {"/",  ".",   "..",    "%2e",  "%2f", "%5C",
                                          "\\", "a",   "%41",   ";",    "%",   "%00",
                                          "//", "..;", "%252f", "\xe9", "b/c", "%3b"};
  std::mt19937 random(7);
  std::size_t kept = 0;
  for (int round = 0; round < 200'000; ++round) {
    std::string raw = "/";
    for (std::size_t pieces = random() % 8; pieces != 0; --pieces)
      raw += kPieces[random() % std::size(kPieces)];
    std::vector<char> scratch(path_scratch_bytes(raw.size()));
    const CanonicalPath result = canonical_path(raw, scratch);
    if (!result.is_permitted(PathPolicy::normalise)) continue;
    ++kept;
    const std::string path(result.path);
    ASSERT_EQ(path.front(), '/') << raw;
    ASSERT_EQ(path.find("//"), std::string::npos) << raw;
    ASSERT_EQ(path.find('\\'), std::string::npos) << raw;
    std::string decoded;
    for (std::size_t i = 0; i < path.size(); ++i) {
      const std::string_view three = std::string_view(path).substr(i, 3);
      const bool is_separator = three == "%2F" || three == "%5C";
      decoded += is_separator ? '/' : path[i];
      if (is_separator) i += 2;
    }
    ASSERT_EQ((decoded + "/").find("/../"), std::string::npos) << raw;
    ASSERT_EQ((decoded + "/").find("/./"), std::string::npos) << raw;
    std::vector<char> more(path_scratch_bytes(path.size()));
    const CanonicalPath again = canonical_path(path, more);
    ASSERT_EQ(again.path, path) << raw;
    ASSERT_TRUE(again.fault == none || again.fault == encoded_slash ||
                again.fault == encoded_backslash)
        << raw;
    if (result.fault == none) ASSERT_EQ(again.fault, none) << raw;
  }
  EXPECT_GT(kept, 10'000U);
}

}  // namespace
}  // namespace ravelin::gateway
