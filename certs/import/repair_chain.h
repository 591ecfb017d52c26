// The certificates of some files in the order a server sends them, whatever order and company they
// came in. Pure; any thread.
#pragma once

#include "certs/certificate.h"

#include <string>
#include <vector>

namespace ravelin::certs {

struct RepairedChain {
  std::vector<X509Ptr> members;    // the certificate of the key first, without the root
  std::vector<std::string> notes;  // what was put right, for people: "the root "X" is left out"
};

// The chain of `key`. Errors begin with a code: E_KEY_MISMATCH (the key is of none of them, or of a
// CA), E_CHAIN_MISSING (the certificate's issuer is not there, or one further up while the root
// is), E_CHAIN_WRONG_ISSUER (one of the issuer's name is there that did not sign it). For a
// certificate that a root itself has signed, that root has to be among them; it is left out like
// any other.
Result<RepairedChain> repair_chain(const std::vector<X509Ptr>& given, const EVP_PKEY* key);

}  // namespace ravelin::certs
