// While whoever serves says it is overloaded, each source has fewer new connections: the set of
// ports is filled then, and empty else.
#include "firewall/compile/lowering.h"

namespace ravelin::firewall {
namespace {

using base::Family;

// Sources that are many clients each go on, and so do operators.
void append_exceptions(Lowering& lowering, const policies::Overload& overload, Chain& chain) {
  policies::AddressRanges except = overload.except;
  if (const auto& management = lowering.policy.management)
    except.insert(except.end(), management->from.ranges.begin(), management->from.ranges.end());
  except = policies::normalised(std::move(except));
  for (const Family family : {Family::ipv4, Family::ipv6}) {
    const std::string set =
        lowering.add_ranges(family == Family::ipv4 ? "overload_no4" : "overload_no6",
                            policies::in_family(except, family));
    if (set.empty()) continue;
    chain.rules.push_back({{Lookup{saddr_key(family), set}, come_back()},
                           provenance(overload.pos, "not held to it"),
                           overload.pos});
  }
}

}  // namespace

void append_overload(Lowering& lowering, Chain& chain) {
  if (!lowering.policy.overload) return;
  const policies::Overload& overload = *lowering.policy.overload;
  lowering.add_port_set(set_names::kOverload, overload.ports.size());
  Chain tightened{.name = lowering.name("overloaded")};
  append_exceptions(lowering, overload, tightened);
  lower_per_source(lowering, overload.per_source, overload.pos, "overload", tightened);
  chain.rules.push_back({{Lookup{{{Field::tcp_dport, 0}}, std::string(set_names::kOverload)},
                          jump_to(tightened.name)},
                         provenance(overload.pos, "overload"),
                         overload.pos});
  lowering.add_chain(std::move(tightened));
}

}  // namespace ravelin::firewall
