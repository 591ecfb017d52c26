#include "certs/view/store_index.h"

#include "certs/store/durable.h"
#include "certs/view/held_certificate.h"

#include <fcntl.h>
#include <openssl/crypto.h>
#include <openssl/rand.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <filesystem>
#include <system_error>
#include <utility>

namespace ravelin::certs {
namespace {

using base::Errc;
using base::fail;

class MappedFile {
 public:
  static Result<std::shared_ptr<MappedFile>> open(const std::string& path) {
    const int fd = ::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
    if (fd < 0) {
      base::Error error = base::fail_errno(errno, "opening " + path);
      if (errno == ENOENT) error.code = Errc::not_found;
      return error;
    }

    struct stat status {};

    void* memory = MAP_FAILED;
    if (::fstat(fd, &status) == 0 && status.st_size > 0)
      memory =
          ::mmap(nullptr, static_cast<std::size_t>(status.st_size), PROT_READ, MAP_PRIVATE, fd, 0);
    ::close(fd);
    if (memory == MAP_FAILED) return fail(Errc::invalid, "{} is empty or cannot be mapped", path);
    return std::shared_ptr<MappedFile>(
        std::make_shared<MappedFile>(memory, static_cast<std::size_t>(status.st_size)));
  }

  MappedFile(void* memory, std::size_t size) : memory_(memory), size_(size) {}

  MappedFile(const MappedFile&) = delete;
  MappedFile& operator=(const MappedFile&) = delete;

  ~MappedFile() { ::munmap(memory_, size_); }

  [[nodiscard]] std::string_view bytes() const {
    return {static_cast<const char*>(memory_), size_};
  }

 private:
  void* memory_;
  std::size_t size_;
};

struct BothFiles {
  std::shared_ptr<MappedFile> names, keys;
};

constexpr std::string_view kKeysBegin = "keys-";
constexpr std::string_view kKeysEnd = ".bin";
constexpr std::string_view kAside = "public.bin.";

std::uint64_t random_build() {
  std::uint64_t id = 0;
  static_cast<void>(RAND_bytes(reinterpret_cast<unsigned char*>(&id), sizeof id));
  return id;
}

// A new file that is written piece by piece, its head last; gone again unless it is kept.
class NewFile {
 public:
  static Result<std::unique_ptr<NewFile>> make(std::string path) {
    const int fd = ::open(path.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
    if (fd < 0) return base::fail_errno(errno, "making " + path);
    return std::make_unique<NewFile>(std::move(path), fd);
  }

  NewFile(std::string path, int fd) : path_(std::move(path)), fd_(fd) {}

  NewFile(const NewFile&) = delete;
  NewFile& operator=(const NewFile&) = delete;

  ~NewFile() {
    ::close(fd_);
    if (!is_kept_) ::unlink(path_.c_str());
  }

  Result<> append(std::string_view bytes) {
    auto done = write_at(size_, bytes);
    if (done) size_ += bytes.size();
    return done;
  }

  Result<> write_at(std::uint64_t at, std::string_view bytes) {
    while (!bytes.empty()) {
      const ssize_t written = ::pwrite(fd_, bytes.data(), bytes.size(), static_cast<off_t>(at));
      if (written < 0 && errno == EINTR) continue;
      if (written < 0) return base::fail_errno(errno, "writing " + path_);
      at += static_cast<std::uint64_t>(written);
      bytes.remove_prefix(static_cast<std::size_t>(written));
    }
    return {};
  }

  Result<> sync() {
    if (::fsync(fd_) != 0) return base::fail_errno(errno, "writing " + path_);
    return {};
  }

  [[nodiscard]] const std::string& path() const { return path_; }

  void keep() { is_kept_ = true; }

 private:
  std::string path_;
  int fd_;
  std::uint64_t size_ = 0;
  bool is_kept_ = false;
};

struct NewIndex {
  std::unique_ptr<NewFile> names, keys;

  Result<> append(IndexBytes bytes) const {
    auto done = keys->append(bytes.key_bytes);
    OPENSSL_cleanse(bytes.key_bytes.data(), bytes.key_bytes.size());
    return done ? names->append(bytes.public_bytes) : done;
  }

