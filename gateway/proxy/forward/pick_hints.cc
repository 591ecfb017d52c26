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
  if (pool.sticky() == nullptr) return hints;
  const auto cookie = http1::find_cookie(request.fields, pool.sticky()->name());
  if (!cookie) return hints;
  const auto server = pool.sticky()->find(*cookie);
  hints.cookie = server ? PickHints::Cookie::good : PickHints::Cookie::bad;
  hints.server = server.value_or(0);
  return hints;
}

}  // namespace ravelin::gateway
