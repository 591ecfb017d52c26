#include "firewall/kernel/encode_statements.h"

#include "firewall/kernel/encode_fields.h"
#include "firewall/kernel/encode_meters.h"
#include "firewall/kernel/nf_tables_constants.h"
#include "firewall/kernel/userdata.h"

#include <arpa/inet.h>
#include <linux/netfilter.h>
#include <linux/netfilter/nf_nat.h>
#include <linux/netfilter/nf_synproxy.h>
#include <linux/netfilter/nf_tables.h>

#include <algorithm>
#include <cstring>

namespace ravelin::firewall {
namespace {

using base::Errc;
using base::fail;

// nft always compares ranges in network order; a field of one byte or a name has but one order.
bool needs_network_order(Field field) {
  const FieldInfo& is = info(field);
  return is.is_host_order && is.bytes > 1 && is.bytes <= 8;
}

void swap_to_network_order(RuleExpressions& out, Field field) {
  const std::uint32_t bytes = info(field).bytes;
  ExprPtr expr = make_expr("byteorder");
  nftnl_expr_set_u32(expr.get(), NFTNL_EXPR_BYTEORDER_SREG, data_register());
  nftnl_expr_set_u32(expr.get(), NFTNL_EXPR_BYTEORDER_DREG, data_register());
  nftnl_expr_set_u32(expr.get(), NFTNL_EXPR_BYTEORDER_OP, NFT_BYTEORDER_HTON);
  nftnl_expr_set_u32(expr.get(), NFTNL_EXPR_BYTEORDER_LEN, bytes);
  nftnl_expr_set_u32(expr.get(), NFTNL_EXPR_BYTEORDER_SIZE, bytes);
  out.add(std::move(expr));
}

void set_bytes(nftnl_expr& expr, std::uint16_t attribute, ByteSpan value) {
  nftnl_expr_set(&expr, attribute, value.data(), static_cast<std::uint32_t>(value.size()));
}

Result<> check_width(Field field, const Bytes& value) {
  if (value.size() == info(field).bytes) return {};
  return fail(Errc::invalid, "{} has {} bytes, the value has {}", info(field).name,
              info(field).bytes, value.size());
}

Result<> check_set_name(const std::string& name) {
  if (!name.empty() && name.size() <= kNameBytesMax) return {};
  return fail(Errc::invalid, "\"{}\" is not a name of 1 to {} characters", name, kNameBytesMax);
}

// Writes statements one after the other; each overload is one kind.
class Encoder {
 public:
  explicit Encoder(nftnl_rule& rule) : out_(rule) {}

  Result<> operator()(const Match& match) {
    if (auto fits = check_width(match.field, match.value); !fits) return fits;
    out_.guard(match.field);
    const bool is_negative =
        match.comparison == Comparison::not_equal || match.comparison == Comparison::has_none;
    if (match.comparison == Comparison::has_any || match.comparison == Comparison::has_none) {
      out_.load(match.field, 0, 0, match.level);
      out_.mask(match.value);
      out_.compare(is_negative ? NFT_CMP_EQ : NFT_CMP_NEQ, Bytes(match.value.size()));
      return {};
    }
    const std::uint32_t op = is_negative ? NFT_CMP_NEQ : NFT_CMP_EQ;
    if (match.prefix != 0) return compare_prefix(match, op);
    out_.load(match.field, 0, 0, match.level);
    out_.compare(op, match.value);
    if (!is_negative) out_.stands(match.field, match.value[0]);
    return {};
  }

