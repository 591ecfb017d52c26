// dns-01 by a program of the operator's: PROGRAM present|cleanup NAME VALUE puts the TXT record
// NAME ("_acme-challenge.www.example.com") with VALUE into the zone, or takes it out. Blocks.
#pragma once

#include "certs/issuer/challenges.h"

#include <chrono>
#include <string>

namespace ravelin::certs {

struct DnsHookOptions {
  std::string program;                 // absolute path; no shell, no arguments of its own
  std::chrono::seconds deadline{120};  // for one call; then it and all it started are killed
};

// `present` has to return once the zone's servers have the record; exit 0 = done. Its environment
// is PATH and HOME, its output goes into the error when it fails. One thread at a time.
class DnsHook final : public ChallengeBoard {
 public:
  explicit DnsHook(DnsHookOptions options) : options_(std::move(options)) {}

  [[nodiscard]] bool can_answer(ChallengeType type) const override {
    return type == ChallengeType::dns_01;
  }

  Result<> put_up(const Challenge& challenge) override;
  void take_down(const Challenge& challenge) override;

 private:
  [[nodiscard]] Result<> run(const char* what, const Challenge& challenge) const;

  DnsHookOptions options_;
};

}  // namespace ravelin::certs
