// Loading fields of a packet into registers, with the guards their loads need in a table of family
// inet: the same expressions in the same order as nft makes them. One thread.
#pragma once

#include "base/result.h"
#include "firewall/kernel/attributes.h"
#include "firewall/kernel/nftnl_handles.h"
#include "firewall/ruleset/ruleset.h"

#include <cstdint>

namespace ravelin::firewall {

using base::Result;

// The first data register, and the one a number of 32-bit words further on: those at a multiple of
// 16 bytes have numbers of their own (NFT_REG_1 .. NFT_REG_4).
std::uint32_t data_register(std::size_t words_before = 0);

// Words of 32 bits a field takes in a key.
std::size_t words_of(Field field);

// The expressions of one rule, in order, and which guards already stand among them.
class RuleExpressions {
 public:
  explicit RuleExpressions(nftnl_rule& rule) : rule_(rule) {}

  void add(ExprPtr expr) { nftnl_rule_add_expr(&rule_, expr.release()); }

  // Puts the comparisons in front of a load of `field` that it needs and that do not stand yet.
  void guard(Field field);
  void guard_l4proto(std::uint8_t protocol);
  // A comparison somebody wrote that holds like a guard from here on.
  void stands(Field field, std::uint8_t value);

  // The first `bytes` of a field (0: all) into the register so many words on; `level` is of
  // socket_cgroup.
  void load(Field field, std::size_t words_before = 0, std::size_t bytes = 0,
            std::uint8_t level = 0);
  // All guards, then all parts of a key, masked, from the first register on. Error: it does not fit
  // into the registers.
  Result<> load_key(const Key& key);

  void compare(std::uint32_t op, ByteSpan value);
  void mask(ByteSpan mask, std::size_t words_before = 0);  // register &= mask
  void immediate(ByteSpan value, std::size_t words_before = 0);

 private:
  nftnl_rule& rule_;
  std::uint8_t nfproto_ = 0;  // of the guard that stands; 0: none
  std::uint8_t l4proto_ = 0;
};

// So many one bits, then zeros.
Bytes prefix_mask(std::size_t bits, std::size_t bytes);

}  // namespace ravelin::firewall
