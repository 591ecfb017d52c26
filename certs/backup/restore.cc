#include "certs/backup/restore.h"

#include "certs/backup/entries.h"
#include "certs/store/durable.h"

#include <fcntl.h>
#include <openssl/crypto.h>
#include <sys/stat.h>
#include <unistd.h>

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

constexpr mode_t kOpenFolder = 0700;

// With folders that may not be written to.
Result<> remove_tree(const std::string& path) {
  std::error_code error;
  if (fs::is_directory(fs::symlink_status(path, error))) {
    static_cast<void>(::chmod(path.c_str(), kOpenFolder) != 0);
    for (auto at = fs::recursive_directory_iterator(path, error);
         !error && at != fs::recursive_directory_iterator(); at.increment(error))
      if (at->is_directory(error) && !at->is_symlink(error))
        static_cast<void>(::chmod(at->path().c_str(), kOpenFolder) != 0);
  }
  return remove_folder(path);
}

// Writes what comes below one folder.
class TreeWriter final : public EntryReader::Sink {
 public:
  explicit TreeWriter(std::string root) : root_(std::move(root)) {}

  TreeWriter(const TreeWriter&) = delete;
  TreeWriter& operator=(const TreeWriter&) = delete;

  ~TreeWriter() override {
    if (fd_ >= 0) ::close(fd_);
  }

  Result<> begin(const BackupEntry& entry) override {
    const std::string path = root_ + "/" + entry.path;
    if (entry.kind == EntryKind::folder) {
      if (::mkdir(path.c_str(), kOpenFolder) != 0) return base::fail_errno(errno, "making " + path);
      // Once it is full.
      if (entry.mode != kOpenFolder) closed_.emplace_back(path, entry.mode);
      return {};
    }
    fd_ = ::open(path.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
    if (fd_ < 0 || ::fchmod(fd_, entry.mode) != 0) return base::fail_errno(errno, "making " + path);
    return {};
  }

  Result<> content(std::string_view bytes) override {
    while (!bytes.empty()) {
      const ssize_t written = ::write(fd_, bytes.data(), bytes.size());
      if (written < 0 && errno == EINTR) continue;
      if (written < 0) return base::fail_errno(errno, "writing below " + root_);
      bytes.remove_prefix(static_cast<std::size_t>(written));
    }
    return {};
  }

  Result<> link(const BackupEntry& entry, const std::string& target) override {
    const std::string path = root_ + "/" + entry.path;
    if (::symlink(target.c_str(), path.c_str()) != 0)
      return base::fail_errno(errno, "making " + path);
    return {};
  }

  Result<> end_file() override {
    if (::close(std::exchange(fd_, -1)) != 0)
      return base::fail_errno(errno, "writing below " + root_);
    return {};
  }

  Result<> close_folders() {
    for (const auto& [path, mode] : closed_)
      if (::chmod(path.c_str(), mode) != 0) return base::fail_errno(errno, path);
    return {};
  }

 private:
  std::string root_;
  int fd_ = -1;
  std::vector<std::pair<std::string, mode_t>> closed_;
};

// So many bytes, or fewer at the file's end.
Result<std::string> read_bytes(int fd, std::size_t size) {
  std::string bytes(size, '\0');
  std::size_t filled = 0;
  while (filled < size) {
    const ssize_t got = ::read(fd, bytes.data() + filled, size - filled);
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) return base::fail_errno(errno, "reading the backup");
    if (got == 0) break;
    filled += static_cast<std::size_t>(got);
  }
  bytes.resize(filled);
  return bytes;
}

// Each frame is used only once it has opened.
Result<> read_frames(int fd, SealKey& key, EntryReader& reader) {
  for (;;) {
    const auto head = read_bytes(fd, kFrameHeadBytes);
    if (!head) return head.error();
    if (head->size() != kFrameHeadBytes) return fail(Errc::invalid, "it is cut off");
    const auto frame = SealKey::read_frame_head(*head);
    if (!frame) return frame.error();
    const auto sealed = read_bytes(fd, frame->bytes + kFrameTagBytes);
    if (!sealed) return sealed.error();
    if (sealed->size() != frame->bytes + kFrameTagBytes)
      return fail(Errc::invalid, "it is cut off");
    auto text = key.open(*frame, *sealed);
    if (!text) return text.error();
    auto taken = reader.take(*text);
    OPENSSL_cleanse(text->data(), text->size());
    if (!taken) return taken;
    if (frame->kind == FrameKind::more) continue;
    const auto more = read_bytes(fd, 1);
    if (!more) return more.error();
    return more->empty() ? reader.finish() : fail(Errc::invalid, "something follows its end");
  }
}

// A store's own checks, on what has been written.
Result<std::size_t> check_store(const std::string& path) {
  const auto store = StoreDir::make(path);
  if (!store) return store.error();
  const auto names = store->names();
  if (!names) return names.error();
  for (const std::string& name : *names) {
    const auto state = store->state(name);
    if (!state) return state.error();
    for (const std::uint64_t number : {state->current, state->previous})
      if (number != 0)
        if (const auto kept = store->generation(name, number); !kept)
          return base::wrap(kept.error(), name);
  }
  return names->size();
}

Result<BackupReport> restore_aside(int fd, SealKey& key, const std::string& aside) {
  TreeWriter writer(aside);
  EntryReader reader(writer);
  if (auto read = read_frames(fd, key, reader); !read) return read.error();
  if (auto closed = writer.close_folders(); !closed) return closed.error();
  const auto certificates = check_store(aside);
  if (!certificates) return base::wrap(certificates.error(), "what is in the backup");
  return BackupReport{*certificates, reader.entries()};
}

// All below a file system is on the disk: one call in place of one for each of very many files.
Result<> sync_all(const std::string& path) {
  const int fd = ::open(path.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  const bool is_synced = fd >= 0 && ::syncfs(fd) == 0;
  const int error = errno;
  if (fd >= 0) ::close(fd);
  return is_synced ? Result<>() : base::fail_errno(error, "syncing " + path);
}

Result<> check_place(const std::string& path) {
  std::error_code error;
  if (!fs::exists(fs::symlink_status(path, error))) return {};
  if (!fs::is_directory(fs::symlink_status(path, error)))
    return fail(Errc::conflict, "{} is there, and no folder", path);
  if (fs::is_empty(path, error) && !error) return {};
  return fail(Errc::conflict,
              "{} is not empty: name another place with --store, or move it away first", path);
}

}  // namespace

Result<BackupReport> restore_backup(int fd, std::string_view passphrase, const std::string& path) {
  const std::string place = StorePaths(path).root();
  if (auto checked = check_place(place); !checked) return checked.error();
  const auto head = read_bytes(fd, kSealHeadBytes);
  if (!head) return head.error();
  auto key = SealKey::read(*head, passphrase);
  if (!key) return key.error();
  const std::string aside = place + ".restoring";
  if (auto removed = remove_tree(aside); !removed) return removed.error();
  if (auto made = make_folder(aside); !made) return made.error();
  auto report = restore_aside(fd, *key, aside);
  Result<> done = report ? sync_all(aside) : Result<>(report.error());
  // Over an empty folder it goes, too.
  if (done) done = move_to(aside, place);
  if (done) return report;
  if (auto removed = remove_tree(aside); !removed) return removed.error();
  return done.error();
}

}  // namespace ravelin::certs
