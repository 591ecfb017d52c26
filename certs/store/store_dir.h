// A store of certificates on the disk: what is in it, and the one way a generation gets there. A
// generation is written aside, moved into place whole, and served once a link points to it: a crash
// between two steps leaves what was served before. Whoever changes a certificate holds its lease.
// Blocks on the disk: never on a worker's thread. Several processes and machines may share one.
#pragma once

#include "certs/file.h"
#include "certs/store/generation.h"
#include "certs/store/history.h"
#include "certs/store/lease.h"
#include "certs/store/paths.h"
#include "certs/store/want.h"

#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

namespace ravelin::certs {

// What is there of one certificate.
struct CertificateState {
  std::string name;
  std::uint64_t current = 0;               // that is served; 0 = none yet
  std::uint64_t previous = 0;              // that was served before it; 0 = none
  std::vector<std::uint64_t> generations;  // kept ones, oldest first
  bool has_pending = false;
};

class StoreDir {
 public:
  // Errors: Errc::not_found; Errc::denied: others could read or write it, and the message has the
  // chmod; Errc::invalid: another format, a newer one.
  static Result<StoreDir> open(const std::string& path);
  // Makes it when it is not there.
  static Result<StoreDir> make(const std::string& path);

  [[nodiscard]] const StorePaths& paths() const { return paths_; }

  // Of all certificates, sorted. A folder with another name is left out.
  [[nodiscard]] Result<std::vector<std::string>> names() const;

  // Errc::not_found: no such certificate.
  [[nodiscard]] Result<CertificateState> state(const std::string& name) const;
  [[nodiscard]] Result<Want> want(const std::string& name) const;
  [[nodiscard]] Result<GenerationInfo> info(const std::string& name, std::uint64_t number) const;
  // With chains, and with keys unless they are read elsewhere. Errc::denied: a key is open to
  // others.
  [[nodiscard]] Result<Generation> generation(const std::string& name, std::uint64_t number,
                                              KeyReading keys = KeyReading::here) const;
  [[nodiscard]] std::vector<HistoryEntry> history(const std::string& name) const;

  // Who has it otherwise is named in the error (Errc::conflict).
  [[nodiscard]] Result<std::unique_ptr<Lease>> lease(const std::string& name,
                                                     std::string doing) const;

  // ---- changes; the lease is that of the name ----
  Result<> set_want(Lease& lease, const std::string& name, const Want& want);
  // Keeps it under the next number, unserved.
  Result<std::uint64_t> keep(Lease& lease, const std::string& name, Generation generation);
  // Serves a kept generation from here on.
  Result<> publish(Lease& lease, const std::string& name, std::uint64_t number);
  // Generations beyond the newest `count`, the current and the previous one go.
  Result<> prune(Lease& lease, const std::string& name, std::size_t count);
  // Nothing of the certificate is left.
  Result<> remove(Lease& lease, const std::string& name);
  // Never fails: what cannot be noted is logged.
  void note(const std::string& name, const HistoryEntry& entry) const;

  // SHA-256 of SubjectPublicKeyInfo, lower case hex.
  [[nodiscard]] Result<RevokedKeys> revoked_keys() const;
  Result<> revoke_key(std::string_view spki_sha256);

  static constexpr std::chrono::seconds kLeaseTime{60};
  static constexpr std::size_t kGenerationsKept = 5;

 private:
  explicit StoreDir(std::string path) : paths_(std::move(path)) {}

  StorePaths paths_;
};

}  // namespace ravelin::certs
