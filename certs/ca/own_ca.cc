#include "certs/ca/own_ca.h"

#include "base/check.h"
#include "base/io/file.h"
#include "certs/build_crl.h"

#include <unistd.h>

#include <algorithm>
#include <array>
#include <filesystem>
#include <utility>

namespace ravelin::certs {
namespace {

using base::Errc;
using base::fail;

constexpr std::size_t kSettingsBytesMax = 4096;
constexpr auto kLockWait = std::chrono::seconds(10);
// Beyond the issuing certificate's end: until then there is a list for every chain.
constexpr auto kRootListMargin = std::chrono::hours(24);

std::string retired_name(const X509* certificate) {
  return "retired/" + describe(certificate).serial;
}

bool is_key_of(const EVP_PKEY* key, const X509* certificate) {
  const bool is_same = EVP_PKEY_eq(X509_get0_pubkey(certificate), key) == 1;
  ERR_clear_error();
  return is_same;
}

Result<std::string> root_list(const SigningCa& root, const X509* issuing, base::WallTime now) {
  const auto number = std::chrono::floor<std::chrono::seconds>(now.time_since_epoch()).count();
  const auto crl = build_crl(root.certificate.get(), root.key.get(), {},
                             {.this_update = now - kClockMargin,
                              .next_update = describe(issuing).not_after + kRootListMargin,
                              .number = static_cast<std::uint64_t>(number)});
  if (!crl) return crl.error();
  return to_pem(crl->get());
}

// Writes files one after the other until one fails.
class Writing {
 public:
  explicit Writing(const CaFolder& folder) : folder_(folder) {}

  Writing& key(std::string_view name, const EVP_PKEY* key) {
    if (went_) went_ = folder_.write_key(name, key);
    return *this;
  }

  Writing& text(std::string_view name, std::string_view text) {
    if (went_) went_ = folder_.write_public(name, text);
    return *this;
  }

  Result<> went() { return went_; }

