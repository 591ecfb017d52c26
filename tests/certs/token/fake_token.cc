#include "tests/certs/token/fake_token.h"

#include "base/check.h"

#include <openssl/ec.h>
#include <openssl/rsa.h>

#include <algorithm>
#include <cstring>
#include <span>

namespace ravelin::certs::test {
namespace {

FakeToken* fake = nullptr;  // PKCS#11 functions have no context

void fill(std::span<CK_UTF8CHAR> field, std::string_view text) {
  std::ranges::fill(field, ' ');
  std::ranges::copy(text, field.begin());
}

std::string text_of(const CK_ATTRIBUTE& attribute) {
  return {static_cast<const char*>(attribute.pValue), attribute.ulValueLen};
}

// r and s, one behind the other.
std::vector<unsigned char> raw_of(const std::vector<unsigned char>& der, int order_bytes) {
  const unsigned char* at = der.data();
  const base::Handle<ECDSA_SIG, ECDSA_SIG_free> signature(
      d2i_ECDSA_SIG(nullptr, &at, static_cast<long>(der.size())));
  CHECK(signature != nullptr);
  std::vector<unsigned char> raw(static_cast<std::size_t>(2 * order_bytes));
  CHECK(BN_bn2binpad(ECDSA_SIG_get0_r(signature.get()), raw.data(), order_bytes) == order_bytes);
  CHECK(BN_bn2binpad(ECDSA_SIG_get0_s(signature.get()), raw.data() + order_bytes, order_bytes) ==
        order_bytes);
  return raw;
}

std::vector<unsigned char> sign_with(EVP_PKEY* key, CK_MECHANISM_TYPE mechanism,
                                     std::span<const unsigned char> input) {
  const base::Handle<EVP_PKEY_CTX, EVP_PKEY_CTX_free> context(EVP_PKEY_CTX_new(key, nullptr));
  CHECK(EVP_PKEY_sign_init(context.get()) == 1);
  if (mechanism != CKM_ECDSA)
    CHECK(EVP_PKEY_CTX_set_rsa_padding(
              context.get(), mechanism == CKM_RSA_PKCS ? RSA_PKCS1_PADDING : RSA_NO_PADDING) == 1);
  std::vector<unsigned char> signature(static_cast<std::size_t>(EVP_PKEY_get_size(key)));
  std::size_t size = signature.size();
  CHECK(EVP_PKEY_sign(context.get(), signature.data(), &size, input.data(), input.size()) == 1);
  signature.resize(size);
  if (mechanism != CKM_ECDSA) return signature;
  return raw_of(signature, (EVP_PKEY_get_bits(key) + 7) / 8);
}

}  // namespace

struct FakeFunctions {
  static CK_RV initialize(void*) {
    const std::lock_guard lock(fake->mutex_);
    ++fake->inits_;
    fake->is_seen_ = fake->is_in_;
    return CKR_OK;
  }

  static CK_RV finalize(void*) {
    const std::lock_guard lock(fake->mutex_);
    fake->sessions_.clear();
    fake->is_logged_in_ = false;
    return CKR_OK;
  }

  static CK_RV get_info(CK_INFO* info) {
    *info = {};
    fill(info->manufacturerID, "nobody");
    fill(info->libraryDescription, "fake");
    return CKR_OK;
  }

  static CK_RV get_slot_list(CK_BBOOL, CK_SLOT_ID* ids, CK_ULONG* count) {
    const std::lock_guard lock(fake->mutex_);
    const CK_ULONG there = fake->is_seen_ ? 1 : 0;
    if (ids != nullptr && there == 1) *ids = 7;
    *count = there;
    return CKR_OK;
  }

  static CK_RV get_slot_info(CK_SLOT_ID, CK_SLOT_INFO* info) {
    *info = {};
    fill(info->slotDescription, "slot");
    fill(info->manufacturerID, "nobody");
    return CKR_OK;
  }

  static CK_RV get_token_info(CK_SLOT_ID, CK_TOKEN_INFO* info) {
    const std::lock_guard lock(fake->mutex_);
    if (!fake->is_seen_) return CKR_TOKEN_NOT_PRESENT;
    *info = {};
    fill(info->label, FakeToken::kLabel);
    fill(info->manufacturerID, "nobody");
    fill(info->model, "fake");
    fill(info->serialNumber, "42");
    info->flags = CKF_TOKEN_INITIALIZED | CKF_LOGIN_REQUIRED | fake->pin_flags_;
    return CKR_OK;
  }

  static CK_RV open_session(CK_SLOT_ID, CK_FLAGS, void*, CK_NOTIFY, CK_SESSION_HANDLE* handle) {
    const std::lock_guard lock(fake->mutex_);
    if (!fake->is_seen_) return CKR_TOKEN_NOT_PRESENT;
    *handle = fake->next_session_++;
    fake->sessions_.push_back({*handle, {}});
    return CKR_OK;
  }

