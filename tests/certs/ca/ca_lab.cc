#include "tests/certs/ca/ca_lab.h"

#include "base/check.h"
#include "base/io/file.h"
#include "certs/issuer/csr.h"
#include "certs/issuer/private_key.h"

namespace ravelin::certs::test {
namespace {

using StorePtr = base::Handle<X509_STORE, X509_STORE_free>;

int verify(X509_STORE* store, const Chain& chain, base::WallTime now, int purpose) {
  const base::Handle<X509_STORE_CTX, X509_STORE_CTX_free> check(X509_STORE_CTX_new());
  X509_STORE_CTX_init(check.get(), store, chain.leaf.get(), chain.intermediates.get());
  X509_STORE_CTX_set_purpose(check.get(), purpose);
  X509_STORE_CTX_set_time(check.get(), 0, std::chrono::system_clock::to_time_t(now));
  X509_verify_cert(check.get());
  return X509_STORE_CTX_get_error(check.get());
}

}  // namespace

CaLab::CaLab()
    : now(std::chrono::sys_days(std::chrono::year(2026) / 3 / 2) + std::chrono::hours(12)) {}

OwnCa CaLab::create(const Texts& permitted) {
  auto limits = parse_constraints(permitted);
  CHECK(limits.has_value());
  auto ca = OwnCa::create(dir(), {.settings = {.name = "Lab"}, .permitted = *limits}, now);
  CHECK(ca.has_value());
  return std::move(*ca);
}

OwnCa CaLab::open() const {
  auto ca = OwnCa::open(dir());
  CHECK(ca.has_value());
  return std::move(*ca);
}

OwnCaIssuer CaLab::issuer() {
  return OwnCaIssuer(dir(), [this] { return now; });
}

Issuer::Outcome CaLab::issue(const Texts& names, std::string profile) {
  CertificateOrder order = order_for(names);
  order.profile = std::move(profile);
  return issue_order(order);
}

Issuer::Outcome CaLab::issue_order(const CertificateOrder& order) {
  MemoryNote note;
  return issuer().issue(order, note, {});
}

std::string csr_for(const Texts& names) {
  const auto key = generate_key(KeyKind::p256);
  CHECK(key.has_value());
  auto csr = make_csr(key->get(), names);
  CHECK(csr.has_value());
  return *csr;
}

CertificateOrder order_for(const Texts& names) {
  return {.names = names, .csr = csr_for(names)};
}

int verdict(const OwnCa& ca, const Chain& chain, base::WallTime now, int purpose) {
  const StorePtr store(X509_STORE_new());
  X509_STORE_add_cert(store.get(), ca.root());
  return verify(store.get(), chain, now, purpose);
}

int verdict_with_lists(const OwnCa& ca, const Chain& chain, base::WallTime now) {
  const StorePtr store(X509_STORE_new());
  X509_STORE_add_cert(store.get(), ca.root());
  const std::string text = read_text(ca.folder().path("crl.pem"));
  const auto lists = parse_crls(text, "crl.pem");
  CHECK(lists.has_value());
  for (const auto& list : *lists)
    X509_STORE_add_crl(store.get(), list.get());
  X509_STORE_set_flags(store.get(), X509_V_FLAG_CRL_CHECK | X509_V_FLAG_CRL_CHECK_ALL);
  return verify(store.get(), chain, now, X509_PURPOSE_SSL_CLIENT);
}

std::string read_text(const std::string& path) {
  const auto text = base::read_file(path, 1 << 20);
  return text ? *text : "";
}

void write_text(const std::string& path, std::string_view text, unsigned mode) {
  CHECK(base::replace_file(path, text, mode).has_value());
}

}  // namespace ravelin::certs::test
