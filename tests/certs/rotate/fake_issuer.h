// An issuer in memory that behaves: it has orders, goes on with those it finds noted, and can fail
// in every way a CA does. What it was asked for is kept in files, so that it is known after a
// crash.
#pragma once

#include "certs/issuer/issuer.h"

#include <functional>
#include <string>
#include <vector>

namespace ravelin::certs::test {

class FakeIssuer final : public Issuer {
 public:
  enum class Answer { chain, other_names, other_key, garbage, too_busy, forbidden, away, quarrel };

  // `name`: of its orders; `log`: a file.
  FakeIssuer(std::string name, std::string log);

  Outcome issue(const CertificateOrder& order, OrderNote& note, std::stop_token stop) override;
  Result<> revoke(std::string_view chain_pem, RevocationReason reason,
                  std::stop_token stop) override;
  Result<std::optional<RenewalWindow>> renewal_window(std::string_view chain_pem,
                                                      std::stop_token stop) override;

  // Orders that were placed anew: their names, "le-1".
  [[nodiscard]] std::vector<std::string> placed() const;
  // SHA-256 of the key of each request, in order.
  [[nodiscard]] std::vector<std::string> keys() const;

  // How often it was asked.
  [[nodiscard]] std::size_t asked() const { return keys().size(); }

  Answer answer = Answer::chain;
  std::chrono::seconds retry_after{90};  // too_busy
  bool revokes = true;
  std::vector<std::pair<std::string, RevocationReason>> revoked{};  // serials
  std::optional<RenewalWindow> window{};                            // of any certificate
  bool says_windows = true;                                         // false: it is away for that
  std::size_t windows_asked = 0;
  CertificateOrder last;
  // Called at "placed" and "signed".
  std::function<void(const std::string& at)> at{};

 private:
  std::string name_;
  std::string log_;
};

}  // namespace ravelin::certs::test
