// The first bytes of a TLS connection: through our own extension readers, and through a whole
// server-side handshake up to its first answer. Every failure must have a reason, and none may be
// left in OpenSSL's queue.
#include "base/check.h"
#include "certs/local_ca.h"
#include "gateway/tls/certificate_index.h"
#include "gateway/tls/client_hello.h"
#include "gateway/tls/context.h"
#include "gateway/tls/handshake_failure.h"
#include "gateway/tls/ticket_ring.h"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <span>

namespace ravelin::gateway {
namespace {

std::shared_ptr<const ListenerTls> make_listener() {
  const auto ca = certs::LocalCa::create({.permitted_names = {}, .permitted_ips = {}});
  CHECK(ca.has_value());
  const auto pair = ca->issue({.names = {"www.example.com", "*.example.com"}});
  const auto context = TlsContext::create({}, base::wall_now());
  const auto ring = TicketRing::create({}, base::MonoTime{});
  CHECK(pair.has_value() && context.has_value() && ring.has_value());
  return std::make_shared<const ListenerTls>(ListenerTls{
      *context, std::make_shared<const CertificateIndex>(std::vector<IndexedPair>{{*pair}}),
      ring->keys()});
}

void read_extensions(std::span<const std::uint8_t> bytes) {
  if (const auto name = parse_server_name(bytes); name) {
    CHECK(!name->empty() && name->size() <= 255 && name->size() + 5 == bytes.size());
    CHECK(std::none_of(name->begin(), name->end(),
                       [](char c) { return c <= ' ' || c >= 0x7f || (c >= 'A' && c <= 'Z'); }));
  }
  if (const auto version = parse_highest_version(bytes); version != 0)
    CHECK(std::size_t{1} + bytes[0] == bytes.size());
}

void shake_hands(std::span<const std::uint8_t> bytes) {
  static const auto tls = make_listener();
  HandshakeInfo info;
  info.tls = tls;
  const SslPtr server = new_server_ssl(info);
  BIO* in = BIO_new_mem_buf(bytes.data(), static_cast<int>(bytes.size()));
  SSL_set_bio(server.get(), in, BIO_new(BIO_s_null()));
  ERR_clear_error();
  const int result = SSL_do_handshake(server.get());
  if (result == 1) return;
  const int error = SSL_get_error(server.get(), result);
  if (error == SSL_ERROR_WANT_READ) return;
  const auto failure = explain_handshake_failure(server.get(), info, error, 0);
  CHECK(failure.reason != Reason::none && !failure.detail.empty());
  CHECK(ERR_peek_error() == 0);
}

}  // namespace
}  // namespace ravelin::gateway

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::span<const std::uint8_t> bytes(data, std::min<std::size_t>(size, 20'000));
  ravelin::gateway::read_extensions(bytes);
  ravelin::gateway::shake_hands(bytes);
  return 0;
}
