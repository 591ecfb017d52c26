// The kernel takes the transactions of the differ in their order, and holds what was wanted. Steps
// are spoken to it by Debian's nft, one batch for each transaction.
#include "firewall/diff/change.h"
#include "firewall/ruleset/nft_rule.h"
#include "tests/firewall/diff/random_ruleset.h"
#include "tests/firewall/ruleset/nft_process.h"

#include <gtest/gtest.h>

#include <algorithm>

namespace ravelin::firewall {
namespace {

// Steps in nft's words. `live` is what they are applied to.
class Speaker {
 public:
  explicit Speaker(const Ruleset& live) : live_(live) {}

  std::string operator()(const PutTable& /*step*/) { return "add table inet ravelin\n"; }

  std::string operator()(const RemoveTable& /*step*/) { return "delete table inet ravelin\n"; }

  std::string operator()(const PutSet& step) {
    made_.sets.push_back(step.set);
    return table({step.set}, {});
  }

  std::string operator()(const RemoveSet& step) {
    const bool is_map = header(step.name).is_verdict_map;
    return std::string("delete ") + (is_map ? "map" : "set") + " inet ravelin " + step.name + "\n";
  }

  std::string operator()(const FlushSet& step) {
    return "flush set inet ravelin " + step.name + "\n";
  }

  std::string operator()(const AddElements& step) {
    return "add " + elements(step.set, step.elements);
  }

  std::string operator()(const RemoveElements& step) {
    return "delete " + elements(step.set, step.elements);
  }

  std::string operator()(const AddBlock& /*step*/) { return {}; }

  std::string operator()(const PutChain& step) { return table({}, {step.chain}); }

  std::string operator()(const RemoveChain& step) {
    return "delete chain inet ravelin " + step.name + "\n";
  }

  std::string operator()(const FlushChain& step) {
    return "flush chain inet ravelin " + step.name + "\n";
  }

  std::string operator()(const AddRule& step) {
    return "add rule inet ravelin " + step.chain + " " + nft::rule_text(step.rule) + "\n";
  }

 private:
  static std::string table(std::vector<Set> sets, std::vector<Chain> chains) {
    Ruleset ruleset;
    ruleset.sets = std::move(sets);
    ruleset.chains = std::move(chains);
    return nft_text(ruleset);
  }

  const Set& header(const std::string& name) const {
    const Set* made = made_.find_set(name);
    return made != nullptr ? *made : *live_.find_set(name);
  }

  std::string elements(const std::string& name, std::vector<Element> elements) const {
    Set set = header(name);
    set.elements = std::move(elements);
    const std::string text = table({set}, {});
    const std::size_t open = text.find('{', text.find("elements = "));
    return "element inet ravelin " + name + " " + text.substr(open, text.find('}') + 1 - open) +
           "\n";
  }

  const Ruleset& live_;
  Ruleset made_;
};

std::string spoken(const Transaction& transaction, const Ruleset& live) {
  Speaker speaker(live);
  std::string text;
  for (const Step& step : transaction)
    text += std::visit(speaker, step);
  return nft_batch(text);
}

// Sets and chains of a listing, whatever order the kernel made them in.
std::vector<std::string> blocks(std::string listing) {
  std::vector<std::string> found;
  for (std::size_t at = listing.find("\n\t"); at != std::string::npos;) {
    const std::size_t end = listing.find("\n\t}", at);
    if (end == std::string::npos) break;
    std::string block = listing.substr(at, end - at);
    block.erase(0, block.find_first_not_of("\n"));
    found.push_back(std::move(block));
    at = listing.find("\n\t", end + 3);
  }
  std::sort(found.begin(), found.end());
  return found;
}

TEST(ChangeKernel, TakesEveryTransaction) {
  for (unsigned seed = 0; seed < 60; ++seed) {
    SCOPED_TRACE(seed);
    std::mt19937 random(seed);
    Ruleset live = random_ruleset(random);
    live.comment.clear();
    std::string script = spoken(create(live), {});
    for (int turn = 0; turn < 3; ++turn) {
      const Ruleset wanted = turn == 1 ? mutated(live, random) : random_ruleset(random);
      script += spoken(change(live, wanted), live);
      live = placed(live, wanted);
    }
    const std::string listing = in_namespace(script + "nft list table inet ravelin\n");
    ASSERT_NE(listing, kNoNamespace) << "needs to make network namespaces: sudo ctest -L kernel";
    ASSERT_EQ(blocks(listing), blocks(nft_text(live))) << listing.substr(0, 600);
  }
}

}  // namespace
}  // namespace ravelin::firewall
