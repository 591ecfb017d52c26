// Certificates and keys that came from elsewhere, as a store keeps them: PEM, DER and PKCS#12, told
// apart by what is in the file, the chain put in order. Pure; any thread. Key material never
// reaches an error.
#pragma once

#include "certs/store/generation.h"

#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace ravelin::certs {

// A file as it was read: may hold a key, and is wiped when it goes.
struct ImportFile {
  std::string name;  // as the operator knows it
  std::string bytes;

  ImportFile(std::string file_name, std::string file_bytes);
  ImportFile(const ImportFile&) = delete;
  ImportFile& operator=(const ImportFile&) = delete;
  ImportFile(ImportFile&&) noexcept = default;
  ImportFile& operator=(ImportFile&&) noexcept = default;
  ~ImportFile();
};

struct ImportedPair {
  PairSlot slot = PairSlot::ec;
  PairTexts texts;
  std::vector<std::string> notes;  // what was put right, for people
};

// One pair from all files: certificates from any of them, and the key, which may stand in each. An
// encrypted key is opened with the passphrase; nullptr = there is none. Errors name the file and
// begin with a code: E_PEM_EMPTY, E_CERT_PARSE, E_KEY_PARSE, E_KEY_ENCRYPTED, E_PKCS12_LEGACY,
// E_KEY_MISMATCH (also: several keys) and those of repair_chain.h. What makes a pair fit to be
// served is checked later (check_generation.h).
Result<ImportedPair> read_import(std::span<const ImportFile> files, const std::string* passphrase);

}  // namespace ravelin::certs
