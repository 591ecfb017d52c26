// Orders counted against the limits of one CA: how near they come, whatever they are: those of the
// past, those to come, or one that is about to be placed. Pure; any thread.
#pragma once

#include "certs/rotate/ca_limits.h"
#include "certs/rotate/registered_domain.h"

#include <map>
#include <optional>
#include <span>
#include <string>
#include <vector>

namespace ravelin::certs {

using std::chrono::sys_seconds;

// What a CA makes of an order: for names it has not signed together before, for the same ones
// again, or named as the replacement of a certificate (RFC 9773).
enum class OrderKind : std::uint8_t { first, again, replacing };

struct Orders {
  sys_seconds at{};
  std::vector<std::string> names;
  OrderKind kind = OrderKind::first;
  std::size_t count = 1;  // one for each key; after the first they are for the same names again
};

// How near one limit is.
struct LimitUse {
  std::string issuer;
  LimitedBy by = LimitedBy::account;
  std::string limit{};  // "orders in 3 h", "certificates for example.com in 7 d"
  std::size_t used = 0;
  std::size_t most = 0;
  sys_seconds at{};         // when that many are reached
  bool is_assumed = false;  // CaLimits

  [[nodiscard]] bool is_exceeded() const { return used > most; }
};

class OrderCount {
 public:
  // `suffixes` must outlive it.
  OrderCount(CaLimits limits, const PublicSuffixes& suffixes);

  void add(const Orders& orders);

  // Of each limit what comes nearest to it: the densest stretch of the fullest account, domain, set
  // of names. What at `now` no longer counts is not looked at. A limit nothing counts for is left
  // out, but the account's.
  [[nodiscard]] std::vector<LimitUse> nearest(const std::string& issuer, sys_seconds now) const;

  // What `names` may count on at `now`: each limit they fall under, with what was used in the
  // stretch that ends then.
  [[nodiscard]] std::vector<LimitUse> left_for(const std::string& issuer,
                                               const std::vector<std::string>& names,
                                               sys_seconds now) const;

 private:
  struct Subject {
    std::string text;  // for people: "example.com", "the names of www.example.com"
    std::vector<sys_seconds> times;
  };

  // What orders for `names` are counted under; "" is the account.
  [[nodiscard]] std::map<std::string, std::string> subjects_of(
      const OrderLimit& limit, const std::vector<std::string>& names) const;
  [[nodiscard]] LimitUse use_of(const OrderLimit& limit, const std::string& issuer,
                                const std::string& subject) const;

  CaLimits limits_;
  const PublicSuffixes& suffixes_;
  std::vector<std::map<std::string, Subject>> counted_;  // by limit, in its order
};

}  // namespace ravelin::certs
