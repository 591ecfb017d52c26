// PROXY protocol headers: any bytes, in any split. The verdict must not depend on what follows the
// header, every shorter beginning of a good one must ask for more, and what is read must read the
// same once it is written again.
#include "base/check.h"
#include "gateway/net/proxy_header.h"

#include <cstddef>
#include <cstdint>
#include <string>

namespace ravelin::gateway {
namespace {

using Status = ProxyHeaderResult::Status;

void check_complete(std::string_view bytes, const ProxyHeaderResult& result) {
  CHECK(result.size >= 15 && result.size <= kProxyHeaderBytesMax && result.size <= bytes.size());
  CHECK(result.header.source.has_value() == result.header.destination.has_value());
  const std::string_view header = bytes.substr(0, result.size);
  CHECK(parse_proxy_header(header).status == Status::complete);
  for (std::size_t size = 0; size < header.size(); ++size)
    CHECK(parse_proxy_header(header.substr(0, size)).status == Status::need_more);
  for (const std::string& written :
       {proxy_header_v1(result.header), proxy_header_v2(result.header, {})}) {
    const ProxyHeaderResult again = parse_proxy_header(written);
    CHECK(again.status == Status::complete && again.size == written.size());
    CHECK(again.header.source == result.header.source);
    CHECK(again.header.destination == result.header.destination);
  }
}

}  // namespace
}  // namespace ravelin::gateway

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace ravelin::gateway;
  const std::string_view bytes(reinterpret_cast<const char*>(data), size);
  const ProxyHeaderResult result = parse_proxy_header(bytes);
  CHECK((result.status == Status::bad) == !result.detail.empty());
  if (result.status == Status::need_more) CHECK(size < kProxyHeaderBytesMax);
  if (result.status == Status::complete) check_complete(bytes, result);
  return 0;
}