  static CK_RV close_session(CK_SESSION_HANDLE handle) {
    const std::lock_guard lock(fake->mutex_);
    std::erase_if(fake->sessions_,
                  [&](const FakeToken::Session& each) { return each.handle == handle; });
    if (fake->sessions_.empty()) fake->is_logged_in_ = false;
    return CKR_OK;
  }

  static CK_RV get_session_info(CK_SESSION_HANDLE, CK_SESSION_INFO* info) {
    const std::lock_guard lock(fake->mutex_);
    *info = {};
    info->state = fake->is_logged_in_ ? CKS_RO_USER_FUNCTIONS : CKS_RO_PUBLIC_SESSION;
    return CKR_OK;
  }

  static CK_RV login(CK_SESSION_HANDLE, CK_USER_TYPE, CK_UTF8CHAR* pin, CK_ULONG size) {
    const std::lock_guard lock(fake->mutex_);
    ++fake->logins_;
    if ((fake->pin_flags_ & CKF_USER_PIN_LOCKED) != 0) return CKR_PIN_LOCKED;
    if (std::string(reinterpret_cast<char*>(pin), size) != fake->pin_) return CKR_PIN_INCORRECT;
    fake->is_logged_in_ = true;
    return CKR_OK;
  }

  static CK_RV find_init(CK_SESSION_HANDLE handle, CK_ATTRIBUTE* wanted, CK_ULONG count) {
    const std::lock_guard lock(fake->mutex_);
    FakeToken::Session* session = fake->find(handle);
    if (session == nullptr) return CKR_SESSION_HANDLE_INVALID;
    session->found.clear();
    if (!fake->is_logged_in_) return CKR_OK;
    for (std::size_t i = 0; i < fake->objects_.size(); ++i) {
      const bool fits = std::all_of(wanted, wanted + count, [&](const CK_ATTRIBUTE& each) {
        if (each.type == CKA_LABEL) return text_of(each) == fake->objects_[i].label;
        if (each.type == CKA_ID) return text_of(each) == fake->objects_[i].id;
        return true;
      });
      if (fits) session->found.push_back(fake->first_handle_ + i);
    }
    return CKR_OK;
  }

  static CK_RV find_objects(CK_SESSION_HANDLE handle, CK_OBJECT_HANDLE* out, CK_ULONG max,
                            CK_ULONG* count) {
    const std::lock_guard lock(fake->mutex_);
    FakeToken::Session* session = fake->find(handle);
    if (session == nullptr) return CKR_SESSION_HANDLE_INVALID;
    *count = std::min<CK_ULONG>(max, session->found.size());
    std::copy_n(session->found.begin(), *count, out);
    return CKR_OK;
  }

  static CK_RV find_final(CK_SESSION_HANDLE) { return CKR_OK; }

  static CK_RV get_attribute(CK_SESSION_HANDLE, CK_OBJECT_HANDLE handle, CK_ATTRIBUTE* attribute,
                             CK_ULONG) {
    const std::lock_guard lock(fake->mutex_);
    const FakeToken::Object* object = fake->object(handle);
    if (object == nullptr) return CKR_OBJECT_HANDLE_INVALID;
    if (attribute->type == CKA_ALWAYS_AUTHENTICATE) {
      *static_cast<CK_BBOOL*>(attribute->pValue) = fake->asks_always_ ? CK_TRUE : CK_FALSE;
      attribute->ulValueLen = sizeof(CK_BBOOL);
      return CKR_OK;
    }
    if (attribute->type == CKA_KEY_TYPE) {
      const bool is_ec = EVP_PKEY_get_base_id(object->key.get()) == EVP_PKEY_EC;
      *static_cast<CK_KEY_TYPE*>(attribute->pValue) = is_ec ? CKK_EC : CKK_RSA;
      attribute->ulValueLen = sizeof(CK_KEY_TYPE);
      return CKR_OK;
    }
    std::memcpy(attribute->pValue, object->label.data(), object->label.size());
    attribute->ulValueLen = object->label.size();
    return CKR_OK;
  }

  static CK_RV sign_init(CK_SESSION_HANDLE handle, CK_MECHANISM* mechanism, CK_OBJECT_HANDLE key) {
    const std::lock_guard lock(fake->mutex_);
    FakeToken::Session* session = fake->find(handle);
    if (session == nullptr) return CKR_SESSION_HANDLE_INVALID;
    const FakeToken::Object* object = fake->object(key);
    if (object == nullptr) return CKR_KEY_HANDLE_INVALID;
    if (fake->forgotten_.contains(mechanism->mechanism)) return CKR_MECHANISM_INVALID;
    const bool is_ec = EVP_PKEY_get_base_id(object->key.get()) == EVP_PKEY_EC;
    if (is_ec != (mechanism->mechanism == CKM_ECDSA)) return CKR_KEY_TYPE_INCONSISTENT;
    session->signs = key;
    session->mechanism = mechanism->mechanism;
    return CKR_OK;
  }

