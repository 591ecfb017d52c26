// The rules of the typed YAML reader: how a value of each kind is read, and its limits. A scalar's
// type is the field's, never guessed from its text: `yes` is a string where a string is wanted and
// an error where a bool is. Included by yaml.h, not directly. Pure; any thread.
#pragma once

#include "base/io/yaml.h"
#include "base/text.h"

#include <chrono>
#include <concepts>
#include <cstdint>
#include <limits>
#include <span>
#include <string>
#include <string_view>
#include <type_traits>
#include <vector>

namespace ravelin::base::yaml {

template <class T>
inline constexpr bool kIsDuration = false;
template <class R, class P>
inline constexpr bool kIsDuration<std::chrono::duration<R, P>> = true;

// Text: any scalar, quoted or not, of 1 to 4096 bytes without control characters.
bool read(const Value& value, std::string& target);
// Exactly `true` or `false`, unquoted.
bool read(const Value& value, bool& target);

// The readers below the templates: in range, or reported.
bool read_number(const Value& value, std::uint64_t min, std::uint64_t max, std::uint64_t& target);
bool read_bytes(const Value& value, std::uint64_t min, std::uint64_t max, std::uint64_t& target);
bool read_duration(const Value& value, std::chrono::nanoseconds min, std::chrono::nanoseconds max,
                   std::chrono::nanoseconds unit, std::chrono::nanoseconds& target);

// A number (unquoted decimal digits without leading zeros) or a duration ("250ms", "2s", "1h").
template <class Bound>
struct Between {
  Bound min;
  Bound max;

  template <class Target>
  bool operator()(const Value& value, Target& target) const {
    if constexpr (kIsDuration<Target>) {
      std::chrono::nanoseconds given{};
      if (!read_duration(value, min, max, Target(1), given)) return false;
      target = std::chrono::duration_cast<Target>(given);
    } else {
      std::uint64_t given = 0;
      CHECK(std::cmp_less_equal(max, std::numeric_limits<Target>::max()));
      const auto low = static_cast<std::uint64_t>(min);
      if (!read_number(value, low, static_cast<std::uint64_t>(max), given)) return false;
      target = static_cast<Target>(given);
    }
    return true;
  }
};

// Inclusive limits, none negative.
template <class A, class B>
auto between(A min, B max) {
  using Bound = std::common_type_t<A, B>;
  return Between<Bound>{min, max};
}

// A size ("64KiB", "1500") within inclusive limits, into any unsigned target.
struct Bytes {
  std::uint64_t min;
  std::uint64_t max;

  template <std::unsigned_integral Target>
  bool operator()(const Value& value, Target& target) const {
    std::uint64_t given = 0;
    CHECK(max <= std::numeric_limits<Target>::max());
    if (!read_bytes(value, min, max, given)) return false;
    target = static_cast<Target>(given);
    return true;
  }
};

inline Bytes bytes(std::uint64_t min, std::uint64_t max) {
  return {min, max};
}

// Text of `min` to `max` bytes; unlike the default it may hold line ends and tabs.
struct Text {
  std::size_t min;
  std::size_t max;
  bool operator()(const Value& value, std::string& target) const;
};

inline Text text(std::size_t min, std::size_t max) {
  return {min, max};
}

// A path; a relative one starts beside the file it is written in, and comes out absolute.
struct Path {
  bool operator()(const Value& value, std::string& target) const;
};

inline Path path() {
  return {};
}

// One word of a table.
template <class E>
struct Choice {
  std::string_view word;
  E value;
};

void report_choice(const Value& value, std::span<const std::string_view> words);

template <class E>
struct OneOf {
  std::span<const Choice<E>> choices;

  bool operator()(const Value& value, E& target) const {
    const std::string* given = value.scalar("a word");
    if (given == nullptr) return false;
    std::vector<std::string_view> words;
    for (const Choice<E>& choice : choices) {
      words.push_back(choice.word);
      if (choice.word != *given) continue;
      target = choice.value;
      return true;
    }
    report_choice(value, words);
    return false;
  }
};

template <class E, std::size_t N>
OneOf<E> one_of(const Choice<E> (&choices)[N]) {  // borrows: a constant table
  return {choices};
}

void report_bad_text(const Value& value, const Error& error);

// Text through a function Result<T>(std::string_view); its error follows the quoted text:
// "0.0.0.0:70000" + " is not an address and port".
template <class Function>
struct Converted {
  Function convert;

  template <class Target>
  bool operator()(const Value& value, Target& target) const {
    std::string given;
    if (!read(value, given)) return false;
    auto result = convert(std::string_view(given));
    if (!result) {
      report_bad_text(value, result.error());
      return false;
    }
    target = std::move(*result);
    return true;
  }
};

template <class Function>
Converted<Function> converted(Function convert) {
  return {convert};
}

// A map through a function T(Map).
template <class Function>
struct Object {
  Function parse;

  template <class Target>
  bool operator()(const Value& value, Target& target) const {
    if (!expect(value, Kind::map)) return false;
    target = parse(Map(value));
    return true;
  }
};

template <class Function>
Object<Function> object(Function parse) {
  return {parse};
}

bool check_size(const Value& list, std::size_t min, std::size_t max);

// A list whose items follow one rule. A bad item is left out, unless it is an object: positions in
// the target are then those of the file.
template <class Rule>
struct ListOf {
  Rule rule;
  bool may_be_lone;  // a single scalar or map counts as a list of one
  std::size_t min;
  std::size_t max;

  template <class Item>
  bool operator()(const Value& value, std::vector<Item>& target) const {
    target.clear();
    if (may_be_lone && (value.is(Kind::scalar) || value.is(Kind::map))) return add(value, target);
    if (!expect(value, Kind::list) || !check_size(value, min, max)) return false;
    bool all_good = true;
    target.reserve(value.node().items.size());
    for (std::size_t i = 0; i < value.node().items.size(); ++i)
      all_good = add(value.item(i), target) && all_good;
    return all_good;
  }

 private:
  template <class Item>
  bool add(const Value& value, std::vector<Item>& target) const {
    Item item{};
    if (!apply(value, item, rule)) return false;
    target.push_back(std::move(item));
    return true;
  }
};

inline constexpr std::size_t kListMax = 100'000;

template <class Rule = Default>
ListOf<Rule> list_of(Rule rule = {}, std::size_t min = 0, std::size_t max = kListMax) {
  return {rule, false, min, max};
}

template <class Rule = Default>
ListOf<Rule> one_or_list_of(Rule rule = {}, std::size_t min = 0, std::size_t max = kListMax) {
  return {rule, true, min, max};
}

}  // namespace ravelin::base::yaml
