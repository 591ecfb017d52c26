// Where a key path of the configuration stands in its files, and which parts of it are already
// known to be wrong. Pure; borrows what it is given.
#pragma once

#include "base/diagnostics.h"
#include "base/io/yaml.h"
#include "gateway/config/config.h"

#include <set>
#include <string>
#include <vector>

namespace ravelin::gateway {

class Places {
 public:
  // Remembers the errors `diagnostics` holds now; both arguments must outlive it.
  Places(const base::yaml::Origins& origins, base::Diagnostics& diagnostics);

  // Reports at the place of `key` (or `fallback` when it is not written), unless reading it, or
  // something in it, has already failed: a mistake is told once.
  void error(const std::string& key, const SourcePos& fallback, std::string message);
  void warn(const std::string& key, const SourcePos& fallback, std::string message);

  [[nodiscard]] SourcePos at(const std::string& key, const SourcePos& fallback) const;

  [[nodiscard]] bool is_written(const std::string& key) const { return origins_.contains(key); }

  // True when `key` or something below it has been reported.
  [[nodiscard]] bool has_failed(const std::string& key) const;

  // True when `key` as such has been reported.
  [[nodiscard]] bool has_failed_itself(const std::string& key) const {
    return failed_.contains(key);
  }

  // "listeners[0].tls.certificates[2]" for each certificate of that listener, whose list in the
  // file also holds `{ store: true }` entries.
  [[nodiscard]] std::vector<std::string> certificate_keys(const std::string& listener_key,
                                                          const ListenerTlsConfig& tls) const;

 private:
  const base::yaml::Origins& origins_;
  base::Diagnostics& diagnostics_;
  std::set<std::string, std::less<>> failed_;
};

// "file:line:column", for a message that names a second place.
std::string place_text(const SourcePos& pos);

}  // namespace ravelin::gateway
