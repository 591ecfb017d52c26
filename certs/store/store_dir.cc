// Opening a store, and looking at what is in it; publish.cc changes it.
#include "certs/store/store_dir.h"

#include "base/io/file.h"
#include "base/text.h"
#include "certs/key_file.h"
#include "certs/store/canary_file.h"
#include "certs/store/challenge_folder.h"
#include "certs/store/durable.h"
#include "certs/store/journal.h"
#include "certs/store/revoked_keys.h"

#include <openssl/rand.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <filesystem>
#include <system_error>

namespace ravelin::certs {
namespace {

using base::Errc;
using base::fail;

constexpr std::string_view kFormat = "ravelin-certs 2";
constexpr std::size_t kStoreRecordMax = std::size_t{256} * 1024;
constexpr std::size_t kHistoryMax = std::size_t{64} * 1024 * 1024;

// A store is its owner's alone.
Result<> check_folder(const std::string& path) {
  struct stat status {};

  if (::lstat(path.c_str(), &status) != 0) {
    base::Error error = base::fail_errno(errno, "looking at " + path);
    if (errno == ENOENT) error.code = Errc::not_found;
    return error;
  }
  if (!S_ISDIR(status.st_mode)) return fail(Errc::invalid, "{} is no folder", path);
  // Root becomes its owner before it changes anything.
  const uid_t user = ::geteuid();
  if (status.st_uid != user && status.st_uid != 0 && user != 0)
    return fail(Errc::denied, "{} belongs to user {}; run this as that user, or chown -R it", path,
                status.st_uid);
  if ((status.st_mode & 077U) != 0)
    return fail(Errc::denied,
                "{} is open to others (mode {:04o}) and holds private keys: chmod 700 {}", path,
                status.st_mode & 07777U, path);
  return {};
}

Result<> check_format(const std::string& path) {
  const auto text = base::read_file(path, kStoreRecordMax);
  if (!text && text.error().code == Errc::not_found)
    return fail(Errc::not_found, "{} is not there: this is no store of certificates", path);
  if (!text) return text.error();
  const std::string_view line = std::string_view(*text).substr(0, text->find('\n'));
  if (line == kFormat) return {};
  return fail(
      Errc::invalid,
      "{}: the store is of the format \"{}\"; this program knows \"{}\": use the one that made it",
      path, line.substr(0, 40), kFormat);
}

std::uint64_t random_id() {
  std::uint64_t id = 0;
  while (id == 0)
    if (RAND_bytes(reinterpret_cast<unsigned char*>(&id), sizeof id) != 1) id = 1;
  return id;
}

// Whole from its first moment on. Another process may be at the same: the first one's stays.
Result<> make_journal(const std::string& path) {
  const std::uint64_t id = random_id();
  const std::string staged = fmt::format("{}.{:016x}", path, id);
  auto made = write_new_file(staged, format_head(id), 0600);
  if (!made) return made;
  if (const auto known = read_journal(path, {}); !known && known.error().code == Errc::invalid)
    ::unlink(path.c_str());
  if (::link(staged.c_str(), path.c_str()) != 0 && errno != EEXIST)
    made = base::fail_errno(errno, "making " + path);
  ::unlink(staged.c_str());
  return made;
}

Result<> make_inside(const StorePaths& paths) {
  for (const std::string& folder :
       {paths.for_gateways(), paths.all(), paths.for_gateways() + "/revoked", canary_folder(paths),
        challenge_folder(paths), paths.for_signing(), paths.all_keys(), paths.all_pending(),
        paths.locks(), paths.root() + "/accounts"})
    if (auto made = make_folder(folder); !made) return made.error();
  for (const std::string& folder : {paths.for_gateways(), paths.for_signing()})
    if (auto synced = sync_folder(folder); !synced) return synced.error();
  if (auto journal = make_journal(paths.journal()); !journal) return journal.error();
  // Last: a store without it is not there yet.
  auto format = base::replace_file(paths.format(), std::string(kFormat) + "\n", 0600);
  if (!format) return format.error();
  return sync_folder(paths.root());
}

// Where a link of a certificate points: 0 when there is none.
Result<std::uint64_t> read_link(const std::string& path) {
  std::array<char, 64> target{};
  const ssize_t size = ::readlink(path.c_str(), target.data(), target.size());
  if (size < 0 && errno == ENOENT) return std::uint64_t{0};
  if (size < 0) return base::fail_errno(errno, "reading " + path);
  const std::string_view text(target.data(), static_cast<std::size_t>(size));
  if (!text.starts_with("gen/"))
    return fail(Errc::invalid, "{} points to \"{}\", which is no generation of this certificate",
                path, text);
  return parse_number(text.substr(4));
}

std::vector<std::uint64_t> numbers_in(const std::string& folder) {
  std::vector<std::uint64_t> numbers;
  std::error_code ignored;
  for (const auto& entry : std::filesystem::directory_iterator(folder, ignored))
    if (const auto number = parse_number(entry.path().filename().string()); number)
      numbers.push_back(*number);
  std::ranges::sort(numbers);
  return numbers;
}

Result<std::string> read_key(const std::string& path) {
  const auto file = KeyFile::open(path);
  if (!file) return file.error();
  const KeyFileRules rules{.groups = {}};
  if (const auto findings = file->check(rules); has_errors(findings))
    return fail(Errc::denied, "{}", to_string(findings));
  return file->read();
}

}  // namespace

Result<StoreDir> StoreDir::open(const std::string& path) {
  StoreDir store(path);
  if (auto checked = check_folder(store.paths_.root()); !checked) return checked.error();
  if (auto checked = check_format(store.paths_.format()); !checked) return checked.error();
  return store;
}

Result<StoreDir> StoreDir::make(const std::string& path) {
  auto store = open(path);
  if (store || store.error().code != Errc::not_found) return store;
  const StorePaths paths(path);
  std::error_code ignored;
  std::filesystem::create_directories(std::filesystem::path(paths.root()).parent_path(), ignored);
  if (auto made = make_folder(paths.root()); !made) return made.error();
  if (auto checked = check_folder(paths.root()); !checked) return checked.error();
  if (auto made = make_inside(paths); !made) return made.error();
  return open(path);
}

Result<std::vector<std::string>> StoreDir::names() const {
  std::vector<std::string> names;
  std::error_code error;
  for (const auto& entry : std::filesystem::directory_iterator(paths_.all(), error))
    if (auto name = name_of(entry.path().filename().string()); name)
      names.push_back(std::move(*name));
  if (error) return fail(Errc::io, "reading {}: {}", paths_.all(), error.message());
  std::ranges::sort(names);
  return names;
}

Result<CertificateState> StoreDir::state(const std::string& name) const {
  if (auto checked = check_name(name); !checked) return checked.error();
  auto checked = check_folder(paths_.of(name));
  if (!checked && checked.error().code == Errc::not_found)
    return fail(Errc::not_found, "the store {} has no certificate \"{}\"", paths_.root(), name);
  if (!checked) return checked.error();
  CertificateState state{.name = name};
  auto current = read_link(paths_.current(name));
  if (!current) return current.error();
  auto previous = read_link(paths_.previous(name));
  if (!previous) return previous.error();
  state.current = *current;
  state.previous = *previous == *current ? 0 : *previous;
  state.generations = numbers_in(paths_.generations(name));
  state.has_pending = ::access(paths_.pending(name).c_str(), F_OK) == 0;
  return state;
}

Result<Want> StoreDir::want(const std::string& name) const {
  const auto text = base::read_file(paths_.want(name), kStoreRecordMax);
  if (!text) return text.error();
  auto want = parse_want(*text);
  if (!want) return base::wrap(want.error(), paths_.want(name));
  return want;
}

Result<GenerationInfo> StoreDir::info(const std::string& name, std::uint64_t number) const {
  const std::string folder = paths_.generation(name, number);
  const std::string path = folder + "/" + std::string(kMetaFile);
  const auto checked = check_folder(folder);
  const auto text = checked ? base::read_file(path, kStoreRecordMax) : checked.error();
  if (!text && text.error().code == Errc::not_found)
    return fail(Errc::not_found, "certificate \"{}\" has no generation {}", name, number);
  if (!text) return text.error();
  auto info = parse_generation(*text);
  if (!info) return base::wrap(info.error(), path);
  return info;
}

Result<Generation> StoreDir::generation(const std::string& name, std::uint64_t number,
                                        KeyReading keys) const {
  auto found = info(name, number);
  if (!found) return found.error();
  Generation generation{.info = std::move(*found)};
  const std::string folder = paths_.generation(name, number) + "/";
  for (const PairSlot slot : kPairSlots) {
    if (!generation.info.facts(slot)) continue;
    auto chain = base::read_file(folder + chain_file(slot), kPemBytesMax);
    if (!chain) return chain.error();
    auto key = keys == KeyReading::here ? read_key(paths_.keys(name, number) + "/" + key_file(slot))
                                        : std::string();
    if (!key) return key.error();
    generation.texts(slot) = PairTexts(std::move(*chain), std::move(*key));
  }
  return generation;
}

std::vector<HistoryEntry> StoreDir::history(const std::string& name) const {
  const auto text = base::read_file(paths_.history(name), kHistoryMax);
  return text ? parse_history(*text) : std::vector<HistoryEntry>();
}

Result<std::unique_ptr<Lease>> StoreDir::lease(const std::string& name, std::string doing) const {
  if (auto checked = check_name(name); !checked) return checked.error();
  return Lease::take(paths_.lock(name), this_process(std::move(doing)), kLeaseTime);
}

Result<RevokedKeys> StoreDir::revoked_keys() const {
  return read_revoked_keys(paths_);
}

}  // namespace ravelin::certs
