// Keys and signatures as provider-keymgmt(7) and provider-signature(7) have them. libssl signs in
// one call (EVP_DigestSign), so there is no other way to be asked.
#include "gateway/tls/late_provider.h"

#include "base/check.h"

#include <openssl/core_dispatch.h>
#include <openssl/core_names.h>
#include <openssl/err.h>
#include <openssl/params.h>
#include <openssl/provider.h>
#include <openssl/rsa.h>

#include <algorithm>
#include <array>
#include <cstring>
#include <string>
#include <string_view>

namespace ravelin::gateway {
namespace {

constexpr const char* kProvider = "ravelin-late";
constexpr const char* kKeyParam = "ravelin-late-key";
// A parameter carries the pointer to one of ours, not the key.
constexpr std::size_t kPointerBytes = sizeof(void*);
constexpr int kRefused = 1;

using certs::KeyType;

// Without a signer: the public half of a certificate, here to be compared.
struct ProvidedKey {
  KeyType type = KeyType::other;
  std::shared_ptr<Signer> signer;
  std::string group;               // EC
  std::vector<unsigned char> pub;  // EC: the point; RSA: the modulus, then the exponent
  int bits = 0, security_bits = 0, size = 0;
};

ProvidedKey& key_at(void* data) {
  return *static_cast<ProvidedKey*>(data);
}

const ProvidedKey& key_at(const void* data) {
  return *static_cast<const ProvidedKey*>(data);
}

void append_param(const OSSL_PARAM params[], const char* name, std::vector<unsigned char>& out) {
  const OSSL_PARAM* found = OSSL_PARAM_locate_const(params, name);
  if (found == nullptr || found->data == nullptr) return;
  const auto* bytes = static_cast<const unsigned char*>(found->data);
  out.insert(out.end(), bytes, bytes + found->data_size);
}

// The same provider exports both sides of a comparison, so equal keys have equal bytes.
void take_public(const OSSL_PARAM params[], ProvidedKey& key) {
  if (key.type == KeyType::rsa) {
    append_param(params, OSSL_PKEY_PARAM_RSA_N, key.pub);
    append_param(params, OSSL_PKEY_PARAM_RSA_E, key.pub);
    return;
  }
  append_param(params, OSSL_PKEY_PARAM_PUB_KEY, key.pub);
  const OSSL_PARAM* group = OSSL_PARAM_locate_const(params, OSSL_PKEY_PARAM_GROUP_NAME);
  const char* name = nullptr;
  if (group != nullptr && OSSL_PARAM_get_utf8_string_ptr(group, &name) == 1 && name != nullptr)
    key.group = name;
}

// ---- keys ----

template <KeyType type>
void* key_new(void* /*provider*/) {
  auto key = std::make_unique<ProvidedKey>();
  key->type = type;
  return key.release();
}

void key_free(void* data) {
  const std::unique_ptr<ProvidedKey> owned(static_cast<ProvidedKey*>(data));
}

int key_has(const void* data, int selection) {
  const ProvidedKey& key = key_at(data);
  const bool wants_private = (selection & OSSL_KEYMGMT_SELECT_PRIVATE_KEY) != 0;
  return !key.pub.empty() && (!wants_private || key.signer != nullptr) ? 1 : 0;
}

int key_match(const void* one, const void* other, int /*selection*/) {
  const ProvidedKey& a = key_at(one);
  const ProvidedKey& b = key_at(other);
  return a.type == b.type && a.group == b.group && a.pub == b.pub ? 1 : 0;
}

int key_import(void* data, int /*selection*/, const OSSL_PARAM params[]) {
  ProvidedKey& key = key_at(data);
  const OSSL_PARAM* made = OSSL_PARAM_locate_const(params, kKeyParam);
  if (made == nullptr) {
    take_public(params, key);
    return key.pub.empty() ? 0 : 1;
  }
  const ProvidedKey* original = nullptr;
  if (made->data_size != kPointerBytes) return 0;
  std::memcpy(&original, made->data, kPointerBytes);
  key = *original;
  return 1;
}

template <KeyType type>
const OSSL_PARAM* key_import_types(int /*selection*/) {
  static const std::array<OSSL_PARAM, 3> ec{
      {OSSL_PARAM_utf8_string(OSSL_PKEY_PARAM_GROUP_NAME, nullptr, 0),
       OSSL_PARAM_octet_string(OSSL_PKEY_PARAM_PUB_KEY, nullptr, 0), OSSL_PARAM_END}};
  static const std::array<OSSL_PARAM, 3> rsa{{OSSL_PARAM_BN(OSSL_PKEY_PARAM_RSA_N, nullptr, 0),
                                              OSSL_PARAM_BN(OSSL_PKEY_PARAM_RSA_E, nullptr, 0),
                                              OSSL_PARAM_END}};
  return type == KeyType::rsa ? rsa.data() : ec.data();
}

int key_get_params(void* data, OSSL_PARAM params[]) {
  const ProvidedKey& key = key_at(data);
  const auto set = [params](const char* name, int value) {
    OSSL_PARAM* param = OSSL_PARAM_locate(params, name);
    return param == nullptr || OSSL_PARAM_set_int(param, value) == 1;
  };
  if (!set(OSSL_PKEY_PARAM_BITS, key.bits) ||
      !set(OSSL_PKEY_PARAM_SECURITY_BITS, key.security_bits) ||
      !set(OSSL_PKEY_PARAM_MAX_SIZE, key.size))
    return 0;
  OSSL_PARAM* group = OSSL_PARAM_locate(params, OSSL_PKEY_PARAM_GROUP_NAME);
  if (group == nullptr || key.type != KeyType::ec) return 1;
  return OSSL_PARAM_set_utf8_string(group, key.group.c_str());
}

const OSSL_PARAM* key_gettable(void* /*provider*/) {
  static const std::array<OSSL_PARAM, 5> params{
      {OSSL_PARAM_int(OSSL_PKEY_PARAM_BITS, nullptr),
       OSSL_PARAM_int(OSSL_PKEY_PARAM_SECURITY_BITS, nullptr),
       OSSL_PARAM_int(OSSL_PKEY_PARAM_MAX_SIZE, nullptr),
       OSSL_PARAM_utf8_string(OSSL_PKEY_PARAM_GROUP_NAME, nullptr, 0), OSSL_PARAM_END}};
  return params.data();
}

template <KeyType type>
const char* key_operation(int operation) {
  if (operation != OSSL_OP_SIGNATURE) return nullptr;
  return type == KeyType::rsa ? "RSA" : "ECDSA";
}

// ---- signatures ----

struct Signing {
  const ProvidedKey* key = nullptr;  // OpenSSL keeps it for as long as this
  unsigned hash = 0;                 // 4, 5, 6: SHA-256, -384, -512 (RFC 5246 section 7.4.1.4.1)
  bool is_pss = false;
};

Signing& signing_at(void* data) {
  return *static_cast<Signing*>(data);
}

unsigned hash_of(const char* name) {
  struct Name {
    const char* text;
    unsigned hash;
  };

  static constexpr std::array<Name, 6> kNames{{{"SHA2-256", 4},
                                               {"SHA256", 4},
                                               {"SHA2-384", 5},
                                               {"SHA384", 5},
                                               {"SHA2-512", 6},
                                               {"SHA512", 6}}};
  for (const Name& known : kNames)
    if (name != nullptr && OPENSSL_strcasecmp(name, known.text) == 0) return known.hash;
  return 0;
}

// RFC 8446 section 4.2.3; in TLS 1.2 a pair of hash and signature has the same numbers.
std::uint16_t scheme_of(const Signing& signing) {
  constexpr unsigned kRsa = 1;
  constexpr unsigned kEcdsa = 3;
  if (signing.is_pss) return static_cast<std::uint16_t>(0x0800 | signing.hash);
  const unsigned type = signing.key->type == KeyType::rsa ? kRsa : kEcdsa;
  return static_cast<std::uint16_t>(signing.hash << 8U | type);
}

void* signing_new(void* /*provider*/, const char* /*properties*/) {
  return std::make_unique<Signing>().release();
}

void signing_free(void* data) {
  const std::unique_ptr<Signing> owned(static_cast<Signing*>(data));
}

void* signing_copy(void* data) {
  return std::make_unique<Signing>(signing_at(data)).release();
}

int set_padding(const OSSL_PARAM& param, Signing& signing) {
  int number = 0;
  const char* text = nullptr;
  if (OSSL_PARAM_get_utf8_string_ptr(&param, &text) == 1) {
    signing.is_pss = std::string_view(text) == OSSL_PKEY_RSA_PAD_MODE_PSS;
    return signing.is_pss || std::string_view(text) == OSSL_PKEY_RSA_PAD_MODE_PKCSV15 ? 1 : 0;
  }
  if (OSSL_PARAM_get_int(&param, &number) != 1) return 0;
  signing.is_pss = number == RSA_PKCS1_PSS_PADDING;
  return signing.is_pss || number == RSA_PKCS1_PADDING ? 1 : 0;
}

// TLS has one length: that of the digest (RFC 8446 section 4.2.3).
int check_salt(const OSSL_PARAM& param) {
  int number = 0;
  const char* text = nullptr;
  if (OSSL_PARAM_get_utf8_string_ptr(&param, &text) == 1)
    return std::string_view(text) == OSSL_PKEY_RSA_PSS_SALT_LEN_DIGEST ||
                   std::string_view(text) == "-1"
               ? 1
               : 0;
  return OSSL_PARAM_get_int(&param, &number) == 1 && number == RSA_PSS_SALTLEN_DIGEST ? 1 : 0;
}

int signing_set_params(void* data, const OSSL_PARAM params[]) {
  if (params == nullptr) return 1;
  const OSSL_PARAM* padding = OSSL_PARAM_locate_const(params, OSSL_SIGNATURE_PARAM_PAD_MODE);
  if (padding != nullptr && set_padding(*padding, signing_at(data)) != 1) return 0;
  const OSSL_PARAM* salt = OSSL_PARAM_locate_const(params, OSSL_SIGNATURE_PARAM_PSS_SALTLEN);
  return salt == nullptr ? 1 : check_salt(*salt);
}

const OSSL_PARAM* signing_settable(void* /*signing*/, void* /*provider*/) {
  static const std::array<OSSL_PARAM, 3> params{
      {OSSL_PARAM_utf8_string(OSSL_SIGNATURE_PARAM_PAD_MODE, nullptr, 0),
       OSSL_PARAM_utf8_string(OSSL_SIGNATURE_PARAM_PSS_SALTLEN, nullptr, 0), OSSL_PARAM_END}};
  return params.data();
}

int signing_init(void* data, const char* digest, void* key, const OSSL_PARAM params[]) {
  Signing& signing = signing_at(data);
  if (key != nullptr) signing.key = &key_at(key);
  signing.hash = hash_of(digest);
  if (signing.hash == 0 || signing.key == nullptr || signing.key->signer == nullptr) {
    ERR_raise(late_error_library(), kRefused);
    return 0;
  }
  return signing_set_params(data, params);
}

bool has_right_size(const ProvidedKey& key, const Signature& signature) {
  const auto size = static_cast<std::size_t>(key.size);
  return key.type == KeyType::rsa ? signature.size() == size
                                  : !signature.empty() && signature.size() <= size;
}

int signing_sign(void* data, unsigned char* out, std::size_t* out_size, std::size_t room,
                 const unsigned char* structure, std::size_t size) {
  const Signing& signing = signing_at(data);
  const ProvidedKey& key = *signing.key;
  *out_size = static_cast<std::size_t>(key.size);
  if (out == nullptr) return 1;
  const auto signature =
      obtain(*key.signer, {scheme_of(signing), Signature(structure, structure + size)});
  if (!signature || !has_right_size(key, *signature) || signature->size() > room) {
    ERR_raise(late_error_library(), kRefused);
    return 0;
  }
  std::copy(signature->begin(), signature->end(), out);
  *out_size = signature->size();
  return 1;
}

// ---- the provider ----

template <class Function>
constexpr OSSL_DISPATCH entry(int id, Function* function) {
  return {id, reinterpret_cast<void (*)()>(function)};
}

template <KeyType type>
const OSSL_DISPATCH* key_functions() {
  static const std::array<OSSL_DISPATCH, 10> functions{
      {entry(OSSL_FUNC_KEYMGMT_NEW, key_new<type>),
       entry(OSSL_FUNC_KEYMGMT_FREE, key_free),
       entry(OSSL_FUNC_KEYMGMT_HAS, key_has),
       entry(OSSL_FUNC_KEYMGMT_MATCH, key_match),
       entry(OSSL_FUNC_KEYMGMT_IMPORT, key_import),
       entry(OSSL_FUNC_KEYMGMT_IMPORT_TYPES, key_import_types<type>),
       entry(OSSL_FUNC_KEYMGMT_GET_PARAMS, key_get_params),
       entry(OSSL_FUNC_KEYMGMT_GETTABLE_PARAMS, key_gettable),
       entry(OSSL_FUNC_KEYMGMT_QUERY_OPERATION_NAME, key_operation<type>),
       {0, nullptr}}};
  return functions.data();
}

const OSSL_DISPATCH* signing_functions() {
  static const std::array<OSSL_DISPATCH, 8> functions{
      {entry(OSSL_FUNC_SIGNATURE_NEWCTX, signing_new),
       entry(OSSL_FUNC_SIGNATURE_FREECTX, signing_free),
       entry(OSSL_FUNC_SIGNATURE_DUPCTX, signing_copy),
       entry(OSSL_FUNC_SIGNATURE_DIGEST_SIGN_INIT, signing_init),
       entry(OSSL_FUNC_SIGNATURE_DIGEST_SIGN, signing_sign),
       entry(OSSL_FUNC_SIGNATURE_SET_CTX_PARAMS, signing_set_params),
       entry(OSSL_FUNC_SIGNATURE_SETTABLE_CTX_PARAMS, signing_settable),
       {0, nullptr}}};
  return functions.data();
}

const OSSL_ALGORITHM* query(void* /*provider*/, int operation, int* may_not_keep) {
  constexpr const char* kProperties = "provider=ravelin-late";
  *may_not_keep = 0;
  static const std::array<OSSL_ALGORITHM, 3> keys{
      {{"EC:id-ecPublicKey:1.2.840.10045.2.1", kProperties, key_functions<KeyType::ec>(), nullptr},
       {"RSA:rsaEncryption:1.2.840.113549.1.1.1", kProperties, key_functions<KeyType::rsa>(),
        nullptr},
       {nullptr, nullptr, nullptr, nullptr}}};
  static const std::array<OSSL_ALGORITHM, 3> signatures{
      {{"ECDSA", kProperties, signing_functions(), nullptr},
       {"RSA:rsaEncryption:1.2.840.113549.1.1.1", kProperties, signing_functions(), nullptr},
       {nullptr, nullptr, nullptr, nullptr}}};
  if (operation == OSSL_OP_KEYMGMT) return keys.data();
  return operation == OSSL_OP_SIGNATURE ? signatures.data() : nullptr;
}

int begin_provider(const OSSL_CORE_HANDLE* /*core*/, const OSSL_DISPATCH* /*in*/,
                   const OSSL_DISPATCH** out, void** provider) {
  static const std::array<OSSL_DISPATCH, 2> functions{
      {entry(OSSL_FUNC_PROVIDER_QUERY_OPERATION, query), {0, nullptr}}};
  static char self = 0;
  *out = functions.data();
  *provider = &self;
  return 1;
}

struct LateLibrary {
  OSSL_LIB_CTX* context = nullptr;
  OSSL_PROVIDER* provider = nullptr;
};

// Lives as long as the process: OpenSSL's keys point into it.
const LateLibrary& late_library() {
  static const LateLibrary library = [] {
    LateLibrary made{.context = OSSL_LIB_CTX_new()};
    CHECK(made.context != nullptr &&
          OSSL_PROVIDER_add_builtin(made.context, kProvider, begin_provider) == 1);
    made.provider = OSSL_PROVIDER_load(made.context, kProvider);
    CHECK(made.provider != nullptr);
    return made;
  }();
  return library;
}

using ParamsPtr = base::Handle<OSSL_PARAM, OSSL_PARAM_free>;
using KeyContextPtr = base::Handle<EVP_PKEY_CTX, EVP_PKEY_CTX_free>;

}  // namespace

int late_error_library() {
  static const int library = ERR_get_next_error_library();
  return library;
}

certs::KeyPtr make_provided_key(EVP_PKEY* certificate_key, const std::shared_ptr<Signer>& signer) {
  ProvidedKey original{.type = certs::key_type(certificate_key), .signer = signer};
  OSSL_PARAM* raw = nullptr;
  if (original.type == KeyType::other ||
      EVP_PKEY_todata(certificate_key, EVP_PKEY_PUBLIC_KEY, &raw) != 1)
    return nullptr;
  const ParamsPtr exported(raw);
  take_public(exported.get(), original);
  original.bits = EVP_PKEY_get_bits(certificate_key);
  original.security_bits = EVP_PKEY_get_security_bits(certificate_key);
  original.size = EVP_PKEY_get_size(certificate_key);
  const ProvidedKey* at = &original;
  const std::array<OSSL_PARAM, 2> params{
      OSSL_PARAM_construct_octet_string(kKeyParam, &at, kPointerBytes), OSSL_PARAM_construct_end()};
  const KeyContextPtr context(EVP_PKEY_CTX_new_from_name(
      late_library().context, original.type == KeyType::rsa ? "RSA" : "EC", nullptr));
  EVP_PKEY* made = nullptr;
  if (context == nullptr || EVP_PKEY_fromdata_init(context.get()) != 1 ||
      EVP_PKEY_fromdata(context.get(), &made, EVP_PKEY_KEYPAIR,
                        const_cast<OSSL_PARAM*>(params.data())) != 1)
    return nullptr;
  return certs::KeyPtr(made);
}

bool is_provided_key(const EVP_PKEY* key) {
  return key != nullptr && EVP_PKEY_get0_provider(key) == late_library().provider;
}

}  // namespace ravelin::gateway
