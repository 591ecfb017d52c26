// The words and small texts of a policy: tables of what a key may say, and how names, interfaces
// and counts are spelled. Shared by the parser and the schema. Pure; any thread.
#pragma once

#include "base/io/yaml.h"
#include "policies/model/policy.h"

#include <cstdint>
#include <string>
#include <string_view>

namespace ravelin::policies {

namespace yaml = base::yaml;
using base::Result;

inline constexpr std::size_t kNameMax = 64;
inline constexpr std::size_t kNoteMax = 256;
inline constexpr std::size_t kLogPrefixMax = 64;

inline constexpr std::string_view kAny = "any";
inline constexpr std::string_view kHostWord = "host";
inline constexpr std::string_view kBogons = "bogons";
inline constexpr std::string_view kAddressSuffix = "-address";  // "wan-address"
inline constexpr std::string_view kFeedPrefix = "feed/";

inline constexpr yaml::Choice<Feed::Format> kFeedFormats[] = {
    {"text", Feed::Format::text},
    {"csv", Feed::Format::csv},
};
inline constexpr yaml::Choice<Feed::OnStale> kOnStales[] = {
    {"keep", Feed::OnStale::keep},
    {"drop", Feed::OnStale::drop},
    {"fail", Feed::OnStale::fail},
};
inline constexpr yaml::Choice<Verdict> kVerdicts[] = {
    {"allow", Verdict::allow},
    {"deny", Verdict::deny},
    {"reject", Verdict::reject},
    {"ban", Verdict::ban},
};
inline constexpr yaml::Choice<Verb> kVerbs[] = {
    {"allow", Verb::allow}, {"deny", Verb::deny},   {"reject", Verb::reject},
    {"log", Verb::log},     {"count", Verb::count},
};

enum class Families { both, ipv4, ipv6 };
inline constexpr yaml::Choice<Families> kFamilies[] = {
    {"both", Families::both},
    {"ipv4", Families::ipv4},
    {"ipv6", Families::ipv6},
};
// Bits of When::days.
inline constexpr yaml::Choice<std::uint8_t> kDays[] = {
    {"sun", 1}, {"mon", 2}, {"tue", 4}, {"wed", 8}, {"thu", 16}, {"fri", 32}, {"sat", 64},
};
enum class IcmpMode { essential, strict };
inline constexpr yaml::Choice<IcmpMode> kIcmpModes[] = {
    {"essential", IcmpMode::essential},
    {"strict", IcmpMode::strict},
};

// The name of a zone, a group of addresses, a service or a feed: a letter, then letters, digits,
// "-" and "_", at most 64.
Result<std::string> parse_name(std::string_view text);

// The id of a rule: as a name, with "/" and "." inside as well ("common/ntp").
Result<std::string> parse_id(std::string_view text);

// "eth0" or "wg*": 1 to 15 characters, a star only at the end.
Result<std::string> parse_interface(std::string_view text);

// "1500", "200k", "2M", "1G": thousands, millions, thousand millions.
Result<std::uint64_t> parse_count(std::string_view text);

// A count within inclusive limits, as a rule of the reader.
struct Count {
  std::uint64_t min;
  std::uint64_t max;
  bool operator()(const yaml::Value& value, std::uint64_t& target) const;
};

// Adds to what was written, for people: "admins, feed/abuse"; from about 200 bytes on "…" stands
// for the rest.
void append_word(std::string& text, std::string_view word);

}  // namespace ravelin::policies
