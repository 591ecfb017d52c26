#include "certs/backup/backup.h"

#include "base/io/file.h"
#include "certs/backup/entries.h"

#include <openssl/crypto.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <filesystem>
#include <system_error>
#include <utility>
#include <vector>

namespace ravelin::certs {
namespace {

using base::Errc;
using base::fail;
namespace fs = std::filesystem;

// Frames, full ones but the last, to a file.
class SealedFile {
 public:
  SealedFile(SealKey key, int fd) : key_(std::move(key)), fd_(fd) {}

  SealedFile(const SealedFile&) = delete;
  SealedFile& operator=(const SealedFile&) = delete;

  ~SealedFile() { OPENSSL_cleanse(text_.data(), text_.size()); }

  Result<> begin() { return write_all(key_.head()); }

  Result<> append(std::string_view bytes) {
    while (!bytes.empty()) {
      if (text_.size() == kFrameTextMax)
        if (auto written = flush(FrameKind::more); !written) return written;
      const std::size_t more = std::min(bytes.size(), kFrameTextMax - text_.size());
      text_ += bytes.substr(0, more);
      bytes.remove_prefix(more);
    }
    return {};
  }

  Result<> finish() { return flush(FrameKind::last); }

 private:
  Result<> flush(FrameKind kind) {
    const auto sealed = key_.seal(text_, kind);
    if (!sealed) return sealed.error();
    OPENSSL_cleanse(text_.data(), text_.size());
    text_.clear();
    return write_all(*sealed);
  }

  Result<> write_all(std::string_view bytes) const {
    while (!bytes.empty()) {
      const ssize_t written = ::write(fd_, bytes.data(), bytes.size());
      if (written < 0 && errno == EINTR) continue;
      if (written < 0) return base::fail_errno(errno, "writing the backup");
      bytes.remove_prefix(static_cast<std::size_t>(written));
    }
    return {};
  }

  SealKey key_;
  int fd_;
  std::string text_;
};

// One thing of the store with its content, so that it is known whole before any of it is written.
// Wiped when it goes.
struct Item {
  BackupEntry entry;
  std::string content;

  Item() = default;
  Item(const Item&) = delete;
  Item& operator=(const Item&) = delete;
  Item(Item&&) noexcept = default;
  Item& operator=(Item&&) noexcept = default;

