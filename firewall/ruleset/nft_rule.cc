#include "firewall/ruleset/nft_rule.h"

#include "firewall/ruleset/nft_guards.h"
#include "firewall/ruleset/nft_set.h"
#include "firewall/ruleset/nft_value.h"

#include <fmt/format.h>

#include <bit>

namespace ravelin::firewall::nft {
namespace {

using L4Proto = std::optional<std::uint8_t>;

std::string field_text(Field field, L4Proto l4proto) {
  if (l4proto && field == Field::th_sport) return fmt::format("{} sport", port_prefix(*l4proto));
  if (l4proto && field == Field::th_dport) return fmt::format("{} dport", port_prefix(*l4proto));
  return std::string(info(field).name);
}

std::string key_text(const Key& key, L4Proto l4proto) {
  std::string text;
  for (const KeyPart& part : key) {
    if (!text.empty()) text += " . ";
    text += field_text(part.field, l4proto);
    if (part.mask_bits != 0) text += " & " + mask_text(part.field, part.mask_bits);
  }
  return text;
}

std::string bits_match_text(const Match& match) {
  const std::uint64_t bits = number_of(match.field, match.value);
  const bool is_all_flags = match.field == Field::tcp_flags && bits == 0xff;
  switch (match.comparison) {
    case Comparison::has_any:
      return is_all_flags ? " != 0x0" : " " + bits_text(match.field, bits, ",");
    case Comparison::has_none:
      return " ! " + bits_text(match.field, bits, ",");
    case Comparison::equal:
    case Comparison::not_equal:
      break;
  }
  const bool is_equal = match.comparison == Comparison::equal;
  const bool is_one = std::has_single_bit(bits);
  if (match.field == Field::tcp_flags && !is_one)
    return fmt::format(" {} {:#x}", is_equal ? "==" : "!=", bits);
  const std::string text = bits_text(match.field, bits, " | ");
  if (is_equal) return (is_one || bits == 0 ? " == " : " ") + text;
  return " != " + text;
}

std::string match_text(const Match& match) {
  if (has_bits(match.field)) return bits_match_text(match);
  std::string text = match.comparison == Comparison::not_equal ? " != " : " ";
  if (is_interface(match.field) && match.prefix != 0)
    return text + pattern_text(match.value, match.prefix);
  text += value_text(match.field, match.value);
  if (is_address(match.field) && match.prefix != 0 && match.prefix < info(match.field).bytes * 8)
    text += fmt::format("/{}", match.prefix);
  return text;
}

std::string limit_text(const Limit& limit) {
  const std::string_view unit = limit.per == std::chrono::seconds(60) ? "minute"
                                : limit.per == std::chrono::hours(1)  ? "hour"
                                : limit.per == std::chrono::hours(24) ? "day"
                                                                      : "second";
  const std::string_view over = limit.over ? "over " : "";
  if (!limit.of_bytes) {
    std::string text = fmt::format("limit rate {}{}/{}", over, limit.count, unit);
    if (limit.burst != 0 && limit.burst != 5) text += fmt::format(" burst {} packets", limit.burst);
    return text;
  }
  const auto bytes = [](std::uint64_t count) {
    constexpr std::string_view kUnits[] = {"bytes", "kbytes", "mbytes"};
    std::size_t at = 0;
    for (; at < 2 && count != 0 && count % 1024 == 0; ++at)
      count /= 1024;
    return fmt::format("{} {}", count, kUnits[at]);
  };
  std::string text = fmt::format("limit rate {}{}/{}", over, bytes(limit.count), unit);
  if (limit.burst != 0) text += " burst " + bytes(limit.burst);
  return text;
}

std::string connection_limit_text(const ConnectionLimit& limit) {
  return fmt::format("ct count {}{}", limit.over ? "over " : "", limit.count);
}

class Printer {
 public:
  explicit Printer(L4Proto l4proto) : l4proto_(l4proto) {}

  std::string operator()(const Match& match) const {
    std::string text = field_text(match.field, l4proto_);
    if (match.field == Field::socket_cgroup) text += fmt::format(" level {}", match.level);
    return text + match_text(match);
  }

