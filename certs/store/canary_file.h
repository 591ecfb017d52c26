// A generation that is tried on some clients before all get it, as a file of the store: every
// gateway that follows it shows it to the same ones. The lease of the certificate covers it. It
// counts only as long as the generation it stands beside is the one served: whatever is published
// ends it at that moment, also where a crash leaves the file. Blocks on the disk.
//   STORE/canary/NAME.json
#pragma once

#include "certs/store/store_dir.h"

#include <chrono>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace ravelin::certs {

inline constexpr std::uint32_t kWholeShare = 10'000;
inline constexpr std::size_t kCanariesMax = 1000;

struct Canary {
  std::string name;              // of the certificate
  std::uint64_t generation = 0;  // that is tried
  std::uint64_t beside = 0;      // that is served to the others
  std::uint32_t share = 0;       // of kWholeShare clients get it
  sys_seconds since{};
  std::chrono::seconds lasts{};  // then all get it; 0 = when someone says so
  std::string by;

  friend bool operator==(const Canary&, const Canary&) = default;
};

std::string format_canary(const Canary& canary);  // JSON
Result<Canary> parse_canary(std::string_view text);

// "5%", "0.5%": of kWholeShare. Errors: not above 0 and below 100 %, more than two decimals.
Result<std::uint32_t> parse_share(std::string_view text);
std::string share_text(std::uint32_t share);

std::string canary_folder(const StorePaths& paths);
std::string canary_file(const StorePaths& paths, std::string_view name);

// At most kCanariesMax, by name; damaged files are left out. None when there is no folder.
std::vector<Canary> read_canaries(const StorePaths& paths);

// The one that counts for a certificate; nullopt: none does.
std::optional<Canary> find_canary(const StoreDir& store, const std::string& name);

// In place of one that is there. Errors: the generation is not kept, or served already.
Result<> begin_canary(const StoreDir& store, Lease& lease, const Canary& canary);
// None there is no error.
Result<> end_canary(const StoreDir& store, Lease& lease, const std::string& name);

}  // namespace ravelin::certs
