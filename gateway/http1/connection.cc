// Reads Connection as a list of tokens. No I/O.
#include "gateway/http1/connection.h"

#include "base/text.h"
#include "gateway/http1/char_class.h"
#include "gateway/http1/list.h"

namespace ravelin::gateway::http1 {

ParseResult add_connection(ConnectionOptions& options, std::string_view value) {
  std::string_view option;
  while (next_element(value, option)) {
    if (option.empty()) continue;
    if (base::iequals(option, "keep-alive")) {
      options.keep_alive = true;
    } else if (base::iequals(option, "close")) {
      options.close = true;
    } else if (base::iequals(option, "upgrade")) {
      options.upgrade = true;
    } else if (is_token(option)) {
      options.names_fields = true;
    } else {
      return {Reason::bad_field, "connection is not a list of tokens"};
    }
  }
  return {};
}

bool is_persistent(const ConnectionOptions& options, int minor_version) {
  if (options.close) return false;
  return minor_version == 1 || options.keep_alive;
}

bool connection_names(const ConnectionOptions& options, const FieldList& fields,
                      std::string_view field_name) {
  constexpr std::string_view kForwardedPrefix = "x-forwarded-";
  if (!options.names_fields || find_field(field_name) != FieldId::unknown ||
      base::iequals(field_name.substr(0, kForwardedPrefix.size()), kForwardedPrefix)) {
    return false;
  }
  for (const Field& field : fields) {
    if (field.id != FieldId::connection) continue;
    std::string_view list = field.value;
    std::string_view option;
    while (next_element(list, option)) {
      if (base::iequals(option, field_name)) return true;
    }
  }
  return false;
}

}  // namespace ravelin::gateway::http1
