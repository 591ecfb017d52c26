#include "certs/crl/crl_cache.h"

#include "base/io/file.h"
#include "certs/store/durable.h"

#include <filesystem>

namespace ravelin::certs {
namespace {

constexpr std::string_view kEnd = ".crl";

HeldCrlPtr read(const std::string& path, std::span<const CrlAuthority> authorities) {
  const auto bytes = base::read_file(path, kCrlBytesMax);
  if (!bytes) return nullptr;
  auto lists = parse_crl_answer(*bytes, path);
  if (!lists || lists->size() != 1) return nullptr;
  CrlPtr& crl = lists->front();
  const auto signer = find_signer(crl.get(), authorities);
  if (!signer || *signer == nullptr) return nullptr;
  if (!check_crl_form(crl.get(), describe_crl(crl.get()))) return nullptr;
  return hold_crl(std::move(crl), **signer, path);
}

}  // namespace

std::vector<HeldCrlPtr> read_crl_cache(const std::string& folder,
                                       std::span<const CrlAuthority> authorities) {
  std::vector<HeldCrlPtr> lists;
  std::error_code ignored;
  for (const auto& entry : std::filesystem::directory_iterator(folder, ignored)) {
    if (lists.size() == kCachedCrlsMax) break;
    if (entry.path().extension() != kEnd) continue;
    if (auto list = read(entry.path().string(), authorities); list != nullptr)
      lists.push_back(std::move(list));
  }
  return newest_of(lists, lists);
}

Result<> write_crl_cache(const std::string& folder, const HeldCrl& list) {
  if (auto made = make_folder(folder); !made) return made;
  unsigned char* bytes = nullptr;
  const int size = i2d_X509_CRL(list.crl.get(), &bytes);
  if (size <= 0) return base::fail(base::Errc::io, "writing a CRL: {}", take_openssl_error());
  const std::string der(reinterpret_cast<const char*>(bytes), static_cast<std::size_t>(size));
  OPENSSL_free(bytes);
  return base::replace_file(folder + "/" + list.slot + std::string(kEnd), der, 0600);
}

}  // namespace ravelin::certs
