#include "gateway/discovery/overrides_file.h"

#include "base/io/file.h"
#include "gateway/discovery/findings_line.h"
#include "gateway/discovery/overrides_text.h"

#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>

namespace ravelin::gateway {

using base::Errc;
using base::Result;

namespace {

constexpr mode_t kMode = 0600;

// Who can write to it can send requests anywhere.
Result<void> check_owner(const std::string& path, const std::vector<uid_t>& owners) {
  struct stat status {};

  if (::stat(path.c_str(), &status) != 0) return {};  // gone again: nothing was read from it
  const bool is_ours = status.st_uid == 0 || status.st_uid == ::geteuid() ||
                       std::ranges::find(owners, status.st_uid) != owners.end();
  if (!is_ours)
    return base::fail(Errc::denied, "{} belongs to user {}, who is neither root nor the gateway's",
                      path, status.st_uid);
  if ((status.st_mode & (S_IWGRP | S_IWOTH)) != 0)
    return base::fail(Errc::denied, "{} can be written by others (mode {:04o}); chmod 600", path,
                      status.st_mode & 07777);
  return {};
}

}  // namespace

Result<OverrideSet> OverridesFile::read() {
  if (path_.empty()) return OverrideSet{};
  const auto text = base::read_file(path_, kOverridesBytesMax);
  if (!text && text.error().code == Errc::not_found) {
    saved_.clear();
    return saved_;
  }
  if (!text) return text.error();
  if (auto checked = check_owner(path_, owners_); !checked) return checked.error();
  base::Diagnostics diagnostics;
  OverrideSet set = parse_overrides(*text, path_, diagnostics);
  if (diagnostics.has_errors()) return base::fail(Errc::invalid, "{}", findings_line(diagnostics));
  saved_ = std::move(set);
  return saved_;
}

Result<void> OverridesFile::save(const OverrideEdits& edits) {
  if (path_.empty())
    return base::fail(
        Errc::conflict,
        "nothing was done: orders are saved in the file \"admin.overrides\" names, and "
        "the configuration names none (say /var/lib/ravelin/overrides.json)");
  auto set = read();
  if (!set) {
    base::Error error = base::wrap(
        set.error(), "nothing was done: the file of saved orders is to be mended or removed first");
    if (error.code != Errc::io) error.code = Errc::conflict;
    return error;
  }
  apply_edits(edits, *set);
  if (set->size() > kOverridesMax)
    return base::fail(Errc::conflict, "nothing was done: {} orders are saved already, no more fit",
                      kOverridesMax);
  if (auto done = base::replace_file(path_, format_overrides(*set), kMode); !done)
    return base::wrap(done.error(), "nothing was done, since it could not be saved");
  saved_ = std::move(*set);
  return {};
}

}  // namespace ravelin::gateway
