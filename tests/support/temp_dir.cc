#include "tests/support/temp_dir.h"

#include "base/check.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cstdlib>
#include <system_error>

namespace ravelin::test {

TempDir::TempDir() {
  std::string pattern = (std::filesystem::temp_directory_path() / "ravelin-test-XXXXXX").string();
  CHECK(::mkdtemp(pattern.data()) != nullptr);
  dir_ = pattern;
}

TempDir::~TempDir() {
  std::error_code ignored;
  std::filesystem::remove_all(dir_, ignored);
}

void TempDir::write(std::string_view name, std::string_view text, unsigned mode) const {
  const int fd = ::open(path(name).c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, mode);
  CHECK(fd >= 0);
  CHECK(::write(fd, text.data(), text.size()) == static_cast<ssize_t>(text.size()));
  CHECK(::fchmod(fd, mode) == 0);
  ::close(fd);
}

void TempDir::replace(std::string_view name, std::string_view text, unsigned mode) const {
  const std::string next = std::string(name) + ".next";
  write(next, text, mode);
  std::filesystem::rename(path(next), path(name));
}

}  // namespace ravelin::test
