// Names for what takes over from something of the table: name_1, name_2, … Pure; any thread.
#pragma once

#include <cstddef>
#include <functional>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace ravelin::firewall {

inline constexpr int kNumberMax = 999'999;

// At most 31 characters: of a name that is too long what fits, and sixteen bits that tell it from
// those that begin alike. `number` is 1 to kNumberMax.
std::string numbered_name(std::string_view name, int number);

// Whether it is numbered_name(name, …).
bool is_numbered_name(std::string_view candidate, std::string_view name);

// The first of these names that is not taken yet; taken from then on.
std::string take_numbered_name(std::string_view name, std::set<std::string, std::less<>>& taken);

// Where each of many names is, and which are another with a number. Borrows the names.
class NameIndex {
 public:
  template <class Named>
  explicit NameIndex(const std::vector<Named>& things) {
    for (const Named& thing : things)
      add(thing.name);
  }

  explicit NameIndex(const std::vector<std::string>& names) {
    for (const std::string& name : names)
      add(name);
  }

  [[nodiscard]] std::optional<std::size_t> find(std::string_view name) const;

  // By number.
  [[nodiscard]] std::vector<std::size_t> numbered(std::string_view name) const;

 private:
  void add(std::string_view name);

  std::size_t count_ = 0;
  std::map<std::string_view, std::size_t> places_;
  // What stands before the number -> numbers.
  std::map<std::string_view, std::map<int, std::size_t>> numbers_;
};

}  // namespace ravelin::firewall
