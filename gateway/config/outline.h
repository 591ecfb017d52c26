// A configuration laid out as it would be written in full: keys, values and nesting, defaults
// included. The step between Config and the text or JSON of `ravelin config show`. Pure; any
// thread.
#pragma once

#include "gateway/config/parse.h"

#include <concepts>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace ravelin::gateway {

struct Outline {
  enum class Kind { map, list, text, word, number };  // word: true, false, 250ms, round_robin

  Kind kind = Kind::map;
  std::string key;         // empty for an item of a list
  std::string value;       // of a scalar
  std::string origin_key;  // where the value comes from, when that is not its own key path
  std::vector<Outline> below;

  Outline& add(Outline child) {
    below.push_back(std::move(child));
    return below.back();
  }

  Outline& text(std::string_view name, std::string_view content) {
    return add({Kind::text, std::string(name), std::string(content), "", {}});
  }

  Outline& word(std::string_view name, std::string_view content) {
    return add({Kind::word, std::string(name), std::string(content), "", {}});
  }

  Outline& flag(std::string_view name, bool content) {
    return word(name, content ? "true" : "false");
  }

  template <std::integral N>
  Outline& number(std::string_view name, N content) {
    return add({Kind::number, std::string(name), fmt::format("{}", content), "", {}});
  }

  Outline& map(std::string_view name) { return add({Kind::map, std::string(name), "", "", {}}); }

  Outline& list(std::string_view name) { return add({Kind::list, std::string(name), "", "", {}}); }
};

// Read back by parse_config, the outline of a configuration gives the same configuration.
Outline outline(const ParsedConfig& parsed);

}  // namespace ravelin::gateway
