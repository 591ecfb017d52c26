// A store in a folder of the test's own.
#pragma once

#include "certs/store/store_dir.h"
#include "tests/certs/certificate_recipes.h"
#include "tests/support/temp_dir.h"

#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace ravelin::certs::test {

class StoreLab {
 public:
  StoreLab();

  [[nodiscard]] std::string root() const { return folder_.path("store"); }

  // Below the root.
  [[nodiscard]] std::string path(std::string_view name) const {
    return root() + "/" + std::string(name);
  }

  std::unique_ptr<Lease> lease(const std::string& name);

  // Kept and served; the generation's number. The first recipe's first name is the certificate's.
  std::uint64_t serve(const std::vector<Recipe>& recipes);
  std::uint64_t serve(const std::string& name);
  std::uint64_t serve(const std::string& name, Generation generation);

  // Aborts when there is no such certificate.
  [[nodiscard]] CertificateState state(const std::string& name) const;

 private:
  ravelin::test::TempDir folder_;

 public:
  StoreDir store;
};

std::string read_text(const std::string& path);

}  // namespace ravelin::certs::test
