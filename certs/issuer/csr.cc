#include "certs/issuer/csr.h"

#include "base/check.h"
#include "base/text.h"
#include "certs/build_certificate.h"
#include "certs/issuer/private_key.h"
#include "certs/names.h"

#include <algorithm>
#include <optional>

namespace ravelin::certs {
namespace {

using base::Errc;
using base::fail;
using RequestPtr = base::Handle<X509_REQ, X509_REQ_free>;

void free_extensions(STACK_OF(X509_EXTENSION) * list) {
  sk_X509_EXTENSION_pop_free(list, X509_EXTENSION_free);
}

using ExtensionsPtr = base::Handle<STACK_OF(X509_EXTENSION), free_extensions>;

Result<> check_size(std::string_view bytes) {
  if (bytes.size() <= kCsrBytesMax) return {};
  return fail(Errc::invalid, "a request for signature of {} bytes (at most {})", bytes.size(),
              kCsrBytesMax);
}

std::string to_der(X509_REQ* request) {
  unsigned char* der = nullptr;
  const int size = i2d_X509_REQ(request, &der);
  CHECK(size > 0);
  std::string bytes(reinterpret_cast<const char*>(der), static_cast<std::size_t>(size));
  OPENSSL_free(der);
  return bytes;
}

Result<> check_count(std::size_t names) {
  if (names == 0) return fail(Errc::invalid, "a request for signature without a name");
  if (names > kCsrNamesMax)
    return fail(Errc::invalid, "a request for signature with {} names (at most {})", names,
                kCsrNamesMax);
  return {};
}

std::string_view bytes_of(const ASN1_STRING* text) {
  return {reinterpret_cast<const char*>(ASN1_STRING_get0_data(text)),
          static_cast<std::size_t>(ASN1_STRING_length(text))};
}

// The canonical text of one name; nullopt for a kind that is not served.
std::optional<std::string> name_of(const GENERAL_NAME* name) {
  if (name->type == GEN_DNS) return base::to_lower(bytes_of(name->d.dNSName));
  if (name->type != GEN_IPADD) return std::nullopt;
  const std::string_view bytes = bytes_of(name->d.iPAddress);
  if (bytes.size() != 4 && bytes.size() != 16) return std::nullopt;
  base::IpAddress address;
  address.family = bytes.size() == 4 ? base::Family::ipv4 : base::Family::ipv6;
  std::copy(bytes.begin(), bytes.end(), address.bytes.begin());
  std::string text = base::to_string(address);
  // ::ffff:192.0.2.1 is another name for an IPv4 address, and clients do not look for it.
  return base::parse_ip(text) == address ? std::optional(std::move(text)) : std::nullopt;
}

Result<std::vector<std::string>> read_names(X509_REQ* request) {
  const ExtensionsPtr extensions(X509_REQ_get_extensions(request));
  const GeneralNamesPtr list(static_cast<GENERAL_NAMES*>(
      X509V3_get_d2i(extensions.get(), NID_subject_alt_name, nullptr, nullptr)));
  ERR_clear_error();
  const int count = list == nullptr ? 0 : sk_GENERAL_NAME_num(list.get());
  if (auto checked = check_count(static_cast<std::size_t>(count)); !checked) return checked.error();
  std::vector<std::string> names;
  for (int i = 0; i < count; ++i) {
    auto name = name_of(sk_GENERAL_NAME_value(list.get(), i));
    if (!name)
      return fail(Errc::invalid,
                  "a request for signature with a name that is neither DNS name nor IP address");
    // An address in the place of a DNS name would be one to some readers and not to others.
    if (sk_GENERAL_NAME_value(list.get(), i)->type == GEN_DNS) {
      if (auto checked = check_host_name(*name); !checked) return checked.error();
    }
    if (std::ranges::find(names, *name) != names.end())
      return fail(Errc::invalid, "a request for signature that names \"{}\" twice", *name);
    names.push_back(std::move(*name));
  }
  return names;
}

}  // namespace

Result<std::string> make_csr(EVP_PKEY* key, std::span<const std::string> names) {
  if (auto checked = check_count(names.size()); !checked) return checked.error();
  const auto list = general_names(names);
  if (!list) return list.error();
  const RequestPtr request(X509_REQ_new());
  CHECK(X509_REQ_set_version(request.get(), 0) == 1);
  CHECK(X509_REQ_set_pubkey(request.get(), key) == 1);
  STACK_OF(X509_EXTENSION)* extensions = nullptr;
  CHECK(X509V3_add1_i2d(&extensions, NID_subject_alt_name, list->get(), 1, X509V3_ADD_DEFAULT) ==
        1);
  const ExtensionsPtr owned(extensions);
  CHECK(X509_REQ_add_extensions(request.get(), extensions) == 1);
  if (X509_REQ_sign(request.get(), key, EVP_sha256()) == 0)
    return fail(Errc::tls, "signing a request for signature: {}", take_openssl_error());
  return to_der(request.get());
}

Result<std::string> decode_csr(std::string_view text) {
  if (auto checked = check_size(text); !checked) return checked.error();
  if (text.find("-----BEGIN ") == std::string_view::npos) return std::string(text);
  const BioPtr in(BIO_new_mem_buf(text.data(), static_cast<int>(text.size())));
  const RequestPtr request(PEM_read_bio_X509_REQ(in.get(), nullptr, nullptr, nullptr));
  ERR_clear_error();
  if (request == nullptr)
    return fail(Errc::invalid, "not a request for signature (PKCS#10 in PEM)");
  return to_der(request.get());
}

Result<ParsedCsr> parse_csr(std::string_view der) {
  if (auto checked = check_size(der); !checked) return checked.error();
  const auto* at = reinterpret_cast<const unsigned char*>(der.data());
  const auto* const end = at + der.size();
  const RequestPtr request(d2i_X509_REQ(nullptr, &at, static_cast<long>(der.size())));
  if (request == nullptr || at != end) {
    ERR_clear_error();
    return fail(Errc::invalid, "not a request for signature (PKCS#10 in DER)");
  }
  ParsedCsr parsed;
  parsed.key = KeyPtr(X509_REQ_get_pubkey(request.get()));
  ERR_clear_error();
  if (parsed.key == nullptr)
    return fail(Errc::invalid, "a request for signature without a key that can be read");
  // First: checking a signature with an odd key may take as long as its maker likes.
  if (auto checked = check_key_strength(parsed.key.get()); !checked)
    return base::wrap(checked.error(), "a request for signature");
  if (X509_REQ_verify(request.get(), parsed.key.get()) != 1) {
    ERR_clear_error();
    return fail(Errc::invalid, "a request for signature whose own signature is wrong");
  }
  auto names = read_names(request.get());
  if (!names) return names.error();
  parsed.names = std::move(*names);
  return parsed;
}

}  // namespace ravelin::certs
