#include "gateway/http1/target.h"

#include <gtest/gtest.h>

#include <string>

namespace ravelin::gateway::http1 {
namespace {

TEST(Target, RefusesEveryOtherForm) {
  struct Row {
    std::string_view text;
    Method method;
    Reason reason;
  };

  const Row rows[] = {
      {"", Method::get, Reason::bad_target},
      {"admin", Method::get, Reason::bad_target},
      {"?x", Method::get, Reason::bad_target},
      {"*", Method::get, Reason::bad_target},
      {"*", Method::other, Reason::bad_target},
      {"*", Method::options, Reason::none},
      {"*?", Method::options, Reason::bad_target},
      {"**", Method::options, Reason::bad_target},
      {"/*", Method::options, Reason::none},
      {"a:80", Method::get, Reason::bad_target},
      {"ftp://a/", Method::get, Reason::bad_target},
      {"http:/a", Method::get, Reason::bad_target},
      {"http:a", Method::get, Reason::bad_target},
      {"http//a", Method::get, Reason::bad_target},
      {"httpx://a/", Method::get, Reason::bad_target},
      {"ws://a/", Method::get, Reason::bad_target},
      {"http://", Method::get, Reason::bad_host},
      {"http:///x", Method::get, Reason::bad_host},
      {"http://u@a/", Method::get, Reason::bad_host},
      {"http://a:0/", Method::get, Reason::bad_host},
      {"http://a,b/", Method::get, Reason::bad_host},
      {"http://a\\@b/", Method::get, Reason::bad_target},
      {"http://a#b", Method::get, Reason::bad_target},
      {"http://a/#b", Method::get, Reason::bad_target},
      {"http://a/b", Method::get, Reason::none},
      {"https://[::1]/b", Method::get, Reason::none},
  };
  for (const Row& row : rows) {
    Target target;
    EXPECT_EQ(parse_target(row.text, row.method, target).reason, row.reason) << row.text;
  }
}

TEST(Target, AllowsExactlyThePathAndQueryCharacters) {
  constexpr std::string_view kNotInPath = "\"#<>\\%";  // "%" alone
  constexpr std::string_view kNotInQuery = "\"#<>";
  for (int byte = 0; byte < 256; ++byte) {
    const char c = static_cast<char>(byte);
    const bool is_visible = byte > 0x20 && byte < 0x7f;
    Target target;
    const bool in_path = is_visible && kNotInPath.find(c) == std::string_view::npos;
    EXPECT_EQ(parse_target(std::string("/a") + c + "b", Method::get, target).ok(), in_path)
        << "byte " << byte;
    const bool in_query = is_visible && kNotInQuery.find(c) == std::string_view::npos;
    EXPECT_EQ(parse_target(std::string("/?a") + c + "b", Method::get, target).ok(), in_query)
        << "byte " << byte;
  }
}

TEST(Target, WantsTwoHexDigitsAfterPercentInThePathOnly) {
  Target target;
  for (const std::string_view text : {"/%41", "/%aF", "/a%00b", "/%25%32%35", "/?%", "/?100%zz"}) {
    EXPECT_TRUE(parse_target(text, Method::get, target).ok()) << text;
  }
  for (const std::string_view text : {"/%", "/%4", "/%4g", "/%g4", "/%%41", "/%4?1", "/% 1"}) {
    EXPECT_EQ(parse_target(text, Method::get, target).reason, Reason::bad_target) << text;
  }
}

}  // namespace
}  // namespace ravelin::gateway::http1
