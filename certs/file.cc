#include "certs/file.h"

#include "certs/key_file.h"

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

Result<KeyPtr> load_key(const std::string& path, const KeyFileRules& rules, LoadedPair& loaded) {
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
  auto key = parse_key(*text, path);
  OPENSSL_cleanse(text->data(), text->size());
  if (!key) add(loaded, PairCode::key_parse, key.error());
  return key;
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

LoadedPair load_pair(const PairFiles& files, const LoadRules& rules, base::WallTime now) {
  LoadedPair loaded;
  auto chain = load_chain(files.chain, loaded);
  auto key = load_key(files.key, rules.key_file, loaded);
  if (!chain || !key) return loaded;
  for (auto& finding :
       validate_pair(*chain, key->get(), {files.chain, files.key, rules.wanted, rules.use}, now)) {
    if (finding.code == PairCode::cert_expired && rules.expired == ExpiredPair::serve)
      finding.severity = Severity::warning;
    loaded.findings.push_back(std::move(finding));
  }
  if (!has_errors(loaded.findings))
    loaded.pair = std::make_shared<const CertificatePair>(
        CertificatePair{std::move(*chain), std::move(*key)});
  return loaded;
}

}  // namespace ravelin::certs
