#include "certs/staple.h"

#include "gateway/tls/staple_file.h"
#include "gateway/tls/staple_list.h"

#include <gtest/gtest.h>
#include <openssl/ocsp.h>
#include <openssl/x509v3.h>

#include <filesystem>
#include <fstream>

namespace ravelin::gateway {
namespace {

using namespace std::chrono_literals;
using certs::KeyPtr;
using certs::X509Ptr;

KeyPtr make_key() {
  return KeyPtr(EVP_EC_gen("P-256"));
}

void set_name(X509_NAME* name, const char* text) {
  X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_ASC, reinterpret_cast<const unsigned char*>(text),
                             -1, -1, 0);
}

X509Ptr make_certificate(const char* name, EVP_PKEY* key, const char* issuer, EVP_PKEY* signer,
                         int serial, bool is_ca) {
  X509Ptr made(X509_new());
  X509_set_version(made.get(), 2);
  ASN1_INTEGER_set(X509_get_serialNumber(made.get()), serial);
  X509_gmtime_adj(X509_getm_notBefore(made.get()), -3600);
  X509_gmtime_adj(X509_getm_notAfter(made.get()), 86400);
  set_name(X509_get_subject_name(made.get()), name);
  set_name(X509_get_issuer_name(made.get()), issuer);
  X509_set_pubkey(made.get(), key);
  if (is_ca) {
    X509_EXTENSION* extension =
        X509V3_EXT_conf_nid(nullptr, nullptr, NID_basic_constraints, "critical,CA:TRUE");
    X509_add_ext(made.get(), extension, -1);
    X509_EXTENSION_free(extension);
  }
  X509_sign(made.get(), signer, EVP_sha256());
  return made;
}

// An issuer, and a leaf below it as it is served.
struct Authority {
  KeyPtr key = make_key();
  X509Ptr certificate = make_certificate("issuer", key.get(), "issuer", key.get(), 1, true);

  [[nodiscard]] certs::PairPtr issue(int serial) const {
    KeyPtr leaf_key = make_key();
    X509Ptr leaf = make_certificate("leaf", leaf_key.get(), "issuer", key.get(), serial, false);
    certs::X509StackPtr above(sk_X509_new_null());
    sk_X509_push(above.get(), certs::share(certificate.get()).release());
    certs::CertificateInfo info = certs::describe(leaf.get());
    return std::make_shared<const certs::CertificatePair>(certs::CertificatePair{
        certs::Chain{std::move(leaf), std::move(above), std::move(info)}, std::move(leaf_key)});
  }

  struct Answer {
    int status = V_OCSP_CERTSTATUS_GOOD;
    long from_s = -60;
    long until_s = 3600;
    bool has_end = true;
    const EVP_MD* hash = EVP_sha1();
  };

