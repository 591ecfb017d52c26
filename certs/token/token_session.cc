#include "certs/token/token_session.h"

#include "certs/token/token_answer.h"

#include <fmt/ranges.h>

#include <algorithm>
#include <array>

namespace ravelin::certs {
namespace {

using base::Errc;
using base::fail;

constexpr CK_ULONG kSignatureBytesMax = 2'048;  // RSA of 16,384 bits
constexpr CK_ULONG kKeysNamedMax = 8;

// PKCS#11 takes what it only reads as if it might write.
CK_VOID_PTR attribute_value(const std::string& text) {
  return const_cast<char*>(text.data());
}

std::string label_of_object(TokenModule::Use& module, CK_SESSION_HANDLE session,
                            CK_OBJECT_HANDLE object) {
  std::array<char, 128> label{};
  CK_ATTRIBUTE attribute{CKA_LABEL, label.data(), label.size()};
  const CK_RV answer = module.functions.C_GetAttributeValue(session, object, &attribute, 1);
  const bool has_label = answer == CKR_OK && attribute.ulValueLen <= label.size();
  return has_label ? fmt::format("\"{}\"", std::string_view(label.data(), attribute.ulValueLen))
                   : "one without a label";
}

}  // namespace

TokenSession::~TokenSession() {
  const TokenModule::Use module = module_->use();
  if (module.epoch == epoch_) module.functions.C_CloseSession(handle_);
}

bool TokenSession::is_current() const {
  return module_->use().epoch == epoch_;
}

Result<TokenSession::Found> TokenSession::search(TokenModule::Use& module,
                                                 std::span<CK_ATTRIBUTE> attributes,
                                                 CK_ULONG max) const {
  CK_RV answer = module.functions.C_FindObjectsInit(handle_, attributes.data(), attributes.size());
  if (answer != CKR_OK) return token_error(answer, "looking for the key");
  Found found(max);
  CK_ULONG count = 0;
  answer = module.functions.C_FindObjects(handle_, found.data(), max, &count);
  module.functions.C_FindObjectsFinal(handle_);
  if (answer != CKR_OK) return token_error(answer, "looking for the key");
  found.resize(std::min(count, max));
  return found;
}

std::string TokenSession::keys_there(TokenModule::Use& module) const {
  CK_OBJECT_CLASS kind = CKO_PRIVATE_KEY;
  std::array<CK_ATTRIBUTE, 1> any{{{CKA_CLASS, &kind, sizeof kind}}};
  const auto found = search(module, any, kKeysNamedMax);
  if (!found || found->empty()) return "it has none";
  std::vector<std::string> labels;
  labels.reserve(found->size());
  for (const CK_OBJECT_HANDLE object : *found)
    labels.push_back(label_of_object(module, handle_, object));
  std::ranges::sort(labels);
  return fmt::format("it has {}", fmt::join(labels, ", "));
}

Result<CK_OBJECT_HANDLE> TokenSession::find(const KeyUri& uri) const {
  TokenModule::Use module = module_->use();
  if (module.epoch != epoch_) return token_error(CKR_SESSION_HANDLE_INVALID, "looking for the key");
  CK_OBJECT_CLASS kind = CKO_PRIVATE_KEY;
  std::vector<CK_ATTRIBUTE> wanted{{CKA_CLASS, &kind, sizeof kind}};
  if (uri.object) wanted.push_back({CKA_LABEL, attribute_value(*uri.object), uri.object->size()});
  if (uri.id) wanted.push_back({CKA_ID, attribute_value(*uri.id), uri.id->size()});
  const auto found = search(module, wanted, 2);
  if (!found) return found.error();
  if (found->empty())
    return fail(Errc::not_found,
                "token \"{}\" has no private key \"{}\" ({}): correct object or id", token_,
                uri.text, keys_there(module));
  if (found->size() > 1)
    return fail(Errc::invalid,
                "token \"{}\" has several private keys \"{}\": add id=%… (pkcs11-tool -O shows it)",
                token_, uri.text);
  CK_BBOOL asks_always = CK_FALSE;
  CK_ATTRIBUTE attribute{CKA_ALWAYS_AUTHENTICATE, &asks_always, sizeof asks_always};
  const CK_RV answer = module.functions.C_GetAttributeValue(handle_, found->front(), &attribute, 1);
  if (answer == CKR_OK && attribute.ulValueLen == sizeof asks_always && asks_always == CK_TRUE)
    return fail(Errc::denied,
                "token \"{}\": the key \"{}\" wants the PIN for each signature "
                "(CKA_ALWAYS_AUTHENTICATE): a gateway needs one without",
                token_, uri.text);
  return found->front();
}

std::optional<KeyType> TokenSession::type_of(CK_OBJECT_HANDLE key) const {
  const TokenModule::Use module = module_->use();
  CK_KEY_TYPE type = 0;
  CK_ATTRIBUTE attribute{CKA_KEY_TYPE, &type, sizeof type};
  if (module.epoch != epoch_ ||
      module.functions.C_GetAttributeValue(handle_, key, &attribute, 1) != CKR_OK ||
      attribute.ulValueLen != sizeof type)
    return std::nullopt;
  if (type == CKK_EC) return KeyType::ec;
  return type == CKK_RSA ? KeyType::rsa : KeyType::other;
}

TokenSession::Signed TokenSession::sign(CK_OBJECT_HANDLE key, SignKind kind,
                                        std::span<const unsigned char> input) const {
  const TokenModule::Use module = module_->use();
  if (module.epoch != epoch_) return {CKR_SESSION_HANDLE_INVALID, {}};
  CK_MECHANISM mechanism{mechanism_of(kind), nullptr, 0};
  const CK_RV begun = module.functions.C_SignInit(handle_, &mechanism, key);
  if (begun != CKR_OK) return {begun, {}};
  Signed made{CKR_OK, Bytes(kSignatureBytesMax)};
  CK_ULONG size = made.raw.size();
  made.answer = module.functions.C_Sign(handle_, const_cast<CK_BYTE_PTR>(input.data()),
                                        input.size(), made.raw.data(), &size);
  made.raw.resize(made.answer == CKR_OK ? std::min<CK_ULONG>(size, made.raw.size()) : 0);
  return made;
}

}  // namespace ravelin::certs
