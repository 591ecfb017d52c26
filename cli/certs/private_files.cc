#include "cli/certs/private_files.h"

#include "certs/key_file.h"
#include "cli/report.h"

#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <filesystem>

namespace ravelin::cli {
namespace {

using base::Errc;
using base::fail;
using base::Result;

constexpr mode_t kOthers = S_IRWXG | S_IRWXO;
constexpr mode_t kOthersWrite = S_IWGRP | S_IWOTH;
constexpr mode_t kModeBits = 07777;

Result<> check_owner(const std::string& path, const struct stat& status) {
  if (!S_ISDIR(status.st_mode)) return fail(Errc::invalid, "{}: is no folder", path);
  if (status.st_uid == 0 || status.st_uid == ::geteuid()) return {};
  return fail(Errc::denied, "{}: belongs to uid {}, who could take what is written there", path,
              status.st_uid);
}

}  // namespace

Result<certs::ImportFile> read_import_file(const std::string& path) {
  const auto file = certs::KeyFile::open(path);
  if (!file) return file.error();
  auto bytes = file->read();
  if (!bytes) return bytes.error();
  if (bytes->find("PRIVATE KEY-----") != std::string::npos)
    for (const certs::PairFinding& finding : file->check({}))
      print_error("ravelin: warning: " + finding.message + "\n");
  return certs::ImportFile(path, std::move(*bytes));
}

Result<std::string> read_passphrase(const std::string& path) {
  const auto file = certs::KeyFile::open(path);
  if (!file) return file.error();
  if (const auto findings = file->check({.groups = {}}); certs::has_errors(findings))
    return fail(Errc::invalid, "{}", certs::to_string(findings));
  const auto text = file->read();
  if (!text) return text.error();
  std::string line = text->substr(0, text->find('\n'));
  if (line.ends_with('\r')) line.pop_back();
  if (line.empty()) return fail(Errc::invalid, "{}: its first line is empty", path);
  if (line.find('\0') != std::string::npos)
    return fail(Errc::invalid, "{}: a passphrase is text", path);
  return line;
}

Result<> make_key_folder(const std::string& path) {
  if (::mkdir(path.c_str(), S_IRWXU) == 0) return {};
  if (errno != EEXIST) return base::fail_errno(errno, "making the folder " + path);
  return check_key_folder(path);
}

Result<> check_key_folder(const std::string& path) {
  struct stat status {};

  if (::stat(path.c_str(), &status) != 0) {
    if (errno == ENOENT) return {};
    return base::fail_errno(errno, path);
  }
  if (auto checked = check_owner(path, status); !checked) return checked;
  if ((status.st_mode & kOthers) == 0) return {};
  return fail(Errc::denied,
              "{}: mode {:04o} lets others in, where a private key is to be written: chmod 700 {}, "
              "or name a folder that is not there yet",
              path, status.st_mode & kModeBits, path);
}

Result<> check_folder_of(const std::string& file) {
  const std::string path =
      std::filesystem::absolute(file).lexically_normal().parent_path().string();

  struct stat status {};

  if (::stat(path.c_str(), &status) != 0) return base::fail_errno(errno, path);
  const bool is_sticky = (status.st_mode & S_ISVTX) != 0;
  if (auto checked = check_owner(path, status); !checked) return checked;
  if ((status.st_mode & kOthersWrite) == 0 || is_sticky) return {};
  return fail(Errc::denied, "{}: mode {:04o} lets others change what is in it: chmod go-w {}", path,
              status.st_mode & kModeBits, path);
}

}  // namespace ravelin::cli
