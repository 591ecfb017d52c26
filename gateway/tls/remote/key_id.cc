#include "gateway/tls/remote/key_id.h"

#include "base/check.h"

#include <openssl/evp.h>

#include <array>

namespace ravelin::gateway {

std::string key_id(const certs::PairFiles& files, certs::PairUse use) {
  constexpr std::size_t kBytes = 16;
  std::string text = use == certs::PairUse::client ? "client" : "server";
  for (const std::string& path : {files.chain, files.key, files.secret_file})
    text += '\0' + path;
  std::array<unsigned char, EVP_MAX_MD_SIZE> hash{};
  CHECK(EVP_Digest(text.data(), text.size(), hash.data(), nullptr, EVP_sha256(), nullptr) == 1);
  std::string id;
  for (std::size_t i = 0; i < kBytes; ++i)
    id += fmt::format("{:02x}", hash[i]);
  return id;
}

}  // namespace ravelin::gateway
