#include "gateway/proxy/forward/upstream_head.h"

namespace ravelin::gateway {

ForwardedBy forwarded_by(const ClientInfo& client, const RequestState& state,
                         const StickyCookies* sticky) {
  return {.client = client.address,
          .client_is_ipv6 = client.is_ipv6,
          .scheme = client.is_tls ? "https" : "http",
          .port = client.listener_port,
          .is_trusted = client.is_trusted,
          .sends_forwarded = client.listener->config->forwarded.forwarded,
          .own_cookie = sticky == nullptr ? std::string_view() : sticky->name(),
          .certificate = client.certificate,
          .request_id = text_of(state.id),
          .passes_upgrade = state.route->config->upgrades};
}

bool write_upstream_head(Buffer& block, const http1::RequestHead& request, std::string_view path,
                         const ForwardedBy& by, const FieldEdit* edit) {
  for (const BlockSize size : {BlockSize::small, BlockSize::bulk}) {
    block.release();
    block.acquire(size);
    http1::ByteWriter writer(block.writable());
    write_request_head(writer, request, path, by, edit);
    if (writer.overflowed()) continue;
    block.commit(writer.size());
    return true;
  }
  return false;
}

}  // namespace ravelin::gateway
