#include "cli/demo_backends.h"

#include <boost/asio/awaitable.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/core/tcp_stream.hpp>
#include <boost/beast/http.hpp>

#include <algorithm>

namespace ravelin::cli {

namespace asio = boost::asio;
namespace beast = boost::beast;
namespace http = boost::beast::http;
using asio::ip::tcp;

struct DemoBackends::Impl {
  asio::io_context io{1};
  std::array<std::atomic<std::uint64_t>, kCount> requests{};

  asio::awaitable<void> accept(tcp::acceptor acceptor, std::size_t backend);
  asio::awaitable<void> serve(tcp::socket socket, std::size_t backend);
  http::response<http::string_body> answer(const http::request<http::string_body>& request,
                                           std::size_t backend);
};

namespace {

constexpr std::array<std::string_view, DemoBackends::kCount> kNames = {"one", "two", "three"};
constexpr std::size_t kBodyBytesMax = 1024 * 1024;

// "/bytes/1024" asks for a body of that size.
std::size_t bytes_asked(std::string_view target) {
  constexpr std::string_view kPrefix = "/bytes/";
  if (!target.starts_with(kPrefix)) return 0;
  std::size_t bytes = 0;
  for (const char c : target.substr(kPrefix.size())) {
    if (c < '0' || c > '9' || bytes > kBodyBytesMax) break;
    bytes = bytes * 10 + static_cast<std::size_t>(c - '0');
  }
  return std::min(bytes, kBodyBytesMax);
}

}  // namespace

http::response<http::string_body> DemoBackends::Impl::answer(
    const http::request<http::string_body>& request, std::size_t backend) {
  const std::string target(request.target());
  http::response<http::string_body> response(http::status::ok, 11);
  response.set(http::field::content_type, "text/plain; charset=utf-8");
  response.set("X-Demo-Server", std::string(kNames[backend]));
  if (const std::size_t bytes = bytes_asked(target)) {
    response.body().assign(bytes, 'x');
  } else {
    response.body() = fmt::format("hello from server {}, request {}\n", kNames[backend],
                                  requests[backend].load(std::memory_order_relaxed) + 1);
  }
  if (target != "/healthz") requests[backend].fetch_add(1, std::memory_order_relaxed);
  response.keep_alive(request.keep_alive());
  response.prepare_payload();
  return response;
}

asio::awaitable<void> DemoBackends::Impl::serve(tcp::socket socket, std::size_t backend) {
  beast::tcp_stream stream(std::move(socket));
  beast::flat_buffer buffer(64 * 1024);
  beast::error_code error;
  for (;;) {
    http::request_parser<http::string_body> parser;
    parser.body_limit(kBodyBytesMax);
    stream.expires_after(std::chrono::minutes(2));
    co_await http::async_read(stream, buffer, parser,
                              asio::redirect_error(asio::use_awaitable, error));
    if (error) co_return;
    const bool stays = parser.get().keep_alive();
    http::response<http::string_body> response = answer(parser.get(), backend);
    co_await http::async_write(stream, response, asio::redirect_error(asio::use_awaitable, error));
    if (error || !stays) co_return;
  }
}

asio::awaitable<void> DemoBackends::Impl::accept(tcp::acceptor acceptor, std::size_t backend) {
  for (;;) {
    beast::error_code error;
    tcp::socket socket =
        co_await acceptor.async_accept(asio::redirect_error(asio::use_awaitable, error));
    if (error) co_return;
    asio::co_spawn(io, serve(std::move(socket), backend), asio::detached);
  }
}

DemoBackends::DemoBackends() : impl_(std::make_unique<Impl>()) {}

base::Result<std::unique_ptr<DemoBackends>> DemoBackends::start() {
  std::unique_ptr<DemoBackends> backends(new DemoBackends());
  for (std::size_t i = 0; i < kCount; ++i) {
    beast::error_code error;
    tcp::acceptor acceptor(backends->impl_->io);
    acceptor.open(tcp::v4(), error);
    if (!error) acceptor.bind({asio::ip::address_v4::loopback(), 0}, error);
    if (!error) acceptor.listen(asio::socket_base::max_listen_connections, error);
    if (error) return base::fail(base::Errc::io, "demo backend: {}", error.message());
    backends->ports_[i] = acceptor.local_endpoint().port();
    asio::co_spawn(backends->impl_->io, backends->impl_->accept(std::move(acceptor), i),
                   asio::detached);
  }
  backends->thread_ = std::thread([impl = backends->impl_.get()] { impl->io.run(); });
  return backends;
}

DemoBackends::~DemoBackends() {
  impl_->io.stop();
  if (thread_.joinable()) thread_.join();
}

std::uint64_t DemoBackends::requests(std::size_t backend) const {
  return impl_->requests[backend].load(std::memory_order_relaxed);
}

}  // namespace ravelin::cli
