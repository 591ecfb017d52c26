// PEM text to certificates, keys and CRLs. Every block is looked at by its label, so a key in a
// certificate file is noticed.
#include "base/check.h"
#include "certs/certificate.h"
#include "certs/sealed_key.h"

#include <openssl/x509v3.h>

#include <functional>

namespace ravelin::certs {
namespace {

using base::Errc;
using base::fail;

constexpr std::string_view kBegin = "-----BEGIN ";

Result<> check_text(std::string_view pem, std::string_view name) {
  if (pem.size() > kPemBytesMax)
    return fail(Errc::invalid, "{}: is {} bytes (at most 1 MiB)", name, pem.size());
  if (pem.find_first_not_of(" \t\r\n") == std::string_view::npos)
    return fail(Errc::invalid, "{}: is empty", name);
  if (pem.find('\0') != std::string_view::npos)
    return fail(Errc::invalid, "{}: is not text (PEM in ASCII or UTF-8 is expected)", name);
  return {};
}

int line_of(std::string_view pem, std::size_t offset) {
  int line = 1;
  for (std::size_t i = 0; i < offset && i < pem.size(); ++i)
    line += pem[i] == '\n' ? 1 : 0;
  return line;
}

// One PEM block, decoded. The bytes are wiped when it goes, since they may be a key.
struct Block {
  std::string label;
  std::string header;
  unsigned char* der = nullptr;
  long size = 0;
  int line = 0;

  Block() = default;
  Block(const Block&) = delete;
  Block& operator=(const Block&) = delete;

