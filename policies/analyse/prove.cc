#include "policies/analyse/prove.h"

#include "policies/analyse/reach.h"
#include "policies/analyse/translate.h"
#include "policies/model/meaning.h"
#include "policies/space/describe.h"

#include <fmt/format.h>

#include <algorithm>

namespace ravelin::policies {
namespace {

constexpr std::size_t kProofBoxesMax = 20'000;

enum class Claim { never, always };

Proof undecided() {
  return {.answer = Proof::Answer::undecided,
          .message = "is not decided: there are too many combinations of addresses and services"};
}

Proof refuted(std::string message, SourcePos by = {}) {
  return {.answer = Proof::Answer::fails, .message = std::move(message), .by = std::move(by)};
}

Packet example(const Pair& pair, const Box& box) {
  Packet packet = packet_in(box);
  packet.in_interface = first_interface(*pair.policy, pair.from);
  packet.out_interface = first_interface(*pair.policy, pair.to);
  const std::string outside = pair.classes.example(box.interfaces);
  if (!outside.empty()) (pair.from == kHost ? packet.out_interface : packet.in_interface) = outside;
  return packet;
}

std::string text_of(const Pair& pair, const Packet& packet) {
  return fmt::format("{} ({} -> {})", packet_text(packet), zone_text(*pair.policy, pair.from),
                     zone_text(*pair.policy, pair.to));
}

Proof refuted_by_packet(const Pair& pair, const Box& box, std::string_view what, SourcePos by) {
  const Packet packet = example(pair, box);
  Proof proof = refuted(fmt::format("{} {}", text_of(pair, packet), what), std::move(by));
  proof.counterexample = packet;
  return proof;
}

std::string what_text(Claim claim, const Reached& found) {
  const std::string_view verb = claim == Claim::never ? "allowed" : "denied";
  if (found.is_essential) return "is allowed: essential ICMPv6 passes before the rules";
  if (found.rule == nullptr)
    return claim == Claim::never ? "is allowed: no list governs it"
                                 : "is denied at the end of the lists";
  const bool is_certain = claim == Claim::never ? !found.rule->is_metered() : true;
  const bool is_plain = is_certain && !found.rule->is_conditional();
  const bool is_by_feed =
      claim == Claim::always && (!found.rule->from.feeds.empty() || !found.rule->to.feeds.empty());
  return fmt::format(
      "{} {} by {}{}", is_plain ? "is" : "may be", verb, place_text(found.rule->pos),
      is_by_feed ? ": its feed can hold any address that is not in the feed's `never`" : "");
}

// The rules' answer about `boxes`.
Proof ask(Claim claim, const Pair& pair, std::span<const Box> boxes, Effort& effort) {
  if (boxes.empty()) return {};
  const Reached found = claim == Claim::never ? may_be_allowed(pair, boxes, effort)
                                              : may_be_denied(pair, boxes, effort);
  if (found.answer == Reached::Answer::none) return {};
  if (found.answer == Reached::Answer::undecided) return undecided();
  return refuted_by_packet(pair, *found.box, what_text(claim, found),
                           found.rule == nullptr ? SourcePos{} : found.rule->pos);
}

// What is asked, spelled out. `is_explicit_to`: the destination's zone follows from the question.
struct Question {
  Claim claim = Claim::never;
  std::vector<ZoneId> from;
  std::vector<ZoneId> to;
  AddressRanges sources, destinations;
  std::vector<ServiceTerm> services;
  bool is_explicit_to = false;
};

class Prover {
 public:
  Prover(const Policy& policy, const Question& question, Effort& effort)
      : policy_(policy), question_(question), effort_(effort) {}

  Proof run() {
    for (const ZoneId from : question_.from) {
      for (const ZoneId to : question_.to) {
        if (from == kHost && to == kHost) continue;
        Proof proof = about(from, to);
        if (!proof.holds()) return proof;
      }
    }
    if (question_.claim == Claim::always && !has_packets_) return refuted("no packet is like that");
    return {};
  }

 private:
  Proof about(ZoneId from, ZoneId to) {
    const bool is_forwarded = from != kHost && to != kHost;
    const bool is_free = is_forwarded && !forwards(policy_);
    if (is_free && !question_.is_explicit_to) return {};
    const auto pair = pair_of(policy_, from, to);
    if (!pair) return undecided();
    auto boxes = asked_of(*pair);
    if (!boxes) return undecided();
    if (boxes->empty()) return {};
    has_packets_ = true;
    if (is_free && question_.claim == Claim::never)
      return refuted_by_packet(*pair, boxes->front(), "is allowed: the policy does not forward",
                               {});
    if (is_free) return {};
    if (from == kHost) return ask(question_.claim, *pair, *boxes, effort_);
    return to == kHost ? arriving_for_host(*pair, std::move(*boxes))
                       : arriving_for_others(*pair, std::move(*boxes));
  }

