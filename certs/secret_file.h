// A secret of its own file, shared by the gateways that have a copy. Blocks on the disk: never on a
// worker thread.
#pragma once

#include "certs/file.h"

#include <string>
#include <string_view>

namespace ravelin::certs {

// A passphrase or a PIN: wiped when it goes. Never printed.
class SecretText {
 public:
  SecretText() = default;
  explicit SecretText(std::string_view text);
  SecretText(const SecretText&) = delete;
  SecretText& operator=(const SecretText&) = delete;
  SecretText(SecretText&& other) noexcept;
  SecretText& operator=(SecretText&& other) noexcept;
  ~SecretText();

  [[nodiscard]] const std::string& text() const { return text_; }

 private:
  void wipe();

  std::string text_;
};

struct SecretLine {
  SecretText secret;
  FileStamp stamp;  // of the file as it was read
};

// The first line of a file as hard to read as a private key: a passphrase or a PIN, 1 to 1,024
// bytes. Errors name the file, never its bytes.
Result<SecretLine> read_secret_line(const std::string& path, const KeyFileRules& rules);

// The file's bytes without a line end behind them: 32 to 4,096, say of `openssl rand -hex 32`. The
// file must be as hard to read as a private key. Errors name the file, never its bytes.
Result<std::string> read_secret_file(const std::string& path, const KeyFileRules& rules);

// HMAC-SHA256 of `text`, its first 16 bytes as 32 hexadecimal digits: who does not have the secret
// can neither make one nor read from it what it is of.
std::string keyed_tag(std::string_view secret, std::string_view text);

// 32 random bytes.
std::string make_secret();

}  // namespace ravelin::certs
