// Requests to one CA: its directory, its nonces, signing, and trying again where that helps.
// Blocks; one thread at a time.
#pragma once

#include "certs/acme/failure.h"
#include "certs/acme/http_client.h"
#include "certs/acme/jws.h"
#include "certs/acme/messages.h"
#include "certs/acme/retry.h"

#include <functional>
#include <string>
#include <string_view>
#include <vector>

namespace ravelin::certs::acme {

struct SessionLimits {
  std::chrono::seconds request{30};  // one exchange, whatever the patience of who asks
  std::chrono::seconds directory_age_max{3600};
  RetryLimits retry{};
};

// What is asked for; `doing` is for messages ("new order").
struct SignedRequest {
  std::string_view doing;
  std::string url;
  std::string payload{};  // "" = POST-as-GET
  std::string accept{};
};

class Session {
 public:
  // Error: `directory_url` is no https URL.
  static Result<Session> open(HttpClient http, std::string directory_url, SessionLimits limits);

  // Read once in a while and kept; the pointer is good until the next call.
  Reply<const Directory*> directory(const Patience& patience);

  // Both return answers with a status of 2xx only; everything else is a Failure, whose text begins
  // with the CA's host and `doing` (or has the URL in it, where there is no answer).
  Reply<HttpResponse> get(std::string_view doing, const std::string& url, const Patience& patience);
  Reply<HttpResponse> post(const Signer& signer, const SignedRequest& request,
                           const Patience& patience);

  [[nodiscard]] const std::string& directory_url() const { return directory_url_; }

  // What the CA answered in JSON, read by `parse`.
  template <class T>
  Reply<T> read(const HttpResponse& response, std::string_view doing,
                Result<T> (*parse)(std::string_view)) const {
    if (response.content_type != "application/json") return wrong_type(response, doing);
    auto value = parse(response.body);
    if (!value) return base::wrap(value.error(), start(doing));
    return std::move(*value);
  }

  [[nodiscard]] base::Error wrong_type(const HttpResponse& response, std::string_view doing) const;
  // "acme.example: new order": how the text of every failure begins.
  [[nodiscard]] std::string start(std::string_view doing) const;

 private:
  Session(HttpClient http, std::string directory_url, std::string host, SessionLimits limits)
      : http_(std::move(http)),
        directory_url_(std::move(directory_url)),
        host_(std::move(host)),
        limits_(limits) {}

  using MakeRequest = std::function<Reply<HttpRequest>()>;
  Reply<HttpResponse> try_until_done(std::string_view doing, const MakeRequest& make,
                                     const Patience& patience);
  Reply<std::string> take_nonce(const Patience& patience);
  void keep_nonce(const std::string& nonce);
  [[nodiscard]] Failure failure_of(const Result<HttpResponse>& response,
                                   std::string_view doing) const;

  HttpClient http_;
  std::string directory_url_;
  std::string host_;
  SessionLimits limits_;
  Directory directory_;
  std::optional<base::MonoTime> read_at_;  // of directory_
  std::vector<std::string> nonces_;
};

}  // namespace ravelin::certs::acme
