// Policies as nft text: what an operator would read after applying them. A golden file that differs
// is written beside the test binary, to be looked at and copied by hand.
#include "firewall/compile/compile.h"
#include "policies/parse/parse.h"
#include "tests/policies/parse/facts.h"

#include <gtest/gtest.h>

#include <fstream>
#include <sstream>

namespace ravelin::firewall {
namespace {

const std::string kSource = RAVELIN_SOURCE_DIR;

std::string read(const std::string& path) {
  std::ifstream file(path);
  std::stringstream text;
  text << file.rdbuf();
  return text.str();
}

std::string compiled_text(const std::string& path) {
  base::yaml::DiskLoader loader;
  base::Diagnostics diagnostics;
  const policies::ParsedPolicy parsed =
      policies::load_policy(path, loader, policies::full_facts(), diagnostics,
                            {.library = kSource + "/policies/library"});
  EXPECT_FALSE(diagnostics.has_errors()) << base::to_string(diagnostics.findings().front());
  const Compiled compiled = compile(parsed.policy, {.revision = "7 golden"});
  return nft_text(compiled.ruleset);
}

struct GoldenCase {
  const char* policy;
  const char* golden;
};

constexpr GoldenCase kCases[] = {
    {"tests/policies/parse/examples/edge/edge.yaml", "edge.nft"},
    {"tests/policies/parse/examples/office/office.yaml", "office.nft"},
    {"policies/library/web-gateway.yaml", "web-gateway.nft"},
    {"policies/library/quarantine.yaml", "quarantine.nft"},
    {"tests/firewall/compile/golden/gateway_state.yaml", "gateway_state.nft"},
    {"tests/firewall/compile/golden/synproxy.yaml", "synproxy.nft"},
};

class Golden : public testing::TestWithParam<GoldenCase> {};

TEST_P(Golden, PolicyBecomesThisRuleset) {
  const std::string text = compiled_text(kSource + "/" + GetParam().policy);
  const std::string golden = kSource + "/tests/firewall/compile/golden/" + GetParam().golden;
  if (read(golden) == text) return;
  std::ofstream(GetParam().golden) << text;
  ADD_FAILURE() << "differs from " << golden << "; what it is now: " << GetParam().golden
                << " in the working directory";
}

INSTANTIATE_TEST_SUITE_P(Policies, Golden, testing::ValuesIn(kCases), [](const auto& given) {
  std::string name(given.param.golden);
  name.resize(name.find('.'));
  std::replace(name.begin(), name.end(), '-', '_');
  return name;
});

}  // namespace
}  // namespace ravelin::firewall
