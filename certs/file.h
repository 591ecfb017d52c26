// Certificate and key files outside a store: bounded reading, and who else may read a key. Blocks
// on the disk: never on a worker thread.
#pragma once

#include "certs/validate_pair.h"

#include <sys/stat.h>
#include <sys/types.h>

#include <cstdint>
#include <string>
#include <vector>

namespace ravelin::certs {

// The whole file, at most 1 MiB. Errors: cannot be opened or read, not a regular file, too large.
Result<std::string> read_pem_file(const std::string& path);

// Who besides the key's owner may have access, and who may be its owner.
struct KeyFileRules {
  std::vector<std::string> groups{"ssl-cert"};  // may read (mode 0640); reported as a warning
  std::vector<uid_t> owners{};                  // besides root and the effective user
  RevokedKeys revoked{};                        // never served again, whoever may read them
  std::string revoked_unknown{};                // why it is not known which those are; "" = it is
};

struct PairFiles {
  std::string chain;
  std::string key;            // a file, or the URI of a key in a token (RFC 7512)
  std::string secret_file{};  // the key file's passphrase or the token's PIN; "" = none

  [[nodiscard]] bool is_in_token() const { return key.starts_with("pkcs11:"); }

  friend bool operator==(const PairFiles&, const PairFiles&) = default;
};

enum class ExpiredPair { refuse, serve };  // serve: a warning only, for want of a better one

enum class KeyReading { here, elsewhere };  // elsewhere: another process has the keys of files

struct LoadRules {
  KeyFileRules key_file{};
  ExpiredPair expired = ExpiredPair::refuse;
  std::vector<std::string> wanted{};  // host names to cover; empty = any
  PairUse use = PairUse::server;
  KeyReading key_reading = KeyReading::here;
};

// What stat() says about one file, links followed. All zero when it is not there.
struct FileStamp {
  std::uint64_t device = 0;
  std::uint64_t inode = 0;
  std::int64_t size = 0;
  std::int64_t modified_ns = 0;
  std::int64_t changed_ns = 0;

  friend bool operator==(const FileStamp&, const FileStamp&) = default;
};

FileStamp stamp_of(const struct stat& status);
FileStamp stamp_at(const std::string& path);  // all zero when it is not there

struct PairStamps {
  FileStamp chain;
  FileStamp key;     // all zero for a key in a token
  FileStamp secret;  // of secret_file

  friend bool operator==(const PairStamps&, const PairStamps&) = default;
};

struct LoadedPair {
  PairPtr pair;  // nullptr when a finding is an error; its key is null when that was not read
  std::vector<PairFinding> findings;
  PairStamps stamps;  // of the files as they were read
};

// Reads and validates one pair, and has a pair for servers shake hands with itself; but for a key
// in a token, which is not looked for (certs/token/tokens.h), or elsewhere, of which only the
// file's time is looked at. Never fails as a whole: what is wrong is in the findings.
LoadedPair load_pair(const PairFiles& files, const LoadRules& rules, base::WallTime now);

struct LoadedKey {
  KeyPtr key;  // nullptr when a finding is an error
  std::vector<PairFinding> findings;
};

// The key of these files alone, with what is wrong about it as load_pair() has it.
LoadedKey load_key(const PairFiles& files, const KeyFileRules& rules);

}  // namespace ravelin::certs
