#include "policies/analyse/rule_meaning.h"

#include <algorithm>
#include <cstdint>

namespace ravelin::policies {
namespace {

constexpr std::size_t kCommonMax = 4'000'000;  // cells of the table of common rules

void trace_common(const std::vector<std::vector<std::uint32_t>>& length, const std::vector<Rule>& a,
                  const std::vector<Rule>& b, std::size_t skipped, Common& common) {
  std::size_t i = 0, j = 0;
  while (i + 1 < length.size() && j + 1 < length[i].size()) {
    if (a[skipped + i] == b[skipped + j]) {
      common.a[skipped + i++] = true;
      common.b[skipped + j++] = true;
    } else if (length[i + 1][j] >= length[i][j + 1]) {
      ++i;
    } else {
      ++j;
    }
  }
}

}  // namespace

Rule meaning_of(Rule rule, const Policy& policy) {
  rule.pos = {};
  rule.id.clear();
  rule.services_text.clear();
  rule.note.clear();
  rule.counter.clear();
  rule.log.reset();
  rule.ban.reset();
  if (rule.owner) rule.owner->text.clear();
  for (AddressMatch* match : {&rule.from, &rule.to}) {
    // Feeds are told apart by name, which takes the place of what was written.
    std::string feeds;
    for (const int feed : match->feeds)
      feeds += policy.feeds.at(static_cast<std::size_t>(feed)).name + " ";
    match->text = feeds;
    match->feeds.assign(match->feeds.empty() ? 0 : 1, 0);
  }
  return rule;
}

Common common_rules(const std::vector<Rule>& a, const std::vector<Rule>& b) {
  Common common{std::vector<bool>(a.size()), std::vector<bool>(b.size())};
  std::size_t first = 0;
  while (first < a.size() && first < b.size() && a[first] == b[first]) {
    common.a[first] = common.b[first] = true;
    ++first;
  }
  std::size_t rest_a = a.size() - first, rest_b = b.size() - first;
  while (rest_a > 0 && rest_b > 0 && a[first + rest_a - 1] == b[first + rest_b - 1]) {
    --rest_a;
    --rest_b;
    common.a[first + rest_a] = common.b[first + rest_b] = true;
  }
  if (rest_a * rest_b > kCommonMax) return common;
  // length[i][j]: of the longest common subsequence behind i and j
  std::vector<std::vector<std::uint32_t>> length(rest_a + 1,
                                                 std::vector<std::uint32_t>(rest_b + 1));
  for (std::size_t i = rest_a; i-- > 0;) {
    for (std::size_t j = rest_b; j-- > 0;) {
      length[i][j] = a[first + i] == b[first + j] ? length[i + 1][j + 1] + 1
                                                  : std::max(length[i + 1][j], length[i][j + 1]);
    }
  }
  trace_common(length, a, b, first, common);
  return common;
}

}  // namespace ravelin::policies
