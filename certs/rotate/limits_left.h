// What is left of the limits of CAs, from what the store remembers of its orders: kept up to date
// on the renewer's thread, shown to any other.
#pragma once

#include "certs/config/certs_config.h"
#include "certs/file.h"
#include "certs/rotate/order_count.h"
#include "certs/store/store_dir.h"

#include <mutex>
#include <stop_token>
#include <string>
#include <string_view>
#include <vector>

namespace ravelin::certs {

// Of one limit, where least is left: for the fullest account, domain, set of names.
struct LimitLeft {
  std::string issuer;
  LimitedBy by = LimitedBy::account;
  std::string what;  // "certificates for example.com in 7 d"
  std::size_t left = 0;
  std::size_t most = 0;
  bool is_assumed = false;  // CaLimits
};

// Each limit of the CA, also those nothing counts for. `past`: orders that were placed. Pure.
std::vector<LimitLeft> limits_left(const std::string& issuer, const CaLimits& limits,
                                   const OrderCount& past, sys_seconds now);

// "account", "registered_domain", "exact_names": the metric's label.
std::string_view text_of(LimitedBy by);

class LimitBook {
 public:
  // `store` must outlive it.
  explicit LimitBook(const StoreDir& store) : store_(store) {}

  // Counts anew when something was published since, or what was counted grows old; of certificates
  // that changed within the longest limit alone. Reads the store: a tenth of a second for 100,000
  // names, and what their histories take.
  void tend(const std::vector<IssuerConfig>& issuers, sys_seconds now, const std::stop_token& stop);

  // Any thread.
  [[nodiscard]] std::vector<LimitLeft> left() const;

 private:
  // Names that may have been ordered since.
  [[nodiscard]] std::vector<std::string> changed_since(sys_seconds since) const;

  const StoreDir& store_;
  PublicSuffixes suffixes_;
  FileStamp counted_;  // of the journal
  sys_seconds counted_at_{};
  std::vector<std::string> counted_for_;  // issuers
  mutable std::mutex mutex_;              // left_
  std::vector<LimitLeft> left_;
};

}  // namespace ravelin::certs
