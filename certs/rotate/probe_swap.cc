#include "certs/rotate/probe_swap.h"

#include "base/address.h"
#include "certs/store/canary_file.h"

#include <arpa/inet.h>
#include <sys/un.h>

#include <cstring>

namespace ravelin::certs {
namespace {

using base::Errc;
using base::fail;

constexpr std::chrono::seconds kProbeHandshake{3};
constexpr std::chrono::milliseconds kBetween{300};

struct Shown {
  ProbeSays says = ProbeSays::nothing;
  std::string text{};
};

// What one probe is about.
struct Probe {
  const StoreDir& store;
  const std::string& name;
  const Generation& generation;
  base::WallTime now;
  const acme::Patience& patience;
};

// One question, and what the answer means.
Shown ask(const Probe& probe, const CertificatePair& pair, const acme::SocketAddress& address,
          const ProbeQuestion& question) {
  const GenerationInfo& wanted = probe.generation.info;
  const std::string what =
      fmt::format("{} with a key of type {}", text_of(question.version), text_of(question.slot));
  const auto answer =
      probe_address(address, question, pair, probe.now, probe.patience.at_most(kProbeHandshake));
  if (!answer && answer.error().code == Errc::tls)
    return {ProbeSays::refused, fmt::format("{}: {}", what, answer.error().message)};
  if (!answer) return {ProbeSays::nothing, fmt::format("{}: {}", what, answer.error().message)};
  const auto is_of = [&](const GenerationInfo& info) {
    const auto& facts = info.facts(question.slot);
    return facts && facts->serial == answer->serial && facts->spki_sha256 == answer->spki_sha256;
  };
  if (is_of(wanted) && answer->distrust.empty()) return {ProbeSays::shown, ""};
  if (is_of(wanted))
    return {ProbeSays::refused, fmt::format("{}: clients refuse it: {}", what, answer->distrust)};
  const auto state = probe.store.state(probe.name);
  const auto canary = find_canary(probe.store, probe.name);
  for (const std::uint64_t number : state ? state->generations : std::vector<std::uint64_t>()) {
    const auto info = probe.store.info(probe.name, number);
    if (!info || !is_of(*info)) continue;
    if (canary && canary->generation == number) return {ProbeSays::shown, ""};
    return {ProbeSays::another,
            fmt::format("{}: generation {} is shown, not {}", what, number, wanted.number)};
  }
  return {ProbeSays::refused,
          fmt::format("{}: another certificate is shown (serial {}), not generation {}", what,
                      answer->serial, wanted.number)};
}

std::string versions_text(const ProbePlace& place) {
  if (place.is_tls_1_2 && place.is_tls_1_3) return "TLS 1.2 and 1.3 show";
  return place.is_tls_1_2 ? "TLS 1.2 shows" : "TLS 1.3 shows";
}

Shown ask_place(const Probe& probe, const ProbePlace& place) {
  const auto address = own_address(place.address);
  if (!address) return {ProbeSays::nothing, address.error().message};
  Shown worst{ProbeSays::nothing, "nothing was asked"};
  for (const PairSlot slot : kPairSlots) {
    const auto& texts = probe.generation.texts(slot);
    if (!texts) continue;
    auto chain = parse_chain(texts->chain, chain_file(slot));
    if (!chain) return {ProbeSays::nothing, chain.error().message};
    const CertificatePair pair{std::move(*chain), nullptr};
    for (const ProbedVersion version : {ProbedVersion::tls_1_2, ProbedVersion::tls_1_3}) {
      if (version == ProbedVersion::tls_1_2 ? !place.is_tls_1_2 : !place.is_tls_1_3) continue;
      Shown shown = ask(probe, pair, *address, {probe.name, slot, version});
      if (shown.says != ProbeSays::shown) return shown;
      worst = {ProbeSays::shown,
               fmt::format("{} generation {}", versions_text(place), probe.generation.info.number)};
    }
  }
  return worst;
}

// What says more about a certificate.
int weight(ProbeSays says) {
  constexpr int kWeights[] = {1, 0, 2, 3};  // nothing, shown, another, refused
  return kWeights[static_cast<std::size_t>(says)];
}

}  // namespace

Result<acme::SocketAddress> own_address(std::string_view bound) {
  const auto endpoint = base::parse_endpoint(bound);
  if (!endpoint) return endpoint.error();
  acme::SocketAddress out;
  if (const auto* path = std::get_if<base::UnixEndpoint>(&*endpoint); path != nullptr) {
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    if (path->path.size() >= sizeof address.sun_path)
      return fail(Errc::invalid, "\"{}\" is too long for a socket", path->path);
    std::memcpy(address.sun_path, path->path.data(), path->path.size());
    std::memcpy(&out.storage, &address, sizeof address);
    out.size = sizeof address;
    return out;
  }
  const auto* ip = std::get_if<base::IpEndpoint>(&*endpoint);
  if (ip == nullptr) return fail(Errc::invalid, "\"{}\" is not an address and port", bound);
  const bool is_any = ip->address == base::IpAddress{.family = ip->address.family};
  if (ip->address.family == base::Family::ipv4) {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(ip->port);
    std::memcpy(&address.sin_addr, ip->address.bytes.data(), sizeof address.sin_addr);
    if (is_any) address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    std::memcpy(&out.storage, &address, sizeof address);
    out.size = sizeof address;
    return out;
  }
  sockaddr_in6 address{};
  address.sin6_family = AF_INET6;
  address.sin6_port = htons(ip->port);
  std::memcpy(&address.sin6_addr, ip->address.bytes.data(), sizeof address.sin6_addr);
  if (is_any) address.sin6_addr = in6addr_loopback;
  std::memcpy(&out.storage, &address, sizeof address);
  out.size = sizeof address;
  return out;
}

ProbeReport probe_swap(const StoreDir& store, const std::string& name, std::uint64_t generation,
                       std::span<const ProbePlace> places, base::WallTime now,
                       const acme::Patience& patience) {
  if (places.empty()) return {ProbeSays::nothing, "no listener can be asked for it by its name"};
  const auto wanted = store.generation(name, generation);
  if (!wanted) return {ProbeSays::nothing, wanted.error().message};
  const Probe probe{store, name, *wanted, now, patience};
  ProbeReport report{ProbeSays::shown, ""};
  for (const ProbePlace& place : places) {
    Shown shown = ask_place(probe, place);
    if (shown.says == ProbeSays::refused && acme::pause(kBetween, patience, "between two probes"))
      shown = ask_place(probe, place);
    const std::string text = fmt::format("{}: {}", place.address, shown.text);
    if (weight(shown.says) > weight(report.says))
      report = {shown.says, text};
    else if (shown.says == report.says)
      report.text += (report.text.empty() ? "" : "; ") + text;
  }
  return report;
}

}  // namespace ravelin::certs
