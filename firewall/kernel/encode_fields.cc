#include "firewall/kernel/encode_fields.h"

#include "base/check.h"
#include "firewall/kernel/nf_tables_constants.h"

#include <linux/netfilter/nf_conntrack_tuple_common.h>
#include <linux/netfilter/nf_tables.h>

#include <algorithm>
#include <array>

namespace ravelin::firewall {
namespace {

using base::Errc;
using base::fail;

enum class Source : std::uint8_t { meta, network, transport, ct, ct_original, socket, fib };

// Where a field comes from: the key of meta, ct or socket, the offset in a header, or what fib is
// asked for.
struct Load {
  Source source;
  std::uint32_t key;
  std::uint32_t fib_flags = 0;
};

// In the order of Field.
constexpr std::array<Load, static_cast<std::size_t>(Field::count_)> kLoads{{
    {Source::meta, NFT_META_IIFNAME},
    {Source::meta, NFT_META_OIFNAME},
    {Source::meta, NFT_META_NFPROTO},
    {Source::meta, NFT_META_L4PROTO},
    {Source::network, 12},
    {Source::network, 16},
    {Source::network, 8},
    {Source::network, 24},
    {Source::transport, 0},
    {Source::transport, 2},
    {Source::transport, 0},
    {Source::transport, 2},
    {Source::transport, 0},
    {Source::transport, 2},
    {Source::transport, 13},
    {Source::transport, 0},
    {Source::transport, 0},
    {Source::ct, NFT_CT_STATE},
    {Source::ct, NFT_CT_STATUS},
    {Source::meta, NFT_META_MARK},
    {Source::meta, NFT_META_SKUID},
    {Source::meta, NFT_META_PRIORITY},
    {Source::socket, NFT_SOCKET_CGROUPV2},
    {Source::meta, NFT_META_TIME_DAY},
    {Source::meta, NFT_META_TIME_HOUR},
    {Source::fib, NFT_FIB_RESULT_ADDRTYPE, NFTA_FIB_F_DADDR},
    {Source::fib, NFT_FIB_RESULT_OIF, NFTA_FIB_F_SADDR | NFTA_FIB_F_IIF},
    {Source::ct_original, NFT_CT_PROTO_DST},
}};

ExprPtr load_payload(const Load& load, std::uint32_t reg, std::size_t bytes) {
  ExprPtr expr = make_expr("payload");
  nftnl_expr_set_u32(
      expr.get(), NFTNL_EXPR_PAYLOAD_BASE,
      load.source == Source::network ? NFT_PAYLOAD_NETWORK_HEADER : NFT_PAYLOAD_TRANSPORT_HEADER);
  nftnl_expr_set_u32(expr.get(), NFTNL_EXPR_PAYLOAD_OFFSET, load.key);
  nftnl_expr_set_u32(expr.get(), NFTNL_EXPR_PAYLOAD_LEN, static_cast<std::uint32_t>(bytes));
  nftnl_expr_set_u32(expr.get(), NFTNL_EXPR_PAYLOAD_DREG, reg);
  return expr;
}

ExprPtr load_expr(const Load& load, std::uint32_t reg, std::size_t bytes, std::uint8_t level) {
  switch (load.source) {
    case Source::network:
    case Source::transport:
      return load_payload(load, reg, bytes);
    case Source::meta: {
      ExprPtr expr = make_expr("meta");
      nftnl_expr_set_u32(expr.get(), NFTNL_EXPR_META_KEY, load.key);
      nftnl_expr_set_u32(expr.get(), NFTNL_EXPR_META_DREG, reg);
      return expr;
    }
    case Source::ct:
    case Source::ct_original: {
      ExprPtr expr = make_expr("ct");
      nftnl_expr_set_u32(expr.get(), NFTNL_EXPR_CT_KEY, load.key);
      if (load.source == Source::ct_original)
        nftnl_expr_set_u8(expr.get(), NFTNL_EXPR_CT_DIR, IP_CT_DIR_ORIGINAL);
      nftnl_expr_set_u32(expr.get(), NFTNL_EXPR_CT_DREG, reg);
      return expr;
    }
    case Source::socket: {
      ExprPtr expr = make_expr("socket");
      nftnl_expr_set_u32(expr.get(), NFTNL_EXPR_SOCKET_KEY, load.key);
      nftnl_expr_set_u32(expr.get(), NFTNL_EXPR_SOCKET_LEVEL, level);
      nftnl_expr_set_u32(expr.get(), NFTNL_EXPR_SOCKET_DREG, reg);
      return expr;
    }
    case Source::fib:
      break;
  }
  ExprPtr expr = make_expr("fib");
  nftnl_expr_set_u32(expr.get(), NFTNL_EXPR_FIB_RESULT, load.key);
  nftnl_expr_set_u32(expr.get(), NFTNL_EXPR_FIB_FLAGS, load.fib_flags);
  nftnl_expr_set_u32(expr.get(), NFTNL_EXPR_FIB_DREG, reg);
  return expr;
}

}  // namespace

std::uint32_t data_register(std::size_t words_before) {
  const auto words = static_cast<std::uint32_t>(words_before);
  return words % 4 == 0 ? NFT_REG_1 + words / 4 : NFT_REG32_00 + words;
}

std::size_t words_of(Field field) {
  return (std::size_t{info(field).bytes} + 3) / 4;
}

void RuleExpressions::guard(Field field) {
  const FieldInfo& needs = info(field);
  if (needs.nfproto != 0 && needs.nfproto != nfproto_) {
    load(Field::nfproto);
    compare(NFT_CMP_EQ, {&needs.nfproto, 1});
    nfproto_ = needs.nfproto;
  }
  if (needs.l4proto != 0) guard_l4proto(needs.l4proto);
}

void RuleExpressions::guard_l4proto(std::uint8_t protocol) {
  if (l4proto_ == protocol) return;
  load(Field::l4proto);
  compare(NFT_CMP_EQ, {&protocol, 1});
  l4proto_ = protocol;
}

void RuleExpressions::stands(Field field, std::uint8_t value) {
  if (field == Field::nfproto) nfproto_ = value;
  if (field == Field::l4proto) l4proto_ = value;
}

void RuleExpressions::load(Field field, std::size_t words_before, std::size_t bytes,
                           std::uint8_t level) {
  add(load_expr(kLoads.at(static_cast<std::size_t>(field)), data_register(words_before),
                bytes == 0 ? info(field).bytes : bytes, level));
}

Result<> RuleExpressions::load_key(const Key& key) {
  std::size_t words = 0;
  for (const KeyPart& part : key)
    words += words_of(part.field);
  if (words == 0 || words * 4 > kKeyBytesMax)
    return fail(Errc::invalid,
                "a key of {} bytes does not fit into the kernel's registers (1 to {})", words * 4,
                kKeyBytesMax);
  for (const KeyPart& part : key)
    guard(part.field);
  words = 0;
  for (const KeyPart& part : key) {
    load(part.field, words);
    const std::size_t bytes = info(part.field).bytes;
    if (part.mask_bits != 0 && part.mask_bits < bytes * 8)
      mask(prefix_mask(part.mask_bits, bytes), words);
    words += words_of(part.field);
  }
  return {};
}

void RuleExpressions::compare(std::uint32_t op, ByteSpan value) {
  ExprPtr expr = make_expr("cmp");
  nftnl_expr_set_u32(expr.get(), NFTNL_EXPR_CMP_SREG, data_register());
  nftnl_expr_set_u32(expr.get(), NFTNL_EXPR_CMP_OP, op);
  nftnl_expr_set(expr.get(), NFTNL_EXPR_CMP_DATA, value.data(),
                 static_cast<std::uint32_t>(value.size()));
  add(std::move(expr));
}

void RuleExpressions::mask(ByteSpan mask, std::size_t words_before) {
  const Bytes none(mask.size());
  const auto bytes = static_cast<std::uint32_t>(mask.size());
  ExprPtr expr = make_expr("bitwise");
  nftnl_expr_set_u32(expr.get(), NFTNL_EXPR_BITWISE_SREG, data_register(words_before));
  nftnl_expr_set_u32(expr.get(), NFTNL_EXPR_BITWISE_DREG, data_register(words_before));
  nftnl_expr_set_u32(expr.get(), NFTNL_EXPR_BITWISE_OP, NFT_BITWISE_BOOL);
  nftnl_expr_set_u32(expr.get(), NFTNL_EXPR_BITWISE_LEN, bytes);
  nftnl_expr_set(expr.get(), NFTNL_EXPR_BITWISE_MASK, mask.data(), bytes);
  nftnl_expr_set(expr.get(), NFTNL_EXPR_BITWISE_XOR, none.data(), bytes);
  add(std::move(expr));
}

void RuleExpressions::immediate(ByteSpan value, std::size_t words_before) {
  ExprPtr expr = make_expr("immediate");
  nftnl_expr_set_u32(expr.get(), NFTNL_EXPR_IMM_DREG, data_register(words_before));
  nftnl_expr_set(expr.get(), NFTNL_EXPR_IMM_DATA, value.data(),
                 static_cast<std::uint32_t>(value.size()));
  add(std::move(expr));
}

Bytes prefix_mask(std::size_t bits, std::size_t bytes) {
  Bytes mask(bytes);
  for (std::size_t i = 0; i < bytes && i * 8 < bits; ++i)
    mask[i] = static_cast<std::uint8_t>(0xff00u >> std::min<std::size_t>(8, bits - i * 8));
  return mask;
}

}  // namespace ravelin::firewall
