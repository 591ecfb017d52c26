#include "certs/ca/own_ca_issuer.h"

#include "certs/ca/issued_log.h"
#include "certs/ca/sign_leaf.h"
#include "certs/issuer/csr.h"
#include "certs/issuer/private_key.h"
#include "certs/validate_pair.h"
#include "tests/certs/ca/ca_lab.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>

namespace ravelin::certs {
namespace {

using std::chrono::hours;
using test::CaLab;
using test::Texts;
using ::testing::HasSubstr;
namespace fs = std::filesystem;

Chain chain_of(const Issuer::Outcome& outcome) {
  EXPECT_TRUE(outcome) << outcome.error().error.message;
  auto chain = parse_chain(outcome ? outcome->pem : "", "issued");
  EXPECT_TRUE(chain);
  return chain ? std::move(*chain) : Chain{};
}

std::string why(const Issuer::Outcome& outcome) {
  return outcome ? "issued" : outcome.error().error.message;
}

TEST(OwnCaIssuer, SignsWhatClientsOfItsRootAccept) {
  CaLab lab;
  const OwnCa ca = lab.create();
  const Texts names{"www.dev.test", "*.dev.test", "10.1.2.3"};
  const auto issued = lab.issue(names);
  const Chain chain = chain_of(issued);
  EXPECT_EQ(test::verdict(ca, chain, lab.now), X509_V_OK);
  EXPECT_EQ(test::verdict(ca, chain, lab.now + hours(24 * 8)), X509_V_ERR_CERT_HAS_EXPIRED);
  EXPECT_EQ(chain.info.dns_names, (Texts{"www.dev.test", "*.dev.test"}));
  EXPECT_EQ(chain.info.ip_names.size(), 1U);
  EXPECT_EQ(chain.info.subject, "");
  EXPECT_EQ(chain.info.serial.size(), 32U);
  EXPECT_EQ(chain.info.not_before, lab.now - std::chrono::minutes(5));
  EXPECT_EQ(chain.info.not_after, lab.now + hours(24 * 7));
  EXPECT_EQ(issued->order, "own-ca/" + chain.info.serial);
  const int index = X509_get_ext_by_NID(chain.leaf.get(), NID_subject_alt_name, -1);
  ASSERT_GE(index, 0);
  EXPECT_EQ(X509_EXTENSION_get_critical(X509_get_ext(chain.leaf.get(), index)), 1);
  EXPECT_NE(X509_get0_subject_key_id(chain.leaf.get()), nullptr);
  EXPECT_NE(X509_get0_authority_key_id(chain.leaf.get()), nullptr);
  // Nothing a gateway would find fault with.
  const auto findings = validate_pair(chain, X509_get0_pubkey(chain.leaf.get()),
                                      {.chain_file = "chain", .key_file = "key"}, lab.now);
  EXPECT_TRUE(findings.empty()) << to_string(findings);
}

TEST(OwnCaIssuer, ChainEndsBelowTheRoot) {
  CaLab lab;
  const OwnCa ca = lab.create();
  const Chain chain = chain_of(lab.issue({"www.dev.test"}));
  ASSERT_EQ(sk_X509_num(chain.intermediates.get()), 1);
  EXPECT_EQ(X509_cmp(sk_X509_value(chain.intermediates.get(), 0), ca.issuing().certificate.get()),
            0);
}

TEST(OwnCaIssuer, ProfilesSayWhomItIsFor) {
  CaLab lab;
  const OwnCa ca = lab.create();

  struct Row {
    const char* profile;
    bool server, client;
  };

  for (const auto& [profile, server, client] : {Row{"", true, false},
                                                {"server", true, false},
                                                {"client", false, true},
                                                {"peer", true, true}}) {
    const Chain chain = chain_of(lab.issue({"www.dev.test"}, profile));
    EXPECT_EQ(test::verdict(ca, chain, lab.now) == X509_V_OK, server) << profile;
    EXPECT_EQ(test::verdict(ca, chain, lab.now, X509_PURPOSE_SSL_CLIENT) == X509_V_OK, client)
        << profile;
  }
  const auto odd = lab.issue({"www.dev.test"}, "shortlived");
  EXPECT_EQ(why(odd), "\"shortlived\" is no profile of an own CA (server, client, peer)");
  EXPECT_TRUE(odd.error().is_final);
}

TEST(OwnCaIssuer, SignsForEveryGoodKey) {
  CaLab lab;
  const OwnCa ca = lab.create();
  const Texts names{"www.dev.test"};
  for (const KeyKind kind : {KeyKind::p256, KeyKind::p384, KeyKind::rsa2048}) {
    const auto key = generate_key(kind);
    ASSERT_TRUE(key);
    const auto csr = make_csr(key->get(), names);
    ASSERT_TRUE(csr);
    const Chain chain = chain_of(lab.issue_order({.names = names, .csr = *csr}));
    EXPECT_EQ(EVP_PKEY_eq(X509_get0_pubkey(chain.leaf.get()), key->get()), 1);
    EXPECT_EQ(test::verdict(ca, chain, lab.now), X509_V_OK);
  }
}

struct RefusedCase {
  const char* name;
  Texts ordered, requested;
  const char* error;
};

const RefusedCase kRefused[] = {
    {"NameOutside",
     {"www.example.com"},
     {"www.example.com"},
     "\"www.example.com\" is outside the names of the CA \"Lab\" (.dev.test, 10.0.0.0/8)"},
    {"WildcardOutside",
     {"*.lab.test"},
     {"*.lab.test"},
     "\"*.lab.test\" is outside the names of the CA \"Lab\" (.dev.test, 10.0.0.0/8)"},
    {"AddressOutside",
     {"www.dev.test", "192.0.2.1"},
     {"www.dev.test", "192.0.2.1"},
     "\"192.0.2.1\" is outside the names of the CA \"Lab\" (.dev.test, 10.0.0.0/8)"},
    {"MoreRequested",
     {"a.dev.test"},
     {"b.dev.test", "a.dev.test"},
     "the request for signature names a.dev.test, b.dev.test, where a.dev.test is ordered"},
    {"LessRequested",
     {"a.dev.test", "b.dev.test"},
     {"b.dev.test"},
     "the request for signature names b.dev.test, where a.dev.test, b.dev.test is ordered"},
};

TEST(OwnCaIssuer, RefusedNamesAreFinalAndLeaveNoTrace) {
  CaLab lab;
  const OwnCa ca = lab.create();
  for (const auto& [name, ordered, requested, error] : kRefused) {
    const auto outcome = lab.issue_order({.names = ordered, .csr = test::csr_for(requested)});
    EXPECT_EQ(why(outcome), error) << name;
    EXPECT_TRUE(outcome.has_error() && outcome.error().is_final) << name;
  }
  const auto damaged = lab.issue_order({.names = {"a.dev.test"}, .csr = "x"});
  EXPECT_EQ(why(damaged), "not a request for signature (PKCS#10 in DER)");
  EXPECT_TRUE(damaged.error().is_final);
  EXPECT_FALSE(fs::exists(lab.file("issued.jsonl")));
}

TEST(OwnCaIssuer, OrderOfNamesAndWritingOfAddressesDoNotMatter) {
  CaLab lab;
  lab.create({".dev.test", "fd00::/8"});
  EXPECT_TRUE(lab.issue_order(
      {.names = {"a.dev.test", "fd00:0:0::1"}, .csr = test::csr_for({"fd00::1", "a.dev.test"})}));
}

// A stolen issuing key signs what our own rules would not: verifiers refuse it all the same.
TEST(OwnCaIssuer, VerifiersRefuseNamesOutsideToo) {
  CaLab lab;
  const OwnCa ca = lab.create();
  const OwnCa only_names = [] {
    CaLab other;
    return other.create({".dev.test"});
  }();
  const auto forged = [&](const OwnCa& by, const std::string& name) {
    const auto key = generate_key(KeyKind::p256);
    auto leaf = sign_leaf(
        by.issuing(),
        {{name}, key->get(), LeafProfile::server, {lab.now - hours(1), lab.now + hours(1)}});
    EXPECT_TRUE(leaf);
    const auto refused =
        verify_leaf(leaf->get(), by.issuing().certificate.get(), by.root(), LeafProfile::server);
    return refused ? std::string("accepted") : refused.error().message;
  };
  EXPECT_EQ(forged(ca, "www.dev.test"), "accepted");
  EXPECT_THAT(forged(ca, "www.example.com"), HasSubstr("permitted subtree violation"));
  EXPECT_THAT(forged(ca, "11.0.0.1"), HasSubstr("permitted subtree violation"));
  EXPECT_THAT(forged(only_names, "10.0.0.1"), HasSubstr("excluded subtree violation"));
  EXPECT_THAT(forged(only_names, "fd00::1"), HasSubstr("excluded subtree violation"));
}

TEST(OwnCaIssuer, NothingLivesLongerThanTheIssuingCertificate) {
  CaLab lab;
  const OwnCa ca = lab.create();
  fs::remove(lab.file("root.key"));
  lab.now += hours(24 * 88);
  const auto end = describe(ca.issuing().certificate.get()).not_after;
  EXPECT_EQ(chain_of(lab.issue({"www.dev.test"})).info.not_after, end);
  CertificateOrder order = test::order_for({"www.dev.test"});
  order.not_after = end + hours(1);
  EXPECT_EQ(chain_of(lab.issue_order(order)).info.not_after, end);
  lab.now = end;
  const auto late = lab.issue({"www.dev.test"});
  EXPECT_EQ(why(late), "the issuing certificate ended on 2026-05-31 12:00:00 UTC, and " +
                           lab.file("root.key") + " is not there to make a new one: put it back");
  EXPECT_FALSE(late.error().is_final);
}

TEST(OwnCaIssuer, RenewsTheIssuingCertificateByItself) {
  CaLab lab;
  const OwnCa before = lab.create();
  lab.now += hours(24 * 61);
  const Chain chain = chain_of(lab.issue({"www.dev.test"}));
  const OwnCa after = lab.open();
  EXPECT_NE(X509_cmp(before.issuing().certificate.get(), after.issuing().certificate.get()), 0);
  EXPECT_EQ(test::verdict(after, chain, lab.now), X509_V_OK);
}

TEST(OwnCaIssuer, RenewalThatFailsKeepsNobodyFromSigning) {
  CaLab lab;
  lab.create();
  fs::permissions(lab.file("root.key"), fs::perms(0644));
  lab.now += hours(24 * 61);
  EXPECT_EQ(why(lab.issue({"www.dev.test"})), "issued");
}

TEST(OwnCaIssuer, DatesAreAsOrdered) {
  CaLab lab;
  lab.create();
  CertificateOrder order = test::order_for({"www.dev.test"});
  order.not_before = lab.now + hours(2);
  EXPECT_EQ(chain_of(lab.issue_order(order)).info.not_after, lab.now + hours(2 + 24 * 7));
  order.not_after = lab.now + hours(3);
  const Chain chain = chain_of(lab.issue_order(order));
  EXPECT_EQ(chain.info.not_before, lab.now + hours(2));
  EXPECT_EQ(chain.info.not_after, lab.now + hours(3));
  order.not_after = lab.now + hours(1);
  EXPECT_EQ(why(lab.issue_order(order)),
            "a certificate that starts on 2026-03-02 14:00:00 UTC and ends on 2026-03-02 13:00:00 "
            "UTC");
  order.not_before.reset();
  order.not_after = lab.now;
  EXPECT_EQ(why(lab.issue_order(order)), "a certificate that has ended on 2026-03-02 12:00:00 UTC");
}

TEST(OwnCaIssuer, RecordsWhatItSigned) {
  CaLab lab;
  const OwnCa ca = lab.create();
  const Chain chain = chain_of(lab.issue({"www.dev.test", "10.0.0.1"}, "peer"));
  const auto issued = read_issued(ca.folder());
  ASSERT_TRUE(issued);
  ASSERT_EQ(issued->size(), 1U);
  const auto at = std::chrono::floor<std::chrono::seconds>(lab.now);
  EXPECT_EQ((*issued)[0], (IssuedRecord{.serial = chain.info.serial,
                                        .issuer = describe(ca.issuing().certificate.get()).serial,
                                        .key = chain.info.spki_sha256,
                                        .names = {"www.dev.test", "10.0.0.1"},
                                        .profile = "peer",
                                        .issued_at = at,
                                        .not_after = at + hours(24 * 7),
                                        .order = "own-ca/" + chain.info.serial}));
}

TEST(OwnCaIssuer, ComingBackWithTheNoteGivesTheSameCertificate) {
  CaLab lab;
  const OwnCa ca = lab.create();
  const CertificateOrder order = test::order_for({"www.dev.test"});
  test::MemoryNote note;
  const auto first = lab.issuer().issue(order, note, {});
  ASSERT_TRUE(first);
  EXPECT_EQ(note.text(), first->pem);
  const auto second = lab.issuer().issue(order, note, {});
  ASSERT_TRUE(second);
  EXPECT_EQ(second->pem, first->pem);
  EXPECT_EQ(second->order, first->order);
  EXPECT_EQ(read_issued(ca.folder())->size(), 1U);
  // The crash came between the note and the record.
  fs::remove(lab.file("issued.jsonl"));
  EXPECT_EQ(lab.issuer().issue(order, note, {})->pem, first->pem);
  EXPECT_EQ(read_issued(ca.folder())->size(), 1U);
}

TEST(OwnCaIssuer, NoteOfAnotherOrderIsNotTaken) {
  CaLab lab;
  lab.create();
  const CertificateOrder order = test::order_for({"www.dev.test"});
  test::MemoryNote note;
  const auto first = lab.issuer().issue(order, note, {});
  const auto other_key = lab.issuer().issue(test::order_for({"www.dev.test"}), note, {});
  EXPECT_NE(other_key->pem, first->pem);
  ASSERT_TRUE(note.save(first->pem));
  lab.now += hours(24 * 8);
  EXPECT_NE(lab.issuer().issue(order, note, {})->pem, first->pem);
  ASSERT_TRUE(note.save("damaged"));
  EXPECT_TRUE(lab.issuer().issue(order, note, {}));
}

class NoNote : public OrderNote {
 public:
  [[nodiscard]] std::string text() const override { return ""; }

