#include "firewall/feed/parser.h"

#include "firewall/feed/settle.h"

#include <algorithm>
#include <array>
#include <cstring>

namespace ravelin::firewall::feed {
namespace {

constexpr std::size_t kLineBytesMax = 4096;
constexpr std::size_t kFirstBadLinesMax = 5;
constexpr std::size_t kEntryBytesMax = 2 * 45 + 1;  // two IPv6 addresses and a dash

bool is_blank(char c) {
  return c == ' ' || c == '\t';
}

std::string_view without_blanks(std::string_view text) {
  while (!text.empty() && is_blank(text.front()))
    text.remove_prefix(1);
  while (!text.empty() && is_blank(text.back()))
    text.remove_suffix(1);
  return text;
}

bool has_control_character(std::string_view line) {
  return std::any_of(line.begin(), line.end(), [](char c) {
    const auto byte = static_cast<unsigned char>(c);
    return (byte < 0x20 && c != '\t' && c != '\r' && c != '\f') || byte == 0x7f;
  });
}

// Up to a blank or a comment. By hand: find_first_of takes as long as all else that a line needs.
std::string_view first_word(std::string_view text) {
  std::size_t end = 0;
  while (end < text.size() && !is_blank(text[end]) && text[end] != '#' && text[end] != ';')
    ++end;
  return text.substr(0, end);
}

bool adds_text(std::string_view line, Entries& entries) {
  const std::string_view first = first_word(line);
  const std::size_t end = first.size();
  if (end == line.size() || !is_blank(line[end])) return add_entry(first, entries);
  // "192.0.2.1 - 192.0.2.9": half of it would be another entry.
  const std::string_view rest = without_blanks(line.substr(end));
  if (rest.empty() || rest.front() != '-') return add_entry(first, entries);
  const std::string_view last_word = first_word(without_blanks(rest.substr(1)));
  if (first.size() + last_word.size() >= kEntryBytesMax) return false;
  std::array<char, kEntryBytesMax> joined{};
  std::copy(first.begin(), first.end(), joined.begin());
  joined[first.size()] = '-';
  std::copy(last_word.begin(), last_word.end(), joined.begin() + first.size() + 1);
  return add_entry({joined.data(), first.size() + 1 + last_word.size()}, entries);
}

bool adds_csv(std::string_view line, Entries& entries) {
  std::string_view column = without_blanks(line.substr(0, line.find(',')));
  if (column.size() >= 2 && column.front() == '"' && column.back() == '"')
    column = without_blanks(column.substr(1, column.size() - 2));
  return add_entry(column, entries);
}

template <class Key>
KeyBlock block_of(const std::vector<Key>& keys) {
  KeyBlock block{sizeof(Key), false, Bytes(keys.size() * sizeof(Key))};
  std::uint8_t* at = block.keys.data();
  for (const Key& key : keys)
    at = write(at, key);
  return block;
}

template <class Key>
KeyBlock block_of(const std::vector<Interval<Key>>& nets) {
  KeyBlock block{sizeof(Key), true, Bytes(nets.size() * sizeof(Key) * 2)};
  std::uint8_t* at = block.keys.data();
  for (const auto& [first, last] : nets)
    at = write(write(at, first), last);
  return block;
}

}  // namespace

FeedParser::FeedParser(FeedRules rules) : rules_(std::move(rules)) {}

base::Result<> FeedParser::add(std::string_view piece) {
  while (!piece.empty()) {
    add_plain_lines(piece);
    if (piece.empty()) break;
    const void* found = std::memchr(piece.data(), '\n', piece.size());
    const std::size_t length =
        found == nullptr ? piece.size()
                         : static_cast<std::size_t>(static_cast<const char*>(found) - piece.data());
    if (begun_.size() + length > kLineBytesMax)
      return base::fail_at({rules_.file, static_cast<int>(line_number_ + 1), 1},
                           "a line of more than {} bytes: this is not a list of addresses",
                           kLineBytesMax);
    if (found == nullptr) {
      begun_ += piece;
      return {};
    }
    if (begun_.empty()) {
      if (auto added = add_line(piece.substr(0, length)); !added) return added;
    } else {
      begun_ += piece.substr(0, length);
      const std::string line = std::exchange(begun_, {});
      if (auto added = add_line(line); !added) return added;
    }
    piece.remove_prefix(length + 1);
  }
  return {};
}

// Lines that need no second look; what is wrong in a feed is left to add_line.
void FeedParser::add_plain_lines(std::string_view& piece) {
  const std::size_t count = entries_.count();
  if (!begun_.empty() || rules_.format != policies::Feed::Format::text ||
      count >= rules_.entries_max)
    return;
  const std::size_t lines = add_plain_hosts(piece, rules_.entries_max - count, entries_);
  line_number_ += lines;
  lines_ += lines;
}

base::Result<> FeedParser::add_line(std::string_view line) {
  ++line_number_;
  if (line_number_ == 1 && line.starts_with("\xef\xbb\xbf")) line.remove_prefix(3);
  if (!line.empty() && line.back() == '\r') line.remove_suffix(1);
  line = without_blanks(line);
  if (line.empty() || line.front() == '#' || line.front() == ';') return {};
  const bool is_csv = rules_.format == policies::Feed::Format::csv;
  const bool is_good = is_csv ? adds_csv(line, entries_) : adds_text(line, entries_);
  if (!is_good && has_control_character(line))
    return base::fail_at({rules_.file, static_cast<int>(line_number_), 1},
                         "has bytes that are not text: this is not a list of addresses");
  ++lines_;
  if (!is_good) {
    if (is_csv && lines_ == 1 && !has_heading_) {
      has_heading_ = true;
      lines_ = 0;
      return {};
    }
    note_bad_line();
  }
  if (entries_.count() > rules_.entries_max)
    return base::fail_at({rules_.file, static_cast<int>(line_number_), 1},
                         "more than entries_max {} entries", rules_.entries_max);
  return {};
}

void FeedParser::note_bad_line() {
  ++bad_lines_;
  if (first_bad_lines_.size() < kFirstBadLinesMax) first_bad_lines_.push_back(line_number_);
}

base::Result<> FeedParser::judge() const {
  if (bad_lines_ * 100 > lines_)
    return base::fail_at({rules_.file, static_cast<int>(first_bad_lines_.front()), 1},
                         "neither an address, a prefix nor a range, like {} of {} lines (at most "
                         "1 in 100 may be)",
                         bad_lines_, lines_);
  if (entries_.count() == 0 && !rules_.may_be_empty)
    return base::fail_at({rules_.file, 0, 0}, "holds no address, and did before");
  return {};
}

base::Result<FeedContents> FeedParser::finish() && {
  if (!begun_.empty()) {
    const std::uint64_t bad_before = bad_lines_;
    const std::string line = std::exchange(begun_, {});
    if (auto added = add_line(line); !added) return added.error();
    if (bad_lines_ != bad_before)
      return base::fail_at({rules_.file, static_cast<int>(line_number_), 1},
                           "the file breaks off within this line");
  }
  if (auto judged = judge(); !judged) return judged.error();
  std::vector<Interval<Key4>> never4;
  std::vector<Interval<Key6>> never6;
  for (const policies::AddressRange& range : rules_.never) {
    if (range.first.family == base::Family::ipv4) {
      never4.emplace_back(key4(range.first), key4(range.last));
    } else {
      never6.emplace_back(key6(range.first), key6(range.last));
    }
  }
  settle(entries_.v4, never4);
  settle(entries_.v6, never6);
  FeedContents contents;
  contents.hosts4 = block_of(entries_.v4.hosts);
  contents.nets4 = block_of(entries_.v4.nets);
  contents.hosts6 = block_of(entries_.v6.hosts);
  contents.nets6 = block_of(entries_.v6.nets);
  contents.lines = lines_;
  contents.bad_lines = bad_lines_;
  contents.first_bad_lines = std::move(first_bad_lines_);
  return contents;
}

}  // namespace ravelin::firewall::feed
