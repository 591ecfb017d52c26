// The account at one CA on the disk: DIR/{account.json,key.pem}, mode 0600, each written durably
// before it is needed, so a crash never makes a second account. Nothing is ever replaced in
// silence: an account that is of no use any more is set aside. Blocks on the disk. Key material
// never reaches an error.
#pragma once

#include "certs/acme/jws.h"
#include "certs/acme/patience.h"

#include <optional>
#include <string>

namespace ravelin::certs::acme {

class AccountFile {
 public:
  // `folder` is made (0700) with those above it. Errors: the disk; a folder others can look into;
  // it is another directory's account.
  static Result<AccountFile> open(std::string folder, std::string directory_url);

  // Among all processes and threads, until the lock dies. Errors as wait_for.
  class Lock {
   public:
    explicit Lock(int fd) : fd_(fd) {}

    Lock(Lock&& other) noexcept;
    Lock& operator=(Lock&&) = delete;
    ~Lock();

   private:
    int fd_;
  };

  [[nodiscard]] Result<Lock> lock(const Patience& patience) const;

  // ---- with the lock held ----
  // The key, made and on the disk where there was none.
  [[nodiscard]] Result<KeyPtr> key() const;
  // Where the CA keeps the account; "" until that is known.
  [[nodiscard]] Result<std::string> url() const;
  [[nodiscard]] Result<> save_url(const std::string& url) const;

  // Changing the key: the next one is on the disk before the CA hears of it. After a crash between
  // the two, next_key() is there, and only the CA can say which of the keys counts.
  [[nodiscard]] Result<KeyPtr> make_next_key() const;
  [[nodiscard]] Result<std::optional<KeyPtr>> next_key() const;
  [[nodiscard]] Result<> adopt_next_key() const;
  [[nodiscard]] Result<> drop_next_key() const;

  // Key and URL move to DIR/retired-SECONDS/; the next key() is a new one.
  [[nodiscard]] Result<> retire(base::WallTime now) const;

  [[nodiscard]] const std::string& folder() const { return folder_; }

 private:
  AccountFile(std::string folder, std::string directory_url)
      : folder_(std::move(folder)), directory_url_(std::move(directory_url)) {}

  [[nodiscard]] std::string path(const char* name) const { return folder_ + "/" + name; }

  std::string folder_;
  std::string directory_url_;
};

}  // namespace ravelin::certs::acme
