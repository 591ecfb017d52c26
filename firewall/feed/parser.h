// A feed's text in pieces to a feed's contents. Reads lines, counts what is wrong with them, and
// refuses what cannot be the list it was. Pure; any thread.
#pragma once

#include "base/result.h"
#include "firewall/feed/entry.h"
#include "firewall/ruleset/key_block.h"
#include "policies/model/policy.h"

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace ravelin::firewall::feed {

struct FeedContents {
  KeyBlock hosts4{4, false, {}}, hosts6{16, false, {}};
  KeyBlock nets4{4, true, {}}, nets6{16, true, {}};  // no host lies inside a net
  std::uint64_t lines = 0;                           // that hold an entry or should
  std::uint64_t bad_lines = 0;
  std::vector<std::uint64_t> first_bad_lines;  // at most five numbers

  [[nodiscard]] std::uint64_t entries() const {
    return hosts4.count() + hosts6.count() + nets4.count() + nets6.count();
  }
};

struct FeedRules {
  std::string file;  // for messages
  policies::Feed::Format format = policies::Feed::Format::text;
  std::uint64_t entries_max = 2'000'000;
  bool may_be_empty = true;       // it was empty before, or is new
  policies::AddressRanges never;  // taken out of whatever the text says
};

// Text: one entry per line (entry.h; blanks may stand around the dash of a range), what follows a
// blank, "#" or ";" is ignored. CSV: the first column, with or without quotes; a first line without
// an address is a heading. Lines end in LF or CRLF.
class FeedParser {
 public:
  explicit FeedParser(FeedRules rules);

  // Any piece of the text, in order. Refused at once: a NUL or another control character in a line
  // that is no entry, a line of more than 4096 bytes, more entries than entries_max.
  base::Result<> add(std::string_view piece);

  // Refused: more than one bad line in a hundred, a last line that breaks off, no entries where
  // there were some before.
  base::Result<FeedContents> finish() &&;

 private:
  void add_plain_lines(std::string_view& piece);
  base::Result<> add_line(std::string_view line);
  void note_bad_line();
  [[nodiscard]] base::Result<> judge() const;

  FeedRules rules_;
  Entries entries_;
  std::string begun_;  // a line whose end is in a later piece
  bool has_heading_ = false;
  std::uint64_t line_number_ = 0;
  std::uint64_t lines_ = 0, bad_lines_ = 0;
  std::vector<std::uint64_t> first_bad_lines_;
};

}  // namespace ravelin::firewall::feed
