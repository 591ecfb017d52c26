#include "firewall/control/packet_text.h"

#include "base/text.h"
#include "policies/check/run_test.h"
#include "policies/model/meaning.h"

#include <algorithm>
#include <iterator>

namespace ravelin::firewall {
namespace {

using base::Errc;
using base::fail;
using policies::ConnState;

constexpr std::string_view kKeys[] = {"in", "out", "from", "to", "service", "state", "uid"};
constexpr std::string_view kKeysText = "in, out, from, to, service, state, uid";

struct StateWord {
  std::string_view word;
  ConnState state;
};

constexpr StateWord kStates[] = {{"new", ConnState::new_},
                                 {"established", ConnState::established},
                                 {"related", ConnState::related},
                                 {"invalid", ConnState::invalid}};

struct Word {
  std::string_view text;
  int column = 1;
};

bool is_space(char c) {
  return c == ' ' || c == '\t' || c == '\n';
}

std::vector<Word> words_of(std::string_view text) {
  std::vector<Word> words;
  for (std::size_t at = 0; at < text.size();) {
    if (is_space(text[at])) {
      ++at;
      continue;
    }
    std::size_t end = at;
    while (end < text.size() && !is_space(text[end]))
      ++end;
    words.push_back({text.substr(at, end - at), static_cast<int>(at) + 1});
    at = end;
  }
  return words;
}

base::Error unknown_key(std::string_view key) {
  const auto meant = base::suggest(key, kKeys);
  return fail(Errc::invalid, "\"{}\" says nothing of a packet ({})", key,
              meant ? fmt::format("did you mean \"{}\"?", *meant) : std::string(kKeysText));
}

Result<ConnState> parse_state(std::string_view text) {
  const auto* found = std::ranges::find(kStates, text, &StateWord::word);
  if (found != std::end(kStates)) return found->state;
  return fail(Errc::invalid, "state: \"{}\" is not new, established, related or invalid", text);
}

Result<> take(const Word& word, PacketText& out) {
  const std::size_t equals = word.text.find('=');
  if (equals == std::string_view::npos)
    return fail(Errc::invalid, "\"{}\" is not written key=value ({})", word.text, kKeysText);
  const std::string_view key = word.text.substr(0, equals), value = word.text.substr(equals + 1);
  if (std::ranges::find(kKeys, key) == std::end(kKeys)) return unknown_key(key);
  if (value.empty()) return fail(Errc::invalid, "{}: nothing stands behind the =", key);
  if (key == "state") {
    const auto state = parse_state(value);
    if (!state) return state.error();
    out.state = *state;
  } else if (key == "uid") {
    const auto uid = base::parse_u64(value);
    if (!uid || *uid > UINT32_MAX)
      return fail(Errc::invalid, "uid: \"{}\" is not the number of a user", value);
    out.uid = static_cast<std::uint32_t>(*uid);
  } else {
    out.words.push_back({std::string(key), std::string(value), word.column});
  }
  return {};
}

// A word that names an interface becomes that of its zone.
void zone_for_interface(const policies::Policy& policy, policies::PacketWord& word,
                        std::string& interface) {
  const bool is_zone =
      word.value == "host" ||
      std::ranges::find(policy.zones, word.value, &policies::Zone::name) != policy.zones.end();
  const auto zone = is_zone ? std::nullopt : policies::zone_of(policy, word.value);
  if (!zone) return;
  interface = word.value;
  word.value = policies::name_of(policy, *zone);
}

bool is_own(const policies::Facts& facts, const policies::AddressMatch& match) {
  return match.ranges.size() == 1 && std::ranges::any_of(facts.own, [&](const auto& zone) {
           return std::ranges::any_of(zone.second, [&](const base::IpAddress& address) {
             return match.ranges[0] == policies::AddressRange{address, address};
           });
         });
}

}  // namespace

Result<PacketText> parse_packet_text(std::string_view text) {
  if (text.size() > kPacketTextMax)
    return fail(Errc::invalid, "a packet is described in at most {} characters", kPacketTextMax);
  if (std::ranges::any_of(
          text, [](char c) { return static_cast<unsigned char>(c) < ' ' && !is_space(c); }))
    return fail(Errc::invalid, "a packet is described without control characters");
  PacketText out;
  std::vector<std::string_view> seen;
  const std::vector<Word> words = words_of(text);
  if (words.empty())
    return fail(Errc::invalid, "describe a packet: in=ZONE from=ADDRESS to=host service=tcp/443");
  for (const Word& word : words) {
    const std::string_view key = word.text.substr(0, word.text.find('='));
    if (std::ranges::find(seen, key) != seen.end())
      return fail(Errc::invalid, "{}: is said twice", key);
    seen.push_back(key);
    if (auto taken = take(word, out); !taken) return taken.error();
  }
  return out;
}

Result<AskedPacket> resolve_packet(PacketText text, policies::PolicyTest::Kind kind,
                                   const PolicyBundle& bundle, const policies::Policy& policy,
                                   const policies::Facts& facts) {
  AskedPacket asked;
  asked.state = text.state;
  asked.uid = text.uid;
  for (policies::PacketWord& word : text.words) {
    if (word.key == "in") zone_for_interface(policy, word, asked.in_interface);
    if (word.key == "out") zone_for_interface(policy, word, asked.out_interface);
  }
  base::yaml::BundleLoader loader(bundle);
  base::Diagnostics diagnostics;
  asked.words = policies::read_packet(text.words, kind, bundle.path, loader, facts, diagnostics);
  for (const base::Finding& finding : diagnostics.findings()) {
    if (finding.severity != base::Severity::error) continue;
    const std::string key = finding.key.empty() ? "" : finding.key + ": ";
    return fail(Errc::invalid, "{}{}", key, finding.message);
  }
  if (!asked.words.to_host && asked.words.in != policies::kHost && is_own(facts, asked.words.to))
    asked.words.to_host = true;
  return asked;
}

Result<policies::Packet> packet_of(const AskedPacket& asked, const policies::Policy& policy) {
  auto packet = policies::packet_of(policy, asked.words);
  if (!packet) return base::wrap(packet.error(), "the packet");
  if (!asked.in_interface.empty()) packet->in_interface = asked.in_interface;
  if (!asked.out_interface.empty()) packet->out_interface = asked.out_interface;
  packet->state = asked.state;
  packet->uid = asked.uid;
  return packet;
}

}  // namespace ravelin::firewall
