#include "certs/issuer/challenges.h"

#include "certs/issuer/base64url.h"

#include <openssl/sha.h>

namespace ravelin::certs {

std::string dns_record_value(const Challenge& challenge) {
  unsigned char digest[SHA256_DIGEST_LENGTH];
  SHA256(reinterpret_cast<const unsigned char*>(challenge.key_authorization.data()),
         challenge.key_authorization.size(), digest);
  return to_base64url({reinterpret_cast<const char*>(digest), sizeof digest});
}

}  // namespace ravelin::certs
