#include "certs/dns/tsig.h"
#include "tests/support/temp_dir.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>

#include <fstream>

namespace ravelin::certs::dns {
namespace {

using base::Errc;
using testing::HasSubstr;

TEST(TsigKey, IsReadAsBindWritesIt) {
  const auto key = parse_tsig_key(
      "# of tsig-keygen\nkey \"ACME.\" {\n\talgorithm hmac-sha512;\n\tsecret "
      "\"MDEyMzQ1Njc4OWFi+/8=\";\n};\n"
      "// the end /* of */\n/* it */");
  ASSERT_TRUE(key) << key.error().message;
  EXPECT_EQ(key->name, "acme");
  EXPECT_EQ(key->algorithm, TsigAlgorithm::hmac_sha512);
  EXPECT_EQ(key->secret, "0123456789ab\xfb\xff");
  EXPECT_TRUE(parse_tsig_key("key a.example.test{secret MDEy;algorithm HMAC-SHA256;};"));
}

TEST(TsigKey, AnythingElseIsRefusedWithoutShowingTheSecret) {
  const char* const kWrong = "has to be: key";
  const std::pair<const char*, const char*> rows[] = {
      {"", kWrong},
      {"key", kWrong},
      {"zone \"a\" {};", kWrong},
      {"key \"a\" { algorithm hmac-sha256; secret \"U0VDUkVU\"; }", kWrong},
      {"key \"a\" { algorithm hmac-sha256; };", kWrong},
      {"key \"a\" { secret \"U0VDUkVU\"; };", kWrong},
      {"key \"a\" { algorithm hmac-sha256; secret \"U0VDUkVU\"; }; more", kWrong},
      {"key \"a\" { algorithm hmac-sha256; secret \"U0VDUkVU", kWrong},
      {"key \"a b\" { algorithm hmac-sha256; secret \"U0VDUkVU\"; };", kWrong},
      {"key \"a\" { algorithm hmac-sha256 secret \"U0VDUkVU\"; };", kWrong},
      {"key \"a\" { colour red; };", kWrong},
      {"key \"a\" { algorithm hmac-md5; secret \"U0VDUkVU\"; };",
       "algorithm \"hmac-md5\" is not taken (hmac-sha256, hmac-sha384, hmac-sha512)"},
      {"key \"a\" { algorithm hmac-sha256; secret \"U0V*DUkVU\"; };", "not base64"},
      {"key \"a\" { algorithm hmac-sha256; secret \"\"; };", kWrong},
  };
  for (const auto& [text, why] : rows) {
    const auto key = parse_tsig_key(text);
    ASSERT_FALSE(key) << text;
    EXPECT_THAT(key.error().message, HasSubstr(why)) << text;
    EXPECT_THAT(key.error().message, testing::Not(HasSubstr("U0V"))) << text;
  }
}

TEST(TsigKey, AFileOthersCanReadIsRefused) {
  const ravelin::test::TempDir folder;
  const std::string path = folder.path("dns.key");
  std::ofstream(path) << "key \"a\" { algorithm hmac-sha256; secret \"MDEy\"; };\n";
  ASSERT_EQ(::chmod(path.c_str(), 0644), 0);
  const auto open = read_tsig_key(path);
  ASSERT_FALSE(open);
  EXPECT_EQ(open.error().code, Errc::denied);
  EXPECT_THAT(open.error().message, HasSubstr("chmod"));
  ASSERT_EQ(::chmod(path.c_str(), 0600), 0);
  EXPECT_TRUE(read_tsig_key(path));
  EXPECT_FALSE(read_tsig_key(folder.path("none")));
}

}  // namespace
}  // namespace ravelin::certs::dns
