// Short words for tests that write rulesets by hand: register values, keys, rules and chains.
#pragma once

#include "firewall/ruleset/ruleset.h"

#include <bit>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace ravelin::firewall::build {

inline Bytes number(Field field, std::uint64_t value) {
  Bytes bytes(info(field).bytes);
  for (std::size_t i = 0; i < bytes.size(); ++i) {
    const bool is_little = info(field).is_host_order && std::endian::native == std::endian::little;
    bytes[is_little ? i : bytes.size() - 1 - i] = static_cast<std::uint8_t>(value >> 8 * i);
  }
  return bytes;
}

inline Bytes address(std::string_view text) {
  const base::IpAddress parsed = *base::parse_ip(text);
  const std::size_t bytes = parsed.family == base::Family::ipv4 ? 4 : 16;
  return {parsed.bytes.begin(), parsed.bytes.begin() + static_cast<std::ptrdiff_t>(bytes)};
}

inline Bytes interface(std::string_view name, std::uint8_t fill = 0) {
  Bytes bytes(16, fill);
  std::copy(name.begin(), name.end(), bytes.begin());
  return bytes;
}

// Parts of a concatenation, each padded to four bytes.
inline Bytes joined(const std::vector<Bytes>& parts) {
  Bytes key;
  for (const Bytes& part : parts) {
    key.insert(key.end(), part.begin(), part.end());
    key.resize((key.size() + 3) / 4 * 4);
  }
  return key;
}

inline Match is(Field field, Bytes value) {
  return {field, Comparison::equal, std::move(value), 0, 0};
}

inline Match is(Field field, std::uint64_t value) {
  return is(field, number(field, value));
}

inline Match in(Field field, std::string_view address_text, std::uint8_t prefix) {
  return {field, Comparison::equal, address(address_text), prefix, 0};
}

inline Match compare(Field field, Comparison comparison, std::uint64_t value) {
  return {field, comparison, number(field, value), 0, 0};
}

inline MatchRange between(Field field, std::uint64_t first, std::uint64_t last) {
  Bytes low = number(field, first);
  Bytes high = number(field, last);
  return {field, false, std::move(low), std::move(high)};
}

inline Verdict accept() {
  return {Verdict::Kind::accept, {}};
}

inline Verdict drop() {
  return {Verdict::Kind::drop, {}};
}

inline Verdict come_back() {
  return {Verdict::Kind::come_back, {}};
}

inline Verdict jump(std::string chain) {
  return {Verdict::Kind::jump, std::move(chain)};
}

inline Verdict go_to(std::string chain) {
  return {Verdict::Kind::go_to, std::move(chain)};
}

inline Rule rule(std::vector<Statement> statements, std::string comment = {}) {
  return {std::move(statements), std::move(comment), {}};
}

inline Chain chain(std::string name, std::vector<Rule> rules = {}) {
  return {std::move(name), std::nullopt, std::move(rules), {}};
}

inline Chain base_chain(std::string name, Hook hook, std::vector<Rule> rules = {}) {
  return {std::move(name), hook, std::move(rules), {}};
}

inline Element element(Bytes key) {
  Element made;
  made.key = std::move(key);
  return made;
}

inline Element range(Bytes first, Bytes last) {
  Element made = element(std::move(first));
  made.key_end = std::move(last);
  return made;
}

inline Element lone(const Bytes& key) {
  return range(key, key);
}

inline Element mapped(Element made, Verdict verdict) {
  made.verdict = std::move(verdict);
  return made;
}

inline Set set(std::string name, std::vector<Field> key, std::vector<Element> elements = {}) {
  Set made;
  made.name = std::move(name);
  made.key = std::move(key);
  made.elements = std::move(elements);
  return made;
}

inline Set intervals(std::string name, std::vector<Field> key, std::vector<Element> elements) {
  Set made = set(std::move(name), std::move(key), std::move(elements));
  made.is_interval = true;
  return made;
}

inline Set map(Set made) {
  made.is_verdict_map = true;
  return made;
}

inline Set dynamic(std::string name, std::vector<Field> key, std::uint32_t size) {
  Set made = set(std::move(name), std::move(key));
  made.is_dynamic = true;
  made.size = size;
  return made;
}

}  // namespace ravelin::firewall::build
