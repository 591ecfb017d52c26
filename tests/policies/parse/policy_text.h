// Policies as text for tests: parsed from memory, findings as the operator would read them.
#pragma once

#include "base/diagnostics.h"
#include "policies/parse/parse.h"
#include "tests/base/io/table_loader.h"

#include <map>
#include <string>
#include <utility>
#include <vector>

namespace ravelin::policies {

struct Checked {
  ParsedPolicy parsed;
  std::vector<std::string> findings;  // without the file's name: "14:11: key: message"

  [[nodiscard]] const Policy& policy() const { return parsed.policy; }
};

inline std::vector<std::string> texts_of(const base::Diagnostics& diagnostics) {
  std::vector<std::string> texts;
  for (const base::Finding& finding : diagnostics.findings()) {
    const std::string text = base::to_string(finding);
    const std::string prefix = "/p/main.yaml:";
    texts.push_back(text.starts_with(prefix) ? text.substr(prefix.size()) : text);
  }
  return texts;
}

// The main file is /p/main.yaml, the library /lib.
inline Checked check_files(std::map<std::string, std::string> files, const Facts& facts = {}) {
  base::yaml::TableLoader loader(std::move(files));
  base::Diagnostics diagnostics;
  Checked checked{load_policy("/p/main.yaml", loader, facts, diagnostics, {.library = "/lib"}), {}};
  checked.findings = texts_of(diagnostics);
  return checked;
}

inline Checked check_text(std::string text, const Facts& facts = {}) {
  return check_files({{"/p/main.yaml", std::move(text)}}, facts);
}

// What a policy needs around the part a test is about: zones wan, lan (with networks) and dmz, and
// a list for what the host sends. Ends so that `part` begins on line 8, at the outermost level.
inline std::string around(const std::string& part) {
  return "policy: v1\n"
         "zones:\n"
         "  wan: { interfaces: [eth0] }\n"
         "  lan: { interfaces: [eth1], networks: [192.168.1.0/24, \"fd00:1::/64\"] }\n"
         "  dmz: { interfaces: [eth2] }\n"
         "rules:\n"
         "  host -> any: [{ allow: any }]\n" +
         part;
}

}  // namespace ravelin::policies
