#include "gateway/limit/glitch_points.h"

namespace ravelin::gateway {
namespace {

constexpr std::uint32_t kAttack = 20;  // no software does this by accident
constexpr std::uint32_t kBroken = 10;  // a scanner, or a client that needs a fix
constexpr std::uint32_t kSlow = 10;    // holds places and sends next to nothing
constexpr std::uint32_t kSuspect = 5;  // now and then an honest mistake
constexpr std::uint32_t kNoise = 1;    // everyday, except in masses

}  // namespace

std::uint32_t glitch_points(Reason reason, Came came) {
  if (reason == Reason::header_timeout && came == Came::nothing) return kNoise;
  switch (reason) {
    case Reason::bad_framing:
    case Reason::bad_chunk:
    case Reason::bad_trailer:
      return kAttack;
    case Reason::bad_request_line:
    case Reason::bad_field:
    case Reason::bad_host:
    case Reason::bad_target:
    case Reason::unsupported_version:
    case Reason::unsupported_method:
    case Reason::unsupported_coding:
    case Reason::line_too_long:
    case Reason::too_many_fields:
      return kBroken;
    case Reason::header_timeout:
    case Reason::body_timeout:
    case Reason::body_too_slow:
    case Reason::write_timeout:
    case Reason::handshake_timeout:
      return kSlow;
    case Reason::bad_path:
    case Reason::header_too_large:
    case Reason::unsupported_expectation:
    case Reason::handshake_failed:
    case Reason::handshake_no_shared_cipher:
    case Reason::handshake_unsupported_version:
    case Reason::handshake_unknown_name:
    case Reason::handshake_client_certificate:
      return kSuspect;
    case Reason::plain_http_on_tls:
    case Reason::handshake_closed:
    case Reason::client_closed:
      return kNoise;
    default:
      return 0;
  }
}

std::optional<AbuseEvent> abuse_event(Reason reason) {
  switch (reason) {
    case Reason::rate_limited:
    case Reason::concurrency_limited:
      return AbuseEvent::rate_limited;
    case Reason::handshake_client_certificate:
      return AbuseEvent::client_certificate;
    case Reason::handshake_timeout:
    case Reason::handshake_closed:
    case Reason::handshake_failed:
    case Reason::handshake_no_shared_cipher:
    case Reason::handshake_unsupported_version:
    case Reason::handshake_unknown_name:
    case Reason::plain_http_on_tls:
      return AbuseEvent::failed_handshake;
    default:
      return std::nullopt;
  }
}

}  // namespace ravelin::gateway
