#include "certs/token/key_uri.h"

#include "base/handle.h"

#include <p11-kit/uri.h>

#include <algorithm>

namespace ravelin::certs {
namespace {

using base::Errc;
using base::fail;

using UriPtr = base::Handle<P11KitUri, p11_kit_uri_free>;

constexpr std::size_t kUriBytesMax = 4'096;

UriPtr parse(const std::string& text) {
  UriPtr uri(p11_kit_uri_new());
  if (uri == nullptr || p11_kit_uri_parse(text.c_str(), P11_KIT_URI_FOR_ANY, uri.get()) != 0)
    return nullptr;
  return uri;
}

std::optional<std::string> attribute(P11KitUri* uri, CK_ATTRIBUTE_TYPE type) {
  const CK_ATTRIBUTE* found = p11_kit_uri_get_attribute(uri, type);
  if (found == nullptr) return std::nullopt;
  return std::string(static_cast<const char*>(found->pValue), found->ulValueLen);
}

bool is_of_another_class(P11KitUri* uri) {
  const CK_ATTRIBUTE* found = p11_kit_uri_get_attribute(uri, CKA_CLASS);
  return found != nullptr && *static_cast<const CK_OBJECT_CLASS*>(found->pValue) != CKO_PRIVATE_KEY;
}

}  // namespace

Result<KeyUri> parse_key_uri(std::string_view text) {
  KeyUri key{.text = std::string(text), .module_path = {}, .object = {}, .id = {}};
  const bool is_text = text.size() <= kUriBytesMax && text.find('\0') == std::string_view::npos;
  const UriPtr uri = is_text ? parse(key.text) : nullptr;
  // Not shown where it is wrong: there may be a PIN in it.
  if (uri == nullptr)
    return fail(Errc::invalid,
                "is no PKCS#11 URI (RFC 7512), as \"pkcs11:token=web;object=www;type=private\" is");
  if (p11_kit_uri_get_pin_value(uri.get()) != nullptr ||
      p11_kit_uri_get_pin_source(uri.get()) != nullptr)
    return fail(Errc::invalid,
                "has a PIN (pin-value, pin-source): put it into a file of mode 0600 and name that "
                "with pin_file");
  if (p11_kit_uri_any_unrecognized(uri.get()) != 0)
    return fail(Errc::invalid, "\"{}\" has an attribute that RFC 7512 does not know", text);
  if (is_of_another_class(uri.get()))
    return fail(Errc::invalid, "\"{}\" does not name a private key: write type=private", text);
  key.object = attribute(uri.get(), CKA_LABEL);
  key.id = attribute(uri.get(), CKA_ID);
  if (!key.object && !key.id)
    return fail(Errc::invalid, "\"{}\" does not say which key: add object=LABEL or id=%01", text);
  const char* path = p11_kit_uri_get_module_path(uri.get());
  if (path != nullptr) key.module_path = path;
  if (!key.module_path.empty() && !key.module_path.starts_with('/'))
    return fail(Errc::invalid, "\"{}\": module-path is to be absolute", text);
  return key;
}

bool is_named_by(const KeyUri& uri, const SlotFacts& facts) {
  const UriPtr parsed = parse(uri.text);
  if (parsed == nullptr) return false;
  const CK_SLOT_ID wanted = p11_kit_uri_get_slot_id(parsed.get());
  constexpr auto kAny = static_cast<CK_SLOT_ID>(-1);
  return (wanted == kAny || wanted == facts.id) &&
         p11_kit_uri_match_module_info(parsed.get(), &facts.module) == 1 &&
         p11_kit_uri_match_slot_info(parsed.get(), &facts.slot) == 1 &&
         p11_kit_uri_match_token_info(parsed.get(), &facts.token) == 1;
}

bool is_same_token(const CK_TOKEN_INFO& a, const CK_TOKEN_INFO& b) {
  return std::ranges::equal(a.label, b.label) &&
         std::ranges::equal(a.serialNumber, b.serialNumber) &&
         std::ranges::equal(a.manufacturerID, b.manufacturerID) &&
         std::ranges::equal(a.model, b.model);
}

std::string label_of(const CK_TOKEN_INFO& token) {
  std::string label(reinterpret_cast<const char*>(token.label), sizeof token.label);
  const std::size_t end = label.find_last_not_of(std::string_view(" \0", 2));
  label.resize(end == std::string::npos ? 0 : end + 1);
  return label;
}

}  // namespace ravelin::certs
