#include "tests/certs/import/chain_lab.h"

#include "base/check.h"
#include "certs/build_certificate.h"
#include "tests/certs/certificate_recipes.h"

#include <openssl/ec.h>

namespace ravelin::certs::test {
namespace {

ChainMember make(const ChainMember* above) {
  ChainMember member{KeyPtr(EVP_EC_gen("P-256")), nullptr};
  member.certificate = blank_certificate(member.key.get(), kNow - std::chrono::days(1),
                                         kNow + std::chrono::days(100));
  X509* issuer = above == nullptr ? member.certificate.get() : above->certificate.get();
  if (above != nullptr)
    X509_set_issuer_name(member.certificate.get(), X509_get_subject_name(issuer));
  return member;
}

void sign(ChainMember& member, const ChainMember& above) {
  X509* self = member.certificate.get();
  add_extension(self, above.certificate.get(), NID_subject_key_identifier, "hash");
  add_extension(self, above.certificate.get(), NID_authority_key_identifier, "keyid");
  CHECK(sign_certificate(self, above.key.get()).has_value());
}

ChainMember make_ca(const char* name, const ChainMember* above) {
  ChainMember ca = make(above);
  X509* self = ca.certificate.get();
  set_common_name(X509_get_subject_name(self), name);
  if (above == nullptr) X509_set_issuer_name(self, X509_get_subject_name(self));
  add_extension(self, self, NID_basic_constraints, "critical,CA:TRUE");
  add_extension(self, self, NID_key_usage, "critical,keyCertSign,cRLSign");
  sign(ca, above == nullptr ? ca : *above);
  return ca;
}

ChainMember make_leaf(const char* name, const ChainMember& above) {
  ChainMember leaf = make(&above);
  X509* self = leaf.certificate.get();
  set_common_name(X509_get_subject_name(self), name);
  add_extension(self, self, NID_basic_constraints, "critical,CA:FALSE");
  add_extension(self, self, NID_key_usage, "critical,digitalSignature");
  add_extension(self, self, NID_ext_key_usage, "serverAuth");
  const auto names = general_names(std::vector<std::string>{name});
  CHECK(names.has_value());
  add_alternative_names(self, names->get(), Critical::no);
  add_extension(self, self, NID_info_access, "caIssuers;URI:http://pki.example.test/issuing.crt");
  sign(leaf, above);
  return leaf;
}

ChainLab make_lab() {
  ChainLab lab;
  lab.root = make_ca("Lab Root", nullptr);
  lab.upper = make_ca("Lab Upper", &lab.root);
  lab.issuing = make_ca("Lab Issuing", &lab.upper);
  lab.leaf = make_leaf("www.example.test", lab.issuing);
  lab.direct = make_leaf("direct.example.test", lab.root);
  lab.impostor = make_ca("Lab Issuing", &lab.root);
  lab.stranger = make_ca("Lab Stranger", nullptr);
  return lab;
}

}  // namespace

const ChainLab& chain_lab() {
  static const ChainLab lab = make_lab();
  return lab;
}

std::vector<X509Ptr> certificates(const std::vector<const ChainMember*>& members) {
  std::vector<X509Ptr> all;
  for (const ChainMember* member : members)
    all.push_back(share(member->certificate.get()));
  return all;
}

std::string pem_of(const std::vector<const ChainMember*>& members) {
  std::string pem;
  for (const ChainMember* member : members)
    pem += to_pem(member->certificate.get());
  return pem;
}

std::string der_of(const X509* certificate) {
  unsigned char* der = nullptr;
  const int size = i2d_X509(certificate, &der);
  CHECK(size > 0);
  std::string bytes(reinterpret_cast<const char*>(der), static_cast<std::size_t>(size));
  OPENSSL_free(der);
  return bytes;
}

}  // namespace ravelin::certs::test
