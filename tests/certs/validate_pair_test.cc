// One row per rule: a pair that breaks it, and the code that says so.
#include "certs/validate_pair.h"

#include "base/check.h"
#include "certs/file.h"
#include "certs/key_file.h"
#include "tests/support/test_certs.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <openssl/core_names.h>
#include <openssl/ec.h>
#include <openssl/param_build.h>
#include <openssl/rsa.h>
#include <openssl/x509v3.h>
#include <sys/stat.h>

#include <array>
#include <filesystem>
#include <functional>

namespace ravelin::certs {
namespace {

using base::Severity;
using ravelin::test::TempDir;
using std::chrono::hours;
using testing::HasSubstr;

// A certificate made field by field, to break one rule at a time.
struct BrokenRecipe {
  KeyPtr key = KeyPtr(EVP_EC_gen("P-256"));
  std::string subject = "leaf";
  std::vector<std::pair<int, std::string>> extensions{{NID_subject_alt_name, "DNS:a.test"}};
  const EVP_MD* digest = EVP_sha256();
  const X509* issuer = nullptr;  // nullptr: itself
  EVP_PKEY* issuer_key = nullptr;
  long starts = -3600;
  long ends = 3600;
};

X509Ptr make(const BrokenRecipe& recipe) {
  X509Ptr certificate(X509_new());
  X509_set_version(certificate.get(), 2);
  ASN1_INTEGER_set(X509_get_serialNumber(certificate.get()), 7);
  X509_gmtime_adj(X509_getm_notBefore(certificate.get()), recipe.starts);
  X509_gmtime_adj(X509_getm_notAfter(certificate.get()), recipe.ends);
  X509_set_pubkey(certificate.get(), recipe.key.get());
  X509_NAME_add_entry_by_txt(X509_get_subject_name(certificate.get()), "CN", MBSTRING_ASC,
                             reinterpret_cast<const unsigned char*>(recipe.subject.c_str()), -1, -1,
                             0);
  X509_set_issuer_name(
      certificate.get(),
      X509_get_subject_name(recipe.issuer == nullptr ? certificate.get() : recipe.issuer));
  for (const auto& [nid, value] : recipe.extensions) {
    const base::Handle<X509_EXTENSION, X509_EXTENSION_free> extension(
        X509V3_EXT_conf_nid(nullptr, nullptr, nid, value.c_str()));
    CHECK(extension != nullptr);
    X509_add_ext(certificate.get(), extension.get(), -1);
  }
  EVP_PKEY* signer = recipe.issuer_key == nullptr ? recipe.key.get() : recipe.issuer_key;
  CHECK(X509_sign(certificate.get(), signer, recipe.digest) > 0);
  return certificate;
}

std::vector<PairFinding> judge(const std::string& chain_pem, const EVP_PKEY* key,
                               std::vector<std::string> wanted = {}) {
  const auto chain = parse_chain(chain_pem, "www.crt");
  CHECK(chain.has_value());
  return validate_pair(*chain, key, {"www.crt", "www.key", std::move(wanted)}, base::wall_now());
}

std::vector<PairFinding> judge(const BrokenRecipe& recipe) {
  return judge(to_pem(make(recipe).get()), recipe.key.get());
}

bool has(const std::vector<PairFinding>& findings, PairCode code, Severity severity) {
  for (const auto& finding : findings)
    if (finding.code == code && finding.severity == severity) return true;
  return false;
}

struct RuleCase {
  const char* title;
  std::function<void(BrokenRecipe&)> change;
  PairCode code;
  Severity severity = Severity::error;
};

void PrintTo(const RuleCase& row, std::ostream* out) {
  *out << row.title;
}

class LeafRule : public testing::TestWithParam<RuleCase> {};

TEST_P(LeafRule, IsReported) {
  BrokenRecipe recipe;
  GetParam().change(recipe);
  const auto findings = judge(recipe);
  EXPECT_TRUE(has(findings, GetParam().code, GetParam().severity)) << to_string(findings);
}

std::vector<RuleCase> leaf_rules() {
  using R = BrokenRecipe&;
  return {
      {"Expired", [](R r) { r.ends = -10; }, PairCode::cert_expired},
      {"NotYetValid", [](R r) { r.starts = 1800; }, PairCode::cert_not_yet_valid},
      {"NoSan", [](R r) { r.extensions.clear(); }, PairCode::cert_no_san},
      {"SelfSignedCa",
       [](R r) {
         r.extensions.push_back({NID_basic_constraints, "critical,CA:TRUE"});
       },
       PairCode::cert_is_ca, Severity::warning},
      {"ClientAuthOnly",
       [](R r) {
         r.extensions.push_back({NID_ext_key_usage, "clientAuth"});
       },
       PairCode::cert_usage},
      {"CertSignOnly",
       [](R r) {
         r.extensions.push_back({NID_key_usage, "keyCertSign"});
       },
       PairCode::cert_usage},
      {"Sha1", [](R r) { r.digest = EVP_sha1(); }, PairCode::cert_sigalg},
      {"Rsa1024", [](R r) { r.key.reset(EVP_RSA_gen(1024)); }, PairCode::key_weak},
      {"P224", [](R r) { r.key.reset(EVP_EC_gen("P-224")); }, PairCode::key_weak},
      {"Secp256k1", [](R r) { r.key.reset(EVP_EC_gen("secp256k1")); }, PairCode::key_weak},
      {"P521", [](R r) { r.key.reset(EVP_EC_gen("P-521")); }, PairCode::key_weak,
       Severity::warning},
      {"Ed25519",
       [](R r) {
         r.key.reset(EVP_PKEY_Q_keygen(nullptr, nullptr, "ED25519"));
         r.digest = nullptr;
       },
       PairCode::key_weak},
      {"MustStaple",
       [](R r) {
         r.extensions.push_back({NID_tlsfeature, "status_request"});
       },
       PairCode::must_staple, Severity::warning},
      {"StarInTheMiddle", [](R r) { r.extensions[0].second = "DNS:a.test,DNS:a.*.test"; },
       PairCode::san_wildcard, Severity::warning},
      {"StarUnderTopLevel", [](R r) { r.extensions[0].second = "DNS:a.test,DNS:*.test"; },
       PairCode::san_wildcard, Severity::warning},
  };
}

INSTANTIATE_TEST_SUITE_P(Leaf, LeafRule, testing::ValuesIn(leaf_rules()),
                         [](const auto& row) { return std::string(row.param.title); });

TEST(ValidatePair, AcceptsAGoodPairWithoutAWord) {
  const auto pair = ravelin::test::issue({"www.example.com"});
  EXPECT_EQ(to_string(judge(to_pem(pair->chain), pair->key.get(), {"www.example.com"})), "");
}

TEST(ValidatePair, NamesTheFileOfAForeignKey) {
  const auto pair = ravelin::test::issue({"a.test"});
  const auto stranger = ravelin::test::issue({"a.test"});
  const auto findings = judge(to_pem(pair->chain), stranger->key.get());
  ASSERT_EQ(findings.size(), 1U);
  EXPECT_THAT(to_string(findings),
              HasSubstr("E_KEY_MISMATCH: www.key: is not the key of the certificate in www.crt"));
}

TEST(ValidatePair, KeyOfAnotherTypeIsAMismatch) {
  const auto pair = ravelin::test::issue({"a.test"});
  const auto rsa = ravelin::test::issue({"a.test"}, LeafKey::rsa2048);
  EXPECT_TRUE(
      has(judge(to_pem(pair->chain), rsa->key.get()), PairCode::key_mismatch, Severity::error));
}

TEST(ValidatePair, ListsNamesNotCovered) {
  const auto pair = ravelin::test::issue({"a.test", "*.b.test"});
  const auto findings =
      judge(to_pem(pair->chain), pair->key.get(), {"a.test", "x.b.test", "x.y.b.test", "c.test"});
  ASSERT_EQ(findings.size(), 1U);
  EXPECT_EQ(findings[0].message, "www.crt: does not cover x.y.b.test, c.test");
}

// A root, an intermediate below it, and a leaf below that.
struct Family {
  BrokenRecipe root_recipe;
  BrokenRecipe middle_recipe;
  BrokenRecipe leaf_recipe;
  X509Ptr root;
  X509Ptr middle;
  X509Ptr leaf;
};

Family family(const std::function<void(Family&)>& change = {}) {
  Family f;
  f.root_recipe.subject = "root";
  f.root_recipe.extensions = {{NID_basic_constraints, "critical,CA:TRUE"}};
  f.middle_recipe.subject = "middle";
  f.middle_recipe.extensions = {{NID_basic_constraints, "critical,CA:TRUE"}};
  if (change) change(f);
  f.root = make(f.root_recipe);
  f.middle_recipe.issuer = f.root.get();
  f.middle_recipe.issuer_key = f.root_recipe.key.get();
  f.middle = make(f.middle_recipe);
  f.leaf_recipe.issuer = f.middle.get();
  f.leaf_recipe.issuer_key = f.middle_recipe.key.get();
  f.leaf = make(f.leaf_recipe);
  return f;
}

std::string join(std::initializer_list<const X509*> certificates) {
  std::string text;
  for (const X509* certificate : certificates)
    text += to_pem(certificate);
  return text;
}

TEST(ValidateChain, AcceptsLeafAndIntermediate) {
  const Family f = family();
  EXPECT_EQ(to_string(judge(join({f.leaf.get(), f.middle.get()}), f.leaf_recipe.key.get())), "");
}

TEST(ValidateChain, SaysWhatIsOutOfOrder) {
  const Family f = family();
  const auto findings =
      judge(join({f.leaf.get(), f.root.get(), f.middle.get()}), f.leaf_recipe.key.get());
  EXPECT_TRUE(has(findings, PairCode::chain_order, Severity::error)) << to_string(findings);
  EXPECT_THAT(to_string(findings), HasSubstr("certificate 1 is issued by certificate 3"));
}

TEST(ValidateChain, ReportsAnUnrelatedCertificate) {
  const Family f = family();
  const Family g = family();
  EXPECT_TRUE(has(judge(join({f.leaf.get(), g.middle.get()}), f.leaf_recipe.key.get()),
                  PairCode::chain_wrong_issuer, Severity::error));
}

TEST(ValidateChain, WarnsOfDuplicateAndRoot) {
  const Family f = family();
  EXPECT_TRUE(
      has(judge(join({f.leaf.get(), f.leaf.get(), f.middle.get()}), f.leaf_recipe.key.get()),
          PairCode::chain_duplicate, Severity::warning));
  EXPECT_TRUE(
      has(judge(join({f.leaf.get(), f.middle.get(), f.root.get()}), f.leaf_recipe.key.get()),
          PairCode::chain_root_included, Severity::warning));
}

TEST(ValidateChain, ReportsAnExpiredIntermediate) {
  const Family f = family([](Family& g) { g.middle_recipe.ends = -10; });
  EXPECT_TRUE(has(judge(join({f.leaf.get(), f.middle.get()}), f.leaf_recipe.key.get()),
                  PairCode::chain_expired_intermediate, Severity::error));
}

TEST(ValidateChain, ReportsNamesTheIntermediateMayNotIssue) {
  const Family f = family([](Family& g) {
    g.middle_recipe.extensions.push_back(
        {NID_name_constraints, "critical,permitted;DNS:other.test"});
  });
  const auto findings = judge(join({f.leaf.get(), f.middle.get()}), f.leaf_recipe.key.get());
  EXPECT_TRUE(has(findings, PairCode::name_constraints, Severity::error)) << to_string(findings);
}

TEST(ValidateChain, MissesTheIntermediateThatTheLeafPointsTo) {
  const Family f = family([](Family& g) {
    g.leaf_recipe.extensions.push_back({NID_info_access, "caIssuers;URI:http://pki.test/ca.crt"});
  });
  const auto findings = judge(join({f.leaf.get()}), f.leaf_recipe.key.get());
  EXPECT_TRUE(has(findings, PairCode::chain_missing, Severity::warning)) << to_string(findings);
}

TEST(ValidateChain, ReportsACaInTheLeafsPlace) {
  const Family f = family();
  EXPECT_TRUE(has(judge(join({f.middle.get()}), f.middle_recipe.key.get()), PairCode::cert_is_ca,
                  Severity::error));
}

struct ModeCase {
  const char* title;
  unsigned mode;
  uid_t owner;
  const char* group;
  const char* says;  // "" = no finding
  Severity severity = Severity::error;
};

void PrintTo(const ModeCase& row, std::ostream* out) {
  *out << row.title;
}

class KeyMode : public testing::TestWithParam<ModeCase> {};

TEST_P(KeyMode, IsJudged) {
  struct stat status {};

  status.st_mode = S_IFREG | GetParam().mode;
  status.st_uid = GetParam().owner;
  const auto findings = judge_key_mode("k.pem", status, GetParam().group, 1000, {});
  if (*GetParam().says == '\0') {
    EXPECT_EQ(to_string(findings), "");
    return;
  }
  EXPECT_TRUE(has(findings, PairCode::key_perms, GetParam().severity));
  EXPECT_THAT(to_string(findings), HasSubstr(GetParam().says));
}

constexpr ModeCase kModes[] = {
    {"OwnerOnly", 0600, 1000, "staff", ""},
    {"ReadOnly", 0400, 1000, "staff", ""},
    {"RootOwned", 0600, 0, "root", ""},
    {"ListedGroup", 0640, 0, "ssl-cert", "lets the group ssl-cert read", Severity::warning},
    {"OtherGroup", 0640, 0, "staff", "(allowed: ssl-cert): chmod 600 k.pem"},
    {"NamelessGroup", 0640, 0, "", "lets the group 0 read"},
    {"GroupWrites", 0660, 0, "ssl-cert", "lets a group write"},
    {"WorldReads", 0644, 1000, "staff", "mode 0644 gives every user access"},
    {"ForeignOwner", 0600, 2000, "staff", "belongs to uid 2000"},
};

INSTANTIATE_TEST_SUITE_P(Modes, KeyMode, testing::ValuesIn(kModes),
                         [](const auto& row) { return std::string(row.param.title); });

TEST(LoadPair, ReadsAPairFromFiles) {
  const TempDir dir;
  ravelin::test::write_pair(dir, "www", ravelin::test::issue({"a.test"}));
  const auto loaded = load_pair({dir.path("www.crt"), dir.path("www.key")}, {}, base::wall_now());
  ASSERT_NE(loaded.pair, nullptr) << to_string(loaded.findings);
  EXPECT_TRUE(loaded.findings.empty());
}

TEST(LoadPair, ReportsBothFilesAtOnce) {
  const TempDir dir;
  dir.write("www.crt", "nothing");
  const auto loaded = load_pair({dir.path("www.crt"), dir.path("www.key")}, {}, base::wall_now());
  EXPECT_EQ(loaded.pair, nullptr);
  EXPECT_TRUE(has(loaded.findings, PairCode::cert_parse, Severity::error));
  EXPECT_TRUE(has(loaded.findings, PairCode::file_unreadable, Severity::error));
}

TEST(LoadPair, RefusesAKeyOthersCanRead) {
  const TempDir dir;
  ravelin::test::write_pair(dir, "www", ravelin::test::issue({"a.test"}));
  std::filesystem::permissions(dir.path("www.key"), std::filesystem::perms(0644));
  const auto loaded = load_pair({dir.path("www.crt"), dir.path("www.key")}, {}, base::wall_now());
  EXPECT_EQ(loaded.pair, nullptr);
  EXPECT_THAT(to_string(loaded.findings), HasSubstr("E_KEY_PERMS"));
}

TEST(LoadPair, RefusesAKeyThatWasRevoked) {
  const TempDir dir;
  const PairPtr pair = ravelin::test::issue({"a.test"});
  ravelin::test::write_pair(dir, "www", pair);
  const PairFiles files{dir.path("www.crt"), dir.path("www.key")};
  LoadRules rules{.key_file = {.revoked = {std::string(64, '0')}}};
  EXPECT_NE(load_pair(files, rules, base::wall_now()).pair, nullptr);
  rules.key_file.revoked.insert(pair->chain.info.spki_sha256);
  const auto refused = load_pair(files, rules, base::wall_now());
  EXPECT_EQ(refused.pair, nullptr);
  EXPECT_TRUE(has(refused.findings, PairCode::key_compromised, Severity::error));
  EXPECT_THAT(to_string(refused.findings), HasSubstr("E_KEY_COMPROMISED"));
  rules.key_reading = KeyReading::elsewhere;
  EXPECT_EQ(load_pair(files, rules, base::wall_now()).pair, nullptr);
  const LoadRules unknown{.key_file = {.revoked_unknown = "spki: Permission denied"}};
  const auto served = load_pair(files, unknown, base::wall_now());
  EXPECT_NE(served.pair, nullptr);
  EXPECT_TRUE(has(served.findings, PairCode::key_compromised, Severity::warning));
}

TEST(LoadPair, WarnsOfASymlinkAndServes) {
  const TempDir dir;
  ravelin::test::write_pair(dir, "www", ravelin::test::issue({"a.test"}));
  std::filesystem::create_symlink("www.key", dir.path("live.key"));
  const auto loaded = load_pair({dir.path("www.crt"), dir.path("live.key")}, {}, base::wall_now());
  EXPECT_NE(loaded.pair, nullptr);
  EXPECT_TRUE(has(loaded.findings, PairCode::key_perms, Severity::warning));
}

TEST(LoadPair, RefusesAFolderEveryoneWritesTo) {
  const TempDir dir;
  ravelin::test::write_pair(dir, "www", ravelin::test::issue({"a.test"}));
  std::filesystem::permissions(dir.path(), std::filesystem::perms(0777));
  const auto loaded = load_pair({dir.path("www.crt"), dir.path("www.key")}, {}, base::wall_now());
  EXPECT_EQ(loaded.pair, nullptr);
  EXPECT_THAT(to_string(loaded.findings), HasSubstr("every user can replace the key"));
}

TEST(LoadPair, WarnsOfAPassphraseNobodyNeeds) {
  const TempDir dir;
  ravelin::test::write_pair(dir, "www", ravelin::test::issue({"a.test"}));
  dir.write("pass", "correct horse\n");
  const PairFiles files{dir.path("www.crt"), dir.path("www.key"), dir.path("pass")};
  std::filesystem::permissions(files.secret_file, std::filesystem::perms(0600));
  const auto loaded = load_pair(files, {}, base::wall_now());
  EXPECT_NE(loaded.pair, nullptr);
  EXPECT_TRUE(has(loaded.findings, PairCode::key_passphrase, Severity::warning));
  EXPECT_NE(loaded.stamps.secret, FileStamp{});
}

TEST(LoadPair, LeavesAKeyInATokenToOthers) {
  const TempDir dir;
  ravelin::test::write_pair(dir, "www", ravelin::test::issue({"a.test"}));
  const auto loaded =
      load_pair({dir.path("www.crt"), "pkcs11:token=web;object=www"}, {}, base::wall_now());
  ASSERT_NE(loaded.pair, nullptr) << to_string(loaded.findings);
  EXPECT_EQ(loaded.pair->key, nullptr);
  EXPECT_EQ(loaded.stamps.key, FileStamp{});
}

// The public half of one key with the private half of another, as in a damaged file.
KeyPtr mixed_key(const EVP_PKEY* public_of, const EVP_PKEY* private_of) {
  std::array<unsigned char, 256> point{};
  std::size_t size = 0;
  BIGNUM* raw = nullptr;
  CHECK(EVP_PKEY_get_octet_string_param(public_of, OSSL_PKEY_PARAM_PUB_KEY, point.data(),
                                        point.size(), &size) == 1);
  CHECK(EVP_PKEY_get_bn_param(private_of, OSSL_PKEY_PARAM_PRIV_KEY, &raw) == 1);
  const base::Handle<BIGNUM, BN_free> secret(raw);
  const base::Handle<OSSL_PARAM_BLD, OSSL_PARAM_BLD_free> build(OSSL_PARAM_BLD_new());
  OSSL_PARAM_BLD_push_utf8_string(build.get(), OSSL_PKEY_PARAM_GROUP_NAME, "prime256v1", 0);
  OSSL_PARAM_BLD_push_octet_string(build.get(), OSSL_PKEY_PARAM_PUB_KEY, point.data(), size);
  OSSL_PARAM_BLD_push_BN(build.get(), OSSL_PKEY_PARAM_PRIV_KEY, secret.get());
  const base::Handle<OSSL_PARAM, OSSL_PARAM_free> params(OSSL_PARAM_BLD_to_param(build.get()));
  const base::Handle<EVP_PKEY_CTX, EVP_PKEY_CTX_free> context(
      EVP_PKEY_CTX_new_from_name(nullptr, "EC", nullptr));
  EVP_PKEY* key = nullptr;
  CHECK(EVP_PKEY_fromdata_init(context.get()) == 1);
  CHECK(EVP_PKEY_fromdata(context.get(), &key, EVP_PKEY_KEYPAIR, params.get()) == 1);
  return KeyPtr(key);
}

TEST(LoadPair, RefusesAKeyThatDoesNotSignForItsCertificate) {
  const TempDir dir;
  const PairPtr pair = ravelin::test::issue({"a.test"});
  ravelin::test::write_pair(dir, "www", pair);
  const PairPtr other = ravelin::test::issue({"a.test"});
  dir.write("www.key", key_to_pem(mixed_key(pair->key.get(), other->key.get()).get()));
  const PairFiles files{dir.path("www.crt"), dir.path("www.key")};
  const auto loaded = load_pair(files, {.expired = ExpiredPair::serve}, base::wall_now());
  EXPECT_EQ(loaded.pair, nullptr);
  ASSERT_TRUE(has(loaded.findings, PairCode::handshake, Severity::error));
  EXPECT_THAT(to_string(loaded.findings), HasSubstr("E_HANDSHAKE: "));
  EXPECT_THAT(to_string(loaded.findings),
              HasSubstr("no client comes to an end with it and " + files.key +
                        ": handshake for a.test (TLS 1.2, ec key): "));
}

TEST(LoadPair, ServesAnExpiredPairOnlyOnRequest) {
  const TempDir dir;
  LeafRequest request;
  request.names = {"a.test"};
  request.ends_after = std::chrono::seconds(-60);
  ravelin::test::write_pair(dir, "www", ravelin::test::issue(request));
  const PairFiles files{dir.path("www.crt"), dir.path("www.key")};
  EXPECT_EQ(load_pair(files, {}, base::wall_now()).pair, nullptr);
  const auto loaded = load_pair(files, {.expired = ExpiredPair::serve}, base::wall_now());
  EXPECT_NE(loaded.pair, nullptr);
  EXPECT_TRUE(has(loaded.findings, PairCode::cert_expired, Severity::warning));
}

}  // namespace
}  // namespace ravelin::certs
