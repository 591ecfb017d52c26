#include "firewall/compile/widen.h"

#include <algorithm>

namespace ravelin::firewall {
namespace {

using base::Family;

struct Sides {
  bool has_from = false, has_to = false;
};

std::vector<ServiceTerm> every_port() {
  std::vector<ServiceTerm> terms;
  for (int number = 0; number < 256; ++number) {
    const auto protocol = static_cast<std::uint8_t>(number);
    if (policies::has_ports(protocol)) terms.push_back({protocol, 0, 65535});
  }
  return terms;
}

Clause with_service(Clause clause, ServiceKey key, std::vector<ServiceTerm> terms) {
  clause.shape.service = key;
  clause.terms = std::move(terms);
  return clause;
}

// By protocol: those with ports as their ports, others as they are.
void split_protocols(const Clause& clause, std::vector<Clause>& out) {
  std::vector<ServiceTerm> ports, others;
  for (const ServiceTerm& term : clause.terms)
    (policies::has_ports(term.protocol) ? ports : others).push_back(term);
  if (!ports.empty()) out.push_back(with_service(clause, ServiceKey::ports, std::move(ports)));
  if (!others.empty()) out.push_back(with_service(clause, ServiceKey::protocol, std::move(others)));
}

// Any protocol, of one family.
void split_any(const Clause& clause, std::vector<Clause>& out) {
  constexpr std::uint16_t kTypeMax = 255;
  if (!clause.falls_through) {
    const bool is_v4 = clause.shape.family == Family::ipv4;
    const std::uint8_t icmp = is_v4 ? policies::kIcmp : policies::kIcmpv6;
    out.push_back(with_service(clause, ServiceKey::ports, every_port()));
    out.push_back(
        with_service(clause, is_v4 ? ServiceKey::icmp : ServiceKey::icmpv6, {{icmp, 0, kTypeMax}}));
  }
  out.push_back(clause);
  out.back().is_rest = !clause.falls_through;
}

void add_of_family(Clause clause, Family family, const Sides& sides, std::vector<Clause>& out) {
  clause.shape.family = family;
  if (sides.has_from && !clause.shape.has_from) clause.from = {policies::everything(family)};
  if (sides.has_to && !clause.shape.has_to) clause.to = {policies::everything(family)};
  clause.shape.has_from = clause.shape.has_from || sides.has_from;
  clause.shape.has_to = clause.shape.has_to || sides.has_to;
  switch (clause.shape.service) {
    case ServiceKey::none:
      return split_any(clause, out);
    case ServiceKey::protocol:
      return split_protocols(clause, out);
    default:
      out.push_back(std::move(clause));
  }
}

}  // namespace

std::vector<Clause> widened(const std::vector<Clause>& clauses) {
  Sides sides;
  for (const Clause& clause : clauses) {
    if (clause.is_plain) continue;
    sides.has_from = sides.has_from || clause.shape.has_from;
    sides.has_to = sides.has_to || clause.shape.has_to;
  }
  std::vector<Clause> out;
  for (const Clause& clause : clauses) {
    if (clause.is_plain || clause.shape.is_everything()) {
      out.push_back(clause);
      continue;
    }
    for (const Family family : {Family::ipv4, Family::ipv6}) {
      if (!clause.shape.family || clause.shape.family == family)
        add_of_family(clause, family, sides, out);
    }
  }
  return out;
}

}  // namespace ravelin::firewall
