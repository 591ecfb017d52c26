#include "tests/firewall/oracles/seeded_bug.h"

#include <algorithm>
#include <array>

namespace ravelin::firewall::oracles {
namespace {

using policies::Policy;

template <class Function>
void for_each_rule(Policy& policy, const Function& function) {
  for (policies::RuleList& list : policy.lists)
    std::for_each(list.rules.begin(), list.rules.end(), function);
}

template <class Function>
void for_each_rule(Ruleset& ruleset, std::string_view chains, const Function& function) {
  for (Chain& chain : ruleset.chains) {
    if (!std::string_view(chain.name).starts_with(chains)) continue;
    std::for_each(chain.rules.begin(), chain.rules.end(), function);
  }
}

// Every statement of one kind, in chains that begin so.
template <class Kind, class Function>
void for_each(Ruleset& ruleset, std::string_view chains, const Function& function) {
  for_each_rule(ruleset, chains, [&](Rule& rule) {
    for (Statement& statement : rule.statements) {
      if (auto* one = std::get_if<Kind>(&statement)) function(*one);
    }
  });
}

template <class Function>
void for_each_map(Ruleset& ruleset, const Function& function) {
  for (Set& set : ruleset.sets) {
    if (set.is_verdict_map && std::string_view(set.name).starts_with("v_")) function(set);
  }
}

void remove_rules(Ruleset& ruleset, std::string_view chains, bool (*is_lost)(const Rule& rule)) {
  for (Chain& chain : ruleset.chains) {
    if (std::string_view(chain.name).starts_with(chains)) std::erase_if(chain.rules, is_lost);
  }
}

void remove_state(Ruleset& ruleset, std::uint8_t bit) {
  for (Set& set : ruleset.sets) {
    if (set.name.starts_with("ct_states"))
      std::erase_if(set.elements, [&](const Element& one) { return one.key[0] == bit; });
  }
}

bool has_field(const Set& set, Field field) {
  return std::find(set.key.begin(), set.key.end(), field) != set.key.end();
}

bool is_lookup(const Rule& rule, Field field) {
  const auto* lookup = std::get_if<VerdictLookup>(&rule.statements.front());
  return lookup != nullptr && lookup->key.front().field == field;
}

template <class Kind>
bool has(const Rule& rule) {
  return std::any_of(rule.statements.begin(), rule.statements.end(),
                     [](const Statement& one) { return std::holds_alternative<Kind>(one); });
}

void rename_field(Ruleset& ruleset, Field from, Field to) {
  for_each<VerdictLookup>(ruleset, "z_", [&](VerdictLookup& lookup) {
    for (KeyPart& part : lookup.key)
      part.field = part.field == from ? to : part.field;
  });
}

void swap_strata(Ruleset& ruleset) {
  for (Chain& chain : ruleset.chains) {
    if (chain.name.starts_with("z_") && chain.rules.size() > 2)
      std::swap(chain.rules[0], chain.rules[1]);
  }
}

void reverse_precedence(Ruleset& ruleset) {
  for (Chain& chain : ruleset.chains) {
    for (std::size_t i = 1; i < chain.rules.size(); ++i) {
      const bool both = is_lookup(chain.rules[i - 1], Field::iifname) &&
                        is_lookup(chain.rules[i], Field::iifname);
      if (both) std::swap(chain.rules[i - 1], chain.rules[i]);
    }
  }
}

void leave_a_box_whole(Ruleset& ruleset) {
  for_each_map(ruleset, [](Set& map) {
    if (!map.is_interval || map.elements.size() < 2 || map.key.size() < 2) return;
    Element& last = map.elements.back();
    std::fill(last.key.begin(), last.key.begin() + 4, std::uint8_t{0});
    std::fill(last.key_end.begin(), last.key_end.begin() + 4, std::uint8_t{0xff});
    std::rotate(map.elements.begin(), map.elements.end() - 1, map.elements.end());
  });
}

void shift_ports(Ruleset& ruleset) {
  for_each_map(ruleset, [](Set& map) {
    if (map.is_interval || map.key.back() != Field::th_dport) return;
    for (Element& element : map.elements)
      ++element.key[element.key.size() - 3];
  });
}

void cut_last_port(Ruleset& ruleset) {
  for_each_map(ruleset, [](Set& map) {
    if (!map.is_interval || map.key.back() != Field::th_dport) return;
    for (Element& element : map.elements) {
      const std::size_t port = element.key_end.size() - 4;
      if (element.key_end[port + 1] > element.key[port + 1]) --element.key_end[port + 1];
    }
  });
}

void forget_last_drop(Ruleset& ruleset) {
  for (Chain& chain : ruleset.chains) {
    if (chain.name.starts_with("z_")) chain.rules.pop_back();
    if (chain.hook) chain.hook->policy = Hook::Policy::accept;
  }
}

void forget_ipv6(Ruleset& ruleset) {
  for_each_map(ruleset, [](Set& map) {
    if (has_field(map, Field::ip6_saddr)) map.elements.clear();
  });
}

void goto_for_jump(Ruleset& ruleset) {
  for_each_map(ruleset, [](Set& map) {
    for (Element& element : map.elements)
      element.verdict->kind = Verdict::Kind::go_to;
  });
}

void tcp_for_udp(Ruleset& ruleset) {
  for_each_map(ruleset, [](Set& map) {
    if (map.key.front() != Field::l4proto) return;
    for (Element& element : map.elements)
      element.key[0] = element.key[0] == policies::kUdp ? policies::kTcp : element.key[0];
  });
}

void reject_for_drop(Ruleset& ruleset) {
  for_each_rule(ruleset, "r_", [](Rule& rule) {
    const auto* verdict = std::get_if<Verdict>(&rule.statements.back());
    if (verdict != nullptr && verdict->kind == Verdict::Kind::drop)
      rule.statements.back() = Reject{};
  });
}

void let_counting_end(Ruleset& ruleset) {
  for (Chain& chain : ruleset.chains) {
    if (chain.name.starts_with("r_") && !chain.rules.empty() &&
        std::holds_alternative<Counter>(chain.rules.back().statements.back()))
      chain.rules.back().statements.emplace_back(Verdict{});
  }
}

void drop_statements(Ruleset& ruleset, std::string_view chains, Field field) {
  for_each_rule(ruleset, chains, [&](Rule& rule) {
    std::erase_if(rule.statements, [&](const Statement& statement) {
      const auto* match = std::get_if<Match>(&statement);
      return match != nullptr && match->field == field;
    });
  });
}

void change_limits(Ruleset& ruleset, void (*change)(PerElement& expression)) {
  for_each<Update>(ruleset, "", [&](Update& update) {
    if (update.expression) change(*update.expression);
  });
}

std::vector<SeededBug> misreadings() {
  return {
      {"LosesVia", [](Policy& p) { for_each_rule(p, [](auto& rule) { rule.via.clear(); }); }, {}},
      {"LosesTo", [](Policy& p) { for_each_rule(p, [](auto& rule) { rule.to = {}; }); }, {}},
      {"ForgetsUntil",
       [](Policy& p) { for_each_rule(p, [](auto& rule) { rule.until.reset(); }); },
       {}},
      {"ForgetsWhen",
       [](Policy& p) { for_each_rule(p, [](auto& rule) { rule.when.reset(); }); },
       {}},
      {"ForgetsNever",
       [](Policy& p) {
         p.bans.never.clear();
         p.management.reset();
       },
       {}},
      {"PutsAnyBehindThePair",
       [](Policy& p) {
         for (policies::RuleList& list : p.lists)
           list.from_any = list.to_any = false;
       },
       {}},
      {"ReversesNat", [](Policy& p) { std::reverse(p.nat.begin(), p.nat.end()); }, {}},
      {"ForgetsStrictIcmp", [](Policy& p) { p.is_icmp_strict = false; }, {}},
      {"KeepsTheFirstServiceOnly",
       [](Policy& p) {
         for_each_rule(p, [](auto& rule) {
           if (rule.services.size() > 1) rule.services.resize(1);
         });
       },
       {}},
  };
}

std::vector<SeededBug> of_matching() {
  return {
      {"SwapsTwoStrata", {}, swap_strata},
      {"ReversesPrecedenceOfInterfaces", {}, reverse_precedence},
      {"LeavesABoxWhole", {}, leave_a_box_whole},
      {"ShiftsPorts", {}, shift_ports},
      {"CutsTheLastPort", {}, cut_last_port},
      {"TakesUdpForTcp", {}, tcp_for_udp},
      {"ForgetsIpv6", {}, forget_ipv6},
      {"LooksAtTheDestination",
       {},
       [](Ruleset& r) {
         rename_field(r, Field::ip_saddr, Field::ip_daddr);
         rename_field(r, Field::ip6_saddr, Field::ip6_daddr);
       }},
      {"GuardsTheWrongFamily",
       {},
       [](Ruleset& r) { rename_field(r, Field::icmpv6_type, Field::icmp_type); }},
      {"LosesFeedsOfNetworks",
       {},
       [](Ruleset& r) {
         for (Chain& chain : r.chains) {
           std::erase_if(chain.rules, [](const Rule& rule) {
             const auto* lookup = std::get_if<Lookup>(&rule.statements.front());
             return lookup != nullptr && lookup->set.starts_with("f_") &&
                    lookup->set.find("_n") != std::string::npos;
           });
         }
       }},
      {"LosesTheOwner", {}, [](Ruleset& r) { drop_statements(r, "o_", Field::skuid); }},
      {"MistakesTheDay",
       {},
       [](Ruleset& r) {
         for_each<Match>(r, "r_", [](Match& match) {
           if (match.field == Field::day)
             match.value[0] = static_cast<std::uint8_t>((match.value[0] + 1) % 7);
         });
       }},
  };
}

std::vector<SeededBug> of_verdicts() {
  return {
      {"ForgetsInvalid", {}, [](Ruleset& r) { remove_state(r, 1); }},
      {"ForgetsEstablished", {}, [](Ruleset& r) { remove_state(r, 2); }},
      {"ForgetsTheLastDrop", {}, forget_last_drop},
      {"GoesInsteadOfJumping", {}, goto_for_jump},
      {"RejectsWhatIsDenied", {}, reject_for_drop},
      {"LetsCountingEnd", {}, let_counting_end},
      {"ForgetsBansByRules",
       {},
       [](Ruleset& r) {
         remove_rules(r, "", [](const Rule& rule) { return rule.comment == "banned by a rule"; });
       }},
      {"ForgetsBans",
       {},
       [](Ruleset& r) {
         remove_rules(r, "raw_pre", [](const Rule& rule) { return rule.comment == "banned"; });
       }},
      {"LetsSpoofedSourcesIn",
       {},
       [](Ruleset& r) {
         remove_rules(r, "from_", [](const Rule& rule) { return has<Counter>(rule); });
       }},
      {"KeepsTheLinkInForwarding",
       {},
       [](Ruleset& r) {
         for_each<Lookup>(r, "fwd_", [](Lookup& lookup) {
           if (lookup.set == "icmp6_path") lookup.set = "icmp6_link";
         });
       }},
  };
}

std::vector<SeededBug> of_meters() {
  return {
      {"MetersWithoutMask",
       {},
       [](Ruleset& r) {
         for_each<Update>(r, "", [](Update& update) { update.key[0].mask_bits = 0; });
       }},
      {"TurnsALimitRound",
       {},
       [](Ruleset& r) {
         for_each<Limit>(r, "r_", [](Limit& limit) { limit.over = !limit.over; });
       }},
      {"GivesOneMoreOfTheBurst",
       {},
       [](Ruleset& r) {
         change_limits(r, [](PerElement& one) {
           if (auto* limit = std::get_if<Limit>(&one)) ++limit->burst;
         });
       }},
      {"AllowsOneConnectionMore",
       {},
       [](Ruleset& r) {
         change_limits(r, [](PerElement& one) {
           if (auto* limit = std::get_if<ConnectionLimit>(&one)) ++limit->count;
         });
       }},
      {"BansForTooShort",
       {},
       [](Ruleset& r) {
         for_each<Update>(r, "ban_", [](Update& update) { *update.timeout /= 10; });
       }},
  };
}

std::vector<SeededBug> of_nat() {
  return {
      {"ForwardsWithoutAllow",
       {},
       [](Ruleset& r) {
         remove_rules(r, "fwd_", [](const Rule& rule) {
           const auto* verdict = std::get_if<Verdict>(&rule.statements.back());
           return verdict != nullptr && verdict->chain.starts_with("n_");
         });
       }},
      {"ForwardsWhatPassesThrough",
       {},
       [](Ruleset& r) { drop_statements(r, "dnat_", Field::fib_daddr_type); }},
      {"LosesThePortOfRedirect",
       {},
       [](Ruleset& r) { for_each<Redirect>(r, "dnat_", [](Redirect& one) { one.port.reset(); }); }},
      {"AllowsForwardsByTheirNewPort",
       {},
       [](Ruleset& r) {
         for_each<Match>(r, "fwd_", [](Match& match) {
           if (match.field == Field::ct_original_dport) match.field = Field::th_dport;
         });
       }},
      {"ForwardsOneFamilyOnly",
       {},
       [](Ruleset& r) {
         remove_rules(r, "dnat_", [](const Rule& rule) {
           const auto* match = std::get_if<Match>(&rule.statements.front());
           return match != nullptr && match->field == Field::nfproto && match->value[0] == 10;
         });
       }},
  };
}

}  // namespace

const std::vector<SeededBug>& seeded_bugs() {
  static const std::vector<SeededBug> bugs = [] {
    std::vector<SeededBug> all;
    for (const auto& some :
         std::array{misreadings(), of_matching(), of_verdicts(), of_meters(), of_nat()})
      all.insert(all.end(), some.begin(), some.end());
    return all;
  }();
  return bugs;
}

}  // namespace ravelin::firewall::oracles
