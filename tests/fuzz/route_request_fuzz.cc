// What rules of routes read of a request: query parameters, cookies, X-Forwarded-For, credentials.
// The first byte chooses. Nothing read may reach outside the bytes it came from.
#include "base/check.h"
#include "gateway/http1/client_address.h"
#include "gateway/route/basic_credentials.h"
#include "gateway/route/conditions.h"
#include "gateway/route/sticky.h"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <string_view>

namespace ravelin::gateway {
namespace {

void read_query(std::string_view query) {
  const ValueCondition present{{}, "a", ValueTest::present, ""};
  const ValueCondition absent{{}, "a", ValueTest::absent, ""};
  const ValueCondition exact{{}, "a", ValueTest::exact, "b c"};
  const ValueCondition prefix{{}, "a", ValueTest::prefix, "b"};
  CHECK(parameter_holds(present, query) != parameter_holds(absent, query));
  if (parameter_holds(exact, query)) CHECK(parameter_holds(prefix, query));
  if (parameter_holds(prefix, query)) CHECK(parameter_holds(present, query));
}

void read_cookie(std::string_view text) {
  FieldList fields;
  fields.push_back({FieldId::cookie, "Cookie", text});
  const auto value = cookie_value(fields, "a");
  if (!value) return;
  CHECK(value->data() >= text.data() && value->data() + value->size() <= text.data() + text.size());
  CHECK(value->find(';') == std::string_view::npos);
}

void read_forwarded(std::string_view text) {
  static const base::IpPrefix trusted = *base::parse_prefix("10.0.0.0/8");
  static const base::IpAddress peer = *base::parse_ip("10.0.0.1");
  static const base::IpAddress stranger = *base::parse_ip("192.0.2.1");
  FieldList fields;
  fields.push_back({FieldId::x_forwarded_for, "X-Forwarded-For", text});
  http1::client_of(peer, {&trusted, 1}, fields);
  CHECK(http1::client_of(stranger, {&trusted, 1}, fields) == stranger);
}

void read_credentials(std::string_view text) {
  FieldList fields;
  fields.push_back({FieldId::authorization, "Authorization", text});
  const BasicCredentials given = read_basic_credentials(fields);
  CHECK(given.user.size() + given.password.size() < kCredentialBytesMax);
  CHECK(given.user.find(':') == std::string::npos);
  if (given.kind != BasicCredentials::Kind::given) CHECK(given.user.empty());
}

}  // namespace
}  // namespace ravelin::gateway

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0) return 0;
  const std::string_view text(reinterpret_cast<const char*>(data) + 1,
                              std::min<std::size_t>(size, 8'192) - 1);
  switch (data[0] % 4) {
    case 0:
      ravelin::gateway::read_query(text);
      break;
    case 1:
      ravelin::gateway::read_cookie(text);
      break;
    case 2:
      ravelin::gateway::read_forwarded(text);
      break;
    default:
      ravelin::gateway::read_credentials(text);
  }
  return 0;
}
