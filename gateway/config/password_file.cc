#include "gateway/config/password_file.h"

#include "base/text.h"

#include <fmt/format.h>

#include <algorithm>

namespace ravelin::gateway {
namespace {

constexpr std::size_t kUsersMax = 10'000;
constexpr std::size_t kNameBytesMax = 255;

bool is_hash_char(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '.' ||
         c == '/' || c == '=' || c == ',' || c == '$';
}

// What stands behind the last "$": the digest itself.
std::size_t digest_bytes(std::string_view hash) {
  return hash.size() - (hash.rfind('$') + 1);
}

// A hash that takes minutes would hold up everybody else's. (The costs of yescrypt are not looked
// at.)
bool is_affordable(std::string_view hash) {
  constexpr std::uint64_t kBcryptCostMax = 15;  // 2^15 rounds, some seconds
  constexpr std::uint64_t kRoundsMax = 1'000'000;
  constexpr std::string_view kRounds = "rounds=";
  if (hash.starts_with("$2")) {
    const std::string_view digits = hash.substr(hash.substr(4, 1) == "0" ? 5 : 4);
    const auto cost = base::parse_u64(digits.substr(0, digits.find('$')));
    return cost && *cost <= kBcryptCostMax;
  }
  const std::size_t at = hash.find(kRounds);
  if (at == hash.npos) return true;
  const std::string_view rest = hash.substr(at + kRounds.size());
  const auto rounds = base::parse_u64(rest.substr(0, rest.find('$')));
  return rounds && *rounds <= kRoundsMax;
}

// "" when it is a hash this gateway verifies.
std::string_view fault_of(std::string_view hash) {
  struct Form {
    std::string_view start;
    std::size_t dollars;  // in all
    std::size_t digest;
  };

  constexpr Form kForms[] = {{"$y$", 4, 43},  {"$2a$", 3, 53}, {"$2b$", 3, 53},
                             {"$2y$", 3, 53}, {"$6$", 3, 86},  {"$5$", 3, 43}};
  constexpr std::size_t kHashBytesMax = 256;
  for (const Form& form : kForms) {
    if (!hash.starts_with(form.start)) continue;
    const auto dollars = static_cast<std::size_t>(std::ranges::count(hash, '$'));
    const bool has_rounds = hash.substr(form.start.size()).starts_with("rounds=");
    const bool is_whole = hash.size() <= kHashBytesMax && std::ranges::all_of(hash, is_hash_char) &&
                          dollars == form.dollars + (has_rounds ? 1 : 0) &&
                          digest_bytes(hash) == form.digest;
    if (!is_whole) return "has a hash that is cut or damaged";
    return is_affordable(hash) ? ""
                               : "has a hash that takes too long (bcrypt cost 15, 1000000 rounds)";
  }
  constexpr std::string_view kHow =
      "write a hash of mkpasswd -m yescrypt or htpasswd -B (yescrypt, bcrypt, SHA-512, SHA-256)";
  if (hash.starts_with("$apr1$") || hash.starts_with("$1$"))
    return "has an MD5 hash, which is guessed too fast; write a yescrypt or bcrypt one";
  if (hash.starts_with("{SHA}") || hash.starts_with("{SSHA}"))
    return "has a SHA-1 hash, which is guessed too fast; write a yescrypt or bcrypt one";
  return hash.empty() ? "has no hash" : kHow;
}

bool is_name(std::string_view name) {
  return !name.empty() && name.size() <= kNameBytesMax &&
         std::ranges::all_of(name, [](char c) { return c > 0x20 && c < 0x7f && c != ':'; });
}

}  // namespace

const PasswordUser* PasswordFile::find(std::string_view name) const {
  const auto found = std::ranges::lower_bound(
      users, name, {}, [](const PasswordUser& user) { return std::string_view(user.name); });
  return found == users.end() || found->name != name ? nullptr : &*found;
}

PasswordFile parse_password_file(std::string_view text, std::vector<PasswordFault>& faults) {
  PasswordFile file;
  int line_number = 0;
  while (!text.empty()) {
    ++line_number;
    const std::size_t end = std::min(text.find('\n'), text.size());
    std::string_view line = text.substr(0, end);
    text.remove_prefix(std::min(end + 1, text.size()));
    if (line.ends_with('\r')) line.remove_suffix(1);
    if (line.empty() || line.starts_with('#')) continue;
    const std::size_t colon = line.find(':');
    const std::string_view name = line.substr(0, colon);
    if (colon == line.npos || !is_name(name)) {
      faults.push_back({line_number, "is not a user (name:hash; a name is visible ASCII)"});
      continue;
    }
    const std::string_view rest = line.substr(colon + 1);
    const std::string_view hash = rest.substr(0, rest.find(':'));
    if (const std::string_view fault = fault_of(hash); !fault.empty()) {
      faults.push_back({line_number, std::string(fault)});
      continue;
    }
    file.users.push_back({std::string(name), std::string(hash)});
  }
  std::ranges::sort(file.users, {}, &PasswordUser::name);
  const auto twin = std::ranges::adjacent_find(file.users, {}, &PasswordUser::name);
  if (twin != file.users.end())
    faults.push_back({0, fmt::format("user \"{}\" is there twice", twin->name)});
  if (file.users.size() > kUsersMax)
    faults.push_back({0, fmt::format("has more than {} users", kUsersMax)});
  if (file.users.empty() && faults.empty()) faults.push_back({0, "has no user"});
  return file;
}

}  // namespace ravelin::gateway
