#include "gateway/proxy/forward/proxy_preface.h"

#include "gateway/net/listener.h"
#include "gateway/net/proxy_header.h"
#include "gateway/tls/client_auth.h"
#include "gateway/tls/stream.h"

namespace ravelin::gateway {
namespace {

// Both ends of the client's connection, or neither: that of a Unix socket has no addresses.
ProxyHeader header_of(const ClientInfo& client) {
  if (client.endpoint == nullptr) return {};
  if (client.destination != nullptr) return {*client.endpoint, *client.destination};
  const auto local = local_endpoint(client.stream->socket().fd());
  if (!local) return {};
  const auto* ip = std::get_if<base::IpEndpoint>(&*local);
  return ip == nullptr ? ProxyHeader{} : ProxyHeader{*client.endpoint, *ip};
}

}  // namespace

std::string proxy_preface(const UpstreamProxyConfig& config, const ClientInfo& client,
                          std::string_view request_id) {
  const ProxyHeader header = header_of(client);
  if (config.version == ProxyVersion::v1) return proxy_header_v1(header);
  ProxyExtras extras;
  if (config.sends_authority) extras.authority = client.sni;
  if (config.sends_request_id) extras.request_id = request_id;
  const SSL* ssl = client.stream->ssl();
  if (!config.sends_tls || ssl == nullptr) return proxy_header_v2(header, extras);
  const std::string name = verified_common_name(ssl);
  const ProxyTls tls{.version = SSL_get_version(ssl),
                     .cipher = SSL_get_cipher_name(ssl),
                     .client_name = name,
                     .has_verified_certificate = has_verified_certificate(ssl)};
  extras.tls = &tls;
  return proxy_header_v2(header, extras);
}

}  // namespace ravelin::gateway
