#include "policies/parse/parse.h"

#include "base/io/yaml_text.h"
#include "policies/model/meaning.h"
#include "policies/parse/override.h"
#include "policies/parse/parse_feeds.h"
#include "policies/parse/parse_nat.h"
#include "policies/parse/parse_rules.h"
#include "policies/parse/parse_tests.h"
#include "policies/parse/parse_zones.h"

#include <algorithm>

namespace ravelin::policies {
namespace {

constexpr std::string_view kVersion = "v1";

bool read_version(const yaml::Value& value, std::string& version) {
  const std::string* text = value.scalar("the version of the language, v1");
  if (text == nullptr) return false;
  version = *text;
  if (version == kVersion) return true;
  value.error(fmt::format("{} is not a version this program reads (v1)", yaml::quote(version)));
  return false;
}

// A section that something read elsewhere: only reports.
struct Nothing {};

void read_definitions(yaml::Map& map, Scope& scope, Policy& policy) {
  Nothing nothing;
  map.required("zones", policy.zones, [&](const yaml::Value& value, std::vector<Zone>& zones) {
    if (!read_zone_section(value, scope, zones)) return false;
    check_zones(value, scope, zones);
    return true;
  });
  map.optional("addresses", nothing, [&](const yaml::Value& value, Nothing&) {
    return check_address_section(value, scope);
  });
  map.optional("services", nothing, [&](const yaml::Value& value, Nothing&) {
    return check_service_section(value, scope);
  });
  map.optional("feeds", policy.feeds, [&](const yaml::Value& value, std::vector<Feed>& feeds) {
    return read_feed_section(value, scope, feeds);
  });
  map.optional("bans", policy.bans,
               yaml::object([&](yaml::Map bans) { return parse_bans(std::move(bans), scope); }));
  scope.ban_default = policy.bans.duration;
  map.optional("quarantine", policy.quarantine, yaml::object([&](yaml::Map quarantine) {
                 return parse_quarantine(std::move(quarantine), scope);
               }));
  map.optional("overload", policy.overload, yaml::object([&](yaml::Map overload) {
                 return parse_overload(std::move(overload), scope);
               }));
}

void read_decisions(yaml::Map& map, Scope& scope, Policy& policy) {
  map.optional("management", policy.management, yaml::object([&](yaml::Map management) {
                 return parse_management(std::move(management), scope);
               }));
  map.optional("nat", policy.nat, [&](const yaml::Value& value, std::vector<NatRule>& nat) {
    return read_nat_section(value, scope, nat);
  });
  map.optional("rules", policy.lists, [&](const yaml::Value& value, std::vector<RuleList>& lists) {
    return read_rule_section(value, scope, policy.zones, lists);
  });
  map.optional("tests", policy.tests,
               [&](const yaml::Value& value, std::vector<PolicyTest>& tests) {
                 const bool is_good = read_test_section(value, scope, tests);
                 if (scope.names.is_complete()) check_test_ids(value, scope, tests);
                 return is_good;
               });
}

bool translates(const NatRule& nat, std::uint16_t port) {
  const bool is_source = nat.kind == NatRule::Kind::masquerade || nat.kind == NatRule::Kind::snat;
  const bool is_any = nat.services.empty();
  return !is_source &&
         (is_any || std::ranges::any_of(nat.services, [port](const ServiceTerm& term) {
            return term.protocol == kTcp && term.first <= port && port <= term.last;
          }));
}

// What is answered before it is translated is answered in the name of another port.
void check_synproxy(const yaml::Value& root, const Policy& policy) {
  if (!policy.overload || !policy.overload->synproxy) return;
  for (const std::uint16_t port : policy.overload->synproxy->ports) {
    for (const NatRule& nat : policy.nat) {
      if (translates(nat, port))
        root.report().diagnostics.error(
            policy.overload->pos, "overload.synproxy",
            fmt::format("port {} is translated at {}:{}: its handshakes cannot be answered here",
                        port, nat.pos.file, nat.pos.line));
    }
  }
}

void warn_about_the_whole(const yaml::Value& root, Scope& scope, const Policy& policy) {
  for (std::size_t i = 0; i < policy.feeds.size(); ++i) {
    if (scope.addresses.feeds_used().contains(static_cast<int>(i))) continue;
    const Feed& feed = policy.feeds[i];
    root.report().diagnostics.warn(
        feed.pos, "feeds." + yaml::key_text(feed.name),
        fmt::format("no rule uses feed \"{0}\" (from: feed/{0})", feed.name));
  }
  if (!governs_output(policy))
    scope.addresses.warn(root, "what the host sends is not governed: no list begins with host");
}

Policy parse_root(const yaml::Value& root, const Facts& facts, WantedFacts& wanted,
                  Completeness completeness) {
  Policy policy;
  std::string version;
  yaml::Map map(root);
  map.required("policy", version, read_version);
  map.optional("name", policy.name, yaml::text(1, kNameMax));
  Scope scope(root, completeness, facts, wanted);
  IcmpMode icmp = IcmpMode::essential;
  map.optional("icmp", icmp, yaml::one_of(kIcmpModes));
  policy.is_icmp_strict = icmp == IcmpMode::strict;
  read_definitions(map, scope, policy);
  read_decisions(map, scope, policy);
  std::move(map).finish();
  check_synproxy(root, policy);
  if (!root.report().diagnostics.has_errors()) warn_about_the_whole(root, scope, policy);
  return policy;
}

// The text of one file, and no other.
class TextLoader : public yaml::Loader {
 public:
  TextLoader(const std::string& name, const std::string& text) : name_(name), text_(text) {}

  Result<yaml::LoadedFile> read(const std::string& path, std::size_t bytes_max) override {
    if (path != name_) return base::fail(base::Errc::not_found, "{}: there is only one file", path);
    if (text_.size() > bytes_max)
      return base::fail(base::Errc::invalid, "{} is larger than {} bytes", path, bytes_max);
    return yaml::LoadedFile{path, text_};
  }

  Result<std::vector<std::string>> glob(const std::string& /*pattern*/) override {
    return std::vector<std::string>();
  }

  [[nodiscard]] std::string directory() const override { return ""; }

 private:
  const std::string& name_;
  const std::string& text_;
};

}  // namespace

ParsedPolicy load_policy(const std::string& path, yaml::Loader& loader, const Facts& facts,
                         base::Diagnostics& diagnostics, const LoadOptions& options) {
  ParsedPolicy parsed;
  yaml::IncludeLimits limits;
  limits.depth_max = kIncludeDepthMax;
  if (!options.library.empty()) limits.search = {options.library};
  yaml::Tree tree = yaml::load_tree(path, loader, limits, diagnostics);
  if (tree.root.kind == yaml::Kind::map) {
    yaml::Report report{diagnostics, loader.directory(), nullptr, options.known_keys};
    const Completeness completeness =
        tree.is_complete ? Completeness::complete : Completeness::partial;
    apply_overrides(tree.root, report, completeness);
    parsed.policy =
        parse_root(yaml::Value(report, tree.root, ""), facts, parsed.wanted, completeness);
  }
  parsed.policy.files = std::move(tree.files);
  return parsed;
}

ParsedPolicy parse_policy(const std::string& text, const Facts& facts,
                          base::Diagnostics& diagnostics, const std::string& name) {
  TextLoader loader(name, text);
  return load_policy(name, loader, facts, diagnostics, {.library = ""});
}

}  // namespace ravelin::policies
