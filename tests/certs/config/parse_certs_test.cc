#include "certs/config/parse_certs.h"

#include "tests/base/io/table_loader.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <map>

namespace ravelin::certs {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;
using Texts = std::vector<std::string>;

struct Read {
  CertsConfig config;
  Texts findings;  // without the name of the main file
};

Read read(const std::string& text, std::map<std::string, std::string> others = {}) {
  others["/etc/r.yaml"] = text;
  base::yaml::TableLoader loader(std::move(others));
  base::Diagnostics diagnostics;
  Read result{load_certs("/etc/r.yaml", loader, diagnostics), {}};
  for (const base::Finding& finding : diagnostics.findings()) {
    const std::string line = base::to_string(finding);
    const std::string prefix = "/etc/r.yaml:";
    result.findings.push_back(line.starts_with(prefix) ? line.substr(prefix.size()) : line);
  }
  return result;
}

TEST(ParseCerts, WithoutASectionEverythingHasItsDefault) {
  const Read result = read("version: 1\nlisteners: whatever another part makes of it\n");
  EXPECT_THAT(result.findings, IsEmpty());
  EXPECT_EQ(result.config.store, "/var/lib/ravelin/certs");
  EXPECT_EQ(result.config.watch_after_swap, std::chrono::minutes(5));
  EXPECT_THAT(result.config.issuers, IsEmpty());
  EXPECT_THAT(result.config.names, IsEmpty());
}

TEST(ParseCerts, ATypicalSectionIsReadInItsOrder) {
  const Read result = read(R"(version: 1
certs:
  store: certs
  issuers:
    le:
      acme: https://ca.test/directory
      ca_file: roots.pem
      eab: /etc/eab
      contact: mailto:ops@example.test
      chain: ISRG Root X1
      profile: shortlived
      challenges: [dns-01, http-01]
      dns_hook: hook.sh
    dev: { ca: local }
  names:
    - name: www.example.test
      also: [example.test, "*.example.test", 192.0.2.1]
      issuers: [dev]
      keys: [p384, rsa2048]
      profile: server
      pin_key: true
    - name: "*.b.test"
)");
  EXPECT_THAT(result.findings, IsEmpty());
  const CertsConfig& config = result.config;
  EXPECT_EQ(config.store, "/etc/certs");
  ASSERT_EQ(config.issuers.size(), 2U);
  const IssuerConfig& le = config.issuers[0];
  EXPECT_EQ(le.name, "le");
  EXPECT_EQ(le.kind, IssuerKind::acme);
  EXPECT_EQ(le.directory, "https://ca.test/directory");
  EXPECT_EQ(le.ca_file, "/etc/roots.pem");
  EXPECT_EQ(le.eab, "/etc/eab");
  EXPECT_THAT(le.contact, ElementsAre("mailto:ops@example.test"));
  EXPECT_EQ(le.chain, "ISRG Root X1");
  EXPECT_EQ(le.profile, "shortlived");
  EXPECT_THAT(le.challenges, ElementsAre(ChallengeType::dns_01, ChallengeType::http_01));
  EXPECT_EQ(le.dns_hook, "/etc/hook.sh");
  EXPECT_EQ(config.issuers[1].name, "dev");
  EXPECT_EQ(config.issuers[1].kind, IssuerKind::local);
  ASSERT_EQ(config.names.size(), 2U);
  const CertificateConfig& www = config.names[0];
  EXPECT_EQ(www.name, "www.example.test");
  EXPECT_THAT(www.also, ElementsAre("example.test", "*.example.test", "192.0.2.1"));
  EXPECT_THAT(www.issuers, ElementsAre("dev"));
  EXPECT_THAT(www.keys, ElementsAre("p384", "rsa2048"));
  EXPECT_EQ(www.profile, "server");
  EXPECT_TRUE(www.pins_key);
  EXPECT_EQ(www.pos.line, 16);
  const CertificateConfig& wild = config.names[1];
  EXPECT_THAT(wild.issuers, ElementsAre("le", "dev"));
  EXPECT_THAT(wild.keys, ElementsAre("p256"));
  EXPECT_FALSE(wild.pins_key);
}

TEST(ParseCerts, DynamicUpdatesNameTheirServers) {
  const Read result = read(R"(certs:
  issuers:
    le:
      acme: https://ca.test/directory
      dns_update:
        server: 192.0.2.1
        zone: example.test.
        key_file: dns.key
        secondaries: ["[2001:db8::1]:54", ns2.example.test]
        resolver: 192.0.2.9:5353
    two:
      acme: https://ca.test/directory
      dns_update: { server: "ns.example.test:53", key_file: /k }
)");
  EXPECT_THAT(result.findings, IsEmpty());
  ASSERT_EQ(result.config.issuers.size(), 2U);
  ASSERT_TRUE(result.config.issuers[0].dns_update);
  const DnsUpdateConfig& update = *result.config.issuers[0].dns_update;
  EXPECT_EQ(update.server, "192.0.2.1:53");
  EXPECT_EQ(update.zone, "example.test");
  EXPECT_EQ(update.key_file, "/etc/dns.key");
  EXPECT_THAT(update.secondaries, ElementsAre("[2001:db8::1]:54", "ns2.example.test:53"));
  EXPECT_THAT(update.resolvers, ElementsAre("192.0.2.9:5353"));
  EXPECT_EQ(result.config.issuers[1].dns_update->zone, "");
  EXPECT_TRUE(result.config.issuers[1].can_change_dns());
}

TEST(ParseCerts, IncludedFilesAddTheirNames) {
  const Read result = read(
      "include: more.yaml\ncerts:\n  issuers: { dev: { ca: local } }\n  names: [{ name: a.test "
      "}]\n",
      {{"/etc/more.yaml", "certs:\n  names: [{ name: B.test }, { name: c.test }]\n"}});
  EXPECT_THAT(result.findings,
              ElementsAre("/etc/more.yaml:2:19: certs.names[1].name: \"B.test\" is not the name of "
                          "a certificate: name \"B.test\": write it in lower case: \"b.test\""));
  EXPECT_EQ(result.config.names.size(), 3U);
}

TEST(ParseCerts, TheWatchAfterASwapCanBeShorterOrLeftOut) {
  EXPECT_EQ(read("certs: { watch_after_swap: 0s }\n").config.watch_after_swap.count(), 0);
  EXPECT_EQ(read("certs: { watch_after_swap: 90s }\n").config.watch_after_swap.count(), 90);
  EXPECT_EQ(read("certs: { watch_after_swap: 11m }\n").findings.size(), 1U);
}

struct Refused {
  const char* title;
  const char* section;  // below "certs:\n"
  Texts findings;
};

const Refused kRefused[] = {
    {"UnknownKey", "  sotre: x\n", {"2:3: certs: unknown key \"sotre\" (did you mean \"store\"?)"}},
    {"IssuerOfNoKind",
     "  issuers:\n    le: {}\n",
     {"3:9: certs.issuers.le: has to be either \"acme: URL\" or \"ca: local\""}},
    {"IssuerOfBothKinds",
     "  issuers:\n    le: { acme: \"https://ca.test/d\", ca: local }\n",
     {"3:9: certs.issuers.le: has to be either \"acme: URL\" or \"ca: local\""}},
    {"AnotherCa",
     "  issuers:\n    le: { ca: vault }\n",
     {"3:15: certs.issuers.le.ca: \"vault\" is not one of local"}},
    {"PlainDirectory",
     "  issuers:\n    le: { acme: \"http://ca.test/d\" }\n",
     {"3:17: certs.issuers.le.acme: \"http://ca.test/d\" is not the https:// address of an ACME "
      "directory"}},
    {"Contact",
     "  issuers:\n    le: { acme: \"https://ca.test/d\", contact: ops@a.test }\n",
     {"3:47: certs.issuers.le.contact: \"ops@a.test\" is no contact: write mailto:NAME@HOST"}},
    {"Challenge",
     "  issuers:\n    le: { acme: \"https://ca.test/d\", challenges: [dns] }\n",
     {"3:51: certs.issuers.le.challenges[0]: \"dns\" is not one of http-01, tls-alpn-01, dns-01"}},
    {"AcmeKeysForTheOwnCa",
     "  issuers:\n    dev: { ca: local, eab: f, dns_hook: h }\n",
     {"3:10: certs.issuers.dev: \"eab\" is for ACME CAs; the own CA needs none",
      "3:10: certs.issuers.dev: \"dns_hook\" is for ACME CAs; the own CA needs none"}},
    {"UpdatesWithoutAKey",
     "  issuers:\n    le: { acme: \"https://ca.test/d\", dns_update: { server: 192.0.2.1 } }\n",
     {"3:50: certs.issuers.le.dns_update: \"key_file\" is missing"}},
    {"UpdatesToNoServer",
     "  issuers:\n    le: { acme: \"https://ca.test/d\",\n"
     "          dns_update: { server: \"a:b\", zone: \"*.a\", key_file: k } }\n",
     {"4:33: certs.issuers.le.dns_update.server: \"a:b\" is not the address of a name server "
      "(ADDRESS:PORT)",
      "4:46: certs.issuers.le.dns_update.zone: \"*.a\" is not the name of a zone"}},
    {"TwoWaysToTheZone",
     "  issuers:\n    le: { acme: \"https://ca.test/d\", dns_hook: h,\n"
     "          dns_update: { server: 192.0.2.1, key_file: k } }\n",
     {"3:9: certs.issuers.le: has either \"dns_hook\" or \"dns_update\""}},
    {"NameMissing",
     "  issuers: { dev: { ca: local } }\n  names: [{ also: a.test }]\n",
     {"3:11: certs.names[0]: \"name\" is missing"}},
    {"BadName",
     "  issuers: { dev: { ca: local } }\n  names: [{ name: a_b..test }]\n",
     {"3:19: certs.names[0].name: \"a_b..test\" is not the name of a certificate: name "
      "\"a_b..test\": a label is empty"}},
    {"BadAlso",
     "  issuers: { dev: { ca: local } }\n  names: [{ name: a.test, also: [10.1] }]\n",
     {"3:34: certs.names[0].also[0]: \"10.1\" is not the name of a certificate: name \"10.1\": "
      "ends in a number, as addresses do"}},
    {"SameNameTwice",
     "  issuers: { dev: { ca: local } }\n  names: [{ name: a.test }, { name: a.test }]\n",
     {"3:29: certs.names[1].name: certificate \"a.test\" is there already"}},
    {"CoveredTwice",
     "  issuers: { dev: { ca: local } }\n"
     "  names: [{ name: a.test, also: [b.test, a.test, b.test] }]\n",
     {"3:11: certs.names[0].also: names \"a.test\" twice",
      "3:11: certs.names[0].also: names \"b.test\" twice"}},
    {"UnknownIssuer",
     "  issuers: { dev: { ca: local } }\n  names: [{ name: a.test, issuers: [le] }]\n",
     {"3:11: certs.names[0].issuers: issuer \"le\" is not defined (defined: dev)"}},
    {"NoIssuer",
     "  names: [{ name: a.test }]\n",
     {"2:11: certs.names[0]: has no issuer: define one in \"certs.issuers\""}},
    {"UnknownKeyKind",
     "  issuers: { dev: { ca: local } }\n  names: [{ name: a.test, keys: ed25519 }]\n",
     {"3:33: certs.names[0].keys: \"ed25519\" is no kind of key (p256, p384, rsa2048, rsa3072, "
      "rsa4096)"}},
    {"TwoKeysOfOneType",
     "  issuers: { dev: { ca: local } }\n  names: [{ name: a.test, keys: [p256, p384] }]\n",
     {"3:11: certs.names[0].keys: names two keys of one type; a certificate has one elliptic and "
      "one RSA key"}},
    {"NotAMap", "  - a\n", {"2:3: certs: must be a map, not a list"}},
};

TEST(ParseCerts, EveryMistakeIsNamedAtItsPlace) {
  for (const Refused& row : kRefused)
    EXPECT_EQ(read(std::string("certs:\n") + row.section).findings, row.findings) << row.title;
}

TEST(ParseCerts, AllMistakesComeAtOnce) {
  std::string all = "certs:\n  issuers:\n    le: {}\n  names:\n";
  for (int i = 0; i < 3; ++i)
    all += "    - { name: A, keys: x }\n";
  EXPECT_EQ(read(all).findings.size(), 7U);
}

TEST(ParseCerts, ThereIsALimitOnIssuers) {
  std::string text = "certs:\n  issuers:\n";
  for (int i = 0; i < 33; ++i)
    text += fmt::format("    i{}: {{ ca: local }}\n", i);
  const Read result = read(text);
  EXPECT_THAT(result.findings, ElementsAre("3:5: certs.issuers: has more than 32 issuers"));
  EXPECT_EQ(result.config.issuers.size(), 32U);
}

}  // namespace
}  // namespace ravelin::certs
