// Why a request to a CA came to nothing, with what the CA said. Values.
#pragma once

#include "certs/acme/problem.h"

#include <boost/system/result.hpp>

#include <chrono>
#include <optional>

namespace ravelin::certs::acme {

struct Failure {
  Failure() = default;

  Failure(base::Error why) : error(std::move(why)) {}  // every base::Error is one

  base::Error error;
  std::optional<Problem> problem{};                   // in the CA's words
  std::optional<std::chrono::seconds> retry_after{};  // the CA asks to be left alone that long
  int status = 0;                                     // of the answer that said no; 0 = none did
  bool order_is_lost = false;                         // only another order can still help
  bool is_away = false;                               // no answer, or 5xx: the CA does not work

  [[nodiscard]] bool is(std::string_view problem_type) const {
    return problem && problem->type == problem_type;
  }
};

// What comes of asking a CA.
template <class T = void>
using Reply = boost::system::result<T, Failure>;

}  // namespace ravelin::certs::acme
