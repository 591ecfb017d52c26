// Comma-separated lists (RFC 9110 section 5.6.1), one element at a time. Pure; any thread.
#pragma once

#include "base/text.h"

#include <string_view>

namespace ravelin::gateway::http1 {

// Cuts the next element off `list`, without the blanks around it; an element may be empty. False
// when there are no more: a list has one element more than it has commas outside of quotes, which
// the lists read here do not have. A default-constructed view is the list without elements.
inline bool next_element(std::string_view& list, std::string_view& element) {
  if (list.data() == nullptr) return false;
  const std::size_t comma = list.find(',');
  element = base::trim(list.substr(0, comma));
  list = comma == std::string_view::npos ? std::string_view{} : list.substr(comma + 1);
  return true;
}

}  // namespace ravelin::gateway::http1
