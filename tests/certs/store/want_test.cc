#include "certs/store/want.h"

#include <gtest/gtest.h>

namespace ravelin::certs {
namespace {

TEST(Want, IsReadAsWritten) {
  const Want want{.names = {"a.test", "b.test"},
                  .issuers = {"le", "dev"},
                  .keys = {"p256", "rsa2048"},
                  .profile = "short",
                  .pins_key = true};
  EXPECT_EQ(*parse_want(format_want(want)), want);
  const Want imported{.names = {"a.test"}};
  EXPECT_EQ(format_want(imported),
            R"({"names":["a.test"],"issuers":[],"keys":["p256"],"profile":"","pins_key":false})"
            "\n");
  EXPECT_EQ(*parse_want(format_want(imported)), imported);
}

TEST(Want, DamagedOnesSayWhatIsWrong) {
  const auto why = [](std::string_view text) {
    const auto want = parse_want(text);
    return want ? "" : want.error().message;
  };
  EXPECT_EQ(why("{"), "what is wanted of a certificate is no JSON object");
  EXPECT_EQ(why(R"({"names":["a"]})"),
            "what is wanted of a certificate: \"issuers\" is missing or of another type");
  EXPECT_EQ(why(R"({"names":[],"issuers":[],"keys":[],"profile":"","pins_key":false})"),
            "what is wanted of a certificate has no names");
}

}  // namespace
}  // namespace ravelin::certs
