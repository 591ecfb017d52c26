#include "gateway/upstream/check_run.h"

#include "gateway/net/proxy_header.h"
#include "gateway/tls/stream.h"
#include "gateway/upstream/check_connect.h"
#include "gateway/upstream/check_http.h"

#include <array>

namespace ravelin::gateway {

using base::Duration;
using base::MonoTime;
using base::Task;

namespace {

CheckResult failed_run(std::string detail) {
  return {false, std::move(detail)};
}

CheckResult timed_out(std::string_view what, const HealthConfig& config) {
  return failed_run(fmt::format("{} within {} ms", what, config.timeout.count()));
}

// A full handshake each time: a resumed one would not look at the certificate.
Task<bool> handshake(Stream& stream, const CheckTarget& target, MonoTime deadline,
                     CheckResult& result) {
  UpstreamSessions sessions(target.tls);
  SslPtr ssl = sessions.new_ssl();
  if (ssl == nullptr) {
    result = failed_run("tls: out of memory");
    co_return false;
  }
  stream.start_tls(std::move(ssl));
  const HandshakeEnd end = co_await stream.handshake(deadline);
  if (end == HandshakeEnd::done) co_return true;
  if (end == HandshakeEnd::timed_out) {
    result = timed_out("no TLS handshake", *target.config);
  } else if (end == HandshakeEnd::key_late) {
    result = timed_out("the client certificate's key did not sign", *target.config);
  } else {
    result = failed_run(fmt::format(
        "tls: {}", explain_upstream_failure(stream.ssl(), stream.socket().last_error())));
  }
  co_return false;
}

Task<CheckResult> ask_http(Stream& stream, const CheckTarget& target, MonoTime deadline) {
  stream.write(http_check_request(*target.config, target.server_name));
  HttpCheckReader reader(*target.config, target.weight_header);
  std::array<char, 4096> bytes;
  for (;;) {
    const IoResult got = stream.read(bytes);
    if (got.status == IoStatus::ok) {
      if (auto result = reader.feed({bytes.data(), got.bytes})) co_return std::move(*result);
      continue;
    }
    if (got.status == IoStatus::closed) co_return reader.closed();
    if (got.status == IoStatus::error) co_return failed_run("the connection broke");
    // The request is small, but its last bytes may still wait for the server.
    const Wake flushed = co_await stream.flush(deadline);
    if (flushed != Wake::ready) co_return timed_out("no answer", *target.config);
    const Wake wake = co_await stream.socket().readable(deadline);
    if (wake != Wake::ready) co_return timed_out("no answer", *target.config);
  }
}

}  // namespace

Task<CheckResult> run_check(CheckTarget target, Reactor& reactor, BufferPool& buffers) {
  const HealthConfig& config = *target.config;
  const MonoTime deadline = reactor.refresh_now() + config.timeout;
  CheckResult result;
  const auto stream =
      co_await connect_for_check(target.addresses, deadline, reactor, buffers, result);
  if (stream == nullptr) co_return result;
  if (target.proxy_protocol == ProxyVersion::v1) stream->write(proxy_header_v1({}));
  if (target.proxy_protocol == ProxyVersion::v2) stream->write(proxy_header_v2_local());
  if (config.kind == HealthKind::tcp) co_return CheckResult{true, {}};
  if (config.kind == HealthKind::tls && target.tls == nullptr)
    co_return failed_run("a check of kind tls needs \"tls\" on the server");
  if (target.tls != nullptr) {
    const bool is_secure = co_await handshake(*stream, target, deadline, result);
    if (!is_secure) co_return result;
  }
  if (config.kind == HealthKind::http) result = co_await ask_http(*stream, target, deadline);
  if (config.kind == HealthKind::tls) result = {true, {}};
  stream->finish_output();
  co_return result;
}

}  // namespace ravelin::gateway
