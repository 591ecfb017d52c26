#include "certs/name_constraints.h"

#include "certs/build_certificate.h"

#include <gtest/gtest.h>
#include <openssl/ec.h>
#include <openssl/x509_vfy.h>

namespace ravelin::certs {
namespace {

using base::wall_now;
using std::chrono::hours;
using Texts = std::vector<std::string>;

NameConstraints constraints(const Texts& texts) {
  auto parsed = parse_constraints(texts);
  EXPECT_TRUE(parsed) << parsed.error().message;
  return parsed ? *parsed : NameConstraints{};
}

struct Case {
  const char* name;
  Texts permitted;
  const char* asked;
  bool is_permitted;
};

const Case kCases[] = {
    {"TheNameItself", {".dev.test"}, "dev.test", true},
    {"BelowTheName", {".dev.test"}, "a.b.dev.test", true},
    {"WildcardBelow", {"dev.test"}, "*.dev.test", true},
    {"SameEndOfALabel", {".dev.test"}, "evildev.test", false},
    {"WildcardAbove", {".a.dev.test"}, "*.dev.test", false},
    {"AnotherName", {".dev.test"}, "www.example.com", false},
    {"SecondOfTwo", {".dev.test", "example.com"}, "www.example.com", true},
    {"AddressInRange", {"10.0.0.0/8"}, "10.255.0.1", true},
    {"AddressOutOfRange", {"10.0.0.0/8"}, "11.0.0.1", false},
    {"AddressInOddRange", {"10.0.0.128/27"}, "10.0.0.159", true},
    {"AddressAboveOddRange", {"10.0.0.128/27"}, "10.0.0.160", false},
    {"LongAddress", {"2001:db8::/33"}, "2001:db8:7fff::1", true},
    {"LongAddressOutside", {"2001:db8::/33"}, "2001:db8:8000::1", false},
    {"LoneAddress", {"192.0.2.7"}, "192.0.2.7", true},
    {"LoneAddressBeside", {"192.0.2.7"}, "192.0.2.8", false},
    {"NoAddressWhenOnlyNames", {".dev.test"}, "10.0.0.1", false},
    {"NoLongAddressWhenOnlyNames", {".dev.test"}, "::1", false},
    {"NoNameWhenOnlyAddresses", {"10.0.0.0/8"}, "dev.test", false},
    {"NoLongAddressWhenOnlyShort", {"10.0.0.0/8"}, "2001:db8::1", false},
    {"NoShortAddressWhenOnlyLong", {"2001:db8::/32"}, "10.0.0.1", false},
    {"AnyNameWhenOpen", {}, "www.example.com", true},
    {"AnyAddressWhenOpen", {}, "203.0.113.1", true},
};

// What a verifier says of a certificate for `name` below a root with these constraints.
int verdict(const NameConstraints& permitted, const std::string& name) {
  const KeyPtr key(EVP_EC_gen("P-256"));
  const auto root = blank_certificate(key.get(), wall_now() - hours(1), wall_now() + hours(1));
  set_common_name(X509_get_subject_name(root.get()), "root");
  X509_set_issuer_name(root.get(), X509_get_subject_name(root.get()));
  add_extension(root.get(), root.get(), NID_basic_constraints, "critical,CA:TRUE");
  add_name_constraints(root.get(), permitted);
  EXPECT_TRUE(sign_certificate(root.get(), key.get()));
  const auto leaf = blank_certificate(key.get(), wall_now() - hours(1), wall_now() + hours(1));
  X509_set_issuer_name(leaf.get(), X509_get_subject_name(root.get()));
  const auto names = general_names(Texts{name});
  EXPECT_TRUE(names) << name;
  add_alternative_names(leaf.get(), names->get(), Critical::yes);
  EXPECT_TRUE(sign_certificate(leaf.get(), key.get()));
  const base::Handle<X509_STORE, X509_STORE_free> store(X509_STORE_new());
  X509_STORE_add_cert(store.get(), root.get());
  const base::Handle<X509_STORE_CTX, X509_STORE_CTX_free> check(X509_STORE_CTX_new());
  X509_STORE_CTX_init(check.get(), store.get(), leaf.get(), nullptr);
  X509_verify_cert(check.get());
  return X509_STORE_CTX_get_error(check.get());
}

TEST(NameConstraints, WeAndVerifiersSayTheSame) {
  for (const auto& [name, permitted, asked, is_permitted] : kCases) {
    const NameConstraints limits = constraints(permitted);
    EXPECT_EQ(permits(limits, asked), is_permitted) << name;
    const int said = verdict(limits, asked);
    EXPECT_EQ(said == X509_V_OK, is_permitted) << name << ": " << said;
    if (!is_permitted)
      EXPECT_TRUE(said == X509_V_ERR_PERMITTED_VIOLATION || said == X509_V_ERR_EXCLUDED_VIOLATION)
          << name << ": " << X509_verify_cert_error_string(said);
  }
}

TEST(NameConstraints, AreCriticalAndReadBackAsWritten) {
  const NameConstraints limits = constraints({".dev.test", "10.0.0.0/9", "2001:db8::/33", "::1"});
  const KeyPtr key(EVP_EC_gen("P-256"));
  const auto root = blank_certificate(key.get(), wall_now(), wall_now());
  add_name_constraints(root.get(), limits);
  const int index = X509_get_ext_by_NID(root.get(), NID_name_constraints, -1);
  ASSERT_GE(index, 0);
  EXPECT_EQ(X509_EXTENSION_get_critical(X509_get_ext(root.get(), index)), 1);
  EXPECT_EQ(read_name_constraints(root.get()), limits);
}

int excluded_count(const Texts& permitted) {
  const KeyPtr key(EVP_EC_gen("P-256"));
  const auto root = blank_certificate(key.get(), wall_now(), wall_now());
  add_name_constraints(root.get(), constraints(permitted));
  const base::Handle<NAME_CONSTRAINTS, NAME_CONSTRAINTS_free> list(static_cast<NAME_CONSTRAINTS*>(
      X509_get_ext_d2i(root.get(), NID_name_constraints, nullptr, nullptr)));
  return list->excludedSubtrees == nullptr ? 0 : sk_GENERAL_SUBTREE_num(list->excludedSubtrees);
}

TEST(NameConstraints, CloseTheKindThatIsNotNamed) {
  EXPECT_EQ(excluded_count({".dev.test"}), 2);   // 0.0.0.0/0 and ::/0
  EXPECT_EQ(excluded_count({"10.0.0.0/8"}), 1);  // all DNS names
  // No more than that: see the header about Java.
  EXPECT_EQ(excluded_count({".dev.test", "10.0.0.0/8"}), 0);
  EXPECT_EQ(excluded_count({".dev.test", "fd00::/8"}), 0);
}

TEST(NameConstraints, OpenOnesAreNoExtension) {
  const KeyPtr key(EVP_EC_gen("P-256"));
  const auto root = blank_certificate(key.get(), wall_now(), wall_now());
  add_name_constraints(root.get(), {});
  EXPECT_LT(X509_get_ext_by_NID(root.get(), NID_name_constraints, -1), 0);
  EXPECT_TRUE(read_name_constraints(root.get()).is_open());
}

TEST(NameConstraints, AreWrittenAsTheyAreRead) {
  EXPECT_EQ(to_texts(constraints({"Dev.Test", ".example.com", "10.0.0.0/8", "::1"})),
            (Texts{".dev.test", ".example.com", "10.0.0.0/8", "::1/128"}));
}

TEST(NameConstraints, RefuseWhatIsNeitherNameNorRange) {
  for (const char* text : {"", ".", "*.dev.test", "a..b", "dev test", "10.0.0.1/8", "10.0.0.0/33",
                           "2001:db8::/129", "300.1.1.1", "-,DNS:x", "https://dev.test"})
    EXPECT_FALSE(parse_constraints(Texts{text})) << text;
  EXPECT_EQ(parse_constraints(Texts{"*.dev.test"}).error().message,
            "\"*.dev.test\" is neither a DNS name (.dev.test) nor a range of addresses "
            "(10.0.0.0/8)");
}

}  // namespace
}  // namespace ravelin::certs
