#include "gateway/proxy/forward/pick_hints.h"

#include "gateway/balance/key_hash.h"
#include "gateway/http1/cookie.h"

namespace ravelin::gateway {
namespace {

std::string_view header_value(const FieldList& fields, std::string_view name) {
  const Field* field = find_named(fields, name);
  return field == nullptr ? std::string_view() : field->value;
}

std::uint64_t hash_client(const HashConfig& config, const base::IpAddress& client) {
  const bool is_ipv4 = client.family == base::Family::ipv4;
  const base::IpAddress prefix =
      base::mask(client, is_ipv4 ? config.ipv4_prefix : config.ipv6_prefix);
  const std::size_t size = is_ipv4 ? 4 : 16;
  return hash_bytes({reinterpret_cast<const char*>(prefix.bytes.data()), size});
}

// The first of the cookies that our key made: in front of ours may stand those of the same name
// that other gateways set for a wider domain.
void find_session(const StickyCookies& sticky, const FieldList& fields, PickHints& hints) {
  constexpr int kTriedMax = 8;
  int tried = 0;
  for (const Field& field : fields) {
    if (field.id != FieldId::cookie) continue;
    std::string_view list = field.value;
    for (http1::Cookie cookie; http1::next_cookie(list, cookie);) {
      if (cookie.name != sticky.name()) continue;
      const auto server = sticky.find(cookie.value);
      hints.cookie = server ? PickHints::Cookie::good : PickHints::Cookie::bad;
      hints.server = server.value_or(0);
      if (server || ++tried == kTriedMax) return;
    }
  }
}

}  // namespace

std::uint64_t hash_key(const HashConfig& config, const http1::RequestHead& request,
                       std::string_view path, const base::IpAddress& client) {
  std::string_view text;
  switch (config.key) {
    case HashKey::client:
      break;
    case HashKey::header:
      text = header_value(request.fields, config.name);
      break;
    case HashKey::cookie:
      text = http1::find_cookie(request.fields, config.name).value_or(std::string_view());
      break;
    case HashKey::path:
      text = path;
      break;
  }
  return text.empty() ? hash_client(config, client) : hash_bytes(text);
}

PickHints read_hints(const Pool& pool, const http1::RequestHead& request, std::string_view path,
                     const base::IpAddress& client) {
  PickHints hints;
  if (pool.config().balance == Balance::hash)
    hints.key = hash_key(pool.config().hash, request, path, client);
  if (pool.sticky() != nullptr && request.fields.has(FieldId::cookie))
    find_session(*pool.sticky(), request.fields, hints);
  return hints;
}

}  // namespace ravelin::gateway
