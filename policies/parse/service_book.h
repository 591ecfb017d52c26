// From what a policy writes for services to protocols and ports. Names are those of the policy
// first, then the built-in ones. One thread; borrows names.
#pragma once

#include "policies/parse/names.h"

#include <map>
#include <string>
#include <string_view>
#include <vector>

namespace ravelin::policies {

// "tcp/443", "udp/27015-27030", "icmp/8", "gre", "proto/99". Error: none of them, with the reason
// and, where it can be guessed, what was meant.
Result<ServiceTerm> parse_service_term(std::string_view text);

enum class AnyService { allowed, refused };

// As written ("web, tcp/22"; "any"), and what it stands for; no terms: any protocol.
struct Services {
  std::vector<ServiceTerm> terms;
  std::string text;
};

class ServiceBook {
 public:
  explicit ServiceBook(const Names& names) : names_(names) {}

  // One entry or a list of them. False when something in it was reported.
  bool read(const yaml::Value& value, AnyService any, Services& services);

  // What a service of the policy stands for: read once, its errors are reported once.
  const std::vector<ServiceTerm>& resolve(const Named& named, std::string_view name);

 private:
  bool add(const yaml::Value& value, Services& to);
  bool add_named(const yaml::Value& value, const std::string& word, const Named& named,
                 Services& to);
  void report_unknown(const yaml::Value& value, const std::string& word,
                      const base::Error& reason) const;

  const Names& names_;
  std::map<std::string, std::vector<ServiceTerm>, std::less<>> known_;
  std::vector<std::string> open_;  // being resolved, outermost first
};

}  // namespace ravelin::policies
