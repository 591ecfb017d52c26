#include "certs/acme/chain_choice.h"

#include "base/check.h"
#include "base/text.h"

#include <algorithm>

namespace ravelin::certs::acme {
namespace {

using base::Errc;
using base::fail;

constexpr std::size_t kKeyHexDigits = 64;

using RequestPtr = base::Handle<X509_REQ, X509_REQ_free>;

std::string common_name(const X509_NAME* name) {
  const int at = X509_NAME_get_index_by_NID(name, NID_commonName, -1);
  if (at < 0) return {};
  const ASN1_STRING* text = X509_NAME_ENTRY_get_data(X509_NAME_get_entry(name, at));
  unsigned char* utf8 = nullptr;
  const int size = ASN1_STRING_to_UTF8(&utf8, text);
  if (size < 0) return {};
  std::string out(reinterpret_cast<const char*>(utf8), static_cast<std::size_t>(size));
  OPENSSL_free(utf8);
  return out;
}

std::vector<Identifier> identifiers_of(const CertificateInfo& info) {
  std::vector<Identifier> out;
  out.reserve(info.dns_names.size() + info.ip_names.size());
  for (const std::string& name : info.dns_names)
    out.push_back({"dns", name});
  for (const base::IpAddress& address : info.ip_names)
    out.push_back({"ip", base::to_string(address)});
  return out;
}

}  // namespace

Result<Chain> parse_issued(std::string_view pem) {
  auto chain = parse_chain(pem, "the CA's certificate");
  if (!chain) return chain;
  STACK_OF(X509)* above = chain->intermediates.get();
  while (sk_X509_num(above) > 0 &&
         X509_self_signed(sk_X509_value(above, sk_X509_num(above) - 1), 0) == 1)
    const X509Ptr root(sk_X509_pop(above));
  return chain;
}

Result<> check_issued(const Chain& chain, std::string_view csr_der,
                      const std::vector<std::string>& names) {
  const auto* at = reinterpret_cast<const unsigned char*>(csr_der.data());
  const RequestPtr request(d2i_X509_REQ(nullptr, &at, static_cast<long>(csr_der.size())));
  if (request == nullptr) return fail(Errc::invalid, "the request for signature does not parse");
  EVP_PKEY* asked = X509_REQ_get0_pubkey(request.get());
  EVP_PKEY* got = X509_get0_pubkey(chain.leaf.get());
  if (asked == nullptr || got == nullptr || EVP_PKEY_eq(asked, got) != 1)
    return fail(Errc::protocol, "the CA sent a certificate for another key");
  std::vector<Identifier> wanted;
  wanted.reserve(names.size());
  for (const std::string& name : names)
    wanted.push_back(identifier_of(name));
  if (!are_same(wanted, identifiers_of(chain.info)))
    return fail(Errc::protocol, "the CA sent a certificate for other names ({}; ordered: {})",
                base::join(chain.info.dns_names, ", ").substr(0, 500),
                base::join(names, ", ").substr(0, 500));
  return {};
}

ChainFacts facts_of(const Chain& chain) {
  ChainFacts facts;
  const X509* last = chain.leaf.get();
  const int above = sk_X509_num(chain.intermediates.get());
  for (int i = 0; i < above; ++i) {
    last = sk_X509_value(chain.intermediates.get(), i);
    facts.keys.push_back(describe(last).spki_sha256);
  }
  facts.root_name = common_name(X509_get_issuer_name(last));
  facts.length = static_cast<std::size_t>(above) + 1;
  return facts;
}

bool is_preferred(const ChainFacts& chain, std::string_view preferred) {
  if (preferred.empty()) return false;
  if (chain.root_name == preferred) return true;
  return preferred.size() == kKeyHexDigits &&
         std::find(chain.keys.begin(), chain.keys.end(), base::to_lower(preferred)) !=
             chain.keys.end();
}

std::size_t choose_chain(std::span<const ChainFacts> chains, std::string_view preferred) {
  CHECK(!chains.empty());
  const auto wanted =
      std::find_if(chains.begin(), chains.end(),
                   [preferred](const ChainFacts& one) { return is_preferred(one, preferred); });
  if (wanted != chains.end()) return static_cast<std::size_t>(wanted - chains.begin());
  const auto shortest = std::min_element(
      chains.begin(), chains.end(),
      [](const ChainFacts& a, const ChainFacts& b) { return a.length < b.length; });
  return static_cast<std::size_t>(shortest - chains.begin());
}

}  // namespace ravelin::certs::acme