  static CK_RV sign(CK_SESSION_HANDLE handle, CK_BYTE* data, CK_ULONG size, CK_BYTE* out,
                    CK_ULONG* out_size) {
    std::unique_lock lock(fake->mutex_);
    fake->changed_.wait(lock, [] { return !fake->is_held_; });
    FakeToken::Session* session = fake->find(handle);
    if (session == nullptr) return CKR_SESSION_HANDLE_INVALID;
    const FakeToken::Object* object = fake->object(session->signs);
    if (object == nullptr) return CKR_KEY_HANDLE_INVALID;
    const auto signature = sign_with(object->key.get(), session->mechanism, {data, size});
    std::ranges::copy(signature, out);
    *out_size = signature.size();
    ++fake->signatures_;
    return CKR_OK;
  }
};

FakeToken::FakeToken() {
  CHECK(fake == nullptr);
  fake = this;
}

FakeToken::~FakeToken() {
  fake = nullptr;
}

std::shared_ptr<TokenModule> FakeToken::module() {
  static CK_FUNCTION_LIST functions = [] {
    CK_FUNCTION_LIST list{};
    list.C_Initialize = FakeFunctions::initialize;
    list.C_Finalize = FakeFunctions::finalize;
    list.C_GetInfo = FakeFunctions::get_info;
    list.C_GetSlotList = FakeFunctions::get_slot_list;
    list.C_GetSlotInfo = FakeFunctions::get_slot_info;
    list.C_GetTokenInfo = FakeFunctions::get_token_info;
    list.C_OpenSession = FakeFunctions::open_session;
    list.C_CloseSession = FakeFunctions::close_session;
    list.C_GetSessionInfo = FakeFunctions::get_session_info;
    list.C_Login = FakeFunctions::login;
    list.C_FindObjectsInit = FakeFunctions::find_init;
    list.C_FindObjects = FakeFunctions::find_objects;
    list.C_FindObjectsFinal = FakeFunctions::find_final;
    list.C_GetAttributeValue = FakeFunctions::get_attribute;
    list.C_SignInit = FakeFunctions::sign_init;
    list.C_Sign = FakeFunctions::sign;
    return list;
  }();
  auto module = TokenModule::open("fake", &functions, [](CK_FUNCTION_LIST*) {});
  CHECK(module.has_value());
  return *module;
}

FakeToken::Session* FakeToken::find(CK_SESSION_HANDLE handle) {
  const auto found = std::ranges::find(sessions_, handle, &Session::handle);
  return found == sessions_.end() ? nullptr : &*found;
}

FakeToken::Object* FakeToken::object(CK_OBJECT_HANDLE handle) {
  const bool is_there = handle >= first_handle_ && handle - first_handle_ < objects_.size();
  return is_there ? &objects_[handle - first_handle_] : nullptr;
}

void FakeToken::add_key(const std::string& label, const std::string& id, EVP_PKEY* key) {
  const std::lock_guard lock(mutex_);
  objects_.push_back({label, id, share(key)});
}

void FakeToken::remove_keys() {
  const std::lock_guard lock(mutex_);
  first_handle_ += objects_.size();
  objects_.clear();
}

void FakeToken::pull_out() {
  const std::lock_guard lock(mutex_);
  is_in_ = is_seen_ = is_logged_in_ = false;
  sessions_.clear();
}

void FakeToken::put_in() {
  const std::lock_guard lock(mutex_);
  is_in_ = true;
  is_seen_ = !needs_init_;
}

void FakeToken::hold() {
  const std::lock_guard lock(mutex_);
  is_held_ = true;
}

void FakeToken::let_go() {
  const std::lock_guard lock(mutex_);
  is_held_ = false;
  changed_.notify_all();
}

void FakeToken::use_pin(std::string pin) {
  const std::lock_guard lock(mutex_);
  pin_ = std::move(pin);
}

void FakeToken::lock_pin() {
  const std::lock_guard lock(mutex_);
  pin_flags_ = CKF_USER_PIN_LOCKED;
}

void FakeToken::last_try() {
  const std::lock_guard lock(mutex_);
  pin_flags_ = CKF_USER_PIN_FINAL_TRY;
}

void FakeToken::forget_mechanism(CK_MECHANISM_TYPE mechanism) {
  const std::lock_guard lock(mutex_);
  forgotten_.insert(mechanism);
}

void FakeToken::ask_always() {
  const std::lock_guard lock(mutex_);
  asks_always_ = true;
}

int FakeToken::logins() const {
  const std::lock_guard lock(mutex_);
  return logins_;
}

int FakeToken::inits() const {
  const std::lock_guard lock(mutex_);
  return inits_;
}

int FakeToken::signatures() const {
  const std::lock_guard lock(mutex_);
  return signatures_;
}

std::size_t FakeToken::open_sessions() const {
  const std::lock_guard lock(mutex_);
  return sessions_.size();
}

}  // namespace ravelin::certs::test
