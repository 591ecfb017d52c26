#include "certs/store/revoked_serials.h"

#include "certs/store/record_lines.h"

#include <algorithm>

namespace ravelin::certs {
namespace {

std::string file_of(const StorePaths& paths) {
  return paths.for_gateways() + "/revoked/serials";
}

}  // namespace

Result<RevokedSerials> revoked_serials(const StorePaths& paths) {
  const auto lines = read_lines(file_of(paths));
  if (!lines) return lines.error();
  return RevokedSerials(lines->begin(), lines->end());
}

Result<> add_revoked_serial(const StorePaths& paths, const std::string& serial) {
  const auto known = revoked_serials(paths);
  if (!known) return known.error();
  if (known->contains(serial)) return {};
  return append_line(file_of(paths), serial);
}

bool has_revoked_serial(const GenerationInfo& info, const RevokedSerials& revoked) {
  if (info.issuer == kImported) return false;
  return std::ranges::any_of(kPairSlots, [&](PairSlot slot) {
    return info.facts(slot) && revoked.contains(info.facts(slot)->serial);
  });
}

}  // namespace ravelin::certs
