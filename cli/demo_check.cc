#include "cli/demo_check.h"

#include "gateway/http1/head_scanner.h"
#include "gateway/http1/response_parser.h"
#include "gateway/net/connect.h"
#include "gateway/tls/stream.h"
#include "gateway/tls/upstream_context.h"

namespace ravelin::cli {

using base::Errc;
using base::fail;
using base::MonoTime;
using base::Result;
using base::Task;
using namespace gateway;

namespace {

constexpr base::Duration kTimeout = std::chrono::seconds(5);

struct DemoResponse {
  std::string server;
  int status = 0;
};

// One response whose body has a length.
Task<Result<DemoResponse>> read_response(Stream& stream, Buffer& in, MonoTime deadline) {
  const http1::HeadLimits limits;
  http1::HeadScan scan;
  auto head = std::make_unique<http1::ResponseHead>();
  http1::ParseResult why;
  for (;;) {
    const auto scanned =
        http1::scan_head(scan, in.readable(), http1::HeadKind::response, limits, why);
    if (scanned == http1::ScanStatus::bad)
      co_return fail(Errc::protocol, "response: {}", why.detail);
    if (scanned == http1::ScanStatus::complete) {
      why = http1::parse_response_head(scan.head(in.readable()), Method::get, limits, *head);
      if (!why.ok()) co_return fail(Errc::protocol, "response: {}", why.detail);
      const std::size_t total = scan.end + head->content_length;
      if (in.size() >= total) {
        DemoResponse response{.status = head->status};
        for (const Field& field : head->fields) {
          if (field.name == "X-Demo-Server") response.server = field.value;
        }
        in.consume(total);
        co_return response;
      }
    }
    const IoResult result = stream.read(in.writable());
    if (result.status == IoStatus::ok) {
      in.commit(result.bytes);
      scan = {};
      continue;
    }
    if (result.status != IoStatus::would_block)
      co_return fail(Errc::protocol, "the gateway closed the connection");
    const Wake wake = co_await stream.socket().readable(deadline);
    if (wake != Wake::ready) co_return fail(Errc::timeout, "no response within 5 s");
  }
}

Task<Result<void>> connect(Stream& stream, SocketAddress to, UpstreamSessions& sessions,
                           MonoTime deadline) {
  if (const int error = co_await wait_connected(stream.socket(), to, deadline); error != 0)
    co_return base::fail_errno(error, "connecting");
  stream.start_tls(sessions.new_ssl());
  const HandshakeEnd end = co_await stream.handshake(deadline);
  if (end == HandshakeEnd::done) co_return Result<void>();
  co_return fail(Errc::tls, "TLS handshake: {}", explain_upstream_failure(stream.ssl(), 0));
}

}  // namespace

Task<Result<std::map<std::string, int>>> drive_demo(Reactor& reactor, DemoTarget target,
                                                    int requests) {
  BufferPool buffers;
  auto context = UpstreamContext::create({.ca = {"ca.pem", target.ca_pem}, .name = "localhost"});
  if (!context) co_return context.error();
  UpstreamSessions sessions(*context);
  const base::IpEndpoint endpoint{.address = {.bytes = {127, 0, 0, 1}}, .port = target.port};
  const SocketAddress address = to_socket_address(endpoint);
  auto fd = start_connect(address, ConnectAs::usual);
  if (!fd) co_return fd.error();
  Stream stream(reactor, buffers, fd->release());
  const Result<void> connected =
      co_await connect(stream, address, sessions, reactor.refresh_now() + kTimeout);
  if (!connected) co_return connected.error();
  std::map<std::string, int> answers;
  Buffer in(buffers);
  in.acquire(BlockSize::large);
  for (int i = 0; i < requests; ++i) {
    in.clear();
    stream.write("GET / HTTP/1.1\r\nHost: localhost\r\n\r\n");
    const Result<DemoResponse> response =
        co_await read_response(stream, in, reactor.refresh_now() + kTimeout);
    if (!response) co_return response.error();
    if (response->status != 200) co_return fail(Errc::protocol, "status {}", response->status);
    ++answers[response->server];
  }
  co_return answers;
}

}  // namespace ravelin::cli
