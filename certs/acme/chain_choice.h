// What a CA sent as certificates: whether it is what was ordered, and which of several chains to
// take. Pure.
#pragma once

#include "certs/acme/messages.h"
#include "certs/certificate.h"

#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace ravelin::certs::acme {

// PEM as the CA sent it, without a root at its end. Errors as parse_chain.
Result<Chain> parse_issued(std::string_view pem);

// Errors: the leaf's key is not the request's; its names are not exactly the order's.
Result<> check_issued(const Chain& chain, std::string_view csr_der,
                      const std::vector<std::string>& names);

struct ChainFacts {
  std::string root_name;          // common name of who issued its last certificate
  std::vector<std::string> keys;  // SHA-256 of the public keys above the leaf, lower case hex
  std::size_t length = 0;
};

ChainFacts facts_of(const Chain& chain);

// The first that ends at the root preferred by name or (64 hexadecimal digits) has that key in it;
// else the first of the shortest. `chains` is not empty.
std::size_t choose_chain(std::span<const ChainFacts> chains, std::string_view preferred);
bool is_preferred(const ChainFacts& chain, std::string_view preferred);

}  // namespace ravelin::certs::acme
