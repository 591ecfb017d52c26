#include "gateway/admin/admin_session.h"

#include "base/io/log.h"
#include "base/text.h"
#include "gateway/net/pause.h"

#include <boost/beast/http/status.hpp>

namespace ravelin::gateway {

namespace http = boost::beast::http;
using base::MonoTime;
using base::Task;
using namespace std::chrono_literals;

namespace {

// After a refusal: the rest of what the client sends is read, so that the answer is not lost to a
// reset.
constexpr base::Duration kLinger = 1s;
constexpr std::size_t kLingerBytesMax = 256 * 1024;

enum class Persistence { keep, close };

std::string_view reason_phrase(int status) {
  return http::obsolete_reason(http::int_to_status(static_cast<unsigned>(status)));
}

std::string response_text(const AdminResponse& response, Persistence persistence, bool is_head) {
  std::string text = fmt::format(
      "HTTP/1.1 {} {}\r\nContent-Type: {}\r\nContent-Length: {}\r\nCache-Control: no-store\r\n"
      "X-Content-Type-Options: nosniff\r\nConnection: {}\r\n",
      response.status, reason_phrase(response.status), response.content_type, response.body.size(),
      persistence == Persistence::keep ? "keep-alive" : "close");
  if (!response.allow.empty()) text += fmt::format("Allow: {}\r\n", response.allow);
  if (!response.content_security_policy.empty())
    text += fmt::format("Content-Security-Policy: {}\r\n", response.content_security_policy);
  text += "\r\n";
  if (!is_head) text += response.body;
  return text;
}

}  // namespace

AdminSession::AdminSession(Reactor& reactor, AdminBackend& backend, OwnedFd fd, AdminCaller caller,
                           std::chrono::milliseconds deadline)
    : reactor_(reactor),
      backend_(backend),
      socket_(reactor, fd.release()),
      caller_(std::move(caller)),
      deadline_(deadline) {}

void AdminSession::stop() {
  is_stopped_ = true;
  if (waiting_ != nullptr) waiting_->fire(Wake::aborted);
}

Task<Wake> AdminSession::wait_readable(MonoTime deadline) {
  Socket::Awaiter wait = socket_.readable(deadline);
  waiting_ = &wait;
  const Wake wake = co_await wait;
  waiting_ = nullptr;
  co_return wake;
}

Task<Wake> AdminSession::pause(base::Duration time) {
  Pause wait(reactor_, time);
  waiting_ = &wait;
  const Wake wake = co_await wait;
  waiting_ = nullptr;
  co_return wake;
}

Task<bool> AdminSession::send(std::string text) {
  const MonoTime deadline = reactor_.refresh_now() + deadline_;
  std::string_view left = text;
  while (!left.empty()) {
    const IoResult sent = socket_.send(left);
    if (sent.status == IoStatus::ok) {
      left.remove_prefix(sent.bytes);
      continue;
    }
    if (sent.status != IoStatus::would_block) co_return false;
    Socket::Awaiter wait = socket_.writable(deadline);
    waiting_ = &wait;
    const Wake wake = co_await wait;
    waiting_ = nullptr;
    if (wake != Wake::ready) co_return false;
  }
  co_return true;
}

void AdminSession::refuse(int status, std::string_view code, std::string_view message) {
  refusal_ = admin_failure(status, code, message);
}

// What framing the parser of this Boost cannot be trusted with does not reach it.
bool AdminSession::accepts_head(const Parser& parser) {
  const auto& request = parser.get();
  if (request.find(http::field::transfer_encoding) != request.end()) {
    refuse(411, "length_required", "transfer codings are refused here: send a Content-Length");
    return false;
  }
  if (request.version() >= 11 && request.count(http::field::host) != 1) {
    refuse(400, "bad_request", "a request has one Host field");
    return false;
  }
  wants_continue_ =
      !parser.is_done() && base::iequals(request[http::field::expect], "100-continue");
  return true;
}

AdminSession::Progress AdminSession::take_input(Parser& parser) {
  while (!parser.is_done()) {
    if (input_.empty()) return Progress::more;
    const bool had_head = parser.is_header_done();
    boost::system::error_code error;
    const std::size_t used = parser.put(boost::asio::buffer(input_), error);
    input_.erase(0, used);
    if (error == http::error::need_more) return Progress::more;
    if (error == http::error::header_limit) {
      refuse(431, "header_too_large", "a request's head is at most 8 KiB");
      return Progress::refused;
    }
    if (error == http::error::body_limit) {
      refuse(413, "body_too_large", "a request's body is at most 64 KiB");
      return Progress::refused;
    }
    if (error) {
      refuse(400, "bad_request", error.message());
      return Progress::refused;
    }
    if (!had_head && parser.is_header_done() && !accepts_head(parser)) return Progress::refused;
  }
  return Progress::complete;
}

Task<AdminSession::Received> AdminSession::receive(Parser& parser) {
  const MonoTime deadline = reactor_.refresh_now() + deadline_;
  bool has_begun = !input_.empty();
  for (;;) {
    const Progress progress = take_input(parser);
    if (progress == Progress::complete) co_return Received::request;
    if (progress == Progress::refused) co_return Received::refused;
    if (wants_continue_) {
      wants_continue_ = false;
      std::string text = "HTTP/1.1 100 Continue\r\n\r\n";
      const bool sent = co_await send(std::move(text));
      if (!sent) co_return Received::closed;
    }
    const IoResult got = socket_.receive(scratch_);
    if (got.status == IoStatus::ok) {
      input_.append(scratch_.data(), got.bytes);
      has_begun = true;
      continue;
    }
    if (got.status != IoStatus::would_block) co_return Received::closed;
    const Wake wake = co_await wait_readable(deadline);
    if (wake == Wake::ready) continue;
    if (wake == Wake::aborted || !has_begun) co_return Received::closed;
    refuse(408, "timeout", "the request did not arrive in time");
    co_return Received::refused;
  }
}

AdminResponse AdminSession::answer(Parser& parser) {
  auto& message = parser.get();
  AdminRequest request{.method = std::string(message.method_string()),
                       .target = std::string(message.target()),
                       .body = std::move(message.body()),
                       .channel = caller_.channel,
                       .is_trusted = caller_.is_trusted};
  AdminResponse response = answer_admin(request, backend_);
  const bool reads = request.method == "GET" || request.method == "HEAD";
  if (caller_.channel == AdminChannel::socket && (!reads || !caller_.is_trusted)) {
    base::log_info("admin", "operator",
                   {{"caller", caller_.name},
                    {"method", request.method},
                    {"target", request.target},
                    {"status", response.status}});
  }
  return response;
}

Task<void> AdminSession::end_politely() {
  socket_.shutdown_write();
  const MonoTime deadline = reactor_.refresh_now() + kLinger;
  std::size_t discarded = 0;
  while (discarded < kLingerBytesMax) {
    const IoResult got = socket_.receive(scratch_);
    discarded += got.bytes;
    if (got.status == IoStatus::ok) continue;
    if (got.status != IoStatus::would_block) co_return;
    const Wake wake = co_await wait_readable(deadline);
    if (wake != Wake::ready) co_return;
  }
}

Task<void> AdminSession::serve() {
  for (int i = 1; !is_stopped_; ++i) {
    Parser parser;
    parser.header_limit(kAdminHeaderBytesMax);
    parser.body_limit(kAdminBodyBytesMax);
    const Received received = co_await receive(parser);
    if (received == Received::closed) co_return;
    if (received == Received::refused) {
      std::string text = response_text(refusal_, Persistence::close, false);
      const bool sent = co_await send(std::move(text));
      if (sent) co_await end_politely();
      co_return;
    }
    const AdminResponse response = answer(parser);
    const bool stays = parser.get().keep_alive() && i < kAdminRequestsMax;
    const bool is_head = parser.get().method() == http::verb::head;
    std::string text =
        response_text(response, stays ? Persistence::keep : Persistence::close, is_head);
    const bool sent = co_await send(std::move(text));
    if (!sent || !stays) co_return;
    if (!input_.empty()) {  // pipelined: others have their turn in between
      const Wake wake = co_await pause(0ms);
      if (wake == Wake::aborted) co_return;
    }
  }
}

}  // namespace ravelin::gateway
