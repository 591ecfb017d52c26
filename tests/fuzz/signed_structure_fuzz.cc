// What OpenSSL wants signed, or anything else: what is taken apart is put together again byte for
// byte, and travels without a flaw.
#include "base/check.h"
#include "certs/signing/signed_structure.h"
#include "messages/codec.h"

#include <algorithm>
#include <cstddef>
#include <cstdint>

namespace ravelin {
namespace {

void take_apart(std::span<const unsigned char> bytes) {
  for (const auto side : {messages::TlsSide::server, messages::TlsSide::client}) {
    auto request = certs::read_structure(bytes, side);
    if (!request) continue;
    request->key = {.name = "k", .spki = messages::Bytes(32)};
    CHECK(request->side == side);
    const auto sent = messages::encode({.id = 1, .message = *request});
    CHECK(sent);
    const auto built =
        certs::build_structure(std::get<messages::SignRequest>(messages::decode(*sent)->message));
    CHECK(built);
    CHECK(std::ranges::equal(*built, bytes));
  }
}

}  // namespace
}  // namespace ravelin

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  ravelin::take_apart(std::span(data, size));
  return 0;
}
