// Certificates for tests: one unconstrained CA per process, pairs on demand, and a folder to put
// their files in.
#pragma once

#include "certs/local_ca.h"

#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

namespace ravelin::test {

// A CA without name constraints, made at the first use.
const certs::LocalCa& ca();
// Another one, which nothing trusts.
const certs::LocalCa& stranger_ca();

// A server pair of ca() for these names. Aborts on failure.
certs::PairPtr issue(std::vector<std::string> names, certs::LeafKey key = certs::LeafKey::p256);
certs::PairPtr issue(const certs::LeafRequest& request);
// A client pair with this common name.
certs::PairPtr issue_client(const std::string& common_name);

// A fresh folder, removed with everything in it when it goes.
class TempDir {
 public:
  TempDir();
  TempDir(const TempDir&) = delete;
  TempDir& operator=(const TempDir&) = delete;
  ~TempDir();

  [[nodiscard]] std::string path(std::string_view name) const { return (dir_ / name).string(); }

  [[nodiscard]] std::string path() const { return dir_.string(); }

  // Writes in place (truncates); new files get `mode`.
  void write(std::string_view name, std::string_view text, unsigned mode = 0600) const;
  // Writes beside it and renames over it.
  void replace(std::string_view name, std::string_view text, unsigned mode = 0600) const;
  // Writes NAME.crt and NAME.key.
  void write_pair(std::string_view name, const certs::PairPtr& pair) const;

 private:
  std::filesystem::path dir_;
};

}  // namespace ravelin::test
