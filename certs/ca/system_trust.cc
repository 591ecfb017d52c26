#include "certs/ca/system_trust.h"

#include "base/io/file.h"
#include "base/io/run_program.h"
#include "base/text.h"

#include <unistd.h>

#include <cerrno>
#include <filesystem>
#include <system_error>
#include <utility>
#include <vector>

namespace ravelin::certs {
namespace {

using base::Errc;
using base::fail;

constexpr std::string_view kFolder = "usr/local/share/ca-certificates";
constexpr const char* kProgram = "/usr/sbin/update-ca-certificates";
constexpr std::size_t kCertificateBytesMax = std::size_t{64} * 1024;
constexpr std::size_t kBundleBytesMax = std::size_t{16} * 1024 * 1024;
constexpr mode_t kMode = 0644;

std::string last_line(std::string_view output) {
  while (output.ends_with('\n'))
    output.remove_suffix(1);
  return std::string(base::trim(output.substr(output.rfind('\n') + 1)));
}

// With "--fresh" links to what is no longer there go, too.
Result<> update(const SystemTree& tree, std::vector<std::string> words) {
  words.insert(words.begin(), kProgram);
  if (tree.root != "/") {
    const auto add = [&](const char* flag, std::string_view below) {
      words.insert(words.end(), {flag, tree.path(below)});
    };
    add("--certsconf", "etc/ca-certificates.conf");
    add("--certsdir", "usr/share/ca-certificates");
    add("--localcertsdir", kFolder);
    add("--etccertsdir", "etc/ssl/certs");
    add("--hooksdir", "etc/ca-certificates/update.d");
  }
  const auto ended = base::run_program({.words = std::move(words)});
  if (!ended) return ended.error();
  if (ended->status != 0)
    return fail(Errc::io, "{} ended with {}: {}", kProgram, ended->status,
                last_line(ended->output));
  return {};
}

enum class InBundle { yes, no };

// The program ends well when it has left the bundle as it was, too.
Result<> check_bundle(const SystemTree& tree, std::string_view pem, InBundle wanted) {
  const std::string file = tree.path("etc/ssl/certs/ca-certificates.crt");
  const auto bundle = base::read_file(file, kBundleBytesMax);
  if (!bundle) return bundle.error();
  const bool is_there = bundle->find(base::trim(pem)) != std::string::npos;
  if (is_there == (wanted == InBundle::yes)) return {};
  return fail(Errc::io, "{} {} the root, though {} has ended well", file,
              is_there ? "still holds" : "lacks", kProgram);
}

Result<> update_and_check(const SystemTree& tree, std::string_view pem, InBundle wanted) {
  std::vector<std::string> words;
  if (wanted == InBundle::no) words.emplace_back("--fresh");
  if (auto updated = update(tree, std::move(words)); !updated) return updated.error();
  return check_bundle(tree, pem, wanted);
}

// After update() has failed: its file as it was before. Whatever it has done in between, its next
// run starts from the files.
void put_back(const std::string& file, const Result<std::string>& before) {
  if (!before) {
    ::unlink(file.c_str());
    return;
  }
  // The failure that led here is what gets reported.
  static_cast<void>(base::replace_file(file, *before, kMode).has_value());
}

}  // namespace

std::string SystemTree::path(std::string_view below) const {
  // update-ca-certificates changes its working directory.
  return (std::filesystem::absolute(root) / below).lexically_normal().string();
}

std::string trust_file(const SystemTree& tree, std::string_view fingerprint) {
  return fmt::format("{}/ravelin-{}.crt", tree.path(kFolder), fingerprint.substr(0, 16));
}

Result<> add_trust(const SystemTree& tree, std::string_view fingerprint, const std::string& pem) {
  const std::string file = trust_file(tree, fingerprint);
  std::error_code error;
  if (!std::filesystem::is_directory(tree.path(kFolder), error))
    return fail(
        Errc::unavailable,
        "{} is not there (Debian's package ca-certificates makes it): put the root into the "
        "system's trust by hand",
        tree.path(kFolder));
  const auto before = base::read_file(file, kCertificateBytesMax);
  if (auto written = base::replace_file(file, pem, kMode); !written) return written.error();
  auto updated = update_and_check(tree, pem, InBundle::yes);
  if (!updated) put_back(file, before);
  return updated;
}

Result<bool> remove_trust(const SystemTree& tree, std::string_view fingerprint) {
  const std::string file = trust_file(tree, fingerprint);
  const auto before = base::read_file(file, kCertificateBytesMax);
  if (!before && before.error().code == Errc::not_found) return false;
  if (!before) return before.error();
  if (::unlink(file.c_str()) != 0) return base::fail_errno(errno, "removing " + file);
  if (auto updated = update_and_check(tree, *before, InBundle::no); !updated) {
    put_back(file, before);
    return updated.error();
  }
  return true;
}

}  // namespace ravelin::certs
