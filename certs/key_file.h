// One open PEM file: what is checked is what is read, since both go through the same descriptor.
#pragma once

#include "certs/file.h"

#include <sys/stat.h>

namespace ravelin::certs {

class KeyFile {
 public:
  // Errors: cannot be opened, not a regular file.
  static Result<KeyFile> open(const std::string& path);

  KeyFile(KeyFile&& other) noexcept;
  KeyFile& operator=(KeyFile&&) = delete;
  ~KeyFile();

  // Owner, mode and place of a file that holds a private key: mode 0600 (0640 for a listed group),
  // owned by root, us or a listed owner, in a folder nobody else can write to.
  [[nodiscard]] std::vector<PairFinding> check(const KeyFileRules& rules) const;

  [[nodiscard]] FileStamp stamp() const { return stamp_of(status_); }

  // At most 1 MiB.
  [[nodiscard]] Result<std::string> read() const;

 private:
  KeyFile(std::string path, int fd) : path_(std::move(path)), fd_(fd) {}

  std::string path_;
  int fd_ = -1;

  struct stat status_ {};
};

// The text of a file that has to be as hard to read as a private key. Errors: cannot be read;
// Errc::denied: others can read it, with all that is wrong.
Result<std::string> read_guarded_text(const std::string& path);

// The decision alone: `group_name` is the name of status.st_gid, "" when it has none.
std::vector<PairFinding> judge_key_mode(const std::string& path, const struct stat& status,
                                        const std::string& group_name, uid_t effective_user,
                                        const KeyFileRules& rules);

}  // namespace ravelin::certs
