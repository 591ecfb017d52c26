#include "certs/ca/own_ca.h"

#include "certs/ca/revocation_list.h"
#include "tests/certs/ca/ca_lab.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <openssl/x509v3.h>
#include <sys/stat.h>

#include <filesystem>

namespace ravelin::certs {
namespace {

using std::chrono::hours;
using test::CaLab;
using test::Texts;
using ::testing::HasSubstr;
namespace fs = std::filesystem;

unsigned mode_of(const std::string& path) {
  struct stat status {};

  EXPECT_EQ(::stat(path.c_str(), &status), 0) << path;
  return status.st_mode & 07777U;
}

std::string open_error(const CaLab& lab) {
  const auto ca = OwnCa::open(lab.dir());
  return ca ? "opened" : ca.error().message;
}

TEST(OwnCa, MakesARootAndAnIssuingCertificate) {
  CaLab lab;
  const OwnCa ca = lab.create();
  const CertificateInfo root = describe(ca.root());
  EXPECT_EQ(root.subject, "CN=Lab root");
  EXPECT_TRUE(root.is_self_signed && root.is_ca);
  EXPECT_EQ(root.key_bits, 384);
  EXPECT_EQ(root.not_after, lab.now + hours(24 * 3652));
  EXPECT_EQ(X509_get_signature_nid(ca.root()), NID_ecdsa_with_SHA384);
  const CertificateInfo issuing = describe(ca.issuing().certificate.get());
  EXPECT_THAT(issuing.subject, HasSubstr("CN=Lab issuing "));
  EXPECT_EQ(issuing.issuer, "CN=Lab root");
  EXPECT_EQ(issuing.key_bits, 256);
  EXPECT_EQ(issuing.not_after, lab.now + hours(24 * 90));
  EXPECT_EQ(X509_get_pathlen(ca.issuing().certificate.get()), 0);
  EXPECT_EQ(X509_get_extended_key_usage(ca.issuing().certificate.get()),
            static_cast<unsigned>(XKU_SSL_SERVER | XKU_SSL_CLIENT));
  for (const X509* certificate : {ca.root(), ca.issuing().certificate.get()}) {
    EXPECT_EQ(describe(certificate).serial.size(), 32U);
    EXPECT_EQ(to_texts(read_name_constraints(certificate)), (Texts{".dev.test", "10.0.0.0/8"}));
  }
}

TEST(OwnCa, KeepsItsFilesToItself) {
  const mode_t before = ::umask(0);
  CaLab lab;
  lab.create();
  const auto nested = CaFolder::make(lab.file("store/ca"));
  ::umask(before);
  EXPECT_TRUE(nested);
  EXPECT_EQ(mode_of(lab.file("store")), 0700U);
  EXPECT_EQ(mode_of(lab.dir()), 0700U);
  for (const char* key : {"root.key", "issuing.key"})
    EXPECT_EQ(mode_of(lab.file(key)), 0600U) << key;
}

TEST(OwnCa, IsMadeOnce) {
  CaLab lab;
  lab.create();
  const std::string root = test::read_text(lab.file("root.pem"));
  const auto again = OwnCa::create(lab.dir(), {}, lab.now);
  ASSERT_FALSE(again);
  EXPECT_EQ(again.error().code, base::Errc::conflict);
  EXPECT_EQ(again.error().message, lab.dir() + " already holds a certificate authority");
  EXPECT_EQ(test::read_text(lab.file("root.pem")), root);
}

TEST(OwnCa, WhatABrokenOffInitLeftIsNoCa) {
  CaLab lab;
  lab.create();
  fs::remove(lab.file("root.pem"));
  EXPECT_EQ(open_error(lab), lab.dir() + " holds no certificate authority: ravelin certs ca init");
  lab.create();
  EXPECT_EQ(open_error(lab), "opened");
}

TEST(OwnCa, RefusesSettingsNobodyWants) {
  CaLab lab;
  const auto why = [&](const CaSettings& settings) {
    const auto ca = OwnCa::create(lab.dir(), {.settings = settings}, lab.now);
    return ca ? "made" : ca.error().message;
  };
  const std::string name = "the name of a CA has 1 to 40 bytes and no control characters";
  EXPECT_EQ(why({.name = ""}), name);
  EXPECT_EQ(why({.name = std::string(41, 'x')}), name);
  EXPECT_EQ(why({.name = "a\nb"}), name);
  EXPECT_EQ(why({.leaf_lifetime = std::chrono::minutes(59)}),
            "certificates that live 59m (1h to 60d)");
  EXPECT_EQ(why({.leaf_lifetime = hours(24 * 61)}), "certificates that live 61d (1h to 60d)");
  EXPECT_FALSE(fs::exists(lab.dir()));
}

TEST(OwnCa, PermitsPrivateNamesByDefault) {
  const NameConstraints names = private_names();
  for (const char* name : {"www.example.test", "db.internal", "nas.home.arpa", "localhost",
                           "10.1.2.3", "172.31.0.1", "192.168.1.1", "127.0.0.1", "::1", "fd00::1"})
    EXPECT_TRUE(permits(names, name)) << name;
  for (const char* name : {"www.example.com", "172.32.0.1", "8.8.8.8", "2001:db8::1"})
    EXPECT_FALSE(permits(names, name)) << name;
}

struct DamageCase {
  const char* name;
  void (*damage)(const CaLab& lab);
  const char* error;  // a part of it
};

void copy_over(const CaLab& lab, const char* from, const char* to) {
  test::write_text(lab.file(to), test::read_text(lab.file(from)));
}

const DamageCase kDamages[] = {
    {"NoFolder", [](const CaLab& lab) { fs::remove_all(lab.dir()); },
     "holds no certificate authority"},
    {"OpenFolder", [](const CaLab& lab) { fs::permissions(lab.dir(), fs::perms(0750)); },
     "mode 0750 opens a folder of private keys to others: chmod 700 "},
    {"ReadableKey",
     [](const CaLab& lab) { fs::permissions(lab.file("issuing.key"), fs::perms(0644)); },
     "issuing.key: mode 0644 gives every user access to the private key: chmod 600 "},
    {"GroupReadableKey",
     [](const CaLab& lab) { fs::permissions(lab.file("issuing.key"), fs::perms(0640)); },
     "(allowed: none): chmod 600 "},
    {"LinkedKey",
     [](const CaLab& lab) {
       fs::rename(lab.file("issuing.key"), lab.file("elsewhere"));
       fs::create_symlink("elsewhere", lab.file("issuing.key"));
     },
     "issuing.key is a symbolic link: put the key itself there"},
    {"NoIssuingKey", [](const CaLab& lab) { fs::remove(lab.file("issuing.key")); },
     "issuing.key is missing: put the issuing key back there, from a backup"},
    {"AnotherIssuingKey", [](const CaLab& lab) { copy_over(lab, "root.key", "issuing.key"); },
     "issuing.key is not the key of issuing.pem"},
    {"DamagedIssuingKey", [](const CaLab& lab) { test::write_text(lab.file("issuing.key"), "x"); },
     "issuing.key"},
    {"NoIssuingCertificate", [](const CaLab& lab) { fs::remove(lab.file("issuing.pem")); },
     "issuing.pem"},
    {"TwoCertificates",
     [](const CaLab& lab) {
       const std::string text = test::read_text(lab.file("root.pem"));
       test::write_text(lab.file("root.pem"), text + text);
     },
     "root.pem holds 2 certificates, where one belongs"},
    {"DamagedCertificate",
     [](const CaLab& lab) {
       const std::string text = test::read_text(lab.file("root.pem"));
       test::write_text(lab.file("root.pem"), text.substr(0, text.size() / 2));
     },
     "root.pem"},
    {"AnotherRoot",
     [](const CaLab& lab) {
       CaLab other;
       other.create();
       test::write_text(lab.file("root.pem"), test::read_text(other.file("root.pem")));
     },
     "issuing.pem was not signed by root.pem"},
    {"NoSettings", [](const CaLab& lab) { fs::remove(lab.file("ca.json")); }, "ca.json"},
    {"DamagedSettings", [](const CaLab& lab) { test::write_text(lab.file("ca.json"), "{"); },
     "ca.json: not a JSON object"},
    {"LaterVersion",
     [](const CaLab& lab) { test::write_text(lab.file("ca.json"), R"({"version": 2})"); },
     "ca.json: version: only 1 is known"},
    {"MissingSetting",
     [](const CaLab& lab) {
       test::write_text(lab.file("ca.json"), R"({"version": 1, "name": "x"})");
     },
     "ca.json: lacks name or leaf_lifetime_seconds"},
    {"OddSetting",
     [](const CaLab& lab) {
       test::write_text(lab.file("ca.json"),
                        R"({"version": 1, "name": "x", "leaf_lifetime_seconds": -1})");
     },
     "ca.json: certificates that live"},
};

TEST(OwnCa, DamagedFilesAreRefusedByName) {
  for (const auto& [name, damage, error] : kDamages) {
    CaLab lab;
    lab.create();
    damage(lab);
    EXPECT_THAT(open_error(lab), HasSubstr(error)) << name;
  }
}

TEST(OwnCa, WorksWithoutTheRootKeyUntilItIsNeeded) {
  CaLab lab;
  EXPECT_TRUE(lab.create().has_root_key());
  fs::remove(lab.file("root.key"));
  OwnCa ca = lab.open();
  EXPECT_FALSE(ca.has_root_key());
  EXPECT_TRUE(lab.issue({"www.dev.test"}));
  const auto renewed = ca.renew_issuing(lab.now);
  ASSERT_FALSE(renewed);
  EXPECT_EQ(renewed.error().code, base::Errc::unavailable);
  EXPECT_EQ(renewed.error().message,
            lab.file("root.key") +
                " is not there, and a new issuing certificate needs it (this one ends on "
                "2026-05-31 12:00:00 UTC): put it back there until the next certificate is signed");
}

TEST(OwnCa, AnotherRootKeyIsNotUsed) {
  CaLab lab;
  OwnCa ca = lab.create();
  copy_over(lab, "issuing.key", "root.key");
  EXPECT_EQ(ca.renew_issuing(lab.now).error().message,
            lab.file("root.key") + " is not the key of root.pem");
  fs::permissions(lab.file("root.key"), fs::perms(0604));
  EXPECT_THAT(ca.renew_issuing(lab.now).error().message, HasSubstr("chmod 600"));
}

TEST(OwnCa, IssuingIsDueWhenLessThanAThirdIsLeft) {
  CaLab lab;
  const OwnCa ca = lab.create();
  EXPECT_FALSE(ca.is_issuing_due(lab.now + hours(24 * 59)));
  EXPECT_TRUE(ca.is_issuing_due(lab.now + hours(24 * 60 + 1)));
}

TEST(OwnCa, RenewedIssuingCertificateHasANewKeyAndTheOldOneStays) {
  CaLab lab;
  OwnCa ca = lab.create();
  const std::string old = test::read_text(lab.file("issuing.pem"));
  const auto before = lab.issue({"www.dev.test"});
  ASSERT_TRUE(before);
  lab.now += hours(24 * 61);
  ASSERT_TRUE(ca.renew_issuing(lab.now));
  const OwnCa read = lab.open();
  ASSERT_EQ(read.retired().size(), 1U);
  EXPECT_EQ(to_pem(read.retired()[0].certificate.get()), old);
  EXPECT_NE(test::read_text(lab.file("issuing.pem")), old);
  EXPECT_EQ(EVP_PKEY_eq(read.retired()[0].key.get(), read.issuing().key.get()), 0);
  EXPECT_EQ(to_texts(read_name_constraints(read.issuing().certificate.get())),
            (Texts{".dev.test", "10.0.0.0/8"}));
  EXPECT_EQ(mode_of(lab.file("retired")), 0700U);
  const auto after = lab.issue({"www.dev.test"});
  ASSERT_TRUE(after);
  const auto chain = parse_chain(after->pem, "after");
  ASSERT_TRUE(chain);
  EXPECT_EQ(test::verdict(read, *chain, lab.now), X509_V_OK);
}

TEST(OwnCa, RetiredKeysGoWhenTheirCertificateHasEnded) {
  CaLab lab;
  OwnCa ca = lab.create();
  lab.now += hours(24 * 61);
  ASSERT_TRUE(ca.renew_issuing(lab.now));
  lab.now += hours(24 * 61);
  ASSERT_TRUE(ca.renew_issuing(lab.now));
  EXPECT_EQ(ca.retired().size(), 1U);
  EXPECT_EQ(lab.open().retired().size(), 1U);
  EXPECT_EQ(std::distance(fs::directory_iterator(lab.file("retired")), {}), 2);
}

// After each of the writes of renew_issuing, in their order.
TEST(OwnCa, BrokenOffRenewalLeavesTheOldIssuingCertificate) {
  CaLab lab;
  OwnCa ca = lab.create();
  const std::string certificate = test::read_text(lab.file("issuing.pem"));
  const std::string serial = describe(ca.issuing().certificate.get()).serial;
  ASSERT_TRUE(ca.renew_issuing(lab.now));
  const std::string next_key = test::read_text(lab.file("issuing.key"));
  const std::string old_key = test::read_text(lab.file("retired/" + serial + ".key"));
  test::write_text(lab.file("issuing.pem"), certificate);
  for (const std::string& key : {next_key, old_key}) {
    test::write_text(lab.file("issuing.key"), key);
    const OwnCa read = lab.open();
    EXPECT_EQ(to_pem(read.issuing().certificate.get()), certificate);
    EXPECT_TRUE(read.retired().empty());
    const auto issued = lab.issue({"www.dev.test"});
    ASSERT_TRUE(issued) << issued.error().error.message;
  }
  OwnCa read = lab.open();
  ASSERT_TRUE(read.renew_issuing(lab.now));
  EXPECT_EQ(lab.open().retired().size(), 1U);
}

TEST(OwnCa, RetiredKeyOfAnotherIsRefused) {
  CaLab lab;
  OwnCa ca = lab.create();
  const std::string serial = describe(ca.issuing().certificate.get()).serial;
  ASSERT_TRUE(ca.renew_issuing(lab.now));
  copy_over(lab, "root.key", ("retired/" + serial + ".key").c_str());
  EXPECT_THAT(open_error(lab), HasSubstr(serial + ".key is not the key of "));
}

TEST(OwnCa, NothingIsSignedBeyondTheRoot) {
  CaLab lab;
  OwnCa ca = lab.create();
  const base::WallTime end = describe(ca.root()).not_after;
  ASSERT_TRUE(ca.renew_issuing(end - hours(24)));
  EXPECT_EQ(describe(ca.issuing().certificate.get()).not_after, end);
  EXPECT_EQ(ca.renew_issuing(end).error().message,
            "the root of \"Lab\" ended on 2036-03-01 12:00:00 UTC: make a new CA");
}

TEST(OwnCa, LockIsHeldByOneAndWaitsNoLongerThanTold) {
  CaLab lab;
  const OwnCa ca = lab.create();
  {
    const auto held = ca.folder().lock({}, {});
    ASSERT_TRUE(held);
    const auto refused = ca.folder().lock({}, {});
    ASSERT_FALSE(refused);
    EXPECT_EQ(refused.error().message, lab.dir() + " is in use by another process");
    std::stop_source stop;
    stop.request_stop();
    EXPECT_EQ(ca.folder().lock(hours(1), stop.get_token()).error().message,
              "stopped while " + lab.dir() + " is in use");
  }
  EXPECT_TRUE(ca.folder().lock({}, {}));
}

}  // namespace
}  // namespace ravelin::certs
