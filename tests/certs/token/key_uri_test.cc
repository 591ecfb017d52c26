#include "certs/token/key_uri.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>

namespace ravelin::certs {
namespace {

using ::testing::HasSubstr;

TEST(KeyUri, SaysWhichKeyWhere) {
  const auto uri = parse_key_uri("pkcs11:token=web;object=www%20key;id=%01%ff;type=private");
  ASSERT_TRUE(uri) << uri.error().message;
  EXPECT_EQ(uri->object, "www key");
  EXPECT_EQ(uri->id, "\x01\xff");
  EXPECT_EQ(uri->module_path, "");
  const auto other = parse_key_uri("pkcs11:id=%01?module-path=/usr/lib/a.so");
  ASSERT_TRUE(other) << other.error().message;
  EXPECT_EQ(other->object, std::nullopt);
  EXPECT_EQ(other->module_path, "/usr/lib/a.so");
}

struct BadUri {
  const char* name;
  std::string text;
  const char* says;
};

TEST(KeyUri, WhatNamesNoKeyIsRefused) {
  const BadUri cases[] = {
      {"Path", "/etc/www.key", "is no PKCS#11 URI"},
      {"Empty", "", "is no PKCS#11 URI"},
      {"BadEscape", "pkcs11:object=%0", "is no PKCS#11 URI"},
      {"NulByte", std::string("pkcs11:object=a\0b", 17), "is no PKCS#11 URI"},
      {"TooLong", "pkcs11:object=" + std::string(5'000, 'a'), "is no PKCS#11 URI"},
      {"Pin", "pkcs11:object=www?pin-value=1234", "put it into a file of mode 0600"},
      {"PinSource", "pkcs11:object=www?pin-source=file:/etc/pin", "name that with pin_file"},
      {"Certificate", "pkcs11:object=www;type=cert", "write type=private"},
      {"PublicKey", "pkcs11:object=www;type=public", "write type=private"},
      {"NoKey", "pkcs11:token=web;type=private", "add object=LABEL or id=%01"},
      {"Unknown", "pkcs11:object=www;colour=red", "an attribute that RFC 7512 does not know"},
      {"RelativeModule", "pkcs11:object=www?module-path=a.so", "module-path is to be absolute"},
  };
  for (const BadUri& each : cases) {
    const auto uri = parse_key_uri(each.text);
    ASSERT_FALSE(uri) << each.name;
    EXPECT_THAT(uri.error().message, HasSubstr(each.says)) << each.name;
    EXPECT_EQ(uri.error().message.find("1234"), std::string::npos) << "a PIN is never shown";
  }
}

SlotFacts facts_of(std::string_view label, std::string_view serial) {
  SlotFacts facts;
  facts.id = 7;
  std::ranges::fill(facts.token.label, ' ');
  std::ranges::copy(label, std::begin(facts.token.label));
  std::ranges::fill(facts.token.serialNumber, ' ');
  std::ranges::copy(serial, std::begin(facts.token.serialNumber));
  return facts;
}

TEST(KeyUri, FitsTokensByWhatItSaysOfThem) {
  const SlotFacts web = facts_of("web", "42");
  const std::pair<const char*, bool> cases[] = {
      {"pkcs11:object=a", true},
      {"pkcs11:token=web;object=a", true},
      {"pkcs11:token=web;serial=42;object=a", true},
      {"pkcs11:slot-id=7;object=a", true},
      {"pkcs11:token=we;object=a", false},
      {"pkcs11:token=web;serial=43;object=a", false},
      {"pkcs11:slot-id=8;object=a", false},
      {"pkcs11:library-manufacturer=x;object=a", false},
  };
  for (const auto& [text, fits] : cases) {
    const auto uri = parse_key_uri(text);
    ASSERT_TRUE(uri) << text;
    EXPECT_EQ(is_named_by(*uri, web), fits) << text;
  }
  EXPECT_EQ(label_of(web.token), "web");
  EXPECT_FALSE(is_same_token(web.token, facts_of("web", "43").token));
}

}  // namespace
}  // namespace ravelin::certs
