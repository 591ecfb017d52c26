// A certificate authority in a folder of the test's own, at a time of the test's own, and what a
// verifying client says of its certificates.
#pragma once

#include "certs/ca/own_ca_issuer.h"
#include "tests/support/temp_dir.h"

#include <openssl/x509_vfy.h>
#include <openssl/x509v3.h>

#include <string>
#include <string_view>
#include <vector>

namespace ravelin::certs::test {

using Texts = std::vector<std::string>;

// A note in memory, with what was saved in it.
class MemoryNote : public OrderNote {
 public:
  [[nodiscard]] std::string text() const override { return text_; }

  Result<> save(std::string_view text) override {
    text_ = text;
    return {};
  }

 private:
  std::string text_;
};

class CaLab {
 public:
  // Noon of a day on which nothing else happens.
  CaLab();

  [[nodiscard]] std::string dir() const { return folder_.path("ca"); }

  [[nodiscard]] std::string file(std::string_view name) const {
    return dir() + "/" + std::string(name);
  }

  // Aborts the test's CA on errors.
  OwnCa create(const Texts& permitted = {".dev.test", "10.0.0.0/8"});
  [[nodiscard]] OwnCa open() const;

  OwnCaIssuer issuer();
  Issuer::Outcome issue(const Texts& names, std::string profile = "");
  Issuer::Outcome issue_order(const CertificateOrder& order);

  base::WallTime now;

 private:
  ravelin::test::TempDir folder_;
};

// A request of a fresh P-256 key.
std::string csr_for(const Texts& names);
CertificateOrder order_for(const Texts& names);

// X509_V_OK or the error, for a client that trusts `ca`'s root alone, at `now`.
int verdict(const OwnCa& ca, const Chain& chain, base::WallTime now,
            int purpose = X509_PURPOSE_SSL_SERVER);
// The same for a client that asks all revocation lists of crl.pem.
int verdict_with_lists(const OwnCa& ca, const Chain& chain, base::WallTime now);

std::string read_text(const std::string& path);
void write_text(const std::string& path, std::string_view text, unsigned mode = 0600);

}  // namespace ravelin::certs::test