  Result<> operator()(const MatchRange& range) {
    if (auto fits = check_width(range.field, range.first); !fits) return fits;
    if (auto fits = check_width(range.field, range.last); !fits) return fits;
    out_.guard(range.field);
    out_.load(range.field);
    Bytes first = range.first, last = range.last;
    if (needs_network_order(range.field)) {
      swap_to_network_order(out_, range.field);
      std::reverse(first.begin(), first.end());
      std::reverse(last.begin(), last.end());
    }
    if (!range.is_negated) {
      out_.compare(NFT_CMP_GTE, first);
      out_.compare(NFT_CMP_LTE, last);
      return {};
    }
    ExprPtr expr = make_expr("range");
    nftnl_expr_set_u32(expr.get(), NFTNL_EXPR_RANGE_SREG, data_register());
    nftnl_expr_set_u32(expr.get(), NFTNL_EXPR_RANGE_OP, NFT_RANGE_NEQ);
    set_bytes(*expr, NFTNL_EXPR_RANGE_FROM_DATA, first);
    set_bytes(*expr, NFTNL_EXPR_RANGE_TO_DATA, last);
    out_.add(std::move(expr));
    return {};
  }

  Result<> operator()(const Lookup& lookup) {
    ExprPtr expr = make_expr("lookup");
    if (lookup.is_negated)
      nftnl_expr_set_u32(expr.get(), NFTNL_EXPR_LOOKUP_FLAGS, NFT_LOOKUP_F_INV);
    return look_up(lookup.key, lookup.set, std::move(expr));
  }

  Result<> operator()(const VerdictLookup& lookup) {
    ExprPtr expr = make_expr("lookup");
    nftnl_expr_set_u32(expr.get(), NFTNL_EXPR_LOOKUP_DREG, NFT_REG_VERDICT);
    return look_up(lookup.key, lookup.map, std::move(expr));
  }

  Result<> operator()(const Counter&) { return add(make_counter()); }

  Result<> operator()(const Limit& limit) { return add_or_fail(make_limit(limit)); }

  Result<> operator()(const ConnectionLimit& limit) { return add(make_connection_limit(limit)); }

  Result<> operator()(const Update& update) {
    if (auto named = check_set_name(update.set); !named) return named;
    if (auto loaded = out_.load_key(update.key); !loaded) return loaded;
    return add_or_fail(make_update(update));
  }

  Result<> operator()(const Log& log) {
    if (log.prefix.size() > kLogPrefixMax)
      return fail(Errc::invalid, "a log prefix of {} bytes is too long (at most {})",
                  log.prefix.size(), kLogPrefixMax);
    ExprPtr expr = make_expr("log");
    if (!log.prefix.empty())
      nftnl_expr_set_str(expr.get(), NFTNL_EXPR_LOG_PREFIX, log.prefix.c_str());
    if (log.group) nftnl_expr_set_u16(expr.get(), NFTNL_EXPR_LOG_GROUP, *log.group);
    if (log.group && log.snaplen != 0)
      nftnl_expr_set_u32(expr.get(), NFTNL_EXPR_LOG_SNAPLEN, log.snaplen);
    return add(std::move(expr));
  }

  Result<> operator()(const Sample& sample) {
    if (sample.of == 0) return fail(Errc::invalid, "one packet of none is no sample");
    ExprPtr expr = make_expr("numgen");
    nftnl_expr_set_u32(expr.get(), NFTNL_EXPR_NG_DREG, data_register());
    nftnl_expr_set_u32(expr.get(), NFTNL_EXPR_NG_TYPE, NFT_NG_RANDOM);
    nftnl_expr_set_u32(expr.get(), NFTNL_EXPR_NG_MODULUS, sample.of);
    nftnl_expr_set_u32(expr.get(), NFTNL_EXPR_NG_OFFSET, 0);
    out_.add(std::move(expr));
    out_.compare(NFT_CMP_EQ, Bytes(sizeof sample.of));
    return {};
  }

  Result<> operator()(const Reject& reject) {
    const bool is_reset = reject.with == Reject::With::tcp_reset;
    if (is_reset) out_.guard_l4proto(IPPROTO_TCP);
    ExprPtr expr = make_expr("reject");
    nftnl_expr_set_u32(expr.get(), NFTNL_EXPR_REJECT_TYPE,
                       is_reset ? NFT_REJECT_TCP_RST : NFT_REJECT_ICMPX_UNREACH);
    nftnl_expr_set_u8(expr.get(), NFTNL_EXPR_REJECT_CODE,
                      is_reset ? 0 : NFT_REJECT_ICMPX_ADMIN_PROHIBITED);
    return add(std::move(expr));
  }

