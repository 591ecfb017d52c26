#include "certs/handles.h"

#include "base/text.h"

namespace ravelin::certs {

std::string take_openssl_error() {
  const unsigned long code = ERR_peek_last_error();
  const char* reason = code == 0 ? nullptr : ERR_reason_error_string(code);
  std::string text = reason == nullptr ? "unknown error" : base::to_lower(reason);
  ERR_clear_error();
  return text;
}

}  // namespace ravelin::certs