  ~Item() { OPENSSL_cleanse(content.data(), content.size()); }
};

using Items = std::vector<Item>;

Result<Item> read_item(const std::string& root, const std::string& path) {
  const std::string full = root + "/" + path;

  struct stat status {};

  if (::lstat(full.c_str(), &status) != 0) return base::fail_errno(errno, "looking at " + full);
  Item item;
  item.entry.path = path;
  if (S_ISLNK(status.st_mode)) {
    std::array<char, 256> target{};
    const ssize_t size = ::readlink(full.c_str(), target.data(), target.size());
    if (size < 0) return base::fail_errno(errno, "reading " + full);
    item.entry.kind = EntryKind::link;
    item.content.assign(target.data(), static_cast<std::size_t>(size));
    if (auto checked = check_target(item.content); !checked)
      return base::wrap(checked.error(), full);
  } else if (S_ISDIR(status.st_mode)) {
    item.entry.kind = EntryKind::folder;
  } else if (S_ISREG(status.st_mode)) {
    item.entry.kind = EntryKind::file;
    auto content = base::read_file(full, kEntryBytesMax);
    if (!content) return content.error();
    item.content = std::move(*content);
  } else {
    return fail(Errc::invalid, "{} is neither a file nor a folder nor a link", full);
  }
  if (item.entry.kind != EntryKind::link)
    item.entry.mode = static_cast<std::uint16_t>(status.st_mode & 07777U);
  item.entry.bytes = item.content.size();
  if (auto checked = check_entry(item.entry); !checked) return base::wrap(checked.error(), root);
  return item;
}

// What is in a folder, sorted; those a crash has left half made are passed over.
Result<std::vector<std::string>> names_in(const std::string& folder) {
  std::vector<std::string> names;
  std::error_code error;
  for (const auto& entry : fs::directory_iterator(folder, error)) {
    std::string name = entry.path().filename().string();
    if (!name.ends_with(".tmp") && !name.ends_with(".new")) names.push_back(std::move(name));
  }
  if (error) return fail(Errc::io, "reading {}: {}", folder, error.message());
  std::ranges::sort(names);
  return names;
}

// With all below it, folders before what is in them.
Result<> collect(const std::string& root, const std::string& path, Items& items) {
  constexpr int kDepthMax = 16;
  if (std::ranges::count(path, '/') > kDepthMax)
    return fail(Errc::invalid, "{}/{} is too deep", root, path);
  auto item = read_item(root, path);
  if (!item) return item.error();
  const bool is_folder = item->entry.kind == EntryKind::folder;
  items.push_back(std::move(*item));
  if (!is_folder) return {};
  const auto names = names_in(root + "/" + path);
  if (!names) return names.error();
  for (const std::string& name : *names)
    if (auto below = collect(root, fmt::format("{}/{}", path, name), items); !below) return below;
  return {};
}

Result<> write_items(SealedFile& file, const Items& items, BackupReport& report) {
  for (const Item& item : items) {
    auto written = file.append(format_entry_head(item.entry));
    if (written) written = file.append(item.content);
    if (!written) return written;
    ++report.entries;
  }
  return {};
}

bool is_same(const CertificateState& a, const CertificateState& b) {
  return a.current == b.current && a.previous == b.previous && a.generations == b.generations;
}

// All of it as it was at one moment; none: it has gone meanwhile.
Result<Items> read_certificate(const StoreDir& store, const std::string& name) {
  constexpr int kTries = 5;
  const std::string& root = store.paths().root();
  base::Error last = fail(Errc::conflict, "certificate \"{}\" changes over and over", name);
  for (int i = 0; i < kTries; ++i) {
    const auto before = store.state(name);
    if (!before && before.error().code == Errc::not_found) return Items();
    if (!before) return before.error();
    Items items;
    auto read = collect(root, store.paths().of(name).substr(root.size() + 1), items);
    if (read) read = collect(root, store.paths().keys(name).substr(root.size() + 1), items);
    const auto after = store.state(name);
    if (read && after && is_same(*before, *after)) return items;
    if (!read) last = read.error();
  }
  return last;
}

// All in a folder of the store but the certificates, whose folders are left empty.
Result<> write_folder(SealedFile& file, const std::string& root, const std::string& folder,
                      BackupReport& report) {
  const auto names = names_in(folder.empty() ? root : root + "/" + folder);
  if (!names) return names.error();
  for (const std::string& name : *names) {
    const std::string path = folder.empty() ? name : fmt::format("{}/{}", folder, name);
    if (is_left_out(path)) continue;
    const bool is_of_certificates = path == kCertificateFolder || path == kKeyFolder;
    const bool is_divided = folder.empty() && (kCertificateFolder.starts_with(path + "/") ||
                                               kKeyFolder.starts_with(path + "/"));
    Items items;
    if (is_of_certificates || is_divided) {
      auto item = read_item(root, path);
      if (!item) return item.error();
      items.push_back(std::move(*item));
    } else if (auto read = collect(root, path, items); !read) {
      return read;
    }
    if (auto written = write_items(file, items, report); !written) return written;
    if (!is_divided) continue;
    if (auto written = write_folder(file, root, path, report); !written) return written;
  }
  return {};
}

Result<> write_certificates(SealedFile& file, const StoreDir& store, BackupReport& report) {
  const auto names = store.names();
  if (!names) return names.error();
  for (const std::string& name : *names) {
    const auto certificate = read_certificate(store, name);
    if (!certificate) return certificate.error();
    report.certificates += certificate->empty() ? 0 : 1;
    if (auto written = write_items(file, *certificate, report); !written) return written;
  }
  return {};
}

}  // namespace

Result<BackupReport> write_backup(const StoreDir& store, std::string_view passphrase, int fd,
                                  const SealCost& cost) {
  auto key = SealKey::make(passphrase, cost);
  if (!key) return key.error();
  SealedFile file(std::move(*key), fd);
  BackupReport report;
  auto done = file.begin();
  if (done) done = write_folder(file, store.paths().root(), "", report);
  if (done) done = write_certificates(file, store, report);
  if (done) done = file.append(format_entry_head({.bytes = report.entries}));
  if (done) done = file.finish();
  if (!done) return done.error();
  return report;
}

}  // namespace ravelin::certs