  Result<> operator()(const Verdict& verdict) {
    ExprPtr expr = make_expr("immediate");
    nftnl_expr_set_u32(expr.get(), NFTNL_EXPR_IMM_DREG, NFT_REG_VERDICT);
    nftnl_expr_set_u32(expr.get(), NFTNL_EXPR_IMM_VERDICT,
                       static_cast<std::uint32_t>(verdict_code(verdict.kind)));
    if (verdict.kind == Verdict::Kind::jump || verdict.kind == Verdict::Kind::go_to) {
      if (auto named = check_set_name(verdict.chain); !named) return named;
      nftnl_expr_set_str(expr.get(), NFTNL_EXPR_IMM_CHAIN, verdict.chain.c_str());
    }
    return add(std::move(expr));
  }

  Result<> operator()(const Nat& nat) {
    const bool is_ipv4 = nat.address.family == base::Family::ipv4;
    out_.immediate({nat.address.bytes.data(), is_ipv4 ? std::size_t{4} : std::size_t{16}});
    ExprPtr expr = make_expr("nat");
    nftnl_expr_set_u32(expr.get(), NFTNL_EXPR_NAT_TYPE,
                       nat.kind == Nat::Kind::dnat ? NFT_NAT_DNAT : NFT_NAT_SNAT);
    nftnl_expr_set_u32(expr.get(), NFTNL_EXPR_NAT_FAMILY, is_ipv4 ? NFPROTO_IPV4 : NFPROTO_IPV6);
    nftnl_expr_set_u32(expr.get(), NFTNL_EXPR_NAT_REG_ADDR_MIN, data_register());
    if (nat.port) {
      put_port(*nat.port, 4);
      nftnl_expr_set_u32(expr.get(), NFTNL_EXPR_NAT_REG_PROTO_MIN, data_register(4));
      nftnl_expr_set_u32(expr.get(), NFTNL_EXPR_NAT_FLAGS, NF_NAT_RANGE_PROTO_SPECIFIED);
    }
    return add(std::move(expr));
  }

  Result<> operator()(const Masquerade&) { return add(make_expr("masq")); }

  Result<> operator()(const Redirect& redirect) {
    ExprPtr expr = make_expr("redir");
    if (redirect.port) {
      put_port(*redirect.port, 0);
      nftnl_expr_set_u32(expr.get(), NFTNL_EXPR_REDIR_REG_PROTO_MIN, data_register());
      nftnl_expr_set_u32(expr.get(), NFTNL_EXPR_REDIR_FLAGS, NF_NAT_RANGE_PROTO_SPECIFIED);
    }
    return add(std::move(expr));
  }

  Result<> operator()(const NoTrack&) { return add(make_expr("notrack")); }

  Result<> operator()(const Synproxy& proxy) {
    const std::uint32_t flags = NF_SYNPROXY_OPT_MSS |
                                (proxy.window_scale ? NF_SYNPROXY_OPT_WSCALE : 0) |
                                (proxy.has_timestamps ? NF_SYNPROXY_OPT_TIMESTAMP : 0) |
                                (proxy.has_sack ? NF_SYNPROXY_OPT_SACK_PERM : 0);
    ExprPtr expr = make_expr("synproxy");
    nftnl_expr_set_u16(expr.get(), NFTNL_EXPR_SYNPROXY_MSS, proxy.mss);
    nftnl_expr_set_u8(expr.get(), NFTNL_EXPR_SYNPROXY_WSCALE, proxy.window_scale.value_or(0));
    nftnl_expr_set_u32(expr.get(), NFTNL_EXPR_SYNPROXY_FLAGS, flags);
    return add(std::move(expr));
  }

  Result<> operator()(const Trace&) {
    const std::uint8_t on = 1;
    out_.immediate({&on, 1});
    ExprPtr expr = make_expr("meta");
    nftnl_expr_set_u32(expr.get(), NFTNL_EXPR_META_KEY, NFT_META_NFTRACE);
    nftnl_expr_set_u32(expr.get(), NFTNL_EXPR_META_SREG, data_register());
    return add(std::move(expr));
  }

