// Result<T>: a value, or an Error that says what went wrong and where. Everything the outside world
// can cause (input, network, kernel, disk, peer) comes back this way; only bugs abort (check.h).
// Pure values; any thread.
#pragma once

#include <boost/system/result.hpp>
#include <fmt/format.h>

#include <optional>
#include <string>
#include <string_view>
#include <utility>

namespace ravelin::base {

// What kind of failure it was; decides the exit code and whether a retry can help, never the text.
enum class Errc {
  invalid,
  not_found,
  denied,
  conflict,
  unavailable,
  timeout,
  protocol,
  tls,
  io,
  kernel
};

// A place in a file the operator wrote.
struct SourcePos {
  std::string file;
  int line = 0;    // 1-based; 0 = the file as a whole
  int column = 0;  // 1-based

  friend bool operator==(const SourcePos&, const SourcePos&) = default;
};

// `code` stays first: were Error constructible from a lone string, boost::system::result could not
// tell a string value from an error.
struct Error {
  Errc code = Errc::io;
  std::string message;  // lower case, no full stop, names the thing and the rule it breaks
  std::optional<SourcePos> pos;

  friend bool operator==(const Error&, const Error&) = default;
};

template <class... Args>
[[nodiscard]] Error fail(Errc code, fmt::format_string<Args...> format, Args&&... args) {
  return Error{code, fmt::format(format, std::forward<Args>(args)...), std::nullopt};
}

// Errc::invalid at a place in a file.
template <class... Args>
[[nodiscard]] Error fail_at(SourcePos pos, fmt::format_string<Args...> format, Args&&... args) {
  return Error{Errc::invalid, fmt::format(format, std::forward<Args>(args)...), std::move(pos)};
}

// Errc::io with the text of an errno value: "opening /x: no such file or directory".
[[nodiscard]] Error fail_errno(int error_number, std::string_view doing);

// Puts `doing` in front of the message: "loading certificates: shop.pem: key does not match".
[[nodiscard]] Error wrap(Error error, std::string_view doing);

// "path:line:column: message", or the message alone when it has no position.
[[nodiscard]] std::string to_string(const Error& error);

// boost::system::result with [[nodiscard]]. To move to std::expected one day, change this file.
template <class T = void>
class [[nodiscard]] Result : public boost::system::result<T, Error> {
 public:
  using boost::system::result<T, Error>::result;
};

}  // namespace ravelin::base