  // The packets of a pair that the question is about.
  std::optional<std::vector<Box>> asked_of(const Pair& pair) {
    const AddressRanges sources = intersection(question_.sources, pair.sources);
    const std::size_t size = sources.size() * question_.destinations.size() *
                             std::max<std::size_t>(question_.services.size(), 1);
    if (size > kProofBoxesMax) return std::nullopt;
    std::vector<Box> boxes = possible_part(
        boxes_of(question_.services, sources, question_.destinations, pair.classes.all()));
    if (question_.claim == Claim::always || !question_.services.empty()) return boxes;
    return difference(boxes, essential_boxes(policy_, pair.from, pair.to), kProofBoxesMax, effort_);
  }

  Proof arriving_for_host(const Pair& pair, std::vector<Box> boxes) {
    const auto parts = translate(policy_, pair.from, Arriving::for_host, std::move(boxes), effort_);
    if (!parts) return undecided();
    if (question_.claim == Claim::always && !parts->forwarded.empty()) {
      const Translated::Part& part = parts->forwarded.front();
      return refuted_by_packet(pair, part.boxes.front(),
                               fmt::format("is forwarded by {}", place_text(part.nat->pos)),
                               part.nat->pos);
    }
    for (const Translated::Part& part : parts->redirected) {
      Proof proof = ask(question_.claim, pair, with_port(part.boxes, *part.nat), effort_);
      if (!proof.holds()) return proof;
    }
    return ask(question_.claim, pair, parts->rest, effort_);
  }

  Proof arriving_for_others(const Pair& pair, std::vector<Box> boxes) {
    if (question_.claim == Claim::never) {
      Proof proof = about_forwards(pair, boxes);
      if (!proof.holds()) return proof;
    }
    const auto parts =
        translate(policy_, pair.from, Arriving::for_others, std::move(boxes), effort_);
    if (!parts) return undecided();
    if (question_.claim == Claim::always && !parts->redirected.empty()) {
      const auto host = pair_of(policy_, pair.from, kHost);
      if (!host) return undecided();
      for (const Translated::Part& part : parts->redirected) {
        std::vector<Box> there = with_port(part.boxes, *part.nat);
        for (Box& box : there)
          box.interfaces = host->classes.all();
        Proof proof = ask(question_.claim, *host, there, effort_);
        if (!proof.holds()) return proof;
      }
    }
    return ask(question_.claim, pair, parts->rest, effort_);
  }

  // Whether a `forward` allows any of it that no rule decides.
  Proof about_forwards(const Pair& pair, std::span<const Box> boxes) {
    for (const NatRule& nat : policy_.nat) {
      if (nat.kind != NatRule::Kind::forward || !is_via(nat, pair.from)) continue;
      for (const Box& flow : flows_of(nat, policy_, pair.sources)) {
        const std::vector<ZoneId> zones = zones_with(policy_, {flow.destination});
        if (std::find(zones.begin(), zones.end(), pair.to) == zones.end()) continue;
        const Region part = intersection(boxes, std::span(&flow, 1));
        const Reached left = may_be_left(pair, part, effort_);
        if (left.answer == Reached::Answer::none) continue;
        if (left.answer == Reached::Answer::undecided) return undecided();
        return refuted_by_packet(pair, *left.box,
                                 fmt::format("is allowed by {}", place_text(nat.pos)), nat.pos);
      }
    }
    return {};
  }

