#include "tests/support/test_certs.h"

#include "base/check.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cstdlib>

namespace ravelin::test {
namespace {

certs::LocalCa make_ca(const std::string& name) {
  auto made =
      certs::LocalCa::create({.common_name = name, .permitted_names = {}, .permitted_ips = {}});
  CHECK(made.has_value());
  return std::move(*made);
}

}  // namespace

const certs::LocalCa& ca() {
  static const certs::LocalCa authority = make_ca("test ca");
  return authority;
}

const certs::LocalCa& stranger_ca() {
  static const certs::LocalCa authority = make_ca("stranger ca");
  return authority;
}

certs::PairPtr issue(const certs::LeafRequest& request) {
  auto pair = ca().issue(request);
  CHECK(pair.has_value());
  return std::move(*pair);
}

certs::PairPtr issue(std::vector<std::string> names, certs::LeafKey key) {
  certs::LeafRequest request;
  request.names = std::move(names);
  request.key = key;
  return issue(request);
}

certs::PairPtr issue_client(const std::string& common_name) {
  certs::LeafRequest request;
  request.use = certs::LeafUse::client;
  request.common_name = common_name;
  return issue(request);
}

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

void TempDir::write_pair(std::string_view name, const certs::PairPtr& pair) const {
  write(std::string(name) + ".crt", certs::to_pem(pair->chain), 0644);
  write(std::string(name) + ".key", certs::key_to_pem(pair->key.get()), 0600);
}

}  // namespace ravelin::test
