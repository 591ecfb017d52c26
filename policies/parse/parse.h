// A policy file and all it includes, as values: text comes through a loader, what the world outside
// must tell (names, prefixes, countries, users) through Facts. Pure; any thread.
#pragma once

#include "base/diagnostics.h"
#include "base/io/yaml.h"
#include "base/io/yaml_include.h"
#include "policies/model/facts.h"
#include "policies/model/policy.h"

#include <string>

namespace ravelin::policies {

// Where includes are found that are not beside the including file.
inline constexpr const char* kLibraryDirectory = "/usr/share/ravelin/policies";

inline constexpr std::size_t kIncludeDepthMax = 10;

struct ParsedPolicy {
  Policy policy;
  WantedFacts wanted;  // what the policy asks of the world, known or not
};

struct LoadOptions {
  std::string library = kLibraryDirectory;
  base::yaml::KnownKeys* known_keys = nullptr;  // null: not wanted
};

// Every finding is in `diagnostics`, with its place. With errors the policy holds what could be
// read, for messages only: it must not be used.
// To get the facts, read it once with those at hand, look up `wanted`, and read it again.
ParsedPolicy load_policy(const std::string& path, base::yaml::Loader& loader, const Facts& facts,
                         base::Diagnostics& diagnostics, const LoadOptions& options = {});

// One text without includes.
ParsedPolicy parse_policy(const std::string& text, const Facts& facts,
                          base::Diagnostics& diagnostics, const std::string& name = "policy.yaml");

}  // namespace ravelin::policies
