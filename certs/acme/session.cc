#include "certs/acme/session.h"

#include "certs/acme/fields.h"

namespace ravelin::certs::acme {
namespace {

using base::Errc;
using base::fail;

constexpr std::size_t kNoncesKept = 8;

Errc code_of(int status) {
  if (status == 429 || status >= 500) return Errc::unavailable;
  if (status == 401 || status == 403) return Errc::denied;
  return status == 404 ? Errc::not_found : Errc::protocol;
}

}  // namespace

Result<Session> Session::open(HttpClient http, std::string directory_url, SessionLimits limits) {
  const auto url = parse_url(directory_url);
  if (!url) return base::wrap(url.error(), "the CA's directory");
  return Session(std::move(http), std::move(directory_url), url->authority, limits);
}

std::string Session::start(std::string_view doing) const {
  return fmt::format("{}: {}", host_, doing);
}

base::Error Session::wrong_type(const HttpResponse& response, std::string_view doing) const {
  return fail(Errc::protocol, "{}: the answer is of type \"{}\", not what ACME says", start(doing),
              response.content_type.substr(0, 100));
}

Failure Session::failure_of(const Result<HttpResponse>& response, std::string_view doing) const {
  if (!response) {
    Failure failure(base::wrap(response.error(), doing));  // names the URL
    failure.is_away = true;
    return failure;
  }
  Failure failure(fail(code_of(response->status), "{}: status {}", start(doing), response->status));
  failure.status = response->status;
  failure.is_away = response->status >= 500;
  failure.retry_after = parse_retry_after(response->retry_after, base::wall_now());
  if (response->content_type != "application/problem+json") {
    failure.error.message +=
        fmt::format(", and no ACME answer (type \"{}\")", response->content_type.substr(0, 100));
    return failure;
  }
  auto problem = parse_problem(response->body);
  if (!problem) {
    failure.error.message += ", " + problem.error().message;
    return failure;
  }
  failure.error.message = fmt::format("{}: {}", start(doing), text_of(*problem));
  failure.problem = std::move(*problem);
  return failure;
}

Reply<HttpResponse> Session::try_until_done(std::string_view doing, const MakeRequest& make,
                                            const Patience& patience) {
  int nonce_tries = 0;
  int failure_tries = 0;
  for (;;) {
    const auto request = make();
    if (!request) return request.error();
    auto response = http_.fetch(*request, patience.at_most(limits_.request));
    if (response) keep_nonce(response->replay_nonce);
    Attempt attempt{.left = patience.left()};
    if (response && response->status < 300) return std::move(*response);
    Failure failure = failure_of(response, doing);
    attempt.status = failure.status;
    attempt.retry_after = failure.retry_after;
    if (failure.problem) attempt.problem_type = failure.problem->type;
    attempt.tries = failure.is("badNonce") ? ++nonce_tries : ++failure_tries;
    attempt.can_retry =
        !patience.stop.stop_requested() &&
        (failure.error.code == Errc::unavailable || failure.error.code == Errc::timeout);
    const Verdict verdict = judge(attempt, limits_.retry);
    if (verdict.next == Next::give_up) return failure;
    if (verdict.next == Next::wait) {
      if (!pause(verdict.wait, patience, doing)) return failure;
    }
  }
}

Reply<const Directory*> Session::directory(const Patience& patience) {
  if (read_at_ && base::mono_now() - *read_at_ < limits_.directory_age_max) return &directory_;
  const auto response = get("directory", directory_url_, patience);
  if (!response) return response.error();
  auto directory = read(*response, "directory", &parse_directory);
  if (!directory) return directory.error();
  directory_ = std::move(*directory);
  read_at_ = base::mono_now();
  return &directory_;
}

Reply<HttpResponse> Session::get(std::string_view doing, const std::string& url,
                                 const Patience& patience) {
  return try_until_done(
      doing,
      [&]() -> Reply<HttpRequest> {
        return HttpRequest{.method = "GET", .url = url, .accept = "application/json"};
      },
      patience);
}

Reply<HttpResponse> Session::post(const Signer& signer, const SignedRequest& request,
                                  const Patience& patience) {
  return try_until_done(
      request.doing,
      [&]() -> Reply<HttpRequest> {
        const auto nonce = take_nonce(patience);
        if (!nonce) return nonce.error();
        return HttpRequest{.method = "POST",
                           .url = request.url,
                           .body = sign_request(signer, request.url, *nonce, request.payload),
                           .content_type = "application/jose+json",
                           .accept = request.accept};
      },
      patience);
}

Reply<std::string> Session::take_nonce(const Patience& patience) {
  if (nonces_.empty()) {
    const auto directory = this->directory(patience);
    if (!directory) return directory.error();
    const std::string url = (*directory)->new_nonce;
    // Its nonce is kept like any other's; the directory may have brought one along.
    const auto response = try_until_done(
        "new nonce",
        [&]() -> Reply<HttpRequest> { return HttpRequest{.method = "HEAD", .url = url}; },
        patience);
    if (!response) return response.error();
  }
  if (nonces_.empty())
    return fail(Errc::protocol, "{}: the answer has no Replay-Nonce of base64url",
                start("new nonce"));
  std::string nonce = std::move(nonces_.back());
  nonces_.pop_back();
  return nonce;
}

void Session::keep_nonce(const std::string& nonce) {
  if (!is_token(nonce)) return;
  // The oldest is the first to be refused.
  if (nonces_.size() == kNoncesKept) nonces_.erase(nonces_.begin());
  nonces_.push_back(nonce);
}

}  // namespace ravelin::certs::acme
