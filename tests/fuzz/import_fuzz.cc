// Files given for import, any bytes: refused, or what comes out is read again as the same pair. The
// first byte says where the one file ends and the other begins, and whether there is a passphrase.
#include "base/check.h"
#include "certs/certificate.h"
#include "certs/import/read_import.h"

#include <cstddef>
#include <cstdint>
#include <string_view>
#include <vector>

namespace ravelin::certs {
namespace {

void run(std::string_view bytes) {
  if (bytes.empty()) return;
  const auto first = static_cast<unsigned char>(bytes.front());
  bytes.remove_prefix(1);
  constexpr std::size_t kParts = 127;
  const std::size_t end = bytes.size() * (first >> 1U) / kParts;
  std::vector<ImportFile> files;
  files.emplace_back("a", std::string(bytes.substr(0, end)));
  files.emplace_back("b", std::string(bytes.substr(end)));
  if (end == 0) files.erase(files.begin());
  if (end == bytes.size() && !files.empty()) files.pop_back();
  const std::string passphrase = "secret";
  const auto pair = read_import(files, (first & 1U) != 0 ? &passphrase : nullptr);
  if (!pair) return;
  CHECK(parse_chain(pair->texts.chain, "chain").has_value());
  CHECK(parse_key(pair->texts.key, "key").has_value());
  std::vector<ImportFile> again;
  again.emplace_back("chain", pair->texts.chain);
  again.emplace_back("key", pair->texts.key);
  // A certificate that the root itself has signed came with it; it is not there a second time.
  const auto same = read_import(again, nullptr);
  if (same) CHECK(same->texts.chain == pair->texts.chain && same->texts.key == pair->texts.key);
}

}  // namespace
}  // namespace ravelin::certs

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  ravelin::certs::run({reinterpret_cast<const char*>(data), size});
  return 0;
}
