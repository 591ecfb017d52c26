#include "system/keys/key_rack.h"

#include "base/hash.h"
#include "certs/names.h"
#include "certs/signing/key_fingerprint.h"
#include "certs/store/store_dir.h"

#include <sys/stat.h>

#include <algorithm>
#include <utility>

namespace ravelin::system {
namespace {

using base::Severity;
using certs::PairCode;
using messages::KeyPlace;
using messages::KeyRef;
using messages::KeySlot;
using messages::TlsSide;

FoundKey refusal(PairCode code, std::string message) {
  FoundKey found{.is_refused = true};
  found.findings.push_back({code, Severity::error, std::move(message)});
  return found;
}

FoundKey failure(PairCode code, std::string message) {
  FoundKey found = refusal(code, std::move(message));
  found.is_refused = false;
  return found;
}

std::string hex_of(const messages::Bytes& bytes) {
  std::string hex;
  for (const std::byte byte : bytes)
    hex += fmt::format("{:02x}", std::to_integer<unsigned>(byte));
  return hex;
}

// No two keys have the same: the parts of a name hold no zero byte, or are refused when read.
std::string name_of(const KeyRef& ref) {
  std::string name(1, ref.place == KeyPlace::store ? 's' : 'c');
  name += ref.slot == KeySlot::rsa ? 'r' : 'e';
  for (const std::byte byte : ref.spki)
    name += static_cast<char>(byte);
  return fmt::format("{}{} {}", name, ref.generation, ref.name);
}

FoundKey mismatch(const certs::PairFiles& files) {
  return refusal(PairCode::key_mismatch,
                 fmt::format("{}: is not the key of the certificate in {}: put the key made for "
                             "this certificate there, or the certificate issued for this key",
                             files.key, files.chain));
}

TlsSide side_of(certs::PairUse use) {
  return use == certs::PairUse::client ? TlsSide::client : TlsSide::server;
}

FoundKey with_key(HeldKey key, std::vector<certs::PairFinding> warnings = {}) {
  return {std::make_shared<const HeldKey>(std::move(key)), std::move(warnings), false};
}

std::uint64_t stamp_of(const std::string& path) {
  struct stat status {};

  if (::stat(path.c_str(), &status) != 0) return 0;
  return base::mix_bits(static_cast<std::uint64_t>(status.st_mtim.tv_nsec) ^
                        base::mix_bits(static_cast<std::uint64_t>(status.st_mtim.tv_sec)) ^
                        base::mix_bits(status.st_ino + static_cast<std::uint64_t>(status.st_size)));
}

}  // namespace

KeyRack::KeyRack(KeyList list, Options options)
    : options_(std::move(options)), list_(std::move(list)), tokens_(options_.tokens) {
  for (const auto& module : options_.modules)
    tokens_.add_module(module);
}

void KeyRack::use(KeyList list) {
  const std::lock_guard reading(reading_);
  const bool is_other_store = list.store != list_.store;
  const auto gone = [&](const Entry& entry) {
    if (entry.is_stored) return is_other_store;
    const std::string_view id = std::string_view(entry.name).substr(entry.name.rfind(' ') + 1);
    return std::ranges::find(list.files, id, &KeyFile::id) == list.files.end();
  };
  {
    const std::lock_guard lock(mutex_);
    std::erase_if(used_, [&](const Entry& entry) {
      const bool is_gone = gone(entry);
      if (is_gone) by_name_.erase(entry.name);
      return is_gone;
    });
  }
  if (is_other_store) {
    revoked_.clear();
    revoked_stamp_ = 0;
    next_look_ns_ = 0;
  }
  list_ = std::move(list);
  tokens_.prune();
}

std::size_t KeyRack::size() const {
  const std::lock_guard lock(mutex_);
  return used_.size();
}

HeldKeyPtr KeyRack::held(const std::string& name) {
  const std::lock_guard lock(mutex_);
  const auto found = by_name_.find(name);
  if (found == by_name_.end()) return nullptr;
  used_.splice(used_.begin(), used_, found->second);
  return found->second->key;
}

void KeyRack::keep(const std::string& name, const KeyRef& ref, HeldKeyPtr key) {
  const std::lock_guard lock(mutex_);
  if (const auto known = by_name_.find(name); known != by_name_.end()) {
    known->second->key = std::move(key);
    return;
  }
  used_.push_front({name, std::move(key), ref.place == KeyPlace::store});
  by_name_.emplace(name, used_.begin());
  if (used_.size() <= options_.keys_max) return;
  by_name_.erase(used_.back().name);
  used_.pop_back();
}

// Keys that were revoked are let go, within a second or so.
void KeyRack::look_at_revoked(base::MonoTime now) {
  if (now.since_boot.count() < next_look_ns_.load(std::memory_order_relaxed)) return;
  // Who reads a key now, perhaps from a token that takes its time, is not waited for.
  const std::unique_lock reading(reading_, std::try_to_lock);
  if (!reading) return;
  next_look_ns_ = (now + options_.revoked_look_every).since_boot.count();
  if (list_.store.empty()) return;
  const certs::StorePaths paths(list_.store);
  const std::uint64_t stamp = stamp_of(paths.revoked_keys());
  if (stamp == revoked_stamp_) return;
  const auto store = certs::StoreDir::open(list_.store);
  if (!store) return;
  auto revoked = store->revoked_keys();
  if (!revoked) return;
  revoked_ = std::move(*revoked);
  revoked_stamp_ = stamp;
  const std::lock_guard lock(mutex_);
  std::erase_if(used_, [&](const Entry& entry) {
    const bool is_gone = entry.is_stored && revoked_.contains(entry.key->spki_sha256);
    if (is_gone) by_name_.erase(entry.name);
    return is_gone;
  });
}

FoundKey KeyRack::get(const KeyRef& ref, base::MonoTime now) {
  if (ref.place == KeyPlace::store) look_at_revoked(now);
  if (HeldKeyPtr key = held(name_of(ref)); key != nullptr) return {std::move(key), {}, false};
  return read(ref, now);
}

FoundKey KeyRack::read(const KeyRef& ref, base::MonoTime now) {
  if (ref.place == KeyPlace::store) look_at_revoked(now);
  const std::lock_guard reading(reading_);
  FoundKey found = ref.place == KeyPlace::store ? read_stored(ref) : read_configured(ref);
  if (found.key != nullptr) keep(name_of(ref), ref, found.key);
  return found;
}

FoundKey KeyRack::read_configured(const KeyRef& ref) {
  const auto file = std::ranges::find(list_.files, ref.name, &KeyFile::id);
  if (file == list_.files.end())
    return refusal(PairCode::key_process,
                   "the key process has no such key: it is of another configuration");
  const std::string spki = hex_of(ref.spki);
  if (file->files.is_in_token()) return find_token_key(*file, spki);
  certs::LoadedKey loaded =
      certs::load_key(file->files, {.groups = list_.key_groups, .owners = list_.key_owners});
  if (loaded.key == nullptr) return {nullptr, std::move(loaded.findings), false};
  if (certs::key_fingerprint(loaded.key.get()) != spki) return mismatch(file->files);
  return with_key({std::move(loaded.key), nullptr, side_of(file->use), spki},
                  std::move(loaded.findings));
}

FoundKey KeyRack::find_token_key(const KeyFile& file, const std::string& spki) {
  const auto text = certs::read_pem_file(file.files.chain);
  const auto chain = text ? certs::parse_chain(*text, file.files.chain) : text.error();
  if (!chain) return failure(PairCode::cert_parse, chain.error().message);
  if (chain->info.spki_sha256 != spki) return mismatch(file.files);
  const auto key = tokens_.key(file.files, {.groups = list_.key_groups, .owners = list_.key_owners},
                               X509_get0_pubkey(chain->leaf.get()));
  if (!key)
    return key.error().code == base::Errc::conflict
               ? refusal(PairCode::key_mismatch, key.error().message)
               : failure(PairCode::key_token, key.error().message);
  return with_key({nullptr, *key, side_of(file.use), spki});
}

FoundKey KeyRack::read_stored(const KeyRef& ref) {
  const std::string spki = hex_of(ref.spki);
  if (list_.store.empty())
    return refusal(PairCode::key_process, "the key process has no store of certificates");
  if (const auto good = certs::check_name(ref.name); !good)
    return refusal(PairCode::key_process, good.error().message);
  if (revoked_.contains(spki))
    return refusal(PairCode::key_process,
                   fmt::format("E_KEY_COMPROMISED: the key of {} was revoked", ref.name));
  const auto store = certs::StoreDir::open(list_.store);
  if (!store) return failure(PairCode::file_unreadable, store.error().message);
  const auto generation = store->generation(ref.name, ref.generation);
  if (!generation) return failure(PairCode::file_unreadable, generation.error().message);
  const certs::PairSlot slot =
      ref.slot == KeySlot::rsa ? certs::PairSlot::rsa : certs::PairSlot::ec;
  const auto& texts = generation->texts(slot);
  const std::string what = fmt::format("{} generation {}", ref.name, ref.generation);
  if (!texts) return refusal(PairCode::key_process, what + ": has no such key");
  auto key = certs::parse_key(texts->key, what);
  if (!key) return failure(PairCode::key_parse, key.error().message);
  if (certs::key_fingerprint(key->get()) != spki)
    return refusal(PairCode::key_mismatch, what + ": its key is not that of the certificate");
  return with_key({std::move(*key), nullptr, TlsSide::server, spki});
}

messages::TokenCounts KeyRack::token_counts() const {
  messages::TokenCounts all;
  for (const certs::TokenStatus& token : tokens_.status()) {
    if (all.labels.size() == messages::kTokenLabels.count) break;
    all.labels.push_back(token.label);
    for (const std::uint64_t number :
         {token.counts.signed_, token.counts.failed, token.counts.refused, token.counts.dropped,
          std::uint64_t{token.waiting}, std::uint64_t{token.is_away}})
      all.numbers.push_back(number);
  }
  return all;
}

}  // namespace ravelin::system
