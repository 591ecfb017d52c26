// A certificate that is being ordered, on the disk before anything is asked of a CA: the keys, what
// the issuer must not forget, and each chain as it comes. After a crash the same order goes on,
// with the same keys. The lease of the certificate covers it. Blocks on the disk.
//   pending/plan.json    names, issuer, keys, why
//   pending/ec.key       PKCS#8
//   pending/ec.note      the issuer's own (issuer.h)
//   pending/ec.pem       the chain, once it has come
#pragma once

#include "certs/issuer/issuer.h"
#include "certs/store/store_dir.h"

#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace ravelin::certs {

struct PendingPlan {
  std::vector<std::string> names;
  std::string issuer;
  std::vector<std::string> keys;  // "p256", one per slot
  std::string profile{};
  std::string reason;
  std::string by;
  sys_seconds since{};

  // Whether an order begun for `other` serves this one as well.
  [[nodiscard]] bool is_same_order(const PendingPlan& other) const {
    return names == other.names && issuer == other.issuer && keys == other.keys &&
           profile == other.profile;
  }
};

std::string format_plan(const PendingPlan& plan);  // JSON
Result<PendingPlan> parse_plan(std::string_view text);

class Pending {
 public:
  // In place of one that is there.
  static Result<Pending> begin(const StoreDir& store, Lease& lease, const std::string& name,
                               PendingPlan plan);
  // That of a placeholder, which leaves the other where it is: what a CA has begun goes on while
  // something stands in. It is found by nobody and goes with the next that begins.
  static Result<Pending> begin_placeholder(const StoreDir& store, Lease& lease,
                                           const std::string& name, PendingPlan plan);
  // None when nothing is pending. One that a crash kept from having a plan is none.
  static Result<std::optional<Pending>> find(const StoreDir& store, const std::string& name);

  [[nodiscard]] const PendingPlan& plan() const { return plan_; }

  // "" = not there yet.
  [[nodiscard]] Result<std::string> key(PairSlot slot) const;
  [[nodiscard]] Result<> keep_key(PairSlot slot, std::string_view pem) const;
  [[nodiscard]] Result<std::string> chain(PairSlot slot) const;
  [[nodiscard]] Result<> keep_chain(PairSlot slot, std::string_view pem,
                                    std::string_view order) const;
  // What keep_chain() was told of the order.
  [[nodiscard]] std::string order(PairSlot slot) const;

  [[nodiscard]] std::unique_ptr<OrderNote> note(PairSlot slot) const;

  // The order is done, or not to be gone on with.
  [[nodiscard]] Result<> end() const;

 private:
  Pending(std::string folder, PendingPlan plan)
      : folder_(std::move(folder)), plan_(std::move(plan)) {}

  static Result<Pending> begin_in(const std::string& folder, const StoreDir& store, Lease& lease,
                                  const std::string& name, PendingPlan plan);
  [[nodiscard]] std::string file(PairSlot slot, std::string_view kind) const;

  std::string folder_;
  PendingPlan plan_;
};

}  // namespace ravelin::certs
