// bench_make_store [--renewable] STORE NAMES [PEM COUNT]: a new store with NAMES certificates of
// one CA, one key per thousand of them, in the layout of certs/store/paths.h but without its
// fsyncs; PEM gets the first COUNT once more as a file each, chain and key, as HAProxy and nginx
// want them. The index is made by `ravelin certs index`. Renewable certificates have an issuer, so
// that the renewal looks after them.
#include "bench/certs/names.h"
#include "bench/must.h"
#include "bench/net.h"
#include "certs/build_certificate.h"
#include "certs/issuer/private_key.h"
#include "certs/store/store_dir.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <chrono>
#include <string>
#include <vector>

namespace ravelin::bench {
namespace {

using certs::CertificateInfo;
using certs::GenerationInfo;
using certs::KeyPtr;
using certs::PairFacts;
using certs::PairSlot;
using certs::StoreDir;
using certs::StorePaths;
using certs::X509Ptr;

constexpr unsigned kNamesPerKey = 1000;
constexpr auto kValidity = std::chrono::hours(24 * 90);

struct Authority {
  KeyPtr key;
  X509Ptr root;
  base::WallTime now;
};

Authority make_authority() {
  const base::WallTime now = base::wall_now();
  KeyPtr key = must(certs::generate_key(certs::KeyKind::p256));
  X509Ptr root =
      certs::blank_certificate(key.get(), now - std::chrono::hours(1), now + 2 * kValidity);
  certs::set_common_name(X509_get_subject_name(root.get()), "Ravelin benchmark store CA");
  X509_set_issuer_name(root.get(), X509_get_subject_name(root.get()));
  certs::add_extension(root.get(), root.get(), NID_basic_constraints, "critical,CA:TRUE");
  certs::add_extension(root.get(), root.get(), NID_key_usage, "critical,keyCertSign,cRLSign");
  certs::add_extension(root.get(), root.get(), NID_subject_key_identifier, "hash");
  must(certs::sign_certificate(root.get(), key.get()));
  return {std::move(key), std::move(root), now};
}

X509Ptr make_leaf(const Authority& authority, EVP_PKEY* key, const std::string& name) {
  X509* root = authority.root.get();
  X509Ptr leaf = certs::blank_certificate(key, authority.now - std::chrono::hours(1),
                                          authority.now + kValidity);
  certs::set_common_name(X509_get_subject_name(leaf.get()), name);
  X509_set_issuer_name(leaf.get(), X509_get_subject_name(root));
  certs::add_extension(leaf.get(), root, NID_basic_constraints, "critical,CA:FALSE");
  certs::add_extension(leaf.get(), root, NID_key_usage, "critical,digitalSignature");
  certs::add_extension(leaf.get(), root, NID_ext_key_usage, "serverAuth");
  certs::add_extension(leaf.get(), root, NID_authority_key_identifier, "keyid");
  certs::add_alternative_names(leaf.get(), must(certs::general_names(std::array{name})).get(),
                               certs::Critical::no);
  must(certs::sign_certificate(leaf.get(), authority.key.get()));
  return leaf;
}

GenerationInfo make_info(const X509* leaf, const std::string& name, base::WallTime now) {
  const CertificateInfo told = certs::describe(leaf);
  const auto seconds = [](base::WallTime time) {
    return std::chrono::floor<std::chrono::seconds>(time);
  };
  PairFacts facts{.key = "p256",
                  .serial = told.serial,
                  .issuer_name = told.issuer,
                  .spki_sha256 = told.spki_sha256,
                  .not_before = seconds(told.not_before),
                  .not_after = seconds(told.not_after)};
  return {.number = 1,
          .names = {name},
          .issuer = "bench",
          .reason = "issue",
          .by = "bench",
          .node = "bench",
          .made = seconds(now),
          .ec = std::move(facts)};
}

void make_plain_folder(const std::string& path) {
  if (::mkdir(path.c_str(), 0700) != 0) die(path.c_str());
}

void write_plain(const std::string& path, std::string_view content, mode_t mode) {
  const int fd = ::open(path.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, mode);
  const bool is_written = fd >= 0 && ::write(fd, content.data(), content.size()) ==
                                         static_cast<ssize_t>(content.size());
  if (!is_written || ::close(fd) != 0) die(path.c_str());
}

struct Key {
  KeyPtr key;
  std::string pem;
};

void write_certificate(const StorePaths& paths, const std::string& name, const std::string& chain,
                       const Key& key, const GenerationInfo& info) {
  make_plain_folder(paths.of(name));
  make_plain_folder(paths.generations(name));
  const std::string folder = paths.generation(name, 1);
  make_plain_folder(folder);
  make_plain_folder(paths.keys(name));
  const std::string keys = paths.keys(name, 1);
  make_plain_folder(keys);
  write_plain(keys + "/" + key_file(PairSlot::ec), key.pem, 0600);
  write_plain(folder + "/" + chain_file(PairSlot::ec), chain, 0644);
  write_plain(folder + "/" + std::string(certs::kMetaFile), format_generation(info), 0600);
  const std::string target = "gen/" + certs::number_text(1);
  if (::chmod(folder.c_str(), 0500) != 0 || ::chmod(keys.c_str(), 0500) != 0 ||
      ::symlink(target.c_str(), paths.current(name).c_str()) != 0)
    die(folder.c_str());
}

enum class Kind { plain, renewable };

int run(Kind kind, const std::string& store_path, unsigned names, const std::string& pem_path,
        unsigned pem_count) {
  const StoreDir store = must(StoreDir::make(store_path));
  const Authority authority = make_authority();
  if (pem_count > 0) make_plain_folder(pem_path);
  Key key;
  for (unsigned i = 0; i < names; ++i) {
    if (i % kNamesPerKey == 0) {
      key.key = must(certs::generate_key(certs::KeyKind::p256));
      key.pem = certs::key_to_pem(key.key.get());
    }
    const std::string name = store_name(i);
    const X509Ptr leaf = make_leaf(authority, key.key.get(), name);
    const std::string chain = certs::to_pem(leaf.get());
    write_certificate(store.paths(), name, chain, key, make_info(leaf.get(), name, authority.now));
    if (kind == Kind::renewable)
      write_plain(store.paths().want(name),
                  certs::format_want({.names = {name}, .issuers = {"bench"}}), 0600);
    if (i < pem_count) write_plain(fmt::format("{}/{}.pem", pem_path, name), chain + key.pem, 0600);
  }
  return 0;
}

}  // namespace
}  // namespace ravelin::bench

int main(int argc, char** argv) {
  std::vector<std::string> words(argv + 1, argv + argc);
  using ravelin::bench::Kind;
  const bool is_renewable = !words.empty() && words.front() == "--renewable";
  if (is_renewable) words.erase(words.begin());
  if (words.size() != 2 && words.size() != 4) {
    fmt::print(stderr, "usage: bench_make_store [--renewable] STORE NAMES [PEM COUNT]\n");
    return 2;
  }
  const bool has_pem = words.size() == 4;
  return ravelin::bench::run(is_renewable ? Kind::renewable : Kind::plain, words[0],
                             static_cast<unsigned>(std::stoul(words[1])), has_pem ? words[2] : "",
                             has_pem ? static_cast<unsigned>(std::stoul(words[3])) : 0);
}
