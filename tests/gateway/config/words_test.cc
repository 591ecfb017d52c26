#include "gateway/config/words.h"

#include <gtest/gtest.h>

namespace ravelin::gateway {
namespace {

Result<std::string> location_text(std::string_view text) {
  const auto location = parse_location(text);
  if (!location) return location.error();
  return location->text;
}

struct WordCase {
  const char* name;
  Result<std::string> (*parse)(std::string_view);
  const char* text;
  const char* value;  // null: refused
  const char* error = "";
};

constexpr WordCase kWords[] = {
    {"NamePlain", parse_name, "web-1.a_B", "web-1.a_B"},
    {"NameWithSlash", parse_name, "a/b", nullptr},
    {"NameWithSpace", parse_name, "a b", nullptr},
    {"NameStartsWithDash", parse_name, "-a", nullptr},
    {"NameTooLong", parse_name, "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa",
     nullptr},
    {"HostIsLowered", parse_host_pattern, "API.Example.COM", "api.example.com"},
    {"HostWildcard", parse_host_pattern, "*.example.com", "*.example.com"},
    {"HostAddress", parse_host_pattern, "10.0.0.1", "10.0.0.1"},
    {"HostIpv6", parse_host_pattern, "[2001:DB8:0::1]", "[2001:db8::1]"},
    {"HostIpv6Unclosed", parse_host_pattern, "[::1", nullptr},
    {"HostIpv4InBrackets", parse_host_pattern, "[10.0.0.1]", nullptr},
    {"HostBracketAlone", parse_host_pattern, "[", nullptr},
    {"HostWithPort", parse_host_pattern, "a.test:443", nullptr,
     "has a port in it; a route matches the host alone"},
    {"HostTrailingDot", parse_host_pattern, "a.test.", nullptr, "ends in a dot; write it without"},
    {"HostWildcardInside", parse_host_pattern, "a.*.test", nullptr},
    {"HostWildcardPart", parse_host_pattern, "a*.test", nullptr},
    {"HostWildcardAlone", parse_host_pattern, "*", nullptr},
    {"HostWildcardOfNothing", parse_host_pattern, "*.", nullptr},
    {"HostEmptyLabel", parse_host_pattern, "a..test", nullptr},
    {"HostNotAscii", parse_host_pattern, "m\xc3\xbcller.test", nullptr},
    {"HostWithUserinfo", parse_host_pattern, "a@b", nullptr},
    {"PathRoot", parse_route_path, "/", "/"},
    {"PathPrefix", parse_route_path, "/v1/", "/v1/"},
    {"PathEscaped", parse_route_path, "/a%20b;c=1,d@e:f!$&'()*+~", "/a%20b;c=1,d@e:f!$&'()*+~"},
    {"PathRelative", parse_route_path, "v1", nullptr, "does not start with \"/\""},
    {"PathWithQuery", parse_route_path, "/a?b", nullptr,
     "has a query or fragment; a route matches the path alone"},
    {"PathWithSpace", parse_route_path, "/a b", nullptr,
     "has a character no path can have; write it as %XX"},
    {"PathWithBackslash", parse_route_path, "/a\\b", nullptr,
     "has a character no path can have; write it as %XX"},
    {"PathDotSegment", parse_route_path, "/a/../b", nullptr, "has a \".\" or \"..\" segment"},
    {"PathEndsInDot", parse_route_path, "/a/.", nullptr, "has a \".\" or \"..\" segment"},
    {"PathHiddenFile", parse_route_path, "/.well-known/x", "/.well-known/x"},
    {"PathEmptySegment", parse_route_path, "/a//b", nullptr, "has an empty segment"},
    {"PathEncodedSlash", parse_route_path, "/a%2Fb", nullptr, "has %2F in it, which is refused"},
    {"PathEncodedBackslash", parse_route_path, "/a%5Cb", nullptr,
     "has %5C in it, which is refused"},
    {"PathEncodedLetter", parse_route_path, "/%41", nullptr, "has %41 in it; write A"},
    {"PathLowerCaseEscape", parse_route_path, "/%c3", nullptr,
     "has a bad escape \"%c3\" (% and two digits of 0-9 A-F)"},
    {"PathCutEscape", parse_route_path, "/%4", nullptr,
     "has a bad escape \"%4\" (% and two digits of 0-9 A-F)"},
    {"MethodPlain", parse_method, "PROPFIND", "PROPFIND"},
    {"MethodLowerCase", parse_method, "get", nullptr,
     "is not a method (methods are case-sensitive; write it in capitals)"},
    {"MethodConnect", parse_method, "CONNECT", nullptr,
     "is refused everywhere; this is no forward proxy"},
    {"MethodWithSpace", parse_method, "GET ", nullptr, "is not a method"},
    {"LocationUri", location_text, "https://{host}{path}?{query}", "https://{host}{path}?{query}"},
    {"LocationScheme", location_text, "{scheme}://{host}/", "{scheme}://{host}/"},
    {"LocationPath", location_text, "/new", "/new"},
    {"LocationRelative", location_text, "new", nullptr},
    {"LocationOtherScheme", location_text, "javascript:x", nullptr},
    {"LocationUnknownWord", location_text, "/{port}", nullptr,
     "has \"{port}\" in it; known are {host} {path} {query} {scheme}"},
    {"LocationOpenBrace", location_text, "/{host", nullptr,
     "has \"{host\" in it; known are {host} {path} {query} {scheme}"},
    {"LocationLoneBrace", location_text, "/a}b", nullptr},
    {"LocationWithLineEnd", location_text, "/a\r\nX: y", nullptr},
    {"LevelKnown", parse_log_level, "warn", "warn"},
    {"LevelUnknown", parse_log_level, "warning", nullptr,
     "is not one of trace, debug, info, warn, error"},
    {"UserPlain", parse_user, "ravelin", "ravelin"},
    {"UserOption", parse_user, "-x", nullptr},
    {"FieldValue", parse_field_value, "text/plain; charset=utf-8", "text/plain; charset=utf-8"},
    {"FieldValueLineEnd", parse_field_value, "a\nb", nullptr},
    {"FieldValueSpaceLast", parse_field_value, "a ", nullptr},
    {"TargetWithQuery", parse_target, "/a?b=c", "/a?b=c"},
    {"TargetAbsolute", parse_target, "http://a/", nullptr, "does not start with \"/\""},
    {"TargetFragment", parse_target, "/a#b", nullptr},
};

class Words : public ::testing::TestWithParam<WordCase> {};

TEST_P(Words, AreReadOrRefused) {
  const WordCase& row = GetParam();
  const auto result = row.parse(row.text);
  if (row.value != nullptr) {
    ASSERT_TRUE(result) << result.error().message;
    EXPECT_EQ(*result, row.value);
  } else {
    ASSERT_FALSE(result) << *result;
    EXPECT_FALSE(result.error().message.empty());
    if (*row.error != '\0') EXPECT_EQ(result.error().message, row.error);
  }
}

INSTANTIATE_TEST_SUITE_P(All, Words, ::testing::ValuesIn(kWords),
                         [](const auto& row) { return row.param.name; });

TEST(StatusRange, IsOneStatusOrTwo) {
  EXPECT_EQ(*parse_status_range("200"), std::pair(200, 200));
  EXPECT_EQ(*parse_status_range("200-399"), std::pair(200, 399));
  for (const char* bad : {"99", "600", "399-200", "2xx", "-", "200-", "-200", "200 - 300"})
    EXPECT_FALSE(parse_status_range(bad)) << bad;
}

TEST(Bind, IsAnAddressNotAName) {
  for (const char* good : {"0.0.0.0:443", "[::]:443", "127.0.0.1:0", "unix:/run/x.sock"})
    EXPECT_TRUE(parse_bind(good)) << good;
  for (const char* bad : {"localhost:443", "*:443", ":443", "443", "::1:443", "0.0.0.0:70000",
                          "unix:", "unix:x.sock"})
    EXPECT_FALSE(parse_bind(bad)) << bad;
}

}  // namespace
}  // namespace ravelin::gateway
