#include "certs/store/journal.h"

#include "certs/names.h"
#include "certs/store/generation.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <charconv>

namespace ravelin::certs {
namespace {

using base::Errc;
using base::fail;

constexpr std::string_view kHead = "ravelin-journal 1 ";
constexpr std::string_view kAfter = "after ";
constexpr std::size_t kHexDigits = 16;
constexpr std::array<std::string_view, 3> kEvents = {"begin", "done", "gone"};
constexpr std::size_t kReadMax = std::size_t{256} * 1024 * 1024;

class ReadFd {
 public:
  explicit ReadFd(const std::string& path)
      : number_(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NOFOLLOW)) {}

  ReadFd(const ReadFd&) = delete;
  ReadFd& operator=(const ReadFd&) = delete;

  ~ReadFd() {
    if (number_ >= 0) ::close(number_);
  }

  [[nodiscard]] int get() const { return number_; }

  // All from `offset` up to `size`.
  [[nodiscard]] Result<std::string> read(std::uint64_t offset, std::uint64_t size) const {
    std::string text(size - offset, '\0');
    std::size_t filled = 0;
    while (filled < text.size()) {
      const ssize_t got = ::pread(number_, text.data() + filled, text.size() - filled,
                                  static_cast<off_t>(offset + filled));
      if (got < 0 && errno == EINTR) continue;
      if (got < 0) return base::fail_errno(errno, "reading the journal");
      if (got == 0) break;
      filled += static_cast<std::size_t>(got);
    }
    text.resize(filled);
    return text;
  }

 private:
  int number_;
};

// 16 lower case digits at `at`; the caller compares the whole line.
std::optional<std::uint64_t> parse_hex(std::string_view text, std::size_t at) {
  if (text.size() < at + kHexDigits) return std::nullopt;
  std::uint64_t value = 0;
  const char* const end = text.data() + at + kHexDigits;
  const auto [stop, error] = std::from_chars(text.data() + at, end, value, 16);
  if (error != std::errc() || stop != end) return std::nullopt;
  return value;
}

}  // namespace

std::string format_line(const JournalLine& line) {
  std::string text(kEvents[static_cast<std::size_t>(line.event)]);
  text += " " + line.name;
  if (line.event != JournalEvent::gone) text += " " + number_text(line.generation);
  return text;
}

Result<JournalLine> parse_line(std::string_view text) {
  const auto broken = [text] {
    return fail(Errc::invalid, "\"{}\" is no line of a journal", text.substr(0, 80));
  };
  JournalLine line;
  const std::size_t space = text.find(' ');
  if (space == std::string_view::npos) return broken();
  std::size_t event = 0;
  while (event < kEvents.size() && kEvents[event] != text.substr(0, space))
    ++event;
  if (event == kEvents.size()) return broken();
  line.event = static_cast<JournalEvent>(event);
  std::string_view rest = text.substr(space + 1);
  if (line.event != JournalEvent::gone) {
    const std::size_t last = rest.find(' ');
    if (last == std::string_view::npos) return broken();
    const auto number = parse_number(rest.substr(last + 1));
    if (!number) return broken();
    line.generation = *number;
    rest = rest.substr(0, last);
  }
  if (!check_name(rest)) return broken();
  line.name = rest;
  return line;
}

std::string format_head(std::uint64_t id) {
  return fmt::format("{}{:016x} \n", kHead, id);
}

std::string format_head(std::uint64_t id, const JournalPlace& after) {
  return format_head(id) + fmt::format("{}{:016x} {:016x}\n", kAfter, after.id, after.offset);
}

Result<JournalHead> parse_head(std::string_view text) {
  JournalHead head{.bytes = kJournalHeadBytes};
  const auto id = parse_hex(text, kHead.size());
  if (!text.starts_with(kHead) || !id || *id == 0 ||
      text.substr(0, kJournalHeadBytes) != format_head(*id))
    return fail(Errc::invalid, "the journal of the store does not begin as one");
  head.id = *id;
  const std::string_view second = text.substr(kJournalHeadBytes);
  if (!second.starts_with(kAfter)) return head;
  const auto before = parse_hex(second, kAfter.size());
  const auto offset = parse_hex(second, kAfter.size() + kHexDigits + 1);
  // A damaged one says nothing of the file before; as a line it is read, and found to be none.
  if (!before || !offset || *before == 0 || *before == head.id ||
      text.substr(0, kJournalHeadBytesMax) != format_head(head.id, {*before, *offset}))
    return head;
  head.after = {*before, *offset};
  head.bytes = kJournalHeadBytesMax;
  return head;
}

std::optional<std::uint64_t> JournalHead::find(const JournalPlace& place,
                                               std::uint64_t size) const {
  if (place.id == 0) return std::nullopt;
  if (place.id == id && place.offset >= bytes && place.offset <= size) return place.offset;
  if (place.id != after.id || place.offset < after.offset) return std::nullopt;
  const std::uint64_t behind = place.offset - after.offset;
  if (bytes > size || behind > size - bytes) return std::nullopt;
  return bytes + behind;
}

Result<JournalNews> read_journal(const std::string& path, const JournalPlace& from) {
  const ReadFd file(path);

  struct stat status {};

  if (file.get() < 0 || ::fstat(file.get(), &status) != 0) {
    base::Error error = base::fail_errno(errno, "opening " + path);
    if (errno == ENOENT) error.code = Errc::not_found;
    return error;
  }
  const auto size = static_cast<std::uint64_t>(status.st_size);
  const auto first = file.read(0, std::min<std::uint64_t>(size, kJournalHeadBytesMax));
  if (!first) return base::wrap(first.error(), path);
  const auto head = parse_head(*first);
  if (!head) return base::wrap(head.error(), path);
  JournalNews news;
  const auto known = head->find(from, size);
  news.is_another = !known;
  news.place = {head->id, known.value_or(head->bytes)};
  if (size - news.place.offset > kReadMax)
    return fail(Errc::invalid, "{}: is larger than {} MiB", path, kReadMax >> 20U);
  const auto text = file.read(news.place.offset, size);
  if (!text) return base::wrap(text.error(), path);
  std::string_view rest(*text);
  for (std::size_t end = rest.find('\n'); end != std::string_view::npos; end = rest.find('\n')) {
    // A line that a crash cut off may have named any certificate.
    if (auto line = parse_line(rest.substr(0, end)); line)
      news.lines.push_back(std::move(*line));
    else
      news.is_another = true;
    news.place.offset += end + 1;
    rest.remove_prefix(end + 1);
  }
  return news;
}

}  // namespace ravelin::certs
