#include "certs/import/read_import.h"

#include "base/check.h"
#include "certs/import/pkcs12.h"
#include "certs/import/repair_chain.h"
#include "certs/sealed_key.h"

#include <openssl/crypto.h>
#include <openssl/pkcs7.h>

#include <algorithm>

namespace ravelin::certs {
namespace {

using base::Errc;
using base::fail;

constexpr std::string_view kBegin = "-----BEGIN ";
constexpr std::size_t kCertificatesMax = 100;

// What has been found so far.
struct Found {
  std::vector<X509Ptr> certificates;
  KeyPtr key;
  std::string key_file;

  Result<> add_key(KeyPtr another, const std::string& file) {
    if (key != nullptr && EVP_PKEY_eq(key.get(), another.get()) != 1)
      return fail(Errc::invalid, "E_KEY_MISMATCH: there is one key in {} and another in {}",
                  key_file, file);
    key = std::move(another);
    key_file = file;
    return {};
  }

  Result<> add_certificate(X509Ptr certificate, const std::string& file) {
    if (certificates.size() == kCertificatesMax)
      return fail(Errc::invalid, "E_CERT_PARSE: {}: more than {} certificates in all", file,
                  kCertificatesMax);
    certificates.push_back(std::move(certificate));
    return {};
  }
};

base::Error encrypted(const std::string& file) {
  return fail(Errc::invalid,
              "E_KEY_ENCRYPTED: {}: the key is encrypted: put its passphrase into a file of mode "
              "0600 and name that with --pass-file",
              file);
}

Result<> take_sealed(std::string_view der, const std::string* passphrase, const std::string& file,
                     Found& found) {
  if (passphrase == nullptr) return encrypted(file);
  auto key = open_sealed_key(der, *passphrase, file);
  return key ? found.add_key(std::move(*key), file) : key.error();
}

// One block of PEM, from its BEGIN to the next.
struct Block {
  std::string_view text;
  std::string label;
};

Result<> take_key(const Block& block, const std::string* passphrase, const std::string& file,
                  Found& found) {
  const bool is_encrypted = block.label == PEM_STRING_PKCS8 ||
                            block.text.find("Proc-Type: 4,ENCRYPTED") != std::string_view::npos;
  if (is_encrypted && passphrase == nullptr) return encrypted(file);
  auto opened = open_key(block.text, passphrase == nullptr ? std::string() : *passphrase, file);
  if (opened) return found.add_key(std::move(opened->key), file);
  if (opened.error().message.starts_with("E_KEY_")) return opened.error();
  return fail(Errc::invalid, "E_KEY_PARSE: {}", opened.error().message);
}

Result<> take_certificates(std::string_view text, const std::string& file, Found& found) {
  auto some = parse_bundle(text, file);
  if (!some) return fail(Errc::invalid, "E_CERT_PARSE: {}", some.error().message);
  for (X509Ptr& each : *some)
    if (auto added = found.add_certificate(std::move(each), file); !added) return added;
  return {};
}

Result<> take_block(const Block& block, const std::string* passphrase, const std::string& file,
                    Found& found) {
  if (block.label.ends_with("PRIVATE KEY")) return take_key(block, passphrase, file, found);
  if (block.label == PEM_STRING_X509 || block.label == PEM_STRING_X509_OLD)
    return take_certificates(block.text, file, found);
  if (block.label == PEM_STRING_PKCS7)
    return fail(Errc::invalid,
                "E_CERT_PARSE: {}: is PKCS#7: take its certificates out with openssl pkcs7 "
                "-print_certs -in {} -out chain.pem",
                file, file);
  if (block.label == PEM_STRING_X509_REQ)
    return fail(Errc::invalid,
                "E_CERT_PARSE: {}: is a request for a certificate, not a certificate: its CA has "
                "the certificate",
                file);
  return {};  // EC PARAMETERS and other company
}

Result<> read_pem(const ImportFile& file, const std::string* passphrase, Found& found) {
  const std::string_view text = file.bytes;
  std::size_t at = text.find(kBegin);
  while (at != std::string_view::npos) {
    const std::size_t next = text.find(kBegin, at + kBegin.size());
    Block block{text.substr(at, next == std::string_view::npos ? next : next - at), {}};
    const std::size_t label = kBegin.size();
    block.label = block.text.substr(label, block.text.find("-----", label) - label);
    if (auto taken = take_block(block, passphrase, file.name, found); !taken) return taken;
    at = next;
  }
  return {};
}

// Nothing but `decode` made of all the bytes.
template <class Object, class Decode>
Object whole(std::string_view der, Decode decode) {
  const auto* at = reinterpret_cast<const unsigned char*>(der.data());
  Object object(decode(&at, static_cast<long>(der.size())));
  ERR_clear_error();
  if (at != reinterpret_cast<const unsigned char*>(der.data() + der.size())) object.reset();
  return object;
}

Result<> read_der(const ImportFile& file, const std::string* passphrase, Found& found) {
  const std::string_view der = file.bytes;
  auto certificate = whole<X509Ptr>(
      der, [](const unsigned char** at, long size) { return d2i_X509(nullptr, at, size); });
  if (certificate != nullptr) return take_certificates(to_pem(certificate.get()), file.name, found);
  if (is_pkcs12(der)) {
    auto contents = read_pkcs12(der, passphrase, file.name);
    if (!contents) return contents.error();
    for (X509Ptr& each : contents->certificates)
      if (auto added = found.add_certificate(std::move(each), file.name); !added) return added;
    if (contents->key == nullptr) return {};
    return found.add_key(std::move(contents->key), file.name);
  }
  const auto pkcs7 = whole<base::Handle<PKCS7, PKCS7_free>>(
      der, [](const unsigned char** at, long size) { return d2i_PKCS7(nullptr, at, size); });
  if (pkcs7 != nullptr)
    return fail(Errc::invalid,
                "E_CERT_PARSE: {}: is PKCS#7: take its certificates out with openssl pkcs7 "
                "-inform DER -print_certs -in {} -out chain.pem",
                file.name, file.name);
  auto key = whole<KeyPtr>(der, [](const unsigned char** at, long size) {
    return d2i_AutoPrivateKey(nullptr, at, size);
  });
  if (key != nullptr) return found.add_key(std::move(key), file.name);
  if (!is_sealed_key(der))
    return fail(Errc::invalid,
                "E_CERT_PARSE: {}: is no certificate, key or PKCS#12 file, or there is more behind "
                "it",
                file.name);
  return take_sealed(der, passphrase, file.name, found);
}

Result<> read_file(const ImportFile& file, const std::string* passphrase, Found& found) {
  const std::string_view bytes = file.bytes;
  if (bytes.find_first_not_of(" \t\r\n") == std::string_view::npos)
    return fail(Errc::invalid, "E_PEM_EMPTY: {}: is empty", file.name);
  if (bytes.size() > kPemBytesMax)
    return fail(Errc::invalid, "E_CERT_PARSE: {}: is larger than 1 MiB", file.name);
  if (bytes.starts_with("\xff\xfe") || bytes.starts_with("\xfe\xff"))
    return fail(Errc::invalid, "E_CERT_PARSE: {}: is UTF-16: save it as plain text", file.name);
  constexpr char kSequence = 0x30;  // how every DER of ours begins
  const bool has_blocks = bytes.find(kBegin) != std::string_view::npos;
  if (bytes.front() == kSequence && bytes.find('\0') != std::string_view::npos)
    return read_der(file, passphrase, found);
  if (has_blocks) return read_pem(file, passphrase, found);
  if (bytes.front() == kSequence) return read_der(file, passphrase, found);
  return fail(Errc::invalid, "E_CERT_PARSE: {}: is neither PEM, DER nor PKCS#12", file.name);
}

}  // namespace

ImportFile::ImportFile(std::string file_name, std::string file_bytes)
    : name(std::move(file_name)), bytes(std::move(file_bytes)) {}

ImportFile::~ImportFile() {
  OPENSSL_cleanse(bytes.data(), bytes.size());
}

Result<ImportedPair> read_import(std::span<const ImportFile> files, const std::string* passphrase) {
  Found found;
  for (const ImportFile& file : files)
    if (auto done = read_file(file, passphrase, found); !done) return done.error();
  if (found.certificates.empty())
    return fail(Errc::invalid, "E_CERT_PARSE: there is no certificate in what was given");
  if (found.key == nullptr)
    return fail(Errc::invalid,
                "E_KEY_PARSE: there is no private key in what was given: add it with --key FILE");
  auto repaired = repair_chain(found.certificates, found.key.get());
  if (!repaired) return repaired.error();
  if (repaired->members.size() > kChainCertificatesMax)
    return fail(Errc::invalid, "E_CHAIN_TOO_LONG: the chain has {} certificates (at most {})",
                repaired->members.size(), kChainCertificatesMax);
  ImportedPair pair;
  pair.slot = key_type(found.key.get()) == KeyType::rsa ? PairSlot::rsa : PairSlot::ec;
  std::string chain;
  for (const X509Ptr& each : repaired->members)
    chain += to_pem(each.get());
  pair.texts = PairTexts(std::move(chain), key_to_pem(found.key.get()));
  pair.notes = std::move(repaired->notes);
  return pair;
}

}  // namespace ravelin::certs
