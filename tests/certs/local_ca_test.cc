#include "certs/local_ca.h"

#include "tests/support/test_certs.h"

#include <gtest/gtest.h>
#include <openssl/x509_vfy.h>
#include <openssl/x509v3.h>

namespace ravelin::certs {
namespace {

// What a verifying client says about `pair` under `ca` for `host`.
int verdict(const LocalCa& ca, const PairPtr& pair, const char* host) {
  const base::Handle<X509_STORE, X509_STORE_free> store(X509_STORE_new());
  X509_STORE_add_cert(store.get(), const_cast<X509*>(ca.certificate()));
  const base::Handle<X509_STORE_CTX, X509_STORE_CTX_free> check(X509_STORE_CTX_new());
  X509_STORE_CTX_init(check.get(), store.get(), pair->chain.leaf.get(), nullptr);
  X509_STORE_CTX_set_purpose(check.get(), X509_PURPOSE_SSL_SERVER);
  X509_VERIFY_PARAM_set1_host(X509_STORE_CTX_get0_param(check.get()), host, 0);
  X509_verify_cert(check.get());
  return X509_STORE_CTX_get_error(check.get());
}

TEST(LocalCa, IssuesWhatClientsAccept) {
  const auto ca = LocalCa::create();
  ASSERT_TRUE(ca.has_value());
  const auto pair = ca->issue({.names = {"localhost", "127.0.0.1", "::1"}});
  ASSERT_TRUE(pair.has_value()) << pair.error().message;
  EXPECT_EQ(verdict(*ca, *pair, "localhost"), X509_V_OK);
  EXPECT_EQ(verdict(*ca, *pair, "other.test"), X509_V_ERR_HOSTNAME_MISMATCH);
}

TEST(LocalCa, RefusesNamesOutsideItsConstraints) {
  const auto ca = LocalCa::create();
  ASSERT_TRUE(ca.has_value());
  EXPECT_EQ(ca->issue({.names = {"www.example.com"}}).error().message,
            "\"www.example.com\" is outside the names of the CA \"Ravelin local CA\"");
  EXPECT_FALSE(ca->issue({.names = {"192.0.2.1"}}).has_value());
  EXPECT_FALSE(ca->issue({.names = {"notlocalhost"}}).has_value());
  EXPECT_TRUE(ca->issue({.names = {"app.localhost"}}).has_value());
}

TEST(LocalCa, CarriesCriticalNameConstraints) {
  const auto constrained = LocalCa::create({.permitted_names = {"example.com"}});
  ASSERT_TRUE(constrained.has_value());
  const auto index = X509_get_ext_by_NID(constrained->certificate(), NID_name_constraints, -1);
  ASSERT_GE(index, 0);
  EXPECT_EQ(X509_EXTENSION_get_critical(X509_get_ext(constrained->certificate(), index)), 1);
  const auto pair = constrained->issue({.names = {"www.example.com"}});
  ASSERT_TRUE(pair.has_value());
  EXPECT_EQ(verdict(*constrained, *pair, "www.example.com"), X509_V_OK);
}

TEST(LocalCa, RefusesNamesThatAreNotHostNames) {
  for (const char* name : {"a,DNS:b.test", "A.test", "", "a b", "*", "*.", "a.*.test"})
    EXPECT_FALSE(test::ca().issue({.names = {name}}).has_value()) << name;
}

TEST(LocalCa, CrlListsTheRevoked) {
  const auto bad = test::issue_client("bad");
  const auto good = test::issue_client("good");
  const PairPtr revoked[] = {bad};
  const auto crl = test::ca().make_crl(revoked, std::chrono::hours(1));
  ASSERT_TRUE(crl.has_value());
  X509_REVOKED* entry = nullptr;
  EXPECT_EQ(X509_CRL_get0_by_cert(crl->get(), &entry, bad->chain.leaf.get()), 1);
  EXPECT_EQ(X509_CRL_get0_by_cert(crl->get(), &entry, good->chain.leaf.get()), 0);
  EXPECT_EQ(X509_CRL_verify(crl->get(), X509_get0_pubkey(test::ca().certificate())), 1);
}

}  // namespace
}  // namespace ravelin::certs
