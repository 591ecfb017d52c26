#include "certs/ca/revocation_list.h"

#include "base/text.h"
#include "certs/ca/own_ca_issuer.h"
#include "certs/issuer/csr.h"
#include "certs/issuer/private_key.h"
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

struct Issued {
  std::string pem;
  Chain chain;
};

Issued issue_client(CaLab& lab, const std::string& name) {
  const auto outcome = lab.issue({name}, "client");
  EXPECT_TRUE(outcome) << outcome.error().error.message;
  auto chain = parse_chain(outcome->pem, "issued");
  EXPECT_TRUE(chain);
  return {outcome->pem, std::move(*chain)};
}

Result<> revoke(CaLab& lab, const std::string& pem,
                RevocationReason reason = RevocationReason::superseded) {
  return lab.issuer().revoke(pem, reason, {});
}

// The reason the list gives for a certificate; -1 when it does not name it, -2 without a reason.
int listed_reason(const CaLab& lab, const Chain& chain) {
  const auto lists = parse_crls(test::read_text(lab.file("crl.pem")), "crl.pem");
  EXPECT_TRUE(lists);
  for (const auto& list : *lists) {
    X509_REVOKED* entry = nullptr;
    if (X509_CRL_get0_by_cert(list.get(), &entry, chain.leaf.get()) != 1) continue;
    const base::Handle<ASN1_ENUMERATED, ASN1_ENUMERATED_free> reason(static_cast<ASN1_ENUMERATED*>(
        X509_REVOKED_get_ext_d2i(entry, NID_crl_reason, nullptr, nullptr)));
    return reason == nullptr ? -2 : static_cast<int>(ASN1_ENUMERATED_get(reason.get()));
  }
  return -1;
}

TEST(RevocationList, WholeChainsVerifyWithItAndTheRevokedDoNot) {
  CaLab lab;
  const OwnCa ca = lab.create();
  const Issued good = issue_client(lab, "good.dev.test");
  const Issued bad = issue_client(lab, "bad.dev.test");
  EXPECT_EQ(test::verdict_with_lists(ca, bad.chain, lab.now), X509_V_OK);
  ASSERT_TRUE(revoke(lab, bad.pem));
  EXPECT_EQ(test::verdict_with_lists(ca, bad.chain, lab.now), X509_V_ERR_CERT_REVOKED);
  EXPECT_EQ(test::verdict_with_lists(ca, good.chain, lab.now), X509_V_OK);
}

TEST(RevocationList, GoesOnWhenTheIssuingCertificateIsNew) {
  CaLab lab;
  OwnCa ca = lab.create();
  const Issued good = issue_client(lab, "good.dev.test");
  const Issued bad = issue_client(lab, "bad.dev.test");
  ASSERT_TRUE(ca.renew_issuing(lab.now));
  ASSERT_TRUE(refresh_crl(ca, lab.now));
  ASSERT_TRUE(revoke(lab, bad.pem));
  const Issued next = issue_client(lab, "next.dev.test");
  EXPECT_EQ(test::verdict_with_lists(ca, bad.chain, lab.now), X509_V_ERR_CERT_REVOKED);
  EXPECT_EQ(test::verdict_with_lists(ca, good.chain, lab.now), X509_V_OK);
  EXPECT_EQ(test::verdict_with_lists(ca, next.chain, lab.now), X509_V_OK);
}

TEST(RevocationList, EveryListHasItsSignerInTheBundle) {
  CaLab lab;
  OwnCa ca = lab.create();
  ASSERT_TRUE(ca.renew_issuing(lab.now));
  ASSERT_TRUE(refresh_crl(ca, lab.now));
  const auto signers = parse_bundle(test::read_text(lab.file("bundle.pem")), "bundle.pem");
  const auto lists = parse_crls(test::read_text(lab.file("crl.pem")), "crl.pem");
  ASSERT_TRUE(signers && lists);
  ASSERT_EQ(signers->size(), 3U);
  ASSERT_EQ(lists->size(), 3U);
  for (std::size_t i = 0; i < lists->size(); ++i)
    EXPECT_EQ(X509_CRL_verify((*lists)[i].get(), X509_get0_pubkey((*signers)[i].get())), 1) << i;
}

