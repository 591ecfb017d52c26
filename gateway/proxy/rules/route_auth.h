// `basic_auth` of a route: who the user is, and the wait for a password that must be verified. One
// worker's thread.
#pragma once

#include "gateway/proxy/proxy.h"

#include <string>

namespace ravelin::gateway {

// A password to be verified before anything is sent on.
struct PasswordQuestion {
  bool is_asked = false;
  bool is_decoy = false;  // the user is unknown: asked all the same, so that it takes as long
  std::string password;
  std::string hash;
};

// What can be said at once. True: go on, after finish_auth() if `question` is asked; state.user is
// whom the client claims to be. False: the request has been answered.
bool begin_auth(Exchange& exchange, RequestState& state, const WorkerContext& worker,
                PasswordQuestion& question);

// Waits for the answer. True: the password is right. False: the request has been answered. The
// exchange's request() is gone afterwards; `must_close` as for answer_failure().
base::Task<bool> finish_auth(Exchange& exchange, RequestState& state, WorkerContext& worker,
                             const PasswordQuestion& question, bool must_close);

}  // namespace ravelin::gateway
