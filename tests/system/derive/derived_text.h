// A configuration as text, and what is derived from it.
#pragma once

#include "certs/config/parse_certs.h"
#include "gateway/config/parse.h"
#include "system/derive/derive.h"
#include "tests/base/io/table_loader.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace ravelin::system {

struct Configuration {
  gateway::Config config;
  certs::CertsConfig certs;
};

// The text has to be a valid configuration, but for the files it names.
inline Configuration configuration_of(const std::string& text) {
  base::yaml::TableLoader loader({{"/etc/r.yaml", text}});
  base::Diagnostics diagnostics;
  Configuration read{gateway::load_config("/etc/r.yaml", loader, diagnostics).config,
                     certs::load_certs("/etc/r.yaml", loader, diagnostics)};
  for (const base::Finding& finding : diagnostics.findings())
    EXPECT_EQ(base::Severity::warning, finding.severity) << base::to_string(finding);
  return read;
}

inline DerivedRules derived_from(const std::string& text, const DeriveOptions& options = {}) {
  const Configuration read = configuration_of(text);
  return derive(read.config, read.certs, options);
}

inline std::vector<std::string> texts_of(const base::Diagnostics& findings) {
  std::vector<std::string> texts;
  texts.reserve(findings.findings().size());
  for (const base::Finding& finding : findings.findings())
    texts.push_back(base::to_string(finding));
  return texts;
}

// Two listeners, two pools, a user.
inline constexpr const char* kUsual = R"(version: 1
user: ravelin
listeners:
  - name: web
    bind: ["0.0.0.0:443", "[::]:443"]
    tls: { certificates: [ { chain: a.crt, key: a.key } ] }
    connections: { per_client_max: 200 }
    routes: [ { pool: web }, { match: { path: /api/ }, pool: api } ]
  - { name: plain, bind: "0.0.0.0:80", redirect: https }
pools:
  - name: web
    servers: [ { address: "10.0.1.11:8080" }, { address: "10.0.1.12:8080" }, { address: "10.0.1.11:8081" } ]
  - { name: api, servers: [ { address: "[fd00::5]:9000" } ] }
)";

}  // namespace ravelin::system