  Result<> save(std::string_view /*text*/) override {
    return base::fail(base::Errc::io, "no space left");
  }
};

TEST(OwnCaIssuer, WhatCannotBeNotedIsNotHandedOut) {
  CaLab lab;
  lab.create();
  NoNote note;
  const auto outcome = lab.issuer().issue(test::order_for({"www.dev.test"}), note, {});
  EXPECT_EQ(why(outcome), "no space left");
  EXPECT_FALSE(outcome.error().is_final);
  EXPECT_FALSE(fs::exists(lab.file("issued.jsonl")));
}

TEST(OwnCaIssuer, WhatCannotBeRecordedIsNotHandedOut) {
  CaLab lab;
  lab.create();
  fs::create_directory(lab.file("issued.jsonl"));
  const auto outcome = lab.issue({"www.dev.test"});
  EXPECT_THAT(why(outcome), HasSubstr("issued.jsonl"));
  EXPECT_FALSE(outcome.error().is_final);
}

TEST(OwnCaIssuer, FolderWithoutACaIsAnError) {
  CaLab lab;
  EXPECT_FALSE(lab.issue({"www.dev.test"}));
  EXPECT_FALSE(lab.issuer().revoke("", RevocationReason::unspecified, {}));
}

TEST(OwnCaIssuer, DoesNotSayWhenToRenew) {
  CaLab lab;
  const auto window = lab.issuer().renewal_window("", {});
  ASSERT_TRUE(window);
  EXPECT_FALSE(window->has_value());
}

}  // namespace
}  // namespace ravelin::certs
