// X-Forwarded-For as it comes through a trusted proxy: lines of any bytes, one line feed between
// two. A second reading, from left to right over a list of all elements, must agree.
#include "base/check.h"
#include "gateway/http1/client_address.h"

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace ravelin::gateway::http1 {
namespace {

const std::vector<base::IpPrefix>& trusted() {
  static const std::vector<base::IpPrefix> trusted_networks = {
      *base::parse_prefix("10.0.0.0/8"), *base::parse_prefix("2001:db8::/32")};
  return trusted_networks;
}

bool is_trusted(const base::IpAddress& address) {
  return trusted()[0].contains(address) || trusted()[1].contains(address);
}

std::vector<std::string_view> split(std::string_view text, char at) {
  std::vector<std::string_view> parts;
  for (;;) {
    const std::size_t end = text.find(at);
    parts.push_back(text.substr(0, end));
    if (end == std::string_view::npos) return parts;
    text.remove_prefix(end + 1);
  }
}

std::string_view without_blanks(std::string_view text) {
  while (!text.empty() && (text.front() == ' ' || text.front() == '\t'))
    text.remove_prefix(1);
  while (!text.empty() && (text.back() == ' ' || text.back() == '\t'))
    text.remove_suffix(1);
  return text;
}

base::IpAddress read_again(const base::IpAddress& peer,
                           const std::vector<std::string_view>& lines) {
  std::vector<std::string_view> elements;
  for (const std::string_view line : lines) {
    for (const std::string_view element : split(line, ',')) {
      if (!without_blanks(element).empty()) elements.push_back(without_blanks(element));
    }
  }
  base::IpAddress client = peer;
  for (int hop = 0; hop < kProxiesMax && !elements.empty() && is_trusted(client); ++hop) {
    const auto address = parse_forwarded_address(elements.back());
    if (!address) break;
    client = *address;
    elements.pop_back();
  }
  return client;
}

}  // namespace
}  // namespace ravelin::gateway::http1

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace ravelin::gateway;
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  const std::vector<std::string_view> lines = http1::split(text, '\n');
  if (lines.size() > 100) return 0;
  FieldList fields;
  for (const std::string_view line : lines)
    fields.push_back({FieldId::x_forwarded_for, "X-Forwarded-For", http1::without_blanks(line)});
  for (const char* peer : {"10.0.0.1", "2001:db8::1", "192.0.2.1"}) {
    const auto address = *ravelin::base::parse_ip(peer);
    const auto client = http1::client_of(address, http1::trusted(), fields);
    CHECK(client == http1::read_again(address, lines));
    if (!http1::is_trusted(address)) CHECK(client == address);
  }
  return 0;
}
