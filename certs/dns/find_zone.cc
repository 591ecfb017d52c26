#include "certs/dns/find_zone.h"

#include "certs/dns/zone_answer.h"

namespace ravelin::certs::dns {
namespace {

using namespace std::chrono_literals;
using base::Errc;
using base::fail;

// A resolver that is away must not use up the time for the update.
constexpr base::Duration kResolverPatience = 5s;

Result<Message> ask_resolvers(const std::vector<std::string>& resolvers, const std::string& name,
                              const Patience& patience) {
  base::Error last = fail(Errc::not_found, "there is no resolver");
  for (const std::string& address : resolvers) {
    auto resolver = NameServer::open(address);
    if (!resolver) return resolver.error();
    auto answer = resolver->ask(name, Type::cname, patience.at_most(kResolverPatience));
    if (answer) return answer;
    last = answer.error();
  }
  return last;
}

}  // namespace

Result<std::string> follow_aliases(NameServer& server, const std::vector<std::string>& resolvers,
                                   std::string name, const Patience& patience) {
  for (int i = 0; i <= kAliasesMax; ++i) {
    auto answer = server.ask(name, Type::cname, patience);
    if (!answer) return answer.error();
    std::string next = alias_in(*answer, name);
    if (next.empty() && !is_settled(*answer))
      if (const auto said = ask_resolvers(resolvers, name, patience); said)
        next = alias_in(*said, name);
    if (next.empty()) return name;
    name = std::move(next);
  }
  return fail(Errc::invalid, "more than {} aliases (CNAME) lead to {}", kAliasesMax, name);
}

Result<std::string> find_zone(NameServer& server, const std::string& name,
                              const Patience& patience) {
  const auto answer = server.ask(name, Type::soa, patience);
  if (!answer) return answer.error();
  auto zone = zone_in(*answer, name);
  if (zone) return std::move(*zone);
  return fail(Errc::not_found, "name server {} has no zone with {} in it ({})", server.address(),
              name,
              answer->code == Code::no_error ? "it is not the authority" : text_of(answer->code));
}

}  // namespace ravelin::certs::dns
