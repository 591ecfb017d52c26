#include "gateway/route/client_address.h"

#include "gateway/route/conditions.h"

#include <optional>
#include <string_view>

namespace ravelin::gateway {
namespace {

constexpr int kHopsMax = 32;

// "192.0.2.7", "192.0.2.7:1234", "2001:db8::1", "[2001:db8::1]", "[2001:db8::1]:1234".
std::optional<base::IpAddress> parse_entry(std::string_view text) {
  while (!text.empty() && (text.front() == ' ' || text.front() == '\t'))
    text.remove_prefix(1);
  while (!text.empty() && (text.back() == ' ' || text.back() == '\t'))
    text.remove_suffix(1);
  if (text.starts_with('[')) {
    text = text.substr(1, text.find(']') - 1);
  } else if (text.find(':') == text.rfind(':')) {
    text = text.substr(0, text.find(':'));
  }
  const auto address = base::parse_ip(text);
  return address ? std::optional(*address) : std::nullopt;
}

}  // namespace

base::IpAddress deciding_client(const base::IpAddress& peer,
                                std::span<const base::IpPrefix> trusted, const FieldList& fields) {
  base::IpAddress client = peer;
  if (!contains(trusted, peer)) return client;
  int hops = 0;
  for (const Field* field = fields.end(); field != fields.begin();) {
    --field;
    if (field->id != FieldId::x_forwarded_for) continue;
    std::string_view list = field->value;
    for (bool more = !list.empty(); more;) {
      const std::size_t comma = list.rfind(',');
      more = comma != list.npos;
      const auto entry = parse_entry(more ? list.substr(comma + 1) : list);
      if (!entry || ++hops > kHopsMax) return client;
      client = *entry;
      if (!contains(trusted, client)) return client;
      if (more) list = list.substr(0, comma);
    }
  }
  return client;
}

}  // namespace ravelin::gateway
