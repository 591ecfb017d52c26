#include "firewall/control/addition.h"

#include "base/hash.h"

#include <fmt/format.h>

#include <algorithm>
#include <string_view>

namespace ravelin::firewall {
namespace {

constexpr std::string_view kWhole = ".whole";
constexpr std::string_view kDerived = ".derived";

// Within double quotes.
std::string escaped(std::string_view text) {
  std::string out;
  for (const char c : text) {
    if (c == '"' || c == '\\') out += '\\';
    out += c;
  }
  return out;
}

bool has_one_of(const policies::Policy& policy, const std::vector<std::string>& ids) {
  return std::ranges::any_of(policy.lists, [&ids](const policies::RuleList& list) {
    return std::ranges::any_of(list.rules, [&ids](const policies::Rule& rule) {
      return std::ranges::find(ids, rule.id) != ids.end();
    });
  });
}

}  // namespace

void add_to(PolicyBundle& bundle, const AdditionFor& addition_for, FactFinder& facts) {
  if (!addition_for) return;
  const auto alone = policy_of(bundle);
  if (!alone) return;  // whoever reads it says why
  const Addition addition = addition_for(*alone);
  if (addition.text.empty() || has_one_of(*alone, addition.ids)) return;
  const std::string name = escaped(bundle.path.substr(bundle.path.rfind('/') + 1));
  const std::string derived = bundle.path + std::string(kDerived);
  bundle.path += kWhole;
  bundle.files[derived] = {derived, addition.text};
  bundle.files[bundle.path] = {bundle.path,
                               fmt::format("include: [\"{}\", \"{}{}\"]\n", name, name, kDerived)};
  base::yaml::BundleLoader loader(bundle);
  base::Diagnostics ignored;  // whoever reads it with the facts says what is wrong
  bundle.facts = facts.find(policies::load_policy(bundle.path, loader, {}, ignored));
}

PolicyBundle own_part(PolicyBundle bundle) {
  if (!bundle.path.ends_with(kWhole)) return bundle;
  const std::string own = bundle.path.substr(0, bundle.path.size() - kWhole.size());
  const std::string derived = own + std::string(kDerived);
  if (!bundle.files.contains(own) || !bundle.files.contains(derived)) return bundle;
  bundle.files.erase(bundle.path);
  bundle.files.erase(derived);
  bundle.path = own;
  return bundle;
}

std::string own_hash(const PolicyBundle& bundle) {
  std::vector<std::string> texts;
  for (const auto& [path, file] : own_part(bundle).files)
    texts.push_back(file.text);
  std::ranges::sort(texts);
  std::uint64_t hash = 0;
  for (const std::string& text : texts)
    hash = base::mix_bits(hash ^ base::fnv1a(text));
  return fmt::format("{:016x}", hash);
}

}  // namespace ravelin::firewall