  std::string operator()(const MatchRange& range) const {
    const std::string text = field_text(range.field, l4proto_) + (range.is_negated ? " != " : " ");
    // A range that a prefix covers stays a range in a match.
    return text + value_text(range.field, range.first, Words::numbers) + "-" +
           value_text(range.field, range.last, Words::numbers);
  }

  std::string operator()(const Lookup& lookup) const {
    const bool is_masked = lookup.key.size() == 1 && lookup.key[0].mask_bits != 0;
    const std::string_view sign = lookup.is_negated ? "!= " : is_masked ? "== " : "";
    return fmt::format("{} {}@{}", key_text(lookup.key, l4proto_), sign, lookup.set);
  }

  std::string operator()(const VerdictLookup& lookup) const {
    return fmt::format("{} vmap @{}", key_text(lookup.key, l4proto_), lookup.map);
  }

  std::string operator()(const Counter&) const { return "counter packets 0 bytes 0"; }

  std::string operator()(const Limit& limit) const { return limit_text(limit); }

  std::string operator()(const ConnectionLimit& limit) const {
    return connection_limit_text(limit);
  }

  std::string operator()(const Update& update) const {
    const std::string_view operation = update.operation == Update::Operation::add      ? "add"
                                       : update.operation == Update::Operation::update ? "update"
                                                                                       : "delete";
    std::string text =
        fmt::format("{} @{} {{ {}", operation, update.set, key_text(update.key, l4proto_));
    if (update.timeout) text += " timeout " + time_text(*update.timeout);
    if (update.expression) {
      text += ' ';
      if (const auto* limit = std::get_if<Limit>(&*update.expression)) text += limit_text(*limit);
      if (const auto* count = std::get_if<ConnectionLimit>(&*update.expression))
        text += connection_limit_text(*count);
      if (std::holds_alternative<Counter>(*update.expression)) text += "counter";
    }
    return text + " }";
  }

  std::string operator()(const Log& log) const {
    std::string text = "log";
    if (!log.prefix.empty()) text += fmt::format(" prefix \"{}\"", log.prefix);
    if (log.group) text += fmt::format(" group {}", *log.group);
    if (log.snaplen != 0) text += fmt::format(" snaplen {}", log.snaplen);
    return text;
  }

  std::string operator()(const Sample& sample) const {
    return fmt::format("numgen random mod {} 0", sample.of);
  }

  std::string operator()(const Reject& reject) const {
    return reject.with == Reject::With::tcp_reset ? "reject with tcp reset"
                                                  : "reject with icmpx admin-prohibited";
  }

  std::string operator()(const Verdict& verdict) const { return verdict_text(verdict); }

  std::string operator()(const Nat& nat) const {
    const bool is_v4 = nat.address.family == base::Family::ipv4;
    const std::string text = fmt::format("{} {} to ", nat.kind == Nat::Kind::dnat ? "dnat" : "snat",
                                         is_v4 ? "ip" : "ip6");
    if (!nat.port) return text + base::to_string(nat.address);
    return text + base::to_string(base::IpEndpoint{nat.address, *nat.port});
  }

  std::string operator()(const Masquerade&) const { return "masquerade"; }

  std::string operator()(const Redirect& redirect) const {
    return redirect.port ? fmt::format("redirect to :{}", *redirect.port) : "redirect";
  }

  std::string operator()(const NoTrack&) const { return "notrack"; }

  std::string operator()(const Synproxy& proxy) const {
    // nft prints a scale of 0 where there is none, too.
    std::string text =
        fmt::format("synproxy mss {} wscale {}", proxy.mss, proxy.window_scale.value_or(0));
    if (proxy.has_timestamps) text += " timestamp";
    if (proxy.has_sack) text += " sack-perm";
    return text;
  }

  std::string operator()(const Trace&) const { return "meta nftrace set 1"; }

 private:
  L4Proto l4proto_;
};

}  // namespace

std::string rule_text(const Rule& rule) {
  std::string text;
  for (const Listed& listed : listed_statements(rule)) {
    if (!text.empty()) text += ' ';
    text += std::visit(Printer(listed.l4proto), *listed.statement);
  }
  if (!rule.comment.empty())
    text += fmt::format("{}comment \"{}\"", text.empty() ? "" : " ", rule.comment);
  return text;
}

}  // namespace ravelin::firewall::nft
