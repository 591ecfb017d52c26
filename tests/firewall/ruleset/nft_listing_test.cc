// The text of a ruleset against Debian's nft: what nft makes of it and lists again is the same
// text. Each table lives in a network namespace of its own, which ends with its process.
#include "firewall/ruleset/nft_rule.h"
#include "firewall/ruleset/nft_set.h"
#include "tests/firewall/ruleset/listing_examples.h"
#include "tests/firewall/ruleset/listing_rules.h"
#include "tests/firewall/ruleset/nft_process.h"

#include <gtest/gtest.h>
#include <sched.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cstdio>
#include <cstdlib>
#include <string>

namespace ravelin::firewall {
namespace {

std::string listed_by_nft(const std::string& text) {
  return in_namespace(nft_batch(text) + "nft list table inet ravelin\n");
}

// An element's remaining time moves while one looks.
std::string without_expiry(std::string text) {
  for (std::size_t at = text.find(" expires "); at != std::string::npos;
       at = text.find(" expires ", at)) {
    const std::size_t end = text.find_first_of(" ,\n", at + 9);
    text.erase(at, end - at);
  }
  return text;
}

TEST(NftListing, IsTheTextTheTableWasMadeFrom) {
  for (const ListingExample& example : listing_examples()) {
    const std::string text = nft_text(example.ruleset);
    const std::string listing = listed_by_nft(text);
    ASSERT_NE(listing, kNoNamespace) << "needs to make network namespaces: sudo ctest -L kernel";
    EXPECT_EQ(without_expiry(listing), text) << example.name;
  }
}

// Every statement of a rule written out, whatever the listing leaves away.
std::string spelled_out(const Ruleset& ruleset) {
  std::string text = "table inet ravelin {\n";
  for (const Set& set : ruleset.sets)
    text += nft::set_text(set, Elements::printed);
  for (const Chain& chain : ruleset.chains) {
    text += "chain " + chain.name + " {\n";
    for (const Rule& rule : chain.rules) {
      for (const Statement& statement : rule.statements)
        text += nft::rule_text(Rule{{statement}, {}, {}}) + " ";
      text += nft::rule_text(Rule{{}, rule.comment, {}}) + "\n";
    }
    text += "}\n";
  }
  return text + "}\n";
}

TEST(NftListing, LeavesOutWhatNftLeavesOut) {
  for (const Ruleset& ruleset : {guards(), matches(), statements()})
    EXPECT_EQ(listed_by_nft(spelled_out(ruleset)), nft_text(ruleset));
}

}  // namespace
}  // namespace ravelin::firewall
