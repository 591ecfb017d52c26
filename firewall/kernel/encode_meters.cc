#include "firewall/kernel/encode_meters.h"

#include "firewall/kernel/encode_fields.h"

#include <linux/netfilter/nf_tables.h>

namespace ravelin::firewall {
namespace {

using base::Errc;
using base::fail;

std::uint32_t dynset_operation(Update::Operation operation) {
  switch (operation) {
    case Update::Operation::add:
      return NFT_DYNSET_OP_ADD;
    case Update::Operation::update:
      return NFT_DYNSET_OP_UPDATE;
    case Update::Operation::remove:
      break;
  }
  return NFT_DYNSET_OP_DELETE;
}

struct MakePerElement {
  Result<ExprPtr> operator()(const Limit& limit) const { return make_limit(limit); }

  Result<ExprPtr> operator()(const ConnectionLimit& limit) const {
    return make_connection_limit(limit);
  }

  Result<ExprPtr> operator()(const Counter&) const { return make_counter(); }
};

}  // namespace

ExprPtr make_counter() {
  ExprPtr expr = make_expr("counter");
  nftnl_expr_set_u64(expr.get(), NFTNL_EXPR_CTR_PACKETS, 0);
  nftnl_expr_set_u64(expr.get(), NFTNL_EXPR_CTR_BYTES, 0);
  return expr;
}

ExprPtr make_connection_limit(const ConnectionLimit& limit) {
  ExprPtr expr = make_expr("connlimit");
  nftnl_expr_set_u32(expr.get(), NFTNL_EXPR_CONNLIMIT_COUNT, limit.count);
  nftnl_expr_set_u32(expr.get(), NFTNL_EXPR_CONNLIMIT_FLAGS, limit.over ? NFT_CONNLIMIT_F_INV : 0);
  return expr;
}

Result<ExprPtr> make_limit(const Limit& limit) {
  const auto unit = limit.per.count();
  if (limit.count == 0 || (unit != 1 && unit != 60 && unit != 3600 && unit != 86400))
    return fail(Errc::invalid, "{} per {} s is no rate (the unit is 1, 60, 3600 or 86400 s)",
                limit.count, unit);
  ExprPtr expr = make_expr("limit");
  nftnl_expr_set_u64(expr.get(), NFTNL_EXPR_LIMIT_RATE, limit.count);
  nftnl_expr_set_u64(expr.get(), NFTNL_EXPR_LIMIT_UNIT, static_cast<std::uint64_t>(unit));
  nftnl_expr_set_u32(expr.get(), NFTNL_EXPR_LIMIT_BURST, limit.burst);
  nftnl_expr_set_u32(expr.get(), NFTNL_EXPR_LIMIT_TYPE,
                     limit.of_bytes ? NFT_LIMIT_PKT_BYTES : NFT_LIMIT_PKTS);
  nftnl_expr_set_u32(expr.get(), NFTNL_EXPR_LIMIT_FLAGS, limit.over ? NFT_LIMIT_F_INV : 0);
  return expr;
}

Result<ExprPtr> make_update(const Update& update) {
  ExprPtr expr = make_expr("dynset");
  nftnl_expr_set_u32(expr.get(), NFTNL_EXPR_DYNSET_SREG_KEY, data_register());
  nftnl_expr_set_u32(expr.get(), NFTNL_EXPR_DYNSET_OP, dynset_operation(update.operation));
  nftnl_expr_set_str(expr.get(), NFTNL_EXPR_DYNSET_SET_NAME, update.set.c_str());
  if (update.timeout)
    nftnl_expr_set_u64(expr.get(), NFTNL_EXPR_DYNSET_TIMEOUT,
                       static_cast<std::uint64_t>(update.timeout->count()));
  if (!update.expression) return expr;
  auto inner = std::visit(MakePerElement{}, *update.expression);
  if (!inner) return inner.error();
  nftnl_expr_set(expr.get(), NFTNL_EXPR_DYNSET_EXPR, inner->release(), 0);  // takes it over
  return expr;
}

}  // namespace ravelin::firewall
