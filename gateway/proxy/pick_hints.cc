#include "gateway/proxy/pick_hints.h"

#include "base/text.h"
#include "gateway/balance/key_hash.h"
#include "gateway/http1/cookie.h"

#include <algorithm>

namespace ravelin::gateway {
namespace {

std::string_view header_value(const FieldList& fields, std::string_view name) {
  for (const Field& field : fields) {
    if (base::iequals(field.name, name)) return field.value;
  }
  return {};
}

std::uint64_t hash_client(const HashConfig& config, std::string_view client) {
  auto address = base::parse_ip(client);
  if (!address) return hash_bytes(client);  // a Unix socket's peer has none
  const bool is_ipv4 = address->family == base::Family::ipv4;
  const auto prefix = static_cast<std::size_t>(is_ipv4 ? config.ipv4_prefix : config.ipv6_prefix);
  const std::size_t size = is_ipv4 ? 4 : 16;
  for (std::size_t i = 0; i < size; ++i) {
    const std::size_t kept = prefix <= i * 8 ? 0 : std::min<std::size_t>(prefix - i * 8, 8);
    address->bytes[i] = static_cast<std::uint8_t>(address->bytes[i] & (0xff00U >> kept));
  }
  return hash_bytes({reinterpret_cast<const char*>(address->bytes.data()), size});
}

}  // namespace

std::uint64_t hash_key(const HashConfig& config, const http1::RequestHead& request,
                       std::string_view path, std::string_view client) {
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
                     std::string_view client) {
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
