#include "gateway/limit/glitch_points.h"

#include <gtest/gtest.h>

#include <string_view>

namespace ravelin::gateway {
namespace {

TEST(GlitchPoints, CostWhatTheyTellAboutTheClient) {
  struct Row {
    Reason reason;
    std::uint32_t points;
  };

  const Row rows[] = {
      {Reason::none, 0},
      {Reason::bad_framing, 20},
      {Reason::bad_request_line, 10},
      {Reason::header_timeout, 10},
      {Reason::handshake_failed, 5},
      {Reason::client_closed, 1},
      {Reason::idle_timeout, 0},
      {Reason::no_route, 0},
      {Reason::rate_limited, 0},
      {Reason::banned, 0},
      {Reason::overload, 0},
      {Reason::connect_failed, 0},
      {Reason::internal, 0},
  };
  for (const Row& row : rows)
    EXPECT_EQ(glitch_points(row.reason), row.points) << describe(row.reason).token;
}

// Browsers open connections ahead of need.
TEST(GlitchPoints, AreFewForAConnectionThatIsNotUsed) {
  EXPECT_EQ(glitch_points(Reason::header_timeout, Came::nothing), 1U);
  EXPECT_EQ(glitch_points(Reason::idle_timeout, Came::nothing), 0U);
  EXPECT_EQ(glitch_points(Reason::handshake_timeout, Came::nothing), 10U);
}

// What a server or the gateway does is nobody's fault among the clients.
TEST(GlitchPoints, NeverBlameAClientForAServer) {
  for (std::size_t i = 0; i < kReasonCount; ++i) {
    const auto reason = static_cast<Reason>(i);
    const int status = describe(reason).status;
    if (status < 500 || status == 501 || status == 505) continue;
    EXPECT_EQ(glitch_points(reason), 0U) << describe(reason).token;
  }
}

TEST(AbuseEvents, AreWhatTriggersCount) {
  struct Row {
    Reason reason;
    std::optional<AbuseEvent> event;
  };

  const Row rows[] = {
      {Reason::rate_limited, AbuseEvent::rate_limited},
      {Reason::concurrency_limited, AbuseEvent::rate_limited},
      {Reason::handshake_client_certificate, AbuseEvent::client_certificate},
      {Reason::handshake_failed, AbuseEvent::failed_handshake},
      {Reason::handshake_closed, AbuseEvent::failed_handshake},
      {Reason::plain_http_on_tls, AbuseEvent::failed_handshake},
      {Reason::handshake_key_unavailable, std::nullopt},  // our fault
      {Reason::banned, std::nullopt},
      {Reason::overload, std::nullopt},
      {Reason::none, std::nullopt},
  };
  for (const Row& row : rows)
    EXPECT_EQ(abuse_event(row.reason), row.event) << describe(row.reason).token;
}

}  // namespace
}  // namespace ravelin::gateway
