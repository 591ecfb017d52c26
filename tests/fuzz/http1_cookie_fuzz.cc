// Cookie fields: what is left out is gone, what is not stays, and nothing else appears.
#include "base/check.h"
#include "gateway/http1/cookie.h"

#include <algorithm>
#include <string>
#include <string_view>
#include <vector>

namespace ravelin::gateway::http1 {
namespace {

constexpr std::string_view kName = "id";

std::vector<std::string> texts(std::string_view list, std::string_view without) {
  std::vector<std::string> all;
  for (Cookie cookie; next_cookie(list, cookie);) {
    CHECK(!cookie.text.empty());
    if (without.empty() || cookie.name != without) all.emplace_back(cookie.text);
  }
  return all;
}

void check(std::string_view value) {
  const Field field{FieldId::cookie, "Cookie", value};
  FieldList fields;
  CHECK(fields.push_back(field));
  std::vector<char> room(value.size() * 2 + 64);
  ByteWriter out(room);
  write_without_cookie(out, field, kName);
  CHECK(!out.overflowed());

  const bool has_it = find_cookie(fields, kName).has_value();
  const std::vector<std::string> left = texts(value, kName);
  std::string_view line = out.view();
  if (has_it && left.empty()) {
    CHECK(line.empty());
    return;
  }
  CHECK(line.starts_with("Cookie: ") && line.ends_with("\r\n"));
  line.remove_prefix(8);
  line.remove_suffix(2);
  if (!has_it) CHECK(line == value);
  CHECK(texts(line, "") == left);
}

}  // namespace
}  // namespace ravelin::gateway::http1

extern "C" int LLVMFuzzerTestOneInput(const unsigned char* data, std::size_t size) {
  ravelin::gateway::http1::check({reinterpret_cast<const char*>(data), size});
  return 0;
}
