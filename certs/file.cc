#include "certs/file.h"

#include "certs/key_file.h"
#include "certs/secret_file.h"
#include "certs/self_handshake.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>

namespace ravelin::certs {
namespace {

using base::Severity;

void add(LoadedPair& loaded, PairCode code, const base::Error& error) {
  loaded.findings.push_back({code, Severity::error, error.message});
}

Result<Chain> load_chain(const std::string& path, LoadedPair& loaded) {
  const auto file = KeyFile::open(path);
  if (!file) {
    add(loaded, PairCode::file_unreadable, file.error());
    return file.error();
  }
  loaded.stamps.chain = file->stamp();
  auto text = file->read();
  if (!text) {
    add(loaded, PairCode::file_unreadable, text.error());
    return text.error();
  }
  auto chain = parse_chain(*text, path);
  if (!chain) add(loaded, PairCode::cert_parse, chain.error());
  return chain;
}

// With its code where the error names one: "E_KEY_ENCRYPTED: www.key: …".
void add_coded(LoadedPair& loaded, const base::Error& error) {
  std::string_view message = error.message;
  PairCode code = PairCode::key_parse;
  for (const PairCode each : {PairCode::key_parse, PairCode::key_encrypted}) {
    const std::string start = fmt::format("{}: ", code_text(each));
    if (!message.starts_with(start)) continue;
    message.remove_prefix(start.size());
    code = each;
  }
  loaded.findings.push_back({code, Severity::error, std::string(message)});
}

// The key of a PEM text under the passphrase that stands in a file.
Result<KeyPtr> open_with(const std::string& pem, const PairFiles& files, const KeyFileRules& rules,
                         LoadedPair& loaded) {
  const auto line = read_secret_line(files.secret_file, rules);
  if (!line) {
    add(loaded, PairCode::key_encrypted, line.error());
    return line.error();
  }
  loaded.stamps.secret = line->stamp;
  auto opened = open_key(pem, line->secret.text(), files.key);
  if (!opened) {
    add_coded(loaded, opened.error());
    return opened.error();
  }
  if (!opened->was_encrypted)
    loaded.findings.push_back(
        {PairCode::key_passphrase, Severity::warning,
         fmt::format("{}: is not encrypted, so the passphrase in {} protects nothing: leave out "
                     "pass_file, or encrypt the key (openssl pkcs8 -topk8)",
                     files.key, files.secret_file)});
  return std::move(opened->key);
}

Result<KeyPtr> read_key(const PairFiles& files, const KeyFileRules& rules, LoadedPair& loaded) {
  const std::string& path = files.key;
  auto file = KeyFile::open(path);
  if (!file) {
    add(loaded, PairCode::file_unreadable, file.error());
    return file.error();
  }
  loaded.stamps.key = file->stamp();
  for (auto& finding : file->check(rules))
    loaded.findings.push_back(std::move(finding));
  auto text = file->read();
  if (!text) {
    add(loaded, PairCode::file_unreadable, text.error());
    return text.error();
  }
  const bool has_passphrase = !files.secret_file.empty();
  auto key = has_passphrase ? open_with(*text, files, rules, loaded) : parse_key(*text, path);
  OPENSSL_cleanse(text->data(), text->size());
  if (!key && !has_passphrase) add(loaded, PairCode::key_parse, key.error());
  return key;
}

// What no look at the fields shows, a handshake does. A key that is elsewhere is proved where it
// is.
void prove_pair(const PairFiles& files, const LoadRules& rules, LoadedPair& loaded) {
  if (rules.use != PairUse::server || loaded.pair->key == nullptr) return;
  const auto shaken = shake_hands_once(*loaded.pair);
  if (shaken) return;
  loaded.pair = nullptr;
  loaded.findings.push_back({PairCode::handshake, Severity::error,
                             fmt::format("{}: no client comes to an end with it and {}: {}",
                                         files.chain, files.key, shaken.error().message)});
}

void check_revoked(const PairFiles& files, const Chain& chain, const KeyFileRules& rules,
                   LoadedPair& loaded) {
  if (!rules.revoked_unknown.empty())
    loaded.findings.push_back({PairCode::key_compromised, Severity::warning,
                               fmt::format("{}: whether its key was revoked is not known: {}",
                                           files.chain, rules.revoked_unknown)});
  if (rules.revoked.contains(chain.info.spki_sha256))
    loaded.findings.push_back(
        {PairCode::key_compromised, Severity::error,
         fmt::format(
             "{}: its key was revoked (ravelin certs revoke) and is never served again: use "
             "a certificate of a new key",
             files.chain)});
}

// Of files that somebody else reads.
PairStamps stamps_of_others(const PairFiles& files, const FileStamp& chain) {
  return {chain, files.is_in_token() ? FileStamp() : stamp_at(files.key),
          files.secret_file.empty() ? FileStamp() : stamp_at(files.secret_file)};
}

}  // namespace

Result<std::string> read_pem_file(const std::string& path) {
  auto file = KeyFile::open(path);
  if (!file) return file.error();
  return file->read();
}

FileStamp stamp_of(const struct stat& status) {
  constexpr std::int64_t kNanosPerSecond = 1'000'000'000;
  return {status.st_dev, status.st_ino, status.st_size,
          status.st_mtim.tv_sec * kNanosPerSecond + status.st_mtim.tv_nsec,
          status.st_ctim.tv_sec * kNanosPerSecond + status.st_ctim.tv_nsec};
}

FileStamp stamp_at(const std::string& path) {
  struct stat status {};

  return ::stat(path.c_str(), &status) == 0 ? stamp_of(status) : FileStamp();
}

LoadedPair load_pair(const PairFiles& files, const LoadRules& rules, base::WallTime now) {
  LoadedPair loaded;
  auto chain = load_chain(files.chain, loaded);
  const bool is_elsewhere = files.is_in_token() || rules.key_reading == KeyReading::elsewhere;
  auto key = is_elsewhere ? Result<KeyPtr>(KeyPtr()) : read_key(files, rules.key_file, loaded);
  if (is_elsewhere) loaded.stamps = stamps_of_others(files, loaded.stamps.chain);
  if (!chain || !key) return loaded;
  const EVP_PKEY* public_key = is_elsewhere ? X509_get0_pubkey(chain->leaf.get()) : key->get();
  for (auto& finding :
       validate_pair(*chain, public_key, {files.chain, files.key, rules.wanted, rules.use}, now)) {
    if (finding.code == PairCode::cert_expired && rules.expired == ExpiredPair::serve)
      finding.severity = Severity::warning;
    loaded.findings.push_back(std::move(finding));
  }
  check_revoked(files, *chain, rules.key_file, loaded);
  if (has_errors(loaded.findings)) return loaded;
  loaded.pair =
      std::make_shared<const CertificatePair>(CertificatePair{std::move(*chain), std::move(*key)});
  prove_pair(files, rules, loaded);
  return loaded;
}

LoadedKey load_key(const PairFiles& files, const KeyFileRules& rules) {
  LoadedPair loaded;
  auto key = read_key(files, rules, loaded);
  LoadedKey found{.key = nullptr, .findings = std::move(loaded.findings)};
  if (key && !has_errors(found.findings)) found.key = std::move(*key);
  return found;
}

}  // namespace ravelin::certs
