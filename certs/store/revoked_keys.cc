#include "certs/store/revoked_keys.h"

#include "base/io/file.h"

#include <algorithm>

namespace ravelin::certs {

Result<RevokedKeys> read_revoked_keys(const StorePaths& store) {
  constexpr std::size_t kFileBytesMax = std::size_t{64} * 1024 * 1024;
  RevokedKeys keys;
  const auto text = base::read_file(store.revoked_keys(), kFileBytesMax);
  if (!text && text.error().code == base::Errc::not_found) return keys;
  if (!text) return text.error();
  std::string_view rest(*text);
  while (!rest.empty()) {
    const std::size_t end = std::min(rest.find('\n'), rest.size());
    if (end != 0) keys.emplace(rest.substr(0, end));
    rest.remove_prefix(std::min(end + 1, rest.size()));
  }
  return keys;
}

}  // namespace ravelin::certs