 private:
  const CaFolder& folder_;
  Result<> went_;
};

}  // namespace

NameConstraints private_names() {
  const std::string texts[] = {
      ".test",         ".internal",      ".home.arpa",  ".localhost", "10.0.0.0/8",
      "172.16.0.0/12", "192.168.0.0/16", "127.0.0.0/8", "fc00::/7",   "::1"};
  auto names = parse_constraints(texts);
  CHECK(names.has_value());
  return std::move(*names);
}

Result<OwnCa> OwnCa::create(const std::string& dir, const OwnCaOptions& options,
                            base::WallTime now) {
  if (auto checked = check_settings(options.settings); !checked) return checked.error();
  auto folder = CaFolder::make(dir);
  if (!folder) return folder.error();
  const auto lock = folder->lock(kLockWait, {});
  if (!lock) return lock.error();
  // The root's certificate is written last: with it the CA is whole.
  if (folder->has("root.pem") || folder->has("issued.jsonl"))
    return fail(Errc::conflict, "{} already holds a certificate authority", dir);
  auto root = make_root(options.settings.name, options.permitted, now);
  if (!root) return root.error();
  auto issuing = make_issuing(options.settings.name, *root, now);
  if (!issuing) return issuing.error();
  const auto list = root_list(*root, issuing->certificate.get(), now);
  if (!list) return list.error();
  const auto written = Writing(*folder)
                           .key("root.key", root->key.get())
                           .key("issuing.key", issuing->key.get())
                           .text("issuing.pem", to_pem(issuing->certificate.get()))
                           .text("root-crl.pem", *list)
                           .text("ca.json", format_settings(options.settings))
                           .text("root.pem", to_pem(root->certificate.get()))
                           .went();
  if (!written) return written.error();
  return open(dir);
}

Result<OwnCa> OwnCa::open(const std::string& dir) {
  auto folder = CaFolder::open(dir);
  if (!folder && folder.error().code != Errc::not_found) return folder.error();
  if (!folder || !folder->has("root.pem"))
    return fail(Errc::not_found, "{} holds no certificate authority: ravelin certs ca init", dir);
  const std::string file = folder->path("ca.json");
  const auto text = base::read_file(file, kSettingsBytesMax);
  if (!text) return text.error();
  auto settings = parse_settings(*text, file);
  if (!settings) return settings.error();
  OwnCa ca(std::move(*folder), std::move(*settings));
  if (auto read = ca.read_certificates(); !read) return read.error();
  return ca;
}

Result<> OwnCa::read_certificates() {
  auto root = folder_.read_certificate("root.pem");
  if (!root) return root.error();
  auto issuing = folder_.read_certificate("issuing.pem");
  if (!issuing) return issuing.error();
  auto key = folder_.read_key("issuing.key");
  if (!key) return key.error();
  root_ = std::move(*root);
  permitted_ = read_name_constraints(root_.get());
  issuing_.certificate = std::move(*issuing);
  if (auto read = read_retired(); !read) return read.error();
  // Between the two files of a new issuing certificate, the old one's key is found among the
  // retired.
  const auto same = std::ranges::find_if(retired_, [&](const SigningCa& old) {
    return X509_cmp(old.certificate.get(), issuing_.certificate.get()) == 0;
  });
  if (key->has_value() && is_key_of(key->value().get(), issuing_.certificate.get()))
    issuing_.key = std::move(**key);
  else if (same != retired_.end())
    issuing_.key = share(same->key.get());
  if (same != retired_.end()) retired_.erase(same);
  return check_issuing();
}

Result<> OwnCa::check_issuing() const {
  if (issuing_.key == nullptr)
    return fail(Errc::invalid, "{} {}: put the issuing key back there, from a backup",
                folder_.path("issuing.key"),
                folder_.has("issuing.key") ? "is not the key of issuing.pem" : "is missing");
  const bool is_signed =
      X509_verify(issuing_.certificate.get(), X509_get0_pubkey(root_.get())) == 1;
  ERR_clear_error();
  if (!is_signed)
    return fail(Errc::invalid, "{} was not signed by root.pem", folder_.path("issuing.pem"));
  return {};
}

Result<> OwnCa::read_retired() {
  if (!folder_.has("retired")) return {};
  const auto folder = CaFolder::open(folder_.path("retired"));
  if (!folder) return folder.error();
  const auto files = base::glob_files(folder_.path("retired") + "/*.pem");
  if (!files) return files.error();
  for (const auto& file : *files) {
    const std::string name = "retired/" + std::filesystem::path(file).stem().string();
    auto certificate = folder_.read_certificate(name + ".pem");
    if (!certificate) return certificate.error();
    auto key = folder_.read_key(name + ".key");
    if (!key) return key.error();
    if (!key->has_value() || !is_key_of(key->value().get(), certificate->get()))
      return fail(Errc::invalid, "{}.key is not the key of {}.pem", folder_.path(name),
                  folder_.path(name));
    retired_.push_back({std::move(*certificate), std::move(**key)});
  }
  return {};
}

bool OwnCa::has_root_key() const {
  return folder_.has("root.key");
}

std::string OwnCa::root_fingerprint() const {
  std::array<unsigned char, EVP_MAX_MD_SIZE> digest{};
  unsigned size = 0;
  CHECK(X509_digest(root_.get(), EVP_sha256(), digest.data(), &size) == 1);
  std::string text;
  for (unsigned i = 0; i < size; ++i)
    text += fmt::format("{:02x}", digest[i]);
  return text;
}

bool OwnCa::is_issuing_due(base::WallTime now) const {
  return is_renewal_due(describe(issuing_.certificate.get()), now);
}

Result<SigningCa> OwnCa::root_with_key() const {
  auto key = folder_.read_key("root.key");
  if (!key) return key.error();
  const std::string file = folder_.path("root.key");
  if (!key->has_value())
    return fail(
        Errc::unavailable,
        "{} is not there, and a new issuing certificate needs it (this one ends on {}): put "
        "it back there until the next certificate is signed",
        file, format_time(describe(issuing_.certificate.get()).not_after));
  if (!is_key_of(key->value().get(), root_.get()))
    return fail(Errc::invalid, "{} is not the key of root.pem", file);
  return SigningCa{share(root_.get()), std::move(**key)};
}

Result<> OwnCa::renew_issuing(base::WallTime now) {
  const auto root = root_with_key();
  if (!root) return root.error();
  auto next = make_issuing(settings_.name, *root, now);
  if (!next) return next.error();
  const auto list = root_list(*root, next->certificate.get(), now);
  if (!list) return list.error();
  if (auto made = folder_.below("retired"); !made) return made.error();
  const std::string old = retired_name(issuing_.certificate.get());
  const auto written = Writing(folder_)
                           .key(old + ".key", issuing_.key.get())
                           .text(old + ".pem", to_pem(issuing_.certificate.get()))
                           .text("root-crl.pem", *list)
                           .key("issuing.key", next->key.get())
                           .text("issuing.pem", to_pem(next->certificate.get()))
                           .went();
  if (!written) return written.error();
  retired_.push_back(std::exchange(issuing_, std::move(*next)));
  forget_ended(now);
  return {};
}

// An ended certificate's key has nothing left to sign.
void OwnCa::forget_ended(base::WallTime now) {
  std::erase_if(retired_, [&](const SigningCa& old) {
    if (describe(old.certificate.get()).not_after > now) return false;
    const std::string name = folder_.path(retired_name(old.certificate.get()));
    ::unlink((name + ".pem").c_str());
    ::unlink((name + ".key").c_str());
    return true;
  });
}

Result<HeldCa> hold_ca(const std::string& dir, const std::stop_token& stop) {
  const auto folder = CaFolder::open(dir);
  if (!folder && folder.error().code != Errc::not_found) return folder.error();
  // Without a folder, open() has the words for it.
  auto lock = folder ? folder->lock(kLockWait, stop) : Result<CaLock>(folder.error());
  auto ca = OwnCa::open(dir);
  if (!ca) return ca.error();
  if (!lock) return lock.error();
  return HeldCa{std::move(*lock), std::move(*ca)};
}

}  // namespace ravelin::certs
