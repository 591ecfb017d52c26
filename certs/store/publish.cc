// Changing what is in a store. Each step is durable before the next begins.
#include "base/io/file.h"
#include "base/io/log.h"
#include "certs/store/canary_file.h"
#include "certs/store/durable.h"
#include "certs/store/journal.h"
#include "certs/store/record_lines.h"
#include "certs/store/store_dir.h"

#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <filesystem>
#include <system_error>

namespace ravelin::certs {
namespace {

using base::Errc;
using base::fail;

constexpr mode_t kPrivate = 0600;
constexpr mode_t kPublic = 0644;  // inside folders that are the owner's alone
constexpr mode_t kKept = 0500;    // of a generation's folder: nothing is added later

Result<> make_certificate_folder(const StorePaths& paths, const std::string& name) {
  for (const std::string& folder : {paths.of(name), paths.generations(name)})
    if (auto made = make_folder(folder); !made) return made;
  if (auto synced = sync_folder(paths.of(name)); !synced) return synced;
  return sync_folder(paths.all());
}

Result<> close_folder(const std::string& folder) {
  auto done = sync_folder(folder);
  if (done && ::chmod(folder.c_str(), kKept) != 0) return base::fail_errno(errno, folder);
  return done;
}

Result<> fill_keys(const std::string& folder, const Generation& generation) {
  for (const PairSlot slot : kPairSlots) {
    const auto& texts = generation.texts(slot);
    if (!texts) continue;
    auto done = write_new_file(folder + "/" + key_file(slot), texts->key, kPrivate);
    if (!done) return done;
  }
  return close_folder(folder);
}

Result<> fill(const std::string& folder, const Generation& generation) {
  for (const PairSlot slot : kPairSlots) {
    const auto& texts = generation.texts(slot);
    if (!texts) continue;
    auto done = write_new_file(folder + "/" + chain_file(slot), texts->chain, kPublic);
    if (!done) return done;
  }
  // Last: a folder without a record is no generation.
  auto done = write_new_file(folder + "/" + std::string(kMetaFile),
                             format_generation(generation.info), kPrivate);
  return done ? close_folder(folder) : done;
}

// Its folder has to be writable to be emptied.
Result<> remove_generation(const std::string& folder) {
  static_cast<void>(::chmod(folder.c_str(), 0700) != 0);
  return remove_folder(folder);
}

// With all generations in it.
Result<> remove_generations(const std::string& folder) {
  std::error_code ignored;
  for (const auto& entry : std::filesystem::directory_iterator(folder, ignored))
    static_cast<void>(::chmod(entry.path().c_str(), 0700) != 0);
  return remove_folder(folder);
}

// A certificate's, with all its generations.
Result<> remove_all_of(const std::string& folder) {
  if (auto removed = remove_generations(folder + "/gen"); !removed) return removed;
  return remove_folder(folder);
}

// A folder that is filled aside, then moved into place; nothing of it is left on errors.
Result<> put_folder(const std::string& folder, const Generation& generation,
                    Result<> (*fill_with)(const std::string&, const Generation&)) {
  const std::string aside = folder + ".tmp";
  auto step = remove_generation(aside);  // a crash may have left it
  if (step) step = make_folder(aside);
  if (step) step = fill_with(aside, generation);
  if (step) step = move_to(aside, folder);
  if (!step) static_cast<void>(!remove_generation(aside).has_value());
  return step;
}

Result<> announce(const StorePaths& paths, const JournalLine& line) {
  return append_line(paths.journal(), format_line(line));
}

}  // namespace

Result<> StoreDir::set_want(Lease& lease, const std::string& name, const Want& want) {
  return lease.while_held([&]() -> Result<> {
    if (auto made = make_certificate_folder(paths_, name); !made) return made;
    return base::replace_file(paths_.want(name), format_want(want), kPrivate);
  });
}

Result<std::uint64_t> StoreDir::keep(Lease& lease, const std::string& name, Generation generation) {
  std::uint64_t number = 0;
  auto done = lease.while_held([&]() -> Result<> {
    if (auto made = make_certificate_folder(paths_, name); !made) return made;
    auto found = state(name);
    if (!found) return found.error();
    number =
        std::max(found->current, found->generations.empty() ? 0 : found->generations.back()) + 1;
    generation.info.number = number;
    // Keys first: what is there of a generation is whole. Keys alone are what a crash has left.
    const std::string keys = paths_.keys(name, number);
    auto step = make_folder(paths_.keys(name));
    if (step) step = sync_folder(paths_.all_keys());
    if (step) step = remove_generation(keys);
    if (step) step = put_folder(keys, generation, fill_keys);
    if (step) step = put_folder(paths_.generation(name, number), generation, fill);
    if (!step) static_cast<void>(!remove_generation(keys).has_value());
    return step;
  });
  if (!done) return done.error();
  return number;
}

Result<> StoreDir::publish(Lease& lease, const std::string& name, std::uint64_t number) {
  return lease.while_held([&]() -> Result<> {
    auto before = state(name);
    if (!before) return before.error();
    if (!std::ranges::binary_search(before->generations, number))
      return fail(Errc::not_found, "certificate \"{}\" has no generation {}", name, number);
    const std::string target = "gen/" + number_text(number);
    auto step = announce(paths_, {JournalEvent::begin, name, number});
    if (step && before->current != 0 && before->current != number)
      step = point_link(paths_.previous(name), "gen/" + number_text(before->current));
    if (step) step = point_link(paths_.current(name), target);
    // It has ended by that: it stood beside the one before.
    if (step) static_cast<void>(::unlink(canary_file(paths_, name).c_str()) == 0);
    // Not closed is no failure: whoever follows the journal keeps looking.
    if (step) static_cast<void>(!announce(paths_, {JournalEvent::done, name, number}).has_value());
    return step;
  });
}

Result<> StoreDir::prune(Lease& lease, const std::string& name, std::size_t count) {
  return lease.while_held([&]() -> Result<> {
    const auto found = state(name);
    if (!found) return found.error();
    const auto& all = found->generations;
    for (std::size_t i = 0; i + count < all.size(); ++i) {
      if (all[i] == found->current || all[i] == found->previous) continue;
      if (auto removed = remove_generation(paths_.generation(name, all[i])); !removed)
        return removed;
      if (auto removed = remove_generation(paths_.keys(name, all[i])); !removed) return removed;
    }
    return {};
  });
}

Result<> StoreDir::remove(Lease& lease, const std::string& name) {
  return lease.while_held([&]() -> Result<> {
    const auto found = state(name);
    if (!found) return found.error();
    const JournalLine begin{JournalEvent::begin, name, std::max<std::uint64_t>(found->current, 1)};
    // In one step out of the way, so that no half of it is left.
    const std::string aside = paths_.removed(name);
    auto step = remove_all_of(aside);  // a crash may have left it
    if (step) step = announce(paths_, begin);
    if (step) step = move_to(paths_.of(name), aside);
    if (step) step = remove_generations(paths_.keys(name));
    if (step) step = remove_folder(paths_.pending(name));
    if (step) step = remove_folder(paths_.pending_placeholder(name));
    if (!step) return step;
    static_cast<void>(::unlink(canary_file(paths_, name).c_str()) == 0);
    // Not closed is no failure: whoever follows the journal keeps looking.
    static_cast<void>(!announce(paths_, {JournalEvent::gone, name, 0}).has_value());
    return remove_all_of(aside);
  });
}

void StoreDir::note(const std::string& name, const HistoryEntry& entry) const {
  if (const auto done = append_line(paths_.history(name), format_entry(entry)); !done)
    base::log_warn("certs", "the history could not be written",
                   {{"name", name}, {"error", done.error().message}});
}

Result<> StoreDir::revoke_key(std::string_view spki_sha256) {
  return append_line(paths_.revoked_keys(), spki_sha256);
}

}  // namespace ravelin::certs
