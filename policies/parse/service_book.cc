#include "policies/parse/service_book.h"

#include "base/io/yaml_text.h"
#include "base/text.h"

#include <algorithm>

namespace ravelin::policies {
namespace {

using base::Errc;
using base::Error;
using base::fail;

constexpr std::size_t kServiceNestingMax = 32;
constexpr std::size_t kTermsMax = 256;
constexpr std::uint16_t kPortMax = 65535;

void append(std::vector<ServiceTerm>& to, const std::vector<ServiceTerm>& from) {
  for (const ServiceTerm& term : from) {
    if (to.size() <= kTermsMax && std::ranges::find(to, term) == to.end()) to.push_back(term);
  }
}

struct Limits {
  std::uint64_t min;
  std::uint64_t max;
  std::string_view what;
};

Limits limits_of(std::uint8_t protocol) {
  if (has_ports(protocol)) return {1, kPortMax, "port"};
  return {0, 255, "type"};
}

Result<ServiceTerm> parse_range(std::uint8_t protocol, std::string_view text) {
  const std::size_t dash = text.find('-');
  const Limits limits = limits_of(protocol);
  const auto first = base::parse_u64(text.substr(0, dash));
  const auto last = dash == std::string_view::npos ? first : base::parse_u64(text.substr(dash + 1));
  const auto is_good = [&](const auto& number) {
    return number && *number >= limits.min && *number <= limits.max;
  };
  if (!is_good(first) || !is_good(last))
    return fail(Errc::invalid, "is not a service: a {} is {} to {}, a range FIRST-LAST",
                limits.what, limits.min, limits.max);
  if (*last < *first) return fail(Errc::invalid, "is a range that ends before it begins");
  return ServiceTerm{protocol, static_cast<std::uint16_t>(*first),
                     static_cast<std::uint16_t>(*last)};
}

Result<ServiceTerm> parse_number(std::string_view text) {
  const auto number = base::parse_u64(text);
  if (!number || *number > 255)
    return fail(Errc::invalid, "is not a service: a protocol's number is 0 to 255");
  return ServiceTerm{static_cast<std::uint8_t>(*number), 0, kPortMax};
}

// "443" and "22:80" without a protocol, "443/tcp".
Error misspelt(std::string_view text) {
  const std::size_t slash = text.find('/');
  if (slash != std::string_view::npos && protocol_number(text.substr(slash + 1)))
    return fail(Errc::invalid, "is not a service: write {}/{}", text.substr(slash + 1),
                text.substr(0, slash));
  std::string range(text);
  std::ranges::replace(range, ':', '-');
  const bool is_ports =
      !text.empty() && text.find_first_not_of("0123456789:-") == std::string::npos;
  if (is_ports) return fail(Errc::invalid, "has no protocol: write tcp/{0} or udp/{0}", range);
  return fail(Errc::not_found, "is not a service");
}

}  // namespace

Result<ServiceTerm> parse_service_term(std::string_view text) {
  const std::size_t slash = text.find('/');
  const std::string_view name = text.substr(0, slash);
  if (slash != std::string_view::npos && name == "proto")
    return parse_number(text.substr(slash + 1));
  const auto protocol = protocol_number(name);
  if (!protocol) return misspelt(text);
  if (slash == std::string_view::npos) return ServiceTerm{*protocol, 0, kPortMax};
  if (!has_ports(*protocol) && *protocol != kIcmp && *protocol != kIcmpv6)
    return fail(Errc::invalid, "is not a service: {} has no ports", name);
  return parse_range(*protocol, text.substr(slash + 1));
}

bool ServiceBook::read(const yaml::Value& value, AnyService any, Services& services) {
  services = {};
  if (value.is(yaml::Kind::scalar) && value.node().text == kAny) {
    services.text = kAny;
    if (any == AnyService::refused) value.error("\"any\" says nothing here; name a service");
    return any == AnyService::allowed;
  }
  bool is_good = true;
  if (value.is(yaml::Kind::list)) {
    if (!yaml::check_size(value, 1, yaml::kListMax)) return false;
    for (std::size_t i = 0; i < value.node().items.size(); ++i)
      is_good = add(value.item(i), services) && is_good;
  } else {
    is_good = add(value, services);
  }
  if (services.terms.size() <= kTermsMax) return is_good;
  value.error(fmt::format("stands for more than {} ranges of ports", kTermsMax));
  services.terms.clear();
  return false;
}

bool ServiceBook::add(const yaml::Value& value, Services& to) {
  const std::string* word = value.scalar("a service (tcp/443, or a name)");
  if (word == nullptr) return false;
  append_word(to.text, *word);
  if (*word == kAny) {
    value.error("\"any\" is every service; write it alone");
    return false;
  }
  if (const Named* named = names_.find(*word, NameKind::service))
    return add_named(value, *word, *named, to);
  const auto& built_in = built_in_services();
  const auto known = std::ranges::find(built_in, *word, &Service::name);
  if (known != built_in.end()) {
    append(to.terms, known->terms);
    return true;
  }
  const auto term = parse_service_term(*word);
  if (term) {
    append(to.terms, {*term});
  } else {
    report_unknown(value, *word, term.error());
  }
  return term.has_value();
}

bool ServiceBook::add_named(const yaml::Value& value, const std::string& word, const Named& named,
                            Services& to) {
  if (std::ranges::find(open_, word) != open_.end()) {
    // A service may extend the built-in one it replaces: "https: [https, tcp/8443]".
    const auto& built_in = built_in_services();
    const auto known = std::ranges::find(built_in, word, &Service::name);
    if (open_.back() == word && known != built_in.end()) {
      append(to.terms, known->terms);
      return true;
    }
    value.error(
        fmt::format("\"{}\" refers to itself ({}, {})", word, fmt::join(open_, ", "), word));
    return false;
  }
  if (open_.size() >= kServiceNestingMax) {
    value.error(fmt::format("services are nested deeper than {}", kServiceNestingMax));
    return false;
  }
  append(to.terms, resolve(named, word));
  return true;
}

const std::vector<ServiceTerm>& ServiceBook::resolve(const Named& named, std::string_view name) {
  if (const auto known = known_.find(name); known != known_.end()) return known->second;
  open_.emplace_back(name);
  Services services;
  read(named.value, AnyService::refused, services);
  open_.pop_back();
  return known_.emplace(name, std::move(services.terms)).first->second;
}

void ServiceBook::report_unknown(const yaml::Value& value, const std::string& word,
                                 const base::Error& reason) const {
  if (value.report().is_full()) return;  // a suggestion costs
  const Named* other = names_.find(word);
  if (reason.code != Errc::not_found || other != nullptr) {
    value.error(other != nullptr
                    ? fmt::format("\"{}\" is {}, not a service", word, text_of(other->kind))
                    : fmt::format("{} {}", yaml::quote(word), reason.message));
    return;
  }
  if (!names_.is_complete()) return;
  std::vector<std::string_view> known = names_.of_kind(NameKind::service);
  for (const Service& service : built_in_services())
    known.push_back(service.name);
  for (const std::string_view protocol : protocol_names())
    known.push_back(protocol);
  const auto near = nearest(word, known);
  value.error(fmt::format("service {} is not defined{}", yaml::quote(word),
                          near ? fmt::format(" (did you mean \"{}\"?)", *near)
                               : std::string(" (a name, or PROTOCOL/PORT: tcp/443)")));
}

}  // namespace ravelin::policies
