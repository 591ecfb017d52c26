#include "certs/acme/http_client.h"

#include "base/text.h"

#include <boost/asio/buffer.hpp>
#include <boost/beast/http/parser.hpp>
#include <boost/beast/http/string_body.hpp>

#include <array>

namespace ravelin::certs::acme {
namespace {

namespace http = boost::beast::http;
using base::Errc;
using base::fail;
using Parser = http::response_parser<http::string_body>;

constexpr int kInterimResponsesMax = 4;
constexpr std::size_t kLinksMax = 16;

std::string request_text(const Url& url, const HttpRequest& request,
                         const std::string& user_agent) {
  std::string text = fmt::format("{} {} HTTP/1.1\r\nHost: {}\r\nUser-Agent: {}\r\n", request.method,
                                 url.target, url.authority, user_agent);
  text += "Accept-Language: en\r\n";
  if (!request.accept.empty()) text += "Accept: " + request.accept + "\r\n";
  if (!request.content_type.empty()) text += "Content-Type: " + request.content_type + "\r\n";
  if (request.method == "POST") text += fmt::format("Content-Length: {}\r\n", request.body.size());
  return text + "\r\n" + request.body;
}

std::string media_type(std::string_view value) {
  return base::to_lower(base::trim(value.substr(0, value.find(';'))));
}

HttpResponse response_of(Parser::value_type&& message) {
  HttpResponse response;
  response.status = static_cast<int>(message.result_int());
  const auto text = [&](auto name) { return std::string(message[name]); };
  response.content_type = media_type(message[http::field::content_type]);
  response.location = text(http::field::location);
  response.retry_after = text(http::field::retry_after);
  response.replay_nonce = text("Replay-Nonce");
  const auto [first, last] = message.equal_range(http::field::link);
  for (auto at = first; at != last && response.links.size() < kLinksMax; ++at)
    response.links.emplace_back(at->value());
  response.body = std::move(message.body());
  return response;
}

}  // namespace

Result<HttpClient> HttpClient::open(HttpOptions options) {
  auto context = make_client_context(options.ca_file);
  if (!context) return context.error();
  return HttpClient(std::move(options), std::move(*context));
}

Result<HttpResponse> HttpClient::fetch(const HttpRequest& request, const Patience& patience) {
  const auto url = parse_url(request.url, options_.plain);
  if (!url) return url.error();
  const bool reuses = kept_ && kept_->authority == url->authority &&
                      std::holds_alternative<PlainConnection>(kept_->connection) == url->is_plain;
  if (!reuses) kept_.reset();
  got_bytes_ = false;
  auto response = exchange(*url, request, patience);
  // A kept connection may have been closed meanwhile: nobody has seen the request then.
  if (!response && reuses && !got_bytes_ && response.error().code == Errc::unavailable &&
      !patience.stop.stop_requested())
    response = exchange(*url, request, patience);
  if (!response) return base::wrap(response.error(), request.method + " " + request.url);
  if (response->status >= 300 && response->status < 400)
    return fail(Errc::protocol, "{} {}: status {} redirects to \"{}\"; redirects are not followed",
                request.method, request.url, response->status, response->location.substr(0, 200));
  return response;
}

Result<HttpResponse> HttpClient::exchange(const Url& url, const HttpRequest& request,
                                          const Patience& patience) {
  if (!kept_) {
    if (auto connected = connect(url, patience); !connected) return connected.error();
  }
  reusable_ = false;
  auto sent = send(request_text(url, request, options_.user_agent), patience);
  auto response = sent ? read(url, request, patience) : Result<HttpResponse>(sent.error());
  if (!reusable_) kept_.reset();
  return response;
}

Result<> HttpClient::connect(const Url& url, const Patience& patience) {
  if (url.is_plain) {
    auto opened = PlainConnection::open(url, resolver_, patience);
    if (!opened) return opened.error();
    kept_.emplace(Kept{url.authority, std::move(*opened)});
    return {};
  }
  auto opened = TlsConnection::open(url, context_.get(), resolver_, patience);
  if (!opened) return opened.error();
  kept_.emplace(Kept{url.authority, std::move(*opened)});
  return {};
}

Result<> HttpClient::send(std::string_view bytes, const Patience& patience) {
  return std::visit([&](auto& connection) { return connection.send(bytes, patience); },
                    kept_->connection);
}

Result<std::size_t> HttpClient::receive(std::span<char> into, const Patience& patience) {
  return std::visit([&](auto& connection) { return connection.receive(into, patience); },
                    kept_->connection);
}

Result<HttpResponse> HttpClient::read(const Url& url, const HttpRequest& request,
                                      const Patience& patience) {
  std::array<char, 16 * 1024> block;
  std::string input;
  const auto bad = [&](const boost::system::error_code& error) {
    if (error == http::error::body_limit)
      return fail(Errc::protocol, "the answer is larger than {}",
                  base::format_bytes(options_.body_bytes_max));
    if (error == http::error::header_limit)
      return fail(Errc::protocol, "the head of the answer is larger than {}",
                  base::format_bytes(options_.header_bytes_max));
    return fail(Errc::protocol, "{}: the answer is not HTTP: {}", url.authority, error.message());
  };
  for (int interim = 0; interim <= kInterimResponsesMax; ++interim) {
    Parser parser;
    parser.header_limit(static_cast<std::uint32_t>(options_.header_bytes_max));
    parser.body_limit(options_.body_bytes_max);
    if (request.method == "HEAD") parser.skip(true);
    while (!parser.is_done()) {
      boost::system::error_code error;
      std::size_t used = 0;
      if (!input.empty()) used = parser.put(boost::asio::buffer(input), error);
      input.erase(0, used);
      if (error && error != http::error::need_more) return bad(error);
      if (parser.is_done() || used > 0) continue;
      const auto got = receive(block, patience);
      if (!got) return got.error();
      if (*got == 0) {
        if (!parser.got_some())
          return fail(Errc::unavailable, "{}: closed the connection", url.authority);
        parser.put_eof(error);
        if (error) return bad(error);
        break;
      }
      got_bytes_ = true;
      input.append(block.data(), *got);
    }
    if (parser.get().result_int() < 200) continue;
    reusable_ = parser.keep_alive() && input.empty();
    return response_of(parser.release());
  }
  return fail(Errc::protocol, "{}: only interim answers", url.authority);
}

}  // namespace ravelin::certs::acme
