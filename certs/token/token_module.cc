#include "certs/token/token_module.h"

#include "certs/token/token_answer.h"

#include <p11-kit/p11-kit.h>

#include <cstdlib>
#include <filesystem>
#include <optional>

namespace ravelin::certs {
namespace {

using base::Errc;
using base::fail;
using namespace std::chrono_literals;

constexpr auto kWaitForOthers = 100ms;
constexpr CK_ULONG kSlotsMax = 1'024;

std::string module_name(CK_FUNCTION_LIST* functions) {
  char* path = p11_kit_module_get_filename(functions);
  std::string name = path == nullptr ? "?" : TokenModule::name_of(path);
  std::free(path);  // p11-kit's is the C library's
  return name;
}

Result<std::vector<std::shared_ptr<TokenModule>>> load_configured() {
  std::vector<std::shared_ptr<TokenModule>> modules;
  std::optional<base::Error> failed;
  CK_FUNCTION_LIST** list = p11_kit_modules_load(nullptr, 0);
  for (CK_FUNCTION_LIST** each = list; each != nullptr && *each != nullptr; ++each) {
    auto module = TokenModule::open(module_name(*each), *each, p11_kit_module_release);
    if (module) {
      modules.push_back(std::move(*module));
    } else {
      failed = module.error();
    }
  }
  std::free(list);
  if (modules.empty() && failed) return *failed;
  if (modules.empty())
    return fail(Errc::not_found,
                "this host has no PKCS#11 module configured (p11-kit list-modules): name the "
                "token's with module-path=/….so");
  return modules;
}

}  // namespace

Result<std::vector<std::shared_ptr<TokenModule>>> TokenModule::load(const std::string& path) {
  if (path.empty()) return load_configured();
  CK_FUNCTION_LIST* functions = p11_kit_module_load(path.c_str(), 0);
  if (functions == nullptr) {
    const char* said = p11_kit_message();
    return fail(Errc::not_found,
                "the PKCS#11 module {} does not load ({}): install it, or correct module-path",
                path, said == nullptr ? "no reason given" : said);
  }
  auto module = open(name_of(path), functions, p11_kit_module_release);
  if (!module) return module.error();
  return std::vector{std::move(*module)};
}

Result<std::shared_ptr<TokenModule>> TokenModule::open(std::string name, CK_FUNCTION_LIST* list,
                                                       Release release) {
  std::shared_ptr<TokenModule> made(new TokenModule(std::move(name), list, std::move(release)));
  const CK_RV answer = made->initialise();
  if (answer != CKR_OK)
    return token_error(answer, fmt::format("the PKCS#11 module {} does not start", made->name_));
  return made;
}

std::string TokenModule::name_of(const std::string& path) {
  std::error_code error;
  const std::filesystem::path real = std::filesystem::canonical(path, error);
  return error ? path : real.string();
}

TokenModule::~TokenModule() {
  if (is_initialised_) functions_->C_Finalize(nullptr);
  release_(functions_);
}

CK_RV TokenModule::initialise() {
  CK_C_INITIALIZE_ARGS arguments{};
  arguments.flags = CKF_OS_LOCKING_OK;  // it is called by several threads
  const CK_RV answer = functions_->C_Initialize(&arguments);
  is_initialised_ = answer == CKR_OK;
  return answer == CKR_CRYPTOKI_ALREADY_INITIALIZED ? CKR_OK : answer;
}

TokenModule::Use TokenModule::use() {
  std::shared_lock lock(in_use_);
  return {std::move(lock), *functions_, epoch_};
}

Result<std::vector<SlotFacts>> TokenModule::slots() {
  const Use module = use();
  SlotFacts facts;
  CK_ULONG count = 0;
  // Asked for the number alone, a module looks for tokens that have come.
  CK_RV answer = module.functions.C_GetInfo(&facts.module);
  if (answer == CKR_OK) answer = module.functions.C_GetSlotList(CK_TRUE, nullptr, &count);
  std::vector<CK_SLOT_ID> ids(std::min(count, kSlotsMax));
  count = ids.size();
  if (answer == CKR_OK && !ids.empty())
    answer = module.functions.C_GetSlotList(CK_TRUE, ids.data(), &count);
  if (answer != CKR_OK) return token_error(answer, fmt::format("the slots of {}", name_));
  ids.resize(std::min<std::size_t>(ids.size(), count));
  std::vector<SlotFacts> slots;
  for (const CK_SLOT_ID id : ids) {
    facts.id = id;
    if (module.functions.C_GetSlotInfo(id, &facts.slot) == CKR_OK &&
        module.functions.C_GetTokenInfo(id, &facts.token) == CKR_OK)
      slots.push_back(facts);
  }
  return slots;
}

bool TokenModule::reinitialise() {
  std::unique_lock lock(in_use_, std::defer_lock);
  if (!lock.try_lock_for(kWaitForOthers)) return false;
  ++epoch_;
  if (is_initialised_) functions_->C_Finalize(nullptr);
  return initialise() == CKR_OK;
}

}  // namespace ravelin::certs
