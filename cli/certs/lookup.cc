#include "cli/certs/lookup.h"

#include "base/io/yaml.h"
#include "base/io/yaml_include.h"
#include "gateway/config/parse_dns.h"

#include <algorithm>

namespace ravelin::cli {
namespace {

using namespace std::chrono_literals;
namespace dns = certs::dns;
namespace yaml = base::yaml;
using base::Result;

constexpr base::Duration kAllQuestions = 20s;
constexpr base::Duration kOneServer = 5s;

std::vector<std::string> find_servers(const CertsFlags& flags) {
  gateway::DnsConfig config;
  if (!flags.config.empty()) {
    yaml::DiskLoader loader;
    base::Diagnostics diagnostics;
    const yaml::Tree tree = yaml::load_tree(flags.config, loader, {}, diagnostics);
    if (tree.root.kind == yaml::Kind::map) {
      yaml::Report report{diagnostics, loader.directory()};
      yaml::Map root(yaml::Value(report, tree.root, ""));
      root.optional("dns", config, yaml::object(gateway::parse_dns));
      std::move(root).finish_partial();
    }
  }
  if (config.servers.empty()) return dns::read_resolvers();
  std::vector<std::string> servers;
  servers.reserve(config.servers.size());
  for (const base::IpEndpoint& server : config.servers)
    servers.push_back(base::to_string(server));
  return servers;
}

std::optional<base::IpAddress> address_in(const dns::Record& record) {
  base::IpAddress address;
  const bool is_ipv4 = record.type == dns::Type::a && record.data.size() == 4;
  const bool is_ipv6 = record.type == dns::Type::aaaa && record.data.size() == 16;
  if (!is_ipv4 && !is_ipv6) return std::nullopt;
  address.family = is_ipv4 ? base::Family::ipv4 : base::Family::ipv6;
  std::ranges::transform(record.data, address.bytes.begin(),
                         [](char c) { return static_cast<std::uint8_t>(c); });
  return address;
}

}  // namespace

Lookup::Lookup(const CertsFlags& flags)
    : servers_(find_servers(flags)), patience_{base::mono_now() + kAllQuestions} {}

Result<dns::Message> Lookup::ask(std::string_view name, dns::Type type) {
  if (failed_) return *failed_;
  base::Error last = base::fail(base::Errc::unavailable, "there is no name server to ask");
  for (const std::string& address : servers_) {
    auto server = dns::NameServer::open(address);
    if (!server) return server.error();
    auto answer = server->ask(name, type, patience_.at_most(kOneServer));
    if (answer && (answer->code == dns::Code::no_error || answer->code == dns::Code::no_such_name))
      return answer;
    if (answer)
      return base::fail(base::Errc::unavailable, "name server {} says {} of {}", address,
                        dns::text_of(answer->code), name);
    last = answer.error();
  }
  failed_ = last;
  return last;
}

Result<std::vector<base::IpAddress>> Lookup::addresses(std::string_view name) {
  std::vector<base::IpAddress> all;
  for (const dns::Type type : {dns::Type::a, dns::Type::aaaa}) {
    const auto answer = ask(name, type);
    if (!answer) return answer.error();
    for (const dns::Record& record : answer->answers)
      if (const auto address = address_in(record); address) all.push_back(*address);
  }
  return all;
}

}  // namespace ravelin::cli
