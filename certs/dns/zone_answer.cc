#include "certs/dns/zone_answer.h"

#include "base/text.h"

#include <algorithm>

namespace ravelin::certs::dns {
namespace {

constexpr std::string_view kIssue = "issue";
constexpr std::string_view kIssueWild = "issuewild";
constexpr std::string_view kKnownTags[] = {kIssue,      kIssueWild,     "iodef",
                                           "issuemail", "contactemail", "contactphone"};

bool is_within(std::string_view name, std::string_view zone) {
  return zone.empty() || name == zone ||
         (name.ends_with(zone) && name[name.size() - zone.size() - 1] == '.');
}

CaaProperty parse_caa(std::string_view data) {
  CaaProperty damaged{.is_critical = true};
  if (data.size() < 2) return damaged;
  const auto tag_size = static_cast<unsigned char>(data[1]);
  if (tag_size == 0 || data.size() - 2 < tag_size) return damaged;
  constexpr unsigned kCritical = 0x80;
  return {.tag = base::to_lower(data.substr(2, tag_size)),
          .value = std::string(data.substr(2U + tag_size)),
          .is_critical = (static_cast<unsigned char>(data[0]) & kCritical) != 0};
}

// The CA's name, before any parameters.
std::string issuer_of(std::string_view value) {
  return base::to_lower(base::trim(value.substr(0, value.find(';'))));
}

}  // namespace

bool is_settled(const Message& answer) {
  return answer.is_authoritative &&
         (answer.code == Code::no_error || answer.code == Code::no_such_name);
}

std::string alias_in(const Message& answer, std::string_view name) {
  for (const Record& record : answer.answers)
    if (record.type == Type::cname && record.name == name) return record.target;
  return {};
}

std::optional<std::string> zone_in(const Message& answer, std::string_view name) {
  if (!is_settled(answer)) return std::nullopt;
  for (const auto* section : {&answer.answers, &answer.authorities})
    for (const Record& record : *section)
      if (record.type == Type::soa && is_within(name, record.name)) return record.name;
  return std::nullopt;
}

std::vector<CaaProperty> caa_in(const Message& answer) {
  std::vector<CaaProperty> properties;
  for (const Record& record : answer.answers)
    if (record.type == Type::caa) properties.push_back(parse_caa(record.data));
  return properties;
}

std::string caa_refusal(const std::vector<CaaProperty>& properties,
                        const std::vector<std::string>& identities, bool is_wildcard) {
  for (const CaaProperty& property : properties)
    if (property.is_critical && std::ranges::find(kKnownTags, property.tag) == std::end(kKnownTags))
      return fmt::format("a critical property no CA knows (\"{}\")", property.tag);
  const bool has_wild =
      std::ranges::any_of(properties, [](const auto& one) { return one.tag == kIssueWild; });
  const std::string_view counts = is_wildcard && has_wild ? kIssueWild : kIssue;
  std::vector<std::string> allowed;
  bool is_limited = false;
  for (const CaaProperty& property : properties) {
    if (property.tag != counts) continue;
    is_limited = true;
    std::string issuer = issuer_of(property.value);
    if (std::ranges::find(identities, issuer) != identities.end()) return {};
    if (!issuer.empty()) allowed.push_back(std::move(issuer));
  }
  if (!is_limited) return {};
  if (allowed.empty()) return "no CA at all";
  return base::join(allowed, ", ") + " alone";
}

}  // namespace ravelin::certs::dns
