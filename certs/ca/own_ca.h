// A certificate authority of one's own, kept in a folder of the certificate store:
//   root.pem root.key        P-384, ten years; the key may be taken away and kept offline
//   issuing.pem issuing.key  P-256, 90 days, signs certificates; re-made with the root's key
//   retired/SERIAL.pem .key  issuing ones of before, for revocations until they end
//   root-crl.pem             the root's revocation list: nothing revoked, as long as issuing.pem
//   crl.pem                  all lists that verifiers need (certs/ca/revocation_list.h)
//   bundle.pem               the certificates that signed those lists, the root first
//   issued.jsonl             what was signed; revoked.jsonl: what was taken back
//   ca.json                  name, lifetime of certificates; lock: held while something changes
// Whoever changes something holds lock(). Holds the issuing keys; one thread at a time.
#pragma once

#include "certs/ca/ca_folder.h"
#include "certs/ca/ca_settings.h"
#include "certs/ca/sign_ca.h"

#include <span>
#include <string>
#include <vector>

namespace ravelin::certs {

// Names that no public CA signs (.test, .internal, .home.arpa, .localhost) and private addresses.
NameConstraints private_names();

struct OwnCaOptions {
  CaSettings settings{};
  NameConstraints permitted = private_names();  // open = any name at all
};

class OwnCa {
 public:
  // Errors: settings or names that are not allowed, a CA is there already (Errc::conflict), the
  // disk. What a broken-off create() has left is no CA, and written over by the next.
  static Result<OwnCa> create(const std::string& dir, const OwnCaOptions& options,
                              base::WallTime now);

  // Reads all but the root's key, which may be missing. Changes nothing. Errors: no CA there
  // (Errc::not_found), files that are damaged, do not belong together or are open to others.
  static Result<OwnCa> open(const std::string& dir);

  [[nodiscard]] const CaSettings& settings() const { return settings_; }

  [[nodiscard]] X509* root() const { return root_.get(); }

  [[nodiscard]] const SigningCa& issuing() const { return issuing_; }

  [[nodiscard]] std::span<const SigningCa> retired() const { return retired_; }

  [[nodiscard]] const NameConstraints& permitted() const { return permitted_; }

  [[nodiscard]] const CaFolder& folder() const { return folder_; }

  [[nodiscard]] bool has_root_key() const;

  // SHA-256 of the root certificate, lower-case hexadecimal: what people compare.
  [[nodiscard]] std::string root_fingerprint() const;

  [[nodiscard]] bool is_issuing_due(base::WallTime now) const;

  // A new issuing certificate with a new key; the present one retires. Errors: the root's key is
  // away (Errc::unavailable) or another's; the disk. The old one stays on errors.
  Result<> renew_issuing(base::WallTime now);

 private:
  OwnCa(CaFolder folder, CaSettings settings)
      : folder_(std::move(folder)), settings_(std::move(settings)) {}

  Result<> read_certificates();
  Result<> read_retired();
  Result<> check_issuing() const;
  [[nodiscard]] Result<SigningCa> root_with_key() const;
  void forget_ended(base::WallTime now);

  CaFolder folder_;
  CaSettings settings_;
  X509Ptr root_;
  NameConstraints permitted_;
  SigningCa issuing_;
  std::vector<SigningCa> retired_;
};

// A CA that nobody else changes meanwhile.
struct HeldCa {
  CaLock lock;
  OwnCa ca;
};

// Waits ten seconds for another process at most. Errors as those of lock() and open().
Result<HeldCa> hold_ca(const std::string& dir, const std::stop_token& stop = {});

}  // namespace ravelin::certs
