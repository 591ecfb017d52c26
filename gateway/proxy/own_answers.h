// The answers the gateway gives itself: failures, redirects, fixed responses. One worker's thread.
#pragma once

#include "certs/view/challenge_answers.h"
#include "gateway/proxy/proxy.h"
#include "gateway/route/router.h"

namespace ravelin::gateway {

// Keeps of the head what the log needs.
void note_request(const http1::RequestHead& request, RequestState& state);

// Whether the server, rather than the client or we, made a request fail: such failures count for
// ejection.
bool is_server_fault(Reason reason);

// A request as routers are asked about it; borrows.
struct RoutedRequest {
  std::string_view host;  // lower case
  std::string_view path;  // canonical
  std::string_view method;
  RequestTraits traits;

  [[nodiscard]] Match meet(const Router& router) const {
    return router.match(host, path, method, traits);
  }
};

// 404, 405 with Allow, or 421 when another TLS listener routes the host.
void answer_no_route(Exchange& exchange, const ClientInfo& client, RequestState& state,
                     const Match& match, const RoutedRequest& asked);

// What a CA asks for under /.well-known/acme-challenge/ while an order is under way. False: it is
// no challenge of ours, and nothing was sent.
bool answer_challenge(Exchange& exchange, RequestState& state,
                      const certs::ChallengeAnswers& challenges);

// OPTIONS *: of the gateway itself, whatever the routes are (RFC 9110 section 9.3.7).
void answer_asterisk(Exchange& exchange, RequestState& state, bool has_body);

// A route's redirect or fixed response. The exchange's request() may be gone.
void answer_from_route(Exchange& exchange, RequestState& state, bool has_body);

// `redirect: https`: to the TLS listener that routes the host, with the canonical path; 404 for
// hosts that none does.
void answer_https_redirect(Exchange& exchange, RequestState& state, const Snapshot& snapshot,
                           const RoutedRequest& asked);

}  // namespace ravelin::gateway