TEST(RevocationList, GivesTheReason) {
  CaLab lab;
  lab.create();
  for (const auto reason : {RevocationReason::key_compromise, RevocationReason::affiliation_changed,
                            RevocationReason::superseded, RevocationReason::cessation_of_operation,
                            RevocationReason::privilege_withdrawn}) {
    const Issued one = issue_client(lab, "a.dev.test");
    ASSERT_TRUE(revoke(lab, one.pem, reason));
    EXPECT_EQ(listed_reason(lab, one.chain), static_cast<int>(reason));
  }
  const Issued plain = issue_client(lab, "a.dev.test");
  EXPECT_EQ(listed_reason(lab, plain.chain), -1);
  ASSERT_TRUE(revoke(lab, plain.pem, RevocationReason::unspecified));
  EXPECT_EQ(listed_reason(lab, plain.chain), -2);
}

TEST(RevocationList, SecondRevocationChangesNothingButTheNumber) {
  CaLab lab;
  const OwnCa ca = lab.create();
  const Issued one = issue_client(lab, "a.dev.test");
  ASSERT_TRUE(revoke(lab, one.pem, RevocationReason::key_compromise));
  const auto first = read_crl_state(ca);
  ASSERT_TRUE(revoke(lab, one.pem, RevocationReason::superseded));
  EXPECT_EQ(listed_reason(lab, one.chain), static_cast<int>(RevocationReason::key_compromise));
  EXPECT_EQ(read_revoked(ca.folder())->size(), 1U);
  EXPECT_EQ(read_crl_state(ca)->number, first->number + 1);
}

TEST(RevocationList, NumberGrowsWhateverTheClockDoes) {
  CaLab lab;
  const OwnCa ca = lab.create();
  std::uint64_t before = 0;
  for (const auto step : {hours(0), hours(1), -hours(24 * 30), hours(0)}) {
    lab.now += step;
    ASSERT_TRUE(refresh_crl(ca, lab.now));
    const auto state = read_crl_state(ca);
    ASSERT_TRUE(state);
    EXPECT_GT(state->number, before);
    before = state->number;
  }
  // A lost file does not start again from one.
  fs::remove(lab.file("crl.pem"));
  lab.now += hours(24 * 60);
  ASSERT_TRUE(refresh_crl(ca, lab.now));
  EXPECT_GT(read_crl_state(ca)->number, before);
}

TEST(RevocationList, NamesWhatHasEndedUntilTheNextOne) {
  const auto at = std::chrono::sys_seconds(hours(24 * 365 * 50));
  const std::vector<RevokedRecord> revoked{
      {.serial = "0A", .issuer = "I1", .revoked_at = at, .not_after = at + hours(1)},
      {.serial = "0B", .issuer = "I2", .revoked_at = at, .not_after = at + hours(24 * 30)},
      {.serial = "0C",
       .issuer = "I1",
       .reason = RevocationReason::key_compromise,
       .revoked_at = at,
       .not_after = at + hours(24 * 30)}};
  const auto serials = [&](std::string_view issuer, base::WallTime now) {
    std::string text;
    for (const CrlEntry& entry : list_entries(revoked, issuer, now))
      text += fmt::format("{}:{} ", entry.serial, entry.reason);
    return text;
  };
  EXPECT_EQ(serials("I1", at), "0A:0 0C:1 ");
  EXPECT_EQ(serials("I2", at), "0B:0 ");
  EXPECT_EQ(serials("I1", at + hours(1 + 24 * 7)), "0C:1 ");
  EXPECT_EQ(serials("I1", at + hours(24 * 38)), "");
  EXPECT_EQ(serials("I3", at), "");
}

TEST(RevocationList, CertificatesOfOthersAreRefused) {
  CaLab lab;
  const OwnCa ca = lab.create();
  CaLab other;
  other.create();
  const Issued foreign = issue_client(other, "a.dev.test");
  EXPECT_EQ(revoke(lab, foreign.pem).error().message,
            "the certificate " + foreign.chain.info.serial + " was not signed by the CA \"Lab\"");
  EXPECT_FALSE(revoke(lab, "x"));
  EXPECT_TRUE(read_revoked(ca.folder())->empty());
}

