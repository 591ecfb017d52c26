#include "gateway/config/places.h"

#include <utility>

namespace ravelin::gateway {

Places::Places(const base::yaml::Origins& origins, base::Diagnostics& diagnostics)
    : origins_(origins), diagnostics_(diagnostics) {
  for (const base::Finding& finding : diagnostics.findings()) {
    if (finding.severity == base::Severity::error) failed_.insert(finding.key);
  }
}

void Places::error(const std::string& key, const SourcePos& fallback, std::string message) {
  if (!has_failed(key)) diagnostics_.error(at(key, fallback), key, std::move(message));
}

void Places::warn(const std::string& key, const SourcePos& fallback, std::string message) {
  if (!has_failed(key)) diagnostics_.warn(at(key, fallback), key, std::move(message));
}

SourcePos Places::at(const std::string& key, const SourcePos& fallback) const {
  const auto found = origins_.find(key);
  return found == origins_.end() ? fallback : found->second;
}

bool Places::has_failed(const std::string& key) const {
  // Keys below "a" start with "a." or "a["; both sort after "a" and no farther than "a~".
  for (auto each = failed_.lower_bound(key); each != failed_.end(); ++each) {
    if (!each->starts_with(key)) return false;
    if (each->size() == key.size()) return true;
    const char next = (*each)[key.size()];
    if (key.empty() || next == '.' || next == '[') return true;
  }
  return false;
}

std::vector<std::string> Places::certificate_keys(const std::string& listener_key,
                                                  const ListenerTlsConfig& tls) const {
  const std::string list = listener_key + ".tls.certificates";
  std::vector<std::string> keys;
  for (std::size_t i = 0; keys.size() < tls.certificates.size(); ++i) {
    std::string key = fmt::format("{}[{}]", list, i);
    const auto found = origins_.find(key);
    const bool is_unknown = found == origins_.end();  // not from a file: the list must do
    if (!is_unknown && found->second != tls.certificates[keys.size()].pos) continue;
    keys.push_back(is_unknown ? list : key);
  }
  return keys;
}

std::string place_text(const SourcePos& pos) {
  return fmt::format("{}:{}:{}", pos.file, pos.line, pos.column);
}

}  // namespace ravelin::gateway