  ~Block() { OPENSSL_clear_free(der, static_cast<std::size_t>(size)); }
};

// Calls `take` for each block in order until it fails. Garbage between blocks is skipped, as every
// PEM reader does; a block that begins and does not parse is an error.
Result<> each_block(std::string_view pem, std::string_view name,
                    const std::function<Result<>(Block&)>& take) {
  if (auto checked = check_text(pem, name); !checked) return checked.error();
  std::size_t at = pem.find(kBegin);
  while (at != std::string_view::npos) {
    const BioPtr in(BIO_new_mem_buf(pem.data() + at, static_cast<int>(pem.size() - at)));
    char* label = nullptr;
    char* header = nullptr;
    Block block;
    block.line = line_of(pem, at);
    if (PEM_read_bio(in.get(), &label, &header, &block.der, &block.size) != 1)
      return fail(Errc::invalid, "{}: line {}: broken PEM block: {}", name, block.line,
                  take_openssl_error());
    block.label = label;
    block.header = header;
    OPENSSL_free(label);
    OPENSSL_free(header);
    if (auto taken = take(block); !taken) return taken.error();
    at = pem.find(kBegin, at + kBegin.size());
  }
  return {};
}

bool is_certificate(const Block& block) {
  return block.label == PEM_STRING_X509 || block.label == PEM_STRING_X509_OLD;
}

bool is_key(const Block& block) {
  return block.label.ends_with("PRIVATE KEY");
}

bool is_encrypted(const Block& block) {
  return block.label == PEM_STRING_PKCS8 || block.header.find("ENCRYPTED") != std::string::npos;
}

Result<X509Ptr> decode_certificate(const Block& block, std::string_view name) {
  const unsigned char* at = block.der;
  X509Ptr certificate(d2i_X509(nullptr, &at, block.size));
  if (certificate == nullptr)
    return fail(Errc::invalid, "{}: line {}: not a certificate: {}", name, block.line,
                take_openssl_error());
  if (at != block.der + block.size)
    return fail(Errc::invalid, "{}: line {}: bytes after the end of the certificate", name,
                block.line);
  if (X509_get0_pubkey(certificate.get()) == nullptr)
    return fail(Errc::invalid, "{}: line {}: the certificate's public key cannot be read: {}", name,
                block.line, take_openssl_error());
  return certificate;
}

}  // namespace

PemBlock::PemBlock(std::string label_text, std::string der_bytes)
    : label(std::move(label_text)), der(std::move(der_bytes)) {}

PemBlock::~PemBlock() {
  OPENSSL_cleanse(der.data(), der.size());
}

Result<std::vector<PemBlock>> decode_pem(std::string_view pem, std::string_view name) {
  std::vector<PemBlock> blocks;
  auto done = each_block(pem, name, [&](const Block& block) -> Result<> {
    if (block.label == PEM_STRING_PKCS8 || !block.header.empty())
      return fail(Errc::invalid, "{}: line {}: is encrypted", name, block.line);
    blocks.emplace_back(block.label, std::string(reinterpret_cast<const char*>(block.der),
                                                 static_cast<std::size_t>(block.size)));
    return {};
  });
  if (!done) return done.error();
  if (blocks.empty()) return fail(Errc::invalid, "{}: has no PEM block", name);
  return blocks;
}

Result<std::vector<X509Ptr>> parse_bundle(std::string_view pem, std::string_view name) {
  std::vector<X509Ptr> certificates;
  auto done = each_block(pem, name, [&](const Block& block) -> Result<> {
    if (is_key(block))
      return fail(Errc::invalid,
                  "{}: line {}: a private key is in the certificate file: keep it in its own file "
                  "of mode 0600",
                  name, block.line);
    if (!is_certificate(block)) return {};
    auto certificate = decode_certificate(block, name);
    if (!certificate) return certificate.error();
    certificates.push_back(std::move(*certificate));
    return {};
  });
  if (!done) return done.error();
  if (certificates.empty())
    return fail(Errc::invalid, "{}: has no certificate (-----BEGIN CERTIFICATE----- is missing)",
                name);
  return certificates;
}

Result<Chain> parse_chain(std::string_view pem, std::string_view name) {
  auto certificates = parse_bundle(pem, name);
  if (!certificates) return certificates.error();
  if (certificates->size() > kChainCertificatesMax)
    return fail(Errc::invalid, "{}: has {} certificates (at most {})", name, certificates->size(),
                kChainCertificatesMax);
  Chain chain;
  chain.intermediates.reset(sk_X509_new_null());
  chain.leaf = std::move(certificates->front());
  for (std::size_t i = 1; i < certificates->size(); ++i)
    CHECK(sk_X509_push(chain.intermediates.get(), (*certificates)[i].release()) > 0);
  chain.info = describe(chain.leaf.get());
  X509_check_purpose(chain.leaf.get(), -1, 0);  // fills the extension cache before it is shared
  ERR_clear_error();
  return chain;
}

Result<KeyPtr> parse_key(std::string_view pem, std::string_view name) {
  KeyPtr key;
  auto done = each_block(pem, name, [&](const Block& block) -> Result<> {
    if (!is_key(block) || key != nullptr) return {};
    if (is_encrypted(block))
      return fail(Errc::invalid,
                  "{}: line {}: the key is encrypted: name the file that holds its passphrase "
                  "(pass_file), or decrypt it and keep it in mode 0600",
                  name, block.line);
    const unsigned char* at = block.der;
    key.reset(d2i_AutoPrivateKey(nullptr, &at, block.size));
    if (key == nullptr)
      return fail(Errc::invalid, "{}: line {}: not a private key: {}", name, block.line,
                  take_openssl_error());
    return {};
  });
  if (!done) return done.error();
  if (key == nullptr)
    return fail(Errc::invalid, "{}: has no private key (-----BEGIN PRIVATE KEY----- is missing)",
                name);
  ERR_clear_error();
  return key;
}

namespace {

int give_passphrase(char* out, int size, int /*is_writing*/, void* passphrase) {
  const auto& text = *static_cast<const std::string*>(passphrase);
  if (text.size() > static_cast<std::size_t>(size)) return -1;
  text.copy(out, text.size());
  return static_cast<int>(text.size());
}

base::Error wrong_passphrase(std::string_view name) {
  ERR_clear_error();
  return fail(Errc::invalid, "E_KEY_ENCRYPTED: {}: the passphrase given is not the key's", name);
}

// A key of before PKCS#8, decrypted in its place.
bool unseal(Block& block, const std::string& passphrase) {
  EVP_CIPHER_INFO cipher;
  std::string header = block.header;
  std::string text = passphrase;
  const bool done = PEM_get_EVP_CIPHER_INFO(header.data(), &cipher) == 1 &&
                    PEM_do_header(&cipher, block.der, &block.size, give_passphrase, &text) == 1;
  OPENSSL_cleanse(text.data(), text.size());
  return done;
}

}  // namespace

Result<OpenedKey> open_key(std::string_view pem, const std::string& passphrase,
                           std::string_view name) {
  OpenedKey opened;
  auto done = each_block(pem, name, [&](Block& block) -> Result<> {
    if (!is_key(block) || opened.key != nullptr) return {};
    opened.was_encrypted = is_encrypted(block);
    if (block.label == PEM_STRING_PKCS8) {
      auto key = open_sealed_key(
          {reinterpret_cast<const char*>(block.der), static_cast<std::size_t>(block.size)},
          passphrase, name);
      if (!key) return key.error();
      opened.key = std::move(*key);
      return {};
    }
    if (opened.was_encrypted && !unseal(block, passphrase)) return wrong_passphrase(name);
    const unsigned char* at = block.der;
    opened.key.reset(d2i_AutoPrivateKey(nullptr, &at, block.size));
    if (opened.key != nullptr) return {};
    if (opened.was_encrypted) return wrong_passphrase(name);  // one in 256 passes the padding
    return fail(Errc::invalid, "E_KEY_PARSE: {}: line {}: not a private key: {}", name, block.line,
                take_openssl_error());
  });
  if (!done) return done.error();
  if (opened.key == nullptr)
    return fail(Errc::invalid,
                "E_KEY_PARSE: {}: has no private key (-----BEGIN PRIVATE KEY----- is missing)",
                name);
  ERR_clear_error();
  return opened;
}

Result<std::vector<CrlPtr>> parse_crls(std::string_view pem, std::string_view name) {
  std::vector<CrlPtr> crls;
  auto done = each_block(pem, name, [&](const Block& block) -> Result<> {
    if (block.label != PEM_STRING_X509_CRL) return {};
    const unsigned char* at = block.der;
    CrlPtr crl(d2i_X509_CRL(nullptr, &at, block.size));
    if (crl == nullptr)
      return fail(Errc::invalid, "{}: line {}: not a CRL: {}", name, block.line,
                  take_openssl_error());
    crls.push_back(std::move(crl));
    return {};
  });
  if (!done) return done.error();
  if (crls.empty())
    return fail(Errc::invalid, "{}: has no CRL (-----BEGIN X509 CRL----- is missing)", name);
  return crls;
}

}  // namespace ravelin::certs
