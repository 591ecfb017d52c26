// The policies that Ravelin ships and those of the parser's examples, read.
#pragma once

#include "policies/parse/parse.h"
#include "tests/policies/parse/facts.h"

#include <gtest/gtest.h>

#include <string>

namespace ravelin::firewall::trial {

inline constexpr const char* kShipped[] = {"policies/library/web-gateway.yaml",
                                           "policies/library/database-host.yaml",
                                           "policies/library/small-office-router.yaml",
                                           "policies/library/quarantine.yaml",
                                           "tests/policies/parse/examples/edge/edge.yaml",
                                           "tests/policies/parse/examples/office/office.yaml"};

inline policies::Policy read_shipped(const std::string& path) {
  const std::string source = RAVELIN_SOURCE_DIR;
  base::yaml::DiskLoader loader;
  base::Diagnostics diagnostics;
  const policies::ParsedPolicy parsed =
      policies::load_policy(source + "/" + path, loader, policies::full_facts(), diagnostics,
                            {.library = source + "/policies/library"});
  EXPECT_FALSE(diagnostics.has_errors()) << path;
  return parsed.policy;
}

inline void expect_all_pass(const std::vector<policies::TestOutcome>& outcomes,
                            const std::string& path) {
  EXPECT_GE(outcomes.size(), 3U) << path;
  for (const policies::TestOutcome& outcome : outcomes)
    EXPECT_TRUE(outcome.passed) << path << ":" << outcome.pos.line << ": " << outcome.message;
}

}  // namespace ravelin::firewall::trial
