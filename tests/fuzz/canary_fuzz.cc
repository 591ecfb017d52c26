// Records of canaries, and shares as people write them.
#include "base/check.h"
#include "certs/store/canary_file.h"

#include <cstddef>
#include <cstdint>

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace ravelin::certs;
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  if (const auto canary = parse_canary(text); canary) {
    CHECK(canary->share > 0 && canary->share < kWholeShare);
    CHECK(canary->generation != canary->beside);
    const auto again = parse_canary(format_canary(*canary));
    CHECK(again && *again == *canary);
  }
  if (const auto share = parse_share(text); share) {
    CHECK(*share > 0 && *share < kWholeShare);
    const auto again = parse_share(share_text(*share));
    CHECK(again && *again == *share);
  }
  return 0;
}