 private:
  Result<> add(ExprPtr expr) {
    out_.add(std::move(expr));
    return {};
  }

  Result<> add_or_fail(Result<ExprPtr> expr) {
    if (!expr) return expr.error();
    return add(std::move(*expr));
  }

  // Names by their first bytes; addresses by whole bytes where the prefix ends at one, else masked.
  Result<> compare_prefix(const Match& match, std::uint32_t op) {
    const bool is_name = match.field == Field::iifname || match.field == Field::oifname;
    const std::size_t bits = is_name ? std::size_t{match.prefix} * 8 : match.prefix;
    const std::size_t width = match.value.size();
    if (bits > width * 8)
      return fail(Errc::invalid, "a prefix of {} does not fit {}", match.prefix,
                  info(match.field).name);
    const bool is_whole_bytes = bits % 8 == 0;
    const std::size_t compared = is_whole_bytes ? bits / 8 : width;
    out_.load(match.field, 0, is_name ? width : compared);
    if (!is_whole_bytes) out_.mask(prefix_mask(bits, width));
    out_.compare(op, ByteSpan(match.value).first(compared));
    return {};
  }

  Result<> look_up(const Key& key, const std::string& set, ExprPtr expr) {
    if (auto named = check_set_name(set); !named) return named;
    if (auto loaded = out_.load_key(key); !loaded) return loaded;
    nftnl_expr_set_u32(expr.get(), NFTNL_EXPR_LOOKUP_SREG, data_register());
    nftnl_expr_set_str(expr.get(), NFTNL_EXPR_LOOKUP_SET, set.c_str());
    return add(std::move(expr));
  }

  void put_port(std::uint16_t port, std::size_t words_before) {
    const std::uint8_t bytes[] = {static_cast<std::uint8_t>(port >> 8),
                                  static_cast<std::uint8_t>(port & 0xff)};
    out_.immediate(bytes, words_before);
  }

  RuleExpressions out_;
};

}  // namespace

Result<> encode_statements(const Rule& rule, nftnl_rule& out) {
  if (rule.statements.size() > kStatementsMax)
    return fail(Errc::invalid, "a rule of {} statements is too long (at most {})",
                rule.statements.size(), kStatementsMax);
  Encoder encoder(out);
  for (const Statement& statement : rule.statements)
    if (auto encoded = std::visit(encoder, statement); !encoded) return encoded;
  return {};
}

Result<RulePtr> make_rule(const std::string& chain, const Rule& rule) {
  if (rule.comment.size() > kCommentBytesMax)
    return fail(Errc::invalid, "a comment of {} bytes is too long (at most {})",
                rule.comment.size(), kCommentBytesMax);
  RulePtr made(nftnl_rule_alloc());
  CHECK(made != nullptr);
  nftnl_rule_set_u32(made.get(), NFTNL_RULE_FAMILY, NFPROTO_INET);
  nftnl_rule_set_str(made.get(), NFTNL_RULE_TABLE, std::string(kTableName).c_str());
  nftnl_rule_set_str(made.get(), NFTNL_RULE_CHAIN, chain.c_str());
  if (!rule.comment.empty()) {
    const Bytes userdata = comment_userdata(rule.comment);
    nftnl_rule_set_data(made.get(), NFTNL_RULE_USERDATA, userdata.data(),
                        static_cast<std::uint32_t>(userdata.size()));
  }
  if (auto encoded = encode_statements(rule, *made); !encoded) return encoded.error();
  return made;
}

std::int32_t verdict_code(Verdict::Kind kind) {
  switch (kind) {
    case Verdict::Kind::accept:
      return NF_ACCEPT;
    case Verdict::Kind::drop:
      return NF_DROP;
    case Verdict::Kind::jump:
      return NFT_JUMP;
    case Verdict::Kind::go_to:
      return NFT_GOTO;
    case Verdict::Kind::come_back:
      break;
  }
  return NFT_RETURN;
}

}  // namespace ravelin::firewall