TEST(RevocationList, SerialNumberIsEnoughForWhatWasSignedHere) {
  CaLab lab;
  const OwnCa ca = lab.create();
  const Issued one = issue_client(lab, "a.dev.test");
  const auto revoke_serial = [&](const std::string& serial) {
    return lab.issuer().revoke_serial(serial, RevocationReason::key_compromise, {});
  };
  ASSERT_TRUE(revoke_serial(base::to_lower(one.chain.info.serial)));
  EXPECT_EQ(test::verdict_with_lists(ca, one.chain, lab.now), X509_V_ERR_CERT_REVOKED);
  EXPECT_EQ((*read_revoked(ca.folder()))[0].key, one.chain.info.spki_sha256);
  EXPECT_EQ(revoke_serial("0A").error().message,
            lab.file("issued.jsonl") + " records no certificate 0A");
}

TEST(RevocationList, CompromisedKeyIsNotSignedAgain) {
  CaLab lab;
  lab.create();
  const auto key = generate_key(KeyKind::p256);
  const Texts names{"a.dev.test"};
  const CertificateOrder order{.names = names, .csr = *make_csr(key->get(), names)};
  const auto superseded = lab.issue_order(order);
  ASSERT_TRUE(revoke(lab, superseded->pem, RevocationReason::superseded));
  const auto compromised = lab.issue_order(order);
  ASSERT_TRUE(compromised);
  ASSERT_TRUE(revoke(lab, compromised->pem, RevocationReason::key_compromise));
  const auto refused = lab.issue_order(order);
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().error.message,
            "this key was revoked as compromised: ask with a new one");
  EXPECT_TRUE(refused.error().is_final);
  EXPECT_TRUE(lab.issue(names));
}

TEST(RevocationList, DamagedRecordIsNotPassedOver) {
  CaLab lab;
  const OwnCa ca = lab.create();
  const Issued one = issue_client(lab, "a.dev.test");
  ASSERT_TRUE(revoke(lab, one.pem));
  const std::string before = test::read_text(lab.file("crl.pem"));
  const std::string text = test::read_text(lab.file("revoked.jsonl"));
  test::write_text(lab.file("revoked.jsonl"), text + "{}\n");
  EXPECT_EQ(refresh_crl(ca, lab.now).error().message,
            lab.file("revoked.jsonl") + ":2: serial: missing or damaged");
  EXPECT_EQ(test::read_text(lab.file("crl.pem")), before);
}

TEST(RevocationList, StateSaysWhenThereIsNone) {
  CaLab lab;
  OwnCa ca = lab.create();
  EXPECT_FALSE(read_crl_state(ca));
  ASSERT_TRUE(refresh_crl(ca, lab.now));
  EXPECT_EQ(read_crl_state(ca)->next_update, lab.now + hours(24 * 7));
  ASSERT_TRUE(ca.renew_issuing(lab.now));
  EXPECT_EQ(read_crl_state(ca).error().message,
            lab.file("crl.pem") + " has no list of the issuing certificate");
  test::write_text(lab.file("crl.pem"), "x");
  EXPECT_THAT(read_crl_state(ca).error().message, HasSubstr("crl.pem"));
}

TEST(RevocationList, IsMadeAnewWhenHalfItsTimeHasGone) {
  CaLab lab;
  OwnCa ca = lab.create();
  ASSERT_TRUE(tend(ca, lab.now));
  const std::string first = test::read_text(lab.file("crl.pem"));
  ASSERT_TRUE(tend(ca, lab.now + hours(83)));
  EXPECT_EQ(test::read_text(lab.file("crl.pem")), first);
  ASSERT_TRUE(tend(ca, lab.now + hours(84)));
  EXPECT_NE(test::read_text(lab.file("crl.pem")), first);
}

TEST(RevocationList, TendingRenewsTheIssuingCertificateWithItsList) {
  CaLab lab;
  OwnCa ca = lab.create();
  lab.now += hours(24 * 61);
  ASSERT_TRUE(tend(ca, lab.now));
  EXPECT_FALSE(ca.is_issuing_due(lab.now));
  EXPECT_TRUE(read_crl_state(ca));
}

}  // namespace
}  // namespace ravelin::certs
