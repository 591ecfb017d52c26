#include "base/result.h"

#include <cctype>
#include <cstring>

namespace ravelin::base {

Error fail_errno(int error_number, std::string_view doing) {
  char buffer[128];
  std::string text = ::strerror_r(error_number, buffer, sizeof buffer);
  if (!text.empty()) text[0] = static_cast<char>(std::tolower(static_cast<unsigned char>(text[0])));
  return Error{Errc::io, fmt::format("{}: {}", doing, text), std::nullopt};
}

Error wrap(Error error, std::string_view doing) {
  error.message = fmt::format("{}: {}", doing, error.message);
  return error;
}

std::string to_string(const Error& error) {
  if (!error.pos) return error.message;
  if (error.pos->line == 0) return fmt::format("{}: {}", error.pos->file, error.message);
  return fmt::format("{}:{}:{}: {}", error.pos->file, error.pos->line, error.pos->column,
                     error.message);
}

}  // namespace ravelin::base
