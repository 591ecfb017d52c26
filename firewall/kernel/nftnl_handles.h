// libnftnl's objects, freed when their owner goes. One thread.
#pragma once

#include "base/check.h"

#include <libnftnl/chain.h>
#include <libnftnl/expr.h>
#include <libnftnl/rule.h>
#include <libnftnl/set.h>
#include <libnftnl/table.h>

#include <memory>

namespace ravelin::firewall {

template <auto Free>
struct FreeWith {
  template <class T>
  void operator()(T* object) const {
    Free(object);
  }
};

using TablePtr = std::unique_ptr<nftnl_table, FreeWith<nftnl_table_free>>;
using ChainPtr = std::unique_ptr<nftnl_chain, FreeWith<nftnl_chain_free>>;
using SetPtr = std::unique_ptr<nftnl_set, FreeWith<nftnl_set_free>>;
using RulePtr = std::unique_ptr<nftnl_rule, FreeWith<nftnl_rule_free>>;
using ExprPtr = std::unique_ptr<nftnl_expr, FreeWith<nftnl_expr_free>>;

// An expression by the kernel's name. libnftnl knows every name this folder uses.
inline ExprPtr make_expr(const char* name) {
  ExprPtr expr(nftnl_expr_alloc(name));
  CHECK(expr != nullptr);
  return expr;
}

}  // namespace ravelin::firewall
