// The frame of the listing: the table, its chains, their hooks. Sets and rules have files of their
// own. Pure; any thread.
#include "firewall/ruleset/nft_rule.h"
#include "firewall/ruleset/nft_set.h"
#include "firewall/ruleset/ruleset.h"

#include <fmt/format.h>

#include <array>
#include <cstdlib>
#include <string_view>

namespace ravelin::firewall {
namespace {

std::string_view point_text(Hook::Point point) {
  constexpr std::array<std::string_view, 5> kPoints{"prerouting", "input", "forward", "output",
                                                    "postrouting"};
  return kPoints.at(static_cast<std::size_t>(point));
}

// nft names a priority by the standard one within ten of it, where the hook has that one.
std::string priority_text(const Hook& hook) {
  struct Standard {
    std::int32_t priority;
    std::string_view name;
  };

  constexpr std::array<Standard, 6> kStandard{{{-300, "raw"},
                                               {-150, "mangle"},
                                               {-100, "dstnat"},
                                               {0, "filter"},
                                               {50, "security"},
                                               {100, "srcnat"}}};
  for (const Standard& standard : kStandard) {
    const std::int64_t offset = std::int64_t{hook.priority} - standard.priority;
    if (std::abs(offset) > 10) continue;
    if (standard.name == "dstnat" && hook.point != Hook::Point::prerouting) break;
    if (standard.name == "srcnat" && hook.point != Hook::Point::postrouting) break;
    if (offset == 0) return std::string(standard.name);
    return fmt::format("{} {} {}", standard.name, offset > 0 ? '+' : '-', std::abs(offset));
  }
  return fmt::format("{}", hook.priority);
}

std::string chain_text(const Chain& chain) {
  std::string text = fmt::format("\tchain {} {{\n", chain.name);
  if (!chain.comment.empty()) text += fmt::format("\t\tcomment \"{}\"\n", chain.comment);
  if (chain.hook) {
    text += fmt::format("\t\ttype {} hook {} priority {}; policy {};\n",
                        chain.hook->type == Hook::Type::nat ? "nat" : "filter",
                        point_text(chain.hook->point), priority_text(*chain.hook),
                        chain.hook->policy == Hook::Policy::drop ? "drop" : "accept");
  }
  for (const Rule& rule : chain.rules)
    text += fmt::format("\t\t{}\n", nft::rule_text(rule));
  return text + "\t}\n";
}

}  // namespace

std::string nft_text(const Ruleset& ruleset, Elements elements) {
  std::string text = fmt::format("table inet {} {{\n", kTableName);
  if (!ruleset.comment.empty()) text += fmt::format("\tcomment \"{}\"\n", ruleset.comment);
  std::string_view between;
  for (const Set& set : ruleset.sets) {
    text += between;
    text += nft::set_text(set, elements);
    between = "\n";
  }
  for (const Chain& chain : ruleset.chains) {
    text += between;
    text += chain_text(chain);
    between = "\n";
  }
  return text + "}\n";
}

}  // namespace ravelin::firewall