  const Policy& policy_;
  const Question& question_;
  Effort& effort_;
  bool has_packets_ = false;
};

std::vector<ZoneId> all_zones(const Policy& policy) {
  std::vector<ZoneId> zones;
  for (std::size_t i = 0; i < policy.zones.size(); ++i)
    zones.push_back(static_cast<ZoneId>(i));
  return zones;
}

Question question_of(const Policy& policy, const TestPacket& asked, Claim claim) {
  Question question{.claim = claim, .services = asked.services};
  question.sources = addresses_of(asked.from, policy.feeds, FeedReading::possible);
  question.destinations = addresses_of(asked.to, policy.feeds, FeedReading::possible);
  question.is_explicit_to = true;
  if (asked.to_host || asked.to_address_of) {
    question.to = {kHost};
  } else if (!asked.to_zones.empty()) {
    question.to = asked.to_zones;
  } else if (asked.out) {
    question.to = {*asked.out};
  } else if (!is_everyone(asked.to)) {
    question.to = zones_with(policy, question.destinations);
  } else {
    question.is_explicit_to = false;
    question.to = all_zones(policy);
    question.to.push_back(kHost);
  }
  if (asked.in) {
    question.from = {*asked.in};
  } else {
    question.from = all_zones(policy);
    question.from.push_back(kHost);
  }
  return question;
}

// Those of the addresses that cannot arrive from any of the zones.
AddressRanges spoofed(const Policy& policy, const Question& question) {
  AddressRanges left = question.sources;
  for (const ZoneId zone : question.from)
    left = difference(left, plausible_sources(policy, zone));
  return left;
}

std::string names_of(const Policy& policy, std::span<const ZoneId> zones) {
  std::vector<std::string> names;
  for (const ZoneId zone : zones)
    names.emplace_back(name_of(policy, zone));
  return fmt::format("{}", fmt::join(names, ", "));
}

Proof prove_arriving(const Policy& policy, const Question& question, const AddressMatch& from,
                     Effort& effort) {
  const AddressRanges left = spoofed(policy, question);
  const std::vector<Box> packets =
      possible_part(boxes_of(question.services, left, question.destinations, 1));
  if (!is_everyone(from) && !packets.empty()) {
    return refuted(fmt::format("{} cannot arrive from zone {} (its networks do not hold it)",
                               to_string(packets.front().source), names_of(policy, question.from)));
  }
  return Prover(policy, question, effort).run();
}

struct Arrival {
  AddressRanges sources;
  std::vector<ZoneId> zones;
};

// Addresses by where they come from: those in a zone's networks from there, the others from the
// zones without networks, where they are many perhaps from any.
std::vector<Arrival> arrivals_of(const Policy& policy, const AddressRanges& sources) {
  std::vector<Arrival> arrivals;
  Arrival rest{sources, {}};
  for (const ZoneId zone : all_zones(policy)) {
    const AddressRanges& networks = policy.zones[static_cast<std::size_t>(zone)].networks;
    if (networks.empty()) rest.zones.push_back(zone);
    AddressRanges here = intersection(sources, networks);
    rest.sources = difference(rest.sources, networks);
    if (!here.empty()) arrivals.push_back({std::move(here), {zone}});
  }
  if (!rest.sources.empty()) arrivals.push_back(std::move(rest));
  return arrivals;
}

}  // namespace

std::vector<ZoneId> zones_with(const Policy& policy, const AddressRanges& addresses) {
  std::vector<ZoneId> holding, possible;
  for (const ZoneId zone : all_zones(policy)) {
    const AddressRanges& networks = policy.zones[static_cast<std::size_t>(zone)].networks;
    if (networks.empty() || !intersection(networks, addresses).empty()) possible.push_back(zone);
    if (!networks.empty() && difference(addresses, networks).empty()) holding.push_back(zone);
  }
  return holding.empty() ? possible : holding;
}

Proof prove_never(const Policy& policy, const TestPacket& asked, Effort& effort) {
  return Prover(policy, question_of(policy, asked, Claim::never), effort).run();
}

Proof prove_always(const Policy& policy, const TestPacket& asked, Effort& effort) {
  return prove_arriving(policy, question_of(policy, asked, Claim::always), asked.from, effort);
}

Proof prove_management(const Policy& policy, Effort& effort) {
  if (!policy.management) return {};
  const Management& management = *policy.management;
  Question question{.claim = Claim::always, .to = {kHost}, .services = management.services};
  question.destinations = everyone();
  question.is_explicit_to = true;
  const AddressRanges sources = addresses_of(management.from, policy.feeds, FeedReading::possible);
  if (!management.zones.empty() || is_everyone(management.from)) {
    question.sources = sources;
    question.from = management.zones.empty() ? all_zones(policy) : management.zones;
    return prove_arriving(policy, question, management.from, effort);
  }
  for (Arrival& arrival : arrivals_of(policy, sources)) {
    question.sources = std::move(arrival.sources);
    question.from = std::move(arrival.zones);
    Proof proof = prove_arriving(policy, question, management.from, effort);
    if (!proof.holds()) return proof;
  }
  return {};
}

Proof prove_peer(const Policy& policy, const SshPeer& peer, Effort& effort) {
  const AddressRanges source = {{peer.address, peer.address}};
  Question question{.claim = Claim::always, .to = {kHost}, .sources = source};
  question.destinations = everyone();
  question.services = {{kTcp, peer.port, peer.port}};
  question.is_explicit_to = true;
  if (peer.interface.empty()) {
    question.from = zones_with(policy, source);
  } else if (const auto zone = zone_of(policy, peer.interface)) {
    question.from = {*zone};
  }
  if (question.from.empty()) {
    return refuted(peer.interface.empty()
                       ? fmt::format("{} is in no zone", base::to_string(peer.address))
                       : fmt::format("interface {} is in no zone", peer.interface));
  }
  return prove_arriving(policy, question, {.is_restricted = true}, effort);
}

}  // namespace ravelin::policies