  [[nodiscard]] std::string respond(const X509* leaf, const Answer& answer) const {
    OCSP_BASICRESP* basic = OCSP_BASICRESP_new();
    OCSP_CERTID* id = OCSP_cert_to_id(answer.hash, leaf, certificate.get());
    ASN1_TIME* from = X509_gmtime_adj(nullptr, answer.from_s);
    ASN1_TIME* until = answer.has_end ? X509_gmtime_adj(nullptr, answer.until_s) : nullptr;
    const bool is_revoked = answer.status == V_OCSP_CERTSTATUS_REVOKED;
    OCSP_basic_add1_status(basic, id, answer.status, 0, is_revoked ? from : nullptr, from, until);
    OCSP_basic_sign(basic, certificate.get(), key.get(), EVP_sha256(), nullptr, 0);
    OCSP_RESPONSE* response = OCSP_response_create(OCSP_RESPONSE_STATUS_SUCCESSFUL, basic);
    unsigned char* der = nullptr;
    const int size = i2d_OCSP_RESPONSE(response, &der);
    std::string bytes(der, der + size);
    OPENSSL_free(der);
    OCSP_RESPONSE_free(response);
    OCSP_BASICRESP_free(basic);
    OCSP_CERTID_free(id);
    ASN1_TIME_free(from);
    ASN1_TIME_free(until);
    return bytes;
  }
};

std::string error_of(const std::string& der, const certs::CertificatePair& pair,
                     base::WallTime now) {
  const auto staple = certs::parse_staple(der, pair.chain, now);
  return staple ? "" : staple.error().message;
}

TEST(Staple, IsTakenOnlyWhenItIsGoodForThisCertificateNow) {
  const Authority authority;
  const Authority stranger;
  const certs::PairPtr pair = authority.issue(7);
  const certs::PairPtr other = authority.issue(8);
  const X509* leaf = pair->chain.leaf.get();
  const base::WallTime now = base::wall_now();
  EXPECT_EQ(error_of(authority.respond(leaf, {}), *pair, now), "");
  EXPECT_EQ(error_of(authority.respond(leaf, {.hash = EVP_sha256()}), *pair, now), "");
  EXPECT_EQ(error_of(authority.respond(other->chain.leaf.get(), {}), *pair, now),
            "is about another certificate");
  EXPECT_EQ(error_of(authority.respond(leaf, {.status = V_OCSP_CERTSTATUS_REVOKED}), *pair, now),
            "says that the certificate is revoked");
  EXPECT_EQ(error_of(authority.respond(leaf, {.status = V_OCSP_CERTSTATUS_UNKNOWN}), *pair, now),
            "says that the certificate is unknown");
  EXPECT_EQ(error_of(authority.respond(leaf, {.from_s = 3600, .until_s = 7200}), *pair, now),
            "is not valid yet");
  EXPECT_EQ(error_of(authority.respond(leaf, {.has_end = false}), *pair, now),
            "does not say until when it is valid");
  EXPECT_EQ(error_of(authority.respond(leaf, {}), *pair, now + 2h).substr(0, 10), "expired on");
  const auto cut = authority.respond(leaf, {});
  EXPECT_EQ(error_of(cut.substr(0, cut.size() - 1), *pair, now), "is no OCSP response in DER");
  EXPECT_EQ(error_of(cut + "x", *pair, now), "is no OCSP response in DER");
  EXPECT_EQ(error_of("", *pair, now), "is no OCSP response in DER");
  // The same names and serial, another key.
  EXPECT_EQ(error_of(stranger.respond(leaf, {}), *pair, now), "is about another certificate");
  std::string forged = cut;
  forged[forged.size() - 400] = static_cast<char>(forged[forged.size() - 400] ^ 1);
  EXPECT_NE(error_of(forged, *pair, now), "");
  const certs::CertificatePair alone{
      certs::Chain{certs::share(pair->chain.leaf.get()), certs::X509StackPtr(sk_X509_new_null()),
                   pair->chain.info},
      certs::share(pair->key.get())};
  EXPECT_EQ(error_of(cut, alone, now),
            "cannot be verified: the chain does not hold the issuer of its certificate");
}

TEST(StapleList, GivesNothingThatIsOver) {
  const Authority authority;
  const certs::PairPtr pair = authority.issue(7);
  const certs::PairPtr other = authority.issue(8);
  const base::WallTime now = base::wall_now();
  const auto staple =
      certs::parse_staple(authority.respond(pair->chain.leaf.get(), {}), pair->chain, now);
  ASSERT_TRUE(staple);
  const StapleList list{{{pair, *staple}}};
  EXPECT_EQ(list.find(pair->chain.leaf.get(), now), staple->get());
  EXPECT_EQ(list.find(pair->chain.leaf.get(), (*staple)->next_update - 1s), staple->get());
  EXPECT_EQ(list.find(pair->chain.leaf.get(), (*staple)->next_update), nullptr);
  EXPECT_EQ(list.find(other->chain.leaf.get(), now), nullptr);
}

class StapleFiles : public ::testing::Test {
 protected:
  void SetUp() override { std::filesystem::create_directories(directory_); }

  void TearDown() override { std::filesystem::remove_all(directory_); }

  // As operators do it: a new file in place of the old one.
  void put(const std::string& bytes) const {
    std::ofstream(path() + ".new", std::ios::binary) << bytes;
    std::filesystem::rename(path() + ".new", path());
  }

  [[nodiscard]] std::string path() const { return directory_ + "/staple.der"; }

  using News = StapleFile::News;

  std::string directory_ = ::testing::TempDir() + "ravelin-staple-" + std::to_string(::getpid());
  Authority authority_;
  certs::PairPtr pair_ = authority_.issue(7);
  base::WallTime now_ = base::wall_now();
};

TEST_F(StapleFiles, AreTakenOnceTheyAreSettledAndDroppedWhenTheyAreOver) {
  StapleFile file(path());
  EXPECT_EQ(file.look(pair_, now_), News::refused);  // there is none
  EXPECT_EQ(file.look(pair_, now_), News::none);     // told already
  put(authority_.respond(pair_->chain.leaf.get(), {}));
  EXPECT_EQ(file.look(pair_, now_), News::none);  // may still be written
  EXPECT_EQ(file.look(pair_, now_), News::replaced);
  EXPECT_EQ(file.look(pair_, now_), News::none);
  ASSERT_NE(file.staple(), nullptr);
  EXPECT_EQ(file.look(pair_, file.staple()->next_update), News::ended);
  EXPECT_EQ(file.staple(), nullptr);
}

TEST_F(StapleFiles, ThatAreBrokenLeaveTheOneBefore) {
  put(authority_.respond(pair_->chain.leaf.get(), {}));
  StapleFile file(path());
  EXPECT_EQ(file.look(pair_, now_), News::replaced);
  put("nonsense");
  EXPECT_EQ(file.look(pair_, now_), News::none);
  EXPECT_EQ(file.look(pair_, now_), News::refused);
  EXPECT_EQ(file.refused_because(), "is no OCSP response in DER");
  EXPECT_NE(file.staple(), nullptr);
}

TEST_F(StapleFiles, GoWithTheCertificateTheyAreAbout) {
  put(authority_.respond(pair_->chain.leaf.get(), {}));
  StapleFile file(path());
  EXPECT_EQ(file.look(pair_, now_), News::replaced);
  const certs::PairPtr next = authority_.issue(8);
  EXPECT_EQ(file.look(next, now_), News::refused);
  EXPECT_EQ(file.staple(), nullptr);
  put(authority_.respond(next->chain.leaf.get(), {}));
  EXPECT_EQ(file.look(next, now_), News::none);
  EXPECT_EQ(file.look(next, now_), News::replaced);
}

}  // namespace
}  // namespace ravelin::gateway
