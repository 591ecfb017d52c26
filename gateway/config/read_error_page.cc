#include "gateway/config/read_error_page.h"

#include "base/io/file.h"

namespace ravelin::gateway {

base::Result<ErrorPage> read_error_page(const std::string& path) {
  const auto text = base::read_file(path, kErrorPageBytesMax);
  if (!text) return text.error();
  return parse_error_page(*text, path);
}

}  // namespace ravelin::gateway