  Result<> finish(IndexWriter::End end) const {
    auto done = append(std::move(end.rest));
    if (done) done = keys->write_at(0, end.heads.key_bytes);
    if (done) done = names->write_at(0, end.heads.public_bytes);
    if (done) done = keys->sync();
    return done ? names->sync() : done;
  }
};

Result<NewIndex> make_files(const StorePaths& paths, std::uint64_t build) {
  auto keys = NewFile::make(key_index(paths, build));
  if (!keys) return keys.error();
  auto names = NewFile::make(fmt::format("{}/{}{:016x}", paths.for_gateways(), kAside, build));
  if (!names) return names.error();
  return NewIndex{std::move(*names), std::move(*keys)};
}

// Of builds before, and of those a crash has cut off.
void remove_others(const StorePaths& paths, std::uint64_t build) {
  std::error_code ignored;
  const std::string ours = key_index(paths, build);
  for (const auto& entry : std::filesystem::directory_iterator(paths.for_signing(), ignored)) {
    const std::string name = entry.path().filename().string();
    const bool is_key_file = name.starts_with(kKeysBegin) && name.ends_with(kKeysEnd);
    if (is_key_file && entry.path() != ours) std::filesystem::remove(entry.path(), ignored);
  }
  for (const auto& entry : std::filesystem::directory_iterator(paths.for_gateways(), ignored))
    if (entry.path().filename().string().starts_with(kAside))
      std::filesystem::remove(entry.path(), ignored);
}

// All certificates, a slice in memory at a time.
Result<IndexReport> write_all(const StoreDir& store, IndexWriter& writer, const NewIndex& files,
                              const GoOn& go_on) {
  constexpr std::size_t kSlice = 64;
  const auto names = store.names();
  if (!names) return names.error();
  const auto revoked = store.revoked_keys();
  if (!revoked) return revoked.error();
  IndexReport report;
  for (std::size_t i = 0; i < names->size(); ++i) {
    const std::string& name = (*names)[i];
    const auto held = read_held(store, name, *revoked, 0);
    if (!held || *held != nullptr) {
      auto added = held ? writer.add((*held)->entry) : base::Result<>(held.error());
      if (!added)
        report.left_out.push_back(name + ": " + added.error().message);
      else
        ++report.certificates;
    }
    if ((i + 1) % kSlice != 0) continue;
    if (auto written = files.append(writer.take()); !written) return written.error();
    if (go_on && !go_on())
      return fail(Errc::conflict, "the index is left as it was: this process is to end");
  }
  return report;
}

Result<std::shared_ptr<const SharedIndex>> open_once(const StorePaths& paths,
                                                     std::uint64_t first_id, KeyReading reading) {
  auto names = MappedFile::open(public_index(paths));
  if (!names) return names.error();
  const auto build = index_build((*names)->bytes());
  if (!build) return fail(Errc::invalid, "the index of the store is of another version");
  if (reading == KeyReading::elsewhere) {
    auto reader = IndexReader::open_names((*names)->bytes());
    if (!reader) return reader.error();
    return std::shared_ptr<const SharedIndex>(
        std::make_shared<const SharedIndex>(SharedIndex{*reader, *names, first_id}));
  }
  auto keys = MappedFile::open(key_index(paths, *build));
  if (!keys) return keys.error();
  auto reader = IndexReader::open((*names)->bytes(), (*keys)->bytes());
  if (!reader) return reader.error();
  auto memory = std::make_shared<const BothFiles>(BothFiles{*names, *keys});
  return std::shared_ptr<const SharedIndex>(
      std::make_shared<const SharedIndex>(SharedIndex{*reader, memory, first_id}));
}

}  // namespace

std::string public_index(const StorePaths& paths) {
  return paths.for_gateways() + "/public.bin";
}

std::string key_index(const StorePaths& paths, std::uint64_t build_id) {
  return fmt::format("{}/{}{:016x}{}", paths.for_signing(), kKeysBegin, build_id, kKeysEnd);
}

bool is_older_than_revocations(const StorePaths& paths) {
  std::error_code none;
  const auto revoked = std::filesystem::last_write_time(paths.revoked_keys(), none);
  if (none) return false;
  const auto made = std::filesystem::last_write_time(public_index(paths), none);
  return none || revoked >= made;
}

Result<std::shared_ptr<const SharedIndex>> open_index(const StorePaths& paths,
                                                      std::uint64_t first_id, KeyReading keys) {
  // Between the two files another may have taken their place: then its keys are there.
  constexpr int kTries = 3;
  auto index = open_once(paths, first_id, keys);
  for (int i = 1; i < kTries && !index && index.error().code == Errc::not_found; ++i)
    index = open_once(paths, first_id, keys);
  return index;
}

Result<IndexReport> rebuild_index(const StoreDir& store, const GoOn& go_on) {
  const StorePaths& paths = store.paths();
  auto lease = Lease::take(paths.locks() + "/.index", this_process("index"), StoreDir::kLeaseTime);
  if (!lease) return lease.error();
  // First the journal's end, then the certificates: a change in between is read twice, not missed.
  const auto news = read_journal(paths.journal(), {});
  if (!news) return news.error();
  const std::uint64_t build = random_build();
  IndexWriter writer({build, news->place});
  auto files = make_files(paths, build);
  if (!files) return files.error();
  auto report = write_all(store, writer, *files, go_on);
  if (!report) return report;
  auto done = files->finish(writer.finish(report->left_out.size()));
  if (done)
    done = (*lease)->while_held([&]() -> Result<> {
      auto moved = sync_folder(paths.for_signing());
      if (moved) moved = sync_folder(paths.for_gateways());
      if (!moved) return moved;
      // Before it is known whether they are in use: the next one removes what is not.
      files->names->keep();
      files->keys->keep();
      moved = move_to(files->names->path(), public_index(paths));
      if (!moved) return moved;
      remove_others(paths, build);
      return {};
    });
  if (!done) return done.error();
  return report;
}

}  // namespace ravelin::certs
