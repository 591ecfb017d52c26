// The URI of a key, and what a token gives as its signature, of any bytes: refused, or a URI that
// names a key, and a signature in DER as long as its numbers allow.
#include "base/check.h"
#include "certs/token/key_uri.h"
#include "certs/token/sign_form.h"

#include <cstddef>
#include <cstdint>
#include <string_view>

namespace ravelin::certs {
namespace {

void run(std::string_view bytes) {
  const auto uri = parse_key_uri(bytes);
  if (uri) {
    CHECK(uri->object || uri->id);
    CHECK(uri->text == bytes);
    CHECK(parse_key_uri(uri->text)->module_path == uri->module_path);
    static_cast<void>(is_named_by(*uri, {}));
  }
  const auto* at = reinterpret_cast<const unsigned char*>(bytes.data());
  const auto der = ecdsa_to_der({at, bytes.size()});
  if (der) CHECK(der->size() > 7 && der->size() <= bytes.size() + 9);
}

}  // namespace
}  // namespace ravelin::certs

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  ravelin::certs::run({reinterpret_cast<const char*>(data), size});
  return 0;
}
