// A whole nftables table as a value: what the compiler makes, the printer shows, the simulator
// runs, the differ compares and the kernel is given. Order matters in chains, nowhere else. Pure
// values; any thread.
#pragma once

#include "base/result.h"
#include "firewall/ruleset/statement.h"

#include <compare>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace ravelin::firewall {

inline constexpr std::string_view kTableName = "ravelin";             // of family inet
inline constexpr std::string_view kTraceTableName = "ravelin_trace";  // there while one traces

// One element. A key is the concatenation of its fields, each padded to four bytes. In a set of
// intervals `key_end` is the last key included (equal to `key` for a lone value; never empty
// there). In a concatenation each field has its own range.
struct Element {
  Bytes key;
  Bytes key_end;
  std::optional<Verdict> verdict;                    // of a verdict map
  std::optional<std::chrono::milliseconds> timeout;  // its own; else the set's
  std::string comment;

  friend bool operator==(const Element&, const Element&) = default;
};

struct Set {
  std::string name;  // 1 to 31 characters that nft can name
  std::vector<Field> key;
  bool is_verdict_map = false;
  bool is_interval = false;  // with several fields: pipapo
  bool is_dynamic = false;   // filled by rules (Update)
  bool has_timeout = false;
  std::optional<std::chrono::milliseconds> timeout;  // default of its elements
  std::uint32_t size = 0;         // 0 = as many as there are, with room for half more
  std::vector<Element> elements;  // sorted by key; of a dynamic set: none
  // Filled by another hand (a feed, bans): elements are not part of this value, and the differ
  // leaves those in the kernel alone.
  bool is_external = false;
  std::string comment;

  friend bool operator==(const Set&, const Set&) = default;
};

struct Rule {
  std::vector<Statement> statements;
  // What the kernel keeps with it, at most 128 bytes: "edge.yaml:33 web". Keys its counter.
  std::string comment;
  base::SourcePos pos;  // the line of the policy it comes from; line 0: made by the compiler

  friend bool operator==(const Rule& a, const Rule& b) {
    return a.statements == b.statements && a.comment == b.comment;
  }
};

struct Hook {
  enum class Type : std::uint8_t { filter, nat };
  enum class Point : std::uint8_t { prerouting, input, forward, output, postrouting };  // NF_INET_*
  enum class Policy : std::uint8_t { drop, accept };

  Type type = Type::filter;
  Point point = Point::input;
  std::int32_t priority = 0;
  Policy policy = Policy::accept;

  friend bool operator==(const Hook&, const Hook&) = default;
};

struct Chain {
  std::string name;
  std::optional<Hook> hook;  // base chain
  std::vector<Rule> rules;
  std::string comment;

  friend bool operator==(const Chain&, const Chain&) = default;
};

struct Ruleset {
  std::string comment;  // of the table: revision and hash of the policy
  std::vector<Set> sets;
  std::vector<Chain> chains;  // a chain stands behind every chain it jumps to; base chains last

  [[nodiscard]] const Set* find_set(std::string_view name) const;
  [[nodiscard]] const Chain* find_chain(std::string_view name) const;

  friend bool operator==(const Ruleset&, const Ruleset&) = default;
};

// The size a set is made with: its own, or a power of two with room for half as many elements again
// (at least 8; 65535 for a dynamic one). 0: none is announced, as for intervals, which gain nothing
// from one, and for sets filled by another hand. Of a set without `size` it moves only when the
// elements outgrow it, so two values of one set can tell from their elements whether the kernel's
// has room.
std::uint32_t announced_size(const Set& set);

// The table as `nft list table inet ravelin` (1.0.6) prints it for the same sets and chains in the
// same order. Counters read zero; an element's remaining time, which nft prints as `expires`, is
// not known here; a cgroup stands as its number. With Elements::left_out, sets and maps are
// printed without theirs (as `nft -t` does).
enum class Elements { printed, left_out };
std::string nft_text(const Ruleset& ruleset, Elements elements = Elements::printed);

}  // namespace ravelin::firewall
