// Any bytes as a configuration: findings or a Config, never a throw, a crash or a hang. What is
// accepted without an error must read back from `config show` as the same configuration. A NUL byte
// starts the next file, so includes are within reach: the files are /main, /a.yaml, /b.yaml.
#include "base/check.h"
#include "gateway/config/parse.h"
#include "gateway/config/show.h"
#include "tests/base/io/table_loader.h"

#include <cstdint>
#include <string>
#include <string_view>

namespace {

using ravelin::base::Diagnostics;
using ravelin::base::yaml::TableLoader;
using ravelin::gateway::load_config;
using ravelin::gateway::ParsedConfig;
using ravelin::gateway::show_config;
using ravelin::gateway::show_config_json;

std::map<std::string, std::string> split(std::string_view bytes) {
  std::map<std::string, std::string> files;
  for (const char* name : {"/main", "/a.yaml", "/b.yaml"}) {
    const std::size_t end = std::min(bytes.find('\0'), bytes.size());
    files[name] = std::string(bytes.substr(0, end));
    bytes.remove_prefix(std::min(end + 1, bytes.size()));
    if (bytes.empty()) break;
  }
  return files;
}

// What the origin comments leave: the values alone.
std::string values(const ParsedConfig& parsed) {
  const std::string json = show_config_json(parsed);
  const std::size_t begin = json.find("\"config\":");
  return json.substr(begin, json.rfind(",\"origins\":") - begin);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  TableLoader loader(split({reinterpret_cast<const char*>(data), size}));
  Diagnostics diagnostics;
  const ParsedConfig parsed = load_config("/main", loader, diagnostics);
  for (const auto& finding : diagnostics.findings())
    CHECK(!finding.message.empty() && finding.message.size() < 16 * 1024);
  if (diagnostics.has_errors()) return 0;

  TableLoader shown({{"/shown", show_config(parsed)}});
  Diagnostics again;
  const ParsedConfig read_back = load_config("/shown", shown, again);
  CHECK(!again.has_errors());
  CHECK(values(read_back) == values(parsed));
  return 0;
}
