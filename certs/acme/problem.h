// A CA's "no": a problem document (RFC 7807, RFC 8555 section 6.7) as a value and as one line for
// the operator. Pure.
#pragma once

#include "base/result.h"

#include <boost/json/object.hpp>

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace ravelin::certs::acme {

using base::Result;

struct SubProblem {
  std::string type;
  std::string detail;
  std::string name;  // the identifier it is about, "" = none named

  friend bool operator==(const SubProblem&, const SubProblem&) = default;
};

struct Problem {
  std::string type;        // without "urn:ietf:params:acme:error:"; another namespace's stays whole
  std::string detail;      // the CA's words; Let's Encrypt puts addresses to go to in here
  std::string instance{};  // an URL for people (terms to agree to), "" = none
  std::vector<SubProblem> subproblems{};

  friend bool operator==(const Problem&, const Problem&) = default;
};

// Errors: not JSON, not an object, a member of another type.
Result<Problem> parse_problem(std::string_view text);
Result<Problem> parse_problem(const boost::json::object& object);

// "detail (type); www.example.com: detail (type); see URL": one line, no control characters, at
// most 2 KiB.
std::string text_of(const Problem& problem);

// Nothing about these names is better next time at this CA: rejectedIdentifier, caa, … in the
// problem, or in all of its subproblems.
bool is_final(const Problem& problem);

}  // namespace ravelin::certs::acme
