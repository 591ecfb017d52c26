#include "certs/acme/renewal_info.h"

#include <gtest/gtest.h>
#include <openssl/x509v3.h>

namespace ravelin::certs::acme {
namespace {

using namespace std::chrono_literals;

// What OpenSSL needs before it looks at extensions.
void complete(X509* certificate) {
  const KeyPtr key(EVP_EC_gen("P-256"));
  X509_set_version(certificate, 2);
  X509_gmtime_adj(X509_getm_notBefore(certificate), 0);
  X509_gmtime_adj(X509_getm_notAfter(certificate), 60);
  X509_set_pubkey(certificate, key.get());
  X509_sign(certificate, key.get(), EVP_sha256());
}

// The certificate of RFC 9773 appendix A, in what its identifier is made of.
X509Ptr certificate(std::string_view authority_key, std::string_view serial) {
  X509Ptr made(X509_new());
  const base::Handle<ASN1_INTEGER, ASN1_INTEGER_free> number(ASN1_INTEGER_new());
  ASN1_STRING_set(number.get(), serial.data(), static_cast<int>(serial.size()));
  X509_set_serialNumber(made.get(), number.get());
  const base::Handle<AUTHORITY_KEYID, AUTHORITY_KEYID_free> authority(AUTHORITY_KEYID_new());
  authority->keyid = ASN1_OCTET_STRING_new();
  ASN1_OCTET_STRING_set(authority->keyid,
                        reinterpret_cast<const unsigned char*>(authority_key.data()),
                        static_cast<int>(authority_key.size()));
  X509_add1_ext_i2d(made.get(), NID_authority_key_identifier, authority.get(), 0, 0);
  complete(made.get());
  return made;
}

constexpr std::string_view kRfcKey =
    "\x69\x88\x5B\x6B\x87\x46\x40\x41\xE1\xB3\x7B\x84\x7B\xA0\xAE\x2C\xDE\x01\xC8\xD4";

TEST(RenewalInfo, CertificateIdIsThatOfRfc9773) {
  const X509Ptr made = certificate(kRfcKey, "\x87\x65\x43\x21");
  const auto id = certificate_id(made.get());
  ASSERT_TRUE(id);
  EXPECT_EQ(*id, "aYhba4dGQEHhs3uEe6CuLN4ByNQ.AIdlQyE");
}

TEST(RenewalInfo, SerialHasALeadingZeroOnlyWhereTheFirstBitIsSet) {
  const auto low = certificate_id(certificate(kRfcKey, "\x01").get());
  const auto high = certificate_id(certificate(kRfcKey, "\x80").get());
  ASSERT_TRUE(low && high);
  EXPECT_TRUE(low->ends_with(".AQ")) << *low;
  EXPECT_TRUE(high->ends_with(".AIA")) << *high;
}

TEST(RenewalInfo, ACertificateThatDoesNotNameItsIssuersKeyHasNoId) {
  const X509Ptr bare(X509_new());
  complete(bare.get());
  EXPECT_FALSE(certificate_id(bare.get()));
}

constexpr base::WallTime kNoon{std::chrono::sys_days(std::chrono::year(2026) / 11 / 24) + 12h};

TEST(RenewalInfo, TimesHaveOffsetsAndFractions) {
  for (const std::string_view text :
       {"2026-11-24T12:00:00Z", "2026-11-24t12:00:00z", "2026-11-24T12:00:00.999999Z",
        "2026-11-24T13:30:00+01:30", "2026-11-23T23:00:00-13:00"}) {
    const auto time = parse_time(text);
    ASSERT_TRUE(time) << text;
    EXPECT_EQ(*time, kNoon) << text;
  }
  for (const std::string_view text :
       {"", "2026-11-24", "2026-11-24T12:00:00", "2026-11-24T12:00:00.Z",
        "2026-11-24T12:00:00+1:30", "2026-11-24T12:00:00+24:00", "2026-02-30T12:00:00Z",
        "2026-11-24T12:00:00Zulu", "2026-11-24 12:00:00Z", "1969-12-31T23:59:59Z",
        "4052-11-24T12:00:00Z", "soon, or a little later"})
    EXPECT_FALSE(parse_time(text)) << text;
}

TEST(RenewalInfo, WindowIsRead) {
  const auto window = parse_renewal_info(
      R"({"suggestedWindow":{"start":"2026-11-24T12:00:00Z","end":"2026-11-25T12:00:00Z"},
          "explanationURL":"https://ca.test/why"})");
  ASSERT_TRUE(window);
  EXPECT_EQ(window->start, kNoon);
  EXPECT_EQ(window->end, kNoon + 24h);
  EXPECT_EQ(window->explanation, "https://ca.test/why");
}

TEST(RenewalInfo, AWindowThatIsNoneIsAnError) {
  for (
      const std::string_view text :
      {"{}", R"({"suggestedWindow":[]})", R"({"suggestedWindow":{}})",
       R"({"suggestedWindow":{"start":"2026-11-24T12:00:00Z"}})",
       R"({"suggestedWindow":{"start":1,"end":2}})",
       R"({"suggestedWindow":{"start":"2026-11-24T12:00:00Z","end":"2026-11-24T12:00:00Z"}})",
       R"({"suggestedWindow":{"start":"2026-11-24T12:00:00Z","end":"never"}})",
       R"({"suggestedWindow":{"start":"2026-11-24T12:00:00Z","end":"2026-11-25T12:00:00Z"},"explanationURL":3})"})
    EXPECT_FALSE(parse_renewal_info(text)) << text;
}

}  // namespace
}  // namespace ravelin::certs::acme
