// What is published in a store, in order, so that who follows it reads what is new and nothing
// else. A change is announced before its link is flipped and closed after it: who reads "begin"
// looks at the certificate, and again until the change is closed, so that neither a crash in
// between nor a reader that was early loses one.
//   ravelin-journal 1 0123456789abcdef         an id of this file: another one begins anew
//   after fedcba9876543210 00000000000a4f3c    but goes on where that one had this offset
//   begin www.example.com 000012
//   done www.example.com 000012
//   gone old.example.com
// The second line stands only in a file whose beginning was cut off (compact_journal.h): a place in
// the one before, not before that offset, is a place in this one. The text is pure, any thread;
// read_journal() reads the disk.
#pragma once

#include "base/result.h"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace ravelin::certs {

using base::Result;

enum class JournalEvent : std::uint8_t { begin, done, gone };

struct JournalLine {
  JournalEvent event = JournalEvent::begin;
  std::string name;
  std::uint64_t generation = 0;  // 0 for `gone`

  friend bool operator==(const JournalLine&, const JournalLine&) = default;
};

std::string format_line(const JournalLine& line);  // without its end
Result<JournalLine> parse_line(std::string_view text);

// A place in the journal of a store.
struct JournalPlace {
  std::uint64_t id = 0;      // of the file; 0 = none yet
  std::uint64_t offset = 0;  // all before it has been read

  friend bool operator==(const JournalPlace&, const JournalPlace&) = default;
};

struct JournalHead {
  std::uint64_t id = 0;
  JournalPlace after{};   // of the file before; id 0: it begins anew
  std::size_t bytes = 0;  // of the head itself

  // Where that is in a journal of `size` bytes that begins with this head; nullopt: nowhere.
  [[nodiscard]] std::optional<std::uint64_t> find(const JournalPlace& place,
                                                  std::uint64_t size) const;
};

inline constexpr std::size_t kJournalHeadBytes = 36;     // of its first line
inline constexpr std::size_t kJournalHeadBytesMax = 76;  // with the second
std::string format_head(std::uint64_t id);               // with its end
std::string format_head(std::uint64_t id, const JournalPlace& after);
// From the first bytes of a file, kJournalHeadBytesMax of it or all.
Result<JournalHead> parse_head(std::string_view text);

struct JournalNews {
  JournalPlace place;              // to read on from
  std::vector<JournalLine> lines;  // whole ones
  // Not the file `from` was about, or a line in it is damaged: all there is has to be read anew.
  bool is_another = false;
};

// What stands behind `from`. Errors: no journal, its first line is damaged.
Result<JournalNews> read_journal(const std::string& path, const JournalPlace& from);

}  // namespace ravelin::certs
