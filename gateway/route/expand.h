// Templates filled in: the values of a request's variables, and the text they make. Pure; any
// thread; allocates only in what it writes to.
#pragma once

#include "gateway/config/template.h"

#include <array>
#include <cstddef>
#include <string_view>

namespace ravelin::gateway {

// Borrows its texts. None holds a control character: they are parts of heads that were parsed, or
// the gateway's own.
class TemplateValues {
 public:
  std::string_view& operator[](Variable variable) {
    return values_[static_cast<std::size_t>(variable)];
  }

  std::string_view operator[](Variable variable) const {
    return values_[static_cast<std::size_t>(variable)];
  }

 private:
  std::array<std::string_view, kVariableCount> values_;
};

// Calls write(std::string_view) with each piece of the text, in order.
template <class Write>
void expand(const Template& made, const TemplateValues& values, Write write) {
  for (const TemplatePart& part : made.parts)
    write(part.is_literal ? std::string_view(part.literal) : values[part.variable]);
}

}  // namespace ravelin::gateway
