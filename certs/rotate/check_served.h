// Is what a store serves for a name in order? Every check of a generation once more, on what is on
// the disk now, and the time that is left. Blocks on the disk, and for some handshakes in memory.
#pragma once

#include "certs/certificate.h"
#include "certs/rotate/check_expiry.h"
#include "certs/store/revoked_serials.h"
#include "certs/store/store_dir.h"
#include "certs/view/held_certificate.h"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace ravelin::certs {

enum class CheckLevel : std::uint8_t { ok, warning, failed };

constexpr std::string_view text_of(CheckLevel level) {
  constexpr std::string_view kTexts[] = {"ok", "warn", "fail"};
  return kTexts[static_cast<std::size_t>(level)];
}

struct CheckLine {
  CheckLevel level = CheckLevel::ok;
  std::string code;  // "E_KEY_MISMATCH"; "" where all is well
  std::string text;

  friend bool operator==(const CheckLine&, const CheckLine&) = default;
};

struct ServedCheck {
  std::string name;
  Want want;
  std::vector<CheckLine> lines;
  Worry worry = Worry::none;           // about its end
  std::optional<Generation> served{};  // none: nothing is, or it cannot be read

  [[nodiscard]] bool has_failed() const;
  [[nodiscard]] std::size_t warnings() const;
};

struct ServedRules {
  const RevokedKeys& revoked;
  const RevokedSerials& taken_back;
  ExpiryThresholds thresholds{};
  base::WallTime now;
};

ServedCheck check_served(const StoreDir& store, const std::string& name, Want want,
                         const ServedRules& rules);

}  // namespace ravelin::certs
