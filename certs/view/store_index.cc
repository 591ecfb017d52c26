#include "certs/view/store_index.h"

#include "base/io/file.h"
#include "certs/view/held_certificate.h"

#include <fcntl.h>
#include <openssl/crypto.h>
#include <openssl/rand.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>

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

std::uint64_t random_build() {
  std::uint64_t id = 0;
  static_cast<void>(RAND_bytes(reinterpret_cast<unsigned char*>(&id), sizeof id));
  return id;
}

}  // namespace

std::string public_index(const StorePaths& paths) {
  return paths.root() + "/public.bin";
}

std::string key_index(const StorePaths& paths) {
  return paths.root() + "/keys.bin";
}

Result<std::shared_ptr<const SharedIndex>> open_index(const StorePaths& paths,
                                                      std::uint64_t first_id) {
  auto names = MappedFile::open(public_index(paths));
  if (!names) return names.error();
  auto keys = MappedFile::open(key_index(paths));
  if (!keys) return keys.error();
  auto reader = IndexReader::open((*names)->bytes(), (*keys)->bytes());
  if (!reader) return reader.error();
  auto memory = std::make_shared<const BothFiles>(BothFiles{*names, *keys});
  return std::shared_ptr<const SharedIndex>(
      std::make_shared<const SharedIndex>(SharedIndex{*reader, memory, first_id}));
}

Result<IndexReport> rebuild_index(const StoreDir& store) {
  // First the journal's end, then the certificates: a change in between is read twice, not missed.
  const auto news = read_journal(store.paths().journal(), {});
  if (!news) return news.error();
  const auto names = store.names();
  if (!names) return names.error();
  const auto revoked = store.revoked_keys();
  if (!revoked) return revoked.error();
  IndexWriter writer({random_build(), news->place});
  IndexReport report;
  for (const std::string& name : *names) {
    const auto held = read_held(store, name, *revoked, 0);
    if (held && *held == nullptr) continue;
    auto added = held ? writer.add((*held)->entry) : base::Result<>(held.error());
    if (!added)
      report.left_out.push_back(name + ": " + added.error().message);
    else
      ++report.certificates;
  }
  IndexBytes bytes = writer.finish();
  auto written = base::replace_file(key_index(store.paths()), bytes.key_bytes, 0600);
  OPENSSL_cleanse(bytes.key_bytes.data(), bytes.key_bytes.size());
  if (written) written = base::replace_file(public_index(store.paths()), bytes.public_bytes, 0600);
  if (!written) return written.error();
  return report;
}

}  // namespace ravelin::certs
