#include "firewall/ruleset/nft_guards.h"

#include "firewall/ruleset/nft_value.h"

#include <algorithm>

namespace ravelin::firewall::nft {
namespace {

constexpr std::uint8_t kIpv4 = 2, kIpv6 = 10, kIcmp = 1, kIcmpv6 = 58;

enum class Layer { none, network, transport };

Layer layer_of(Field field) {
  if (is_address(field)) return Layer::network;
  switch (field) {
    case Field::th_sport:
    case Field::th_dport:
    case Field::tcp_sport:
    case Field::tcp_dport:
    case Field::udp_sport:
    case Field::udp_dport:
    case Field::tcp_flags:
    case Field::icmp_type:
    case Field::icmpv6_type:
      return Layer::transport;
    default:
      return Layer::none;
  }
}

// Follows what nft does when it reads a rule back (netlink_delinearize.c, payload.c): it remembers
// one match per layer, drops it when a field of that layer comes, and forgets it at a statement
// that does something.
class Guards {
 public:
  explicit Guards(const Rule& rule) {
    for (const Statement& statement : rule.statements)
      listed_.push_back({&statement, std::nullopt});
  }

  std::vector<Listed> run() {
    for (at_ = 0; at_ < listed_.size(); ++at_) {
      const Statement& statement = *listed_[at_].statement;
      std::visit([this](const auto& one) { use(one); }, statement);
      listed_[at_].l4proto = l4proto_;
      if (changes_something(statement)) network_ = transport_ = std::nullopt;
    }
    std::erase_if(listed_, [](const Listed& one) { return one.statement == nullptr; });
    return std::move(listed_);
  }

 private:
  static bool changes_something(const Statement& statement) {
    return !std::holds_alternative<Match>(statement) &&
           !std::holds_alternative<MatchRange>(statement) &&
           !std::holds_alternative<Lookup>(statement) &&
           !std::holds_alternative<VerdictLookup>(statement) &&
           !std::holds_alternative<Sample>(statement);
  }

  void use(const Match& match) {
    if (match.comparison == Comparison::equal && match.value.size() == 1) {
      if (match.field == Field::nfproto) {
        network_ = Remembered{at_, match.value[0]};
        return;
      }
      if (match.field == Field::l4proto) {
        settle(match.value[0]);
        transport_ = Remembered{at_, match.value[0]};
        return;
      }
    }
    use(match.field);
  }

  void use(const MatchRange& range) { use(range.field); }

  void use(const Lookup& lookup) { use(lookup.key); }

  void use(const VerdictLookup& lookup) { use(lookup.key); }

  void use(const Update& update) { use(update.key); }

  // The reset needs no word about the family, even where it restricts it.
  void use(const Reject& reject) {
    if (reject.with == Reject::With::tcp_reset) drop(network_);
  }

  template <class Other>
  void use(const Other&) {}

  void use(const Key& key) {
    for (const KeyPart& part : key)
      use(part.field);
  }

  void use(Field field) {
    const Layer layer = layer_of(field);
    if (layer == Layer::network) drop(network_);
    if (layer != Layer::transport) return;
    const std::uint8_t protocol = info(field).l4proto;
    if (protocol != 0) settle(protocol);
    drop(transport_);
  }

  // ICMP of a family says which family it is.
  void settle(std::uint8_t protocol) {
    l4proto_ = protocol;
    if (!network_) return;
    if ((protocol == kIcmp && network_->value == kIpv4) ||
        (protocol == kIcmpv6 && network_->value == kIpv6))
      drop(network_);
  }

  struct Remembered {
    std::size_t at;
    std::uint8_t value;
  };

  void drop(std::optional<Remembered>& match) {
    if (match) listed_[match->at].statement = nullptr;
    match.reset();
  }

  std::vector<Listed> listed_;
  std::size_t at_ = 0;
  std::optional<Remembered> network_, transport_;
  std::optional<std::uint8_t> l4proto_;
};

}  // namespace

std::vector<Listed> listed_statements(const Rule& rule) {
  return Guards(rule).run();
}

}  // namespace ravelin::firewall::nft
