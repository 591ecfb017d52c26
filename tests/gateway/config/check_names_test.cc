#include "gateway/config/check_names.h"

#include "tests/gateway/config/config_text.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace ravelin::gateway {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

std::string only_good_resolves(const std::string& name) {
  return name == "good" ? "" : "Name or service not known";
}

// The findings for one pool of servers with these addresses.
std::vector<std::string> findings_for(const std::vector<std::string>& addresses) {
  std::string text =
      "version: 1\n"
      "listeners: [{ name: w, bind: \"127.0.0.1:1\", plaintext: allowed, routes: [{ pool: p }] }]\n"
      "pools:\n"
      "  - name: p\n"
      "    servers:\n";
  for (const std::string& address : addresses)
    text += "      - { address: \"" + address + "\" }\n";
  const Checked checked = check_text(text);
  EXPECT_THAT(checked.findings, IsEmpty());
  base::Diagnostics diagnostics;
  check_names(checked.parsed, diagnostics, only_good_resolves);
  std::vector<std::string> findings;
  for (const base::Finding& finding : diagnostics.findings())
    findings.push_back(base::to_string(finding));
  return findings;
}

TEST(CheckNames, WarnsOfEachNameThatDoesNotResolve) {
  EXPECT_THAT(
      findings_for({"good:80", "bad:80", "10.0.0.1:80", "unix:/s", "bad:81", "[::1]:80"}),
      ElementsAre("/etc/r.yaml:7:20: warning: pools[0].servers[1].address: \"bad\" does not "
                  "resolve here: Name or service not known"));
}

TEST(CheckNames, StopsAfterAHundredAndSaysSo) {
  std::vector<std::string> addresses;
  addresses.reserve(150);
  for (int i = 0; i < 150; ++i)
    addresses.push_back(fmt::format("h{}:80", i));
  const auto findings = findings_for(addresses);
  ASSERT_EQ(findings.size(), 101U);
  EXPECT_THAT(
      findings.back(),
      ::testing::HasSubstr("was not resolved, nor the names after it: too many, or too slow"));
}

}  // namespace
}  // namespace ravelin::gateway
