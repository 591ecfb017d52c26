// Configurations as text for tests: parsed from memory, findings as the operator would read them.
#pragma once

#include "base/diagnostics.h"
#include "gateway/config/parse.h"
#include "tests/base/io/table_loader.h"

#include <map>
#include <string>
#include <vector>

namespace ravelin::gateway {

struct Checked {
  ParsedConfig parsed;
  std::vector<std::string> findings;  // without the file name: "14:11: key: message"
};

inline Checked check_files(std::map<std::string, std::string> files) {
  base::yaml::TableLoader loader(std::move(files));
  base::Diagnostics diagnostics;
  Checked checked{load_config("/etc/r.yaml", loader, diagnostics), {}};
  for (const base::Finding& finding : diagnostics.findings()) {
    const std::string text = base::to_string(finding);
    const std::string prefix = "/etc/r.yaml:";
    checked.findings.push_back(text.starts_with(prefix) ? text.substr(prefix.size()) : text);
  }
  return checked;
}

inline Checked check_text(std::string text) {
  return check_files({{"/etc/r.yaml", std::move(text)}});
}

}  // namespace ravelin::gateway
