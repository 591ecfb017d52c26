// HTTPS requests to a CA, or HTTP ones where plain text is enough, one at a time: bounded in time
// and size, redirects not followed, one connection kept for the next request. Blocks; one thread at
// a time. Knows nothing about ACME but the headers it uses.
#pragma once

#include "certs/acme/patience.h"
#include "certs/acme/plain_connection.h"
#include "certs/acme/resolver.h"
#include "certs/acme/tls_connection.h"

#include <cstddef>
#include <optional>
#include <string>
#include <variant>
#include <vector>

namespace ravelin::certs::acme {

struct HttpRequest {
  std::string method = "GET";
  std::string url;  // https, or http where HttpOptions allows it
  std::string body{};
  std::string content_type{};  // "" = none
  std::string accept{};        // ""
};

struct HttpResponse {
  int status = 0;
  std::string body;
  std::string content_type;  // lower case, without parameters
  std::string location;
  std::string retry_after;
  std::string replay_nonce;
  std::vector<std::string> links;
};

struct HttpOptions {
  std::string ca_file{};  // "" = the system's roots
  std::string user_agent = "ravelin";
  std::size_t header_bytes_max = std::size_t{16} * 1024;
  std::size_t body_bytes_max = std::size_t{1024} * 1024;
  PlainHttp plain = PlainHttp::refused;
};

class HttpClient {
 public:
  // Errors: the CA file.
  static Result<HttpClient> open(HttpOptions options);

  // Any final status but a redirect is a response. Errors, which name method and URL: Errc::invalid
  // (the URL), unavailable, timeout, tls, protocol (no HTTP, too large, a redirect).
  Result<HttpResponse> fetch(const HttpRequest& request, const Patience& patience);

 private:
  HttpClient(HttpOptions options, TlsContextPtr context)
      : options_(std::move(options)), context_(std::move(context)) {}

  struct Kept {
    std::string authority;
    std::variant<TlsConnection, PlainConnection> connection;
  };

  Result<HttpResponse> exchange(const Url& url, const HttpRequest& request,
                                const Patience& patience);
  Result<> connect(const Url& url, const Patience& patience);
  Result<> send(std::string_view bytes, const Patience& patience);
  Result<std::size_t> receive(std::span<char> into, const Patience& patience);
  Result<HttpResponse> read(const Url& url, const HttpRequest& request, const Patience& patience);

  HttpOptions options_;
  TlsContextPtr context_;
  Resolver resolver_;
  std::optional<Kept> kept_;
  bool got_bytes_ = false;  // of the answer under way
  bool reusable_ = false;
};

}  // namespace ravelin::certs::acme
