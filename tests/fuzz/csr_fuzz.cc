// A request for signature of any bytes, DER or PEM: refused, or its names are ones that a
// certificate may carry, and a request for the same names reads the same.
#include "base/check.h"
#include "certs/build_certificate.h"
#include "certs/issuer/csr.h"
#include "certs/issuer/private_key.h"

#include <cstddef>
#include <cstdint>
#include <string_view>

namespace ravelin::certs {
namespace {

void run(std::string_view text) {
  const auto der = decode_csr(text);
  if (!der) return;
  const auto parsed = parse_csr(*der);
  if (!parsed) return;
  CHECK(!parsed->names.empty() && parsed->names.size() <= kCsrNamesMax);
  CHECK(check_key_strength(parsed->key.get()).has_value());
  static const auto key = generate_key(KeyKind::p256);
  const auto again = make_csr(key->get(), parsed->names);
  CHECK(again.has_value());
  CHECK(parse_csr(*again)->names == parsed->names);
}

}  // namespace
}  // namespace ravelin::certs

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  ravelin::certs::run({reinterpret_cast<const char*>(data), size});
  return 0;
}
