#include "certs/issuer/base64url.h"

#include "certs/issuer/challenges.h"

#include <gtest/gtest.h>

namespace ravelin::certs {
namespace {

struct Case {
  std::string_view bytes, text;
};

// RFC 4648 section 10, and RFC 7515 appendix C.
constexpr Case kCases[] = {{"", ""},
                           {"f", "Zg"},
                           {"fo", "Zm8"},
                           {"foo", "Zm9v"},
                           {"foob", "Zm9vYg"},
                           {"fooba", "Zm9vYmE"},
                           {"foobar", "Zm9vYmFy"},
                           {"\x03\xec\xff\xe0\xc1", "A-z_4ME"}};

TEST(Base64Url, GoesThereAndBack) {
  for (const auto& [bytes, text] : kCases) {
    EXPECT_EQ(to_base64url(bytes), text);
    const auto back = from_base64url(text);
    ASSERT_TRUE(back) << text;
    EXPECT_EQ(*back, bytes);
  }
}

TEST(Base64Url, RefusesWhatNobodyWrites) {
  for (const std::string_view text : {"Zg==", "Z", "Zm9v!", "Zm+v", "Zm/v", "Zh", "Zm9"})
    EXPECT_FALSE(from_base64url(text)) << text;
}

// The digest of an empty key authorization is that of the empty text (FIPS 180-4).
TEST(Challenges, DnsRecordIsTheDigestOfTheKeyAuthorization) {
  EXPECT_EQ(dns_record_value({ChallengeType::dns_01, "example.com", "", ""}),
            "47DEQpj8HBSa-_TImW-5JCeuQeRkm5NMpJWZG3hSuFU");
}

}  // namespace
}  // namespace ravelin::certs
