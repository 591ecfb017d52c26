// The folder a certificate authority is kept in, and who may look into it: the folder 0700, keys
// 0600, every file replaced whole (fsync, rename, fsync). Blocks on the disk: never on a worker's
// thread.
#pragma once

#include "certs/certificate.h"

#include <chrono>
#include <optional>
#include <stop_token>
#include <string>
#include <string_view>

namespace ravelin::certs {

// Held by whoever changes something in the folder; let go when it is destroyed, or its process
// ends.
class CaLock {
 public:
  explicit CaLock(int fd) : fd_(fd) {}

  CaLock(CaLock&& other) noexcept;
  CaLock& operator=(CaLock&&) = delete;
  ~CaLock();

  [[nodiscard]] int descriptor() const { return fd_; }

 private:
  int fd_;
};

class CaFolder {
 public:
  // Makes it and the one above it (0700), and those above both, where they are missing; one that is
  // there is checked as by open(). Errors as open's.
  static Result<CaFolder> make(const std::string& path);
  // Errors: not there, not a folder, another owner than root or this user, open to others (names
  // the chmod that mends it).
  static Result<CaFolder> open(const std::string& path);

  [[nodiscard]] std::string path(std::string_view name) const;

  [[nodiscard]] bool has(std::string_view name) const;

  // One certificate. Errors: not there, more than one, damaged.
  [[nodiscard]] Result<X509Ptr> read_certificate(std::string_view name) const;
  // nullopt: the file is not there. Errors: open to others, a symbolic link, damaged.
  [[nodiscard]] Result<std::optional<KeyPtr>> read_key(std::string_view name) const;

  [[nodiscard]] Result<> write_public(std::string_view name, std::string_view text) const;
  [[nodiscard]] Result<> write_key(std::string_view name, const EVP_PKEY* key) const;

  // A folder in it, 0700.
  [[nodiscard]] Result<CaFolder> below(std::string_view name) const;

  // Waits so long for another process to let go. Errors: Errc::conflict, it does not; stopped.
  [[nodiscard]] Result<CaLock> lock(std::chrono::milliseconds wait_max,
                                    const std::stop_token& stop) const;

 private:
  explicit CaFolder(std::string path) : path_(std::move(path)) {}

  std::string path_;
};

}  // namespace ravelin::certs
