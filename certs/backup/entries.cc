#include "certs/backup/entries.h"

#include "certs/names.h"
#include "certs/store/generation.h"

#include <algorithm>
#include <vector>

namespace ravelin::certs {
namespace {

using base::Errc;
using base::fail;

constexpr std::uint64_t kTargetMax = 64;

template <class T>
void put(std::string& out, T value) {
  for (std::size_t i = sizeof(T); i-- > 0;)
    out += static_cast<char>((value >> (8 * i)) & 0xffU);
}

std::uint64_t number_at(std::string_view bytes, std::size_t at, std::size_t size) {
  std::uint64_t value = 0;
  for (const char byte : bytes.substr(at, size))
    value = value << 8U | static_cast<unsigned char>(byte);
  return value;
}

std::vector<std::string_view> parts_of(std::string_view path) {
  std::vector<std::string_view> parts;
  for (;;) {
    const std::size_t slash = path.find('/');
    parts.push_back(path.substr(0, slash));
    if (slash == std::string_view::npos) return parts;
    path.remove_prefix(slash + 1);
  }
}

bool is_plain(std::string_view part) {
  return !part.empty() && part != "." && part != ".." &&
         std::ranges::none_of(part, [](unsigned char c) { return c < ' ' || c == 0x7f; });
}

bool is_below(std::string_view path, std::string_view folder) {
  return path.size() > folder.size() && path.starts_with(folder) && path[folder.size()] == '/';
}

bool is_pointer(std::string_view part) {
  return part == "current" || part == "previous";
}

}  // namespace

Result<> check_entry(const BackupEntry& entry) {
  const auto refuse = [&entry](std::string_view why) {
    return fail(Errc::invalid, "\"{}\" {}", entry.path.substr(0, 100), why);
  };
  const std::vector<std::string_view> parts = parts_of(entry.path);
  if (entry.path.size() > kEntryPathMax || !std::ranges::all_of(parts, is_plain))
    return refuse("is no path within a store");
  if (is_left_out(entry.path)) return refuse("is nothing a backup has");
  const bool is_certificate = is_below(entry.path, kCertificateFolder);
  if ((is_certificate || is_below(entry.path, kKeyFolder)) && !name_of(std::string(parts[2])))
    return refuse("is no folder of a certificate");
  const bool may_be_link = is_certificate && parts.size() == 4 && is_pointer(parts[3]);
  if (entry.kind == EntryKind::link)
    return may_be_link && entry.bytes <= kTargetMax ? Result<>() : refuse("may be no link");
  if (is_certificate && parts.size() >= 4 && is_pointer(parts[3]))
    return refuse("can only be a link");
  constexpr unsigned kFolderBits = 0700;
  constexpr unsigned kFileBits = 0644;
  const unsigned allowed = entry.kind == EntryKind::folder ? kFolderBits : kFileBits;
  if ((entry.mode & ~allowed) != 0) return refuse("would be open to others");
  if (entry.bytes > (entry.kind == EntryKind::folder ? 0 : kEntryBytesMax))
    return refuse("is too large");
  return {};
}

Result<> check_target(std::string_view target) {
  if (target.starts_with("gen/") && parse_number(target.substr(4))) return {};
  return fail(Errc::invalid, "a link points to \"{}\", which is no generation", target);
}

bool is_left_out(std::string_view path) {
  constexpr std::string_view kOthers[] = {"FORMAT", "locks", "crls", "gateway/journal",
                                          "gateway/challenges"};
  const bool is_index = path.starts_with("gateway/public.bin") || path.starts_with("private/keys-");
  const bool is_aside = path.starts_with("gateway/journal.") ||
                        path.starts_with("gateway/certs/.") ||
                        path.starts_with("private/pending/.");
  return is_index || is_aside || std::ranges::any_of(kOthers, [path](std::string_view other) {
           return path == other || is_below(path, other);
         });
}

std::string format_entry_head(const BackupEntry& entry) {
  std::string text;
  put(text, static_cast<std::uint8_t>(entry.kind));
  put(text, entry.mode);
  put(text, static_cast<std::uint16_t>(entry.path.size()));
  put(text, entry.bytes);
  return text + entry.path;
}

// True: it is whole.
bool EntryReader::take_head(std::string_view& bytes) {
  const auto fill = [this, &bytes](std::size_t size) {
    const std::size_t more = std::min(size - head_.size(), bytes.size());
    head_ += bytes.substr(0, more);
    bytes.remove_prefix(more);
    return head_.size() == size;
  };
  if (head_.size() < kEntryHeadBytes && !fill(kEntryHeadBytes)) return false;
  return fill(kEntryHeadBytes + number_at(head_, 3, 2));
}

Result<> EntryReader::begin() {
  const auto kind = static_cast<unsigned char>(head_.front());
  if (kind > static_cast<unsigned char>(EntryKind::link))
    return fail(Errc::invalid, "entry {} is of no known kind", entries_);
  entry_ = {static_cast<EntryKind>(kind), static_cast<std::uint16_t>(number_at(head_, 1, 2)),
            head_.substr(kEntryHeadBytes), number_at(head_, 5, 8)};
  head_.clear();
  if (entry_.kind == EntryKind::end) {
    if (entry_.bytes != entries_ || !entry_.path.empty())
      return fail(Errc::invalid, "its end says {} entries, {} have come", entry_.bytes, entries_);
    is_done_ = true;
    return {};
  }
  if (auto checked = check_entry(entry_); !checked) return checked;
  ++entries_;
  left_ = entry_.bytes;
  is_inside_ = entry_.kind != EntryKind::folder;
  target_.clear();
  return entry_.kind == EntryKind::link ? Result<>() : sink_.begin(entry_);
}

Result<> EntryReader::take_content(std::string_view& bytes) {
  const std::string_view part =
      bytes.substr(0, static_cast<std::size_t>(std::min<std::uint64_t>(left_, bytes.size())));
  bytes.remove_prefix(part.size());
  left_ -= part.size();
  if (entry_.kind == EntryKind::link)
    target_ += part;
  else if (auto taken = part.empty() ? Result<>() : sink_.content(part); !taken)
    return taken;
  if (left_ != 0) return {};
  is_inside_ = false;
  if (entry_.kind == EntryKind::file) return sink_.end_file();
  if (auto checked = check_target(target_); !checked) return checked;
  return sink_.link(entry_, target_);
}

Result<> EntryReader::take(std::string_view bytes) {
  while (!bytes.empty() || (is_inside_ && left_ == 0)) {
    if (is_done_) return fail(Errc::invalid, "something follows its end");
    if (is_inside_) {
      if (auto taken = take_content(bytes); !taken) return taken;
    } else if (take_head(bytes)) {
      if (auto begun = begin(); !begun) return begun;
    }
  }
  return {};
}

Result<> EntryReader::finish() const {
  if (is_done_) return {};
  return fail(Errc::invalid, "it is cut off");
}

}  // namespace ravelin::certs
