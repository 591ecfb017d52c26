#include "certs/rotate/check_against.h"

#include "certs/store/canary_file.h"

#include <algorithm>

namespace ravelin::certs {
namespace {

constexpr std::size_t kNamesAsked = 8;
constexpr std::chrono::seconds kOneHandshake{5};

// Which kept generation that is; 0 = none of them.
std::uint64_t generation_of(const StoreDir& store, const std::string& name, PairSlot slot,
                            const ProbeAnswer& answer) {
  const auto state = store.state(name);
  if (!state) return 0;
  for (const std::uint64_t number : state->generations) {
    const auto info = store.info(name, number);
    if (info && info->facts(slot) && info->facts(slot)->serial == answer.serial &&
        info->facts(slot)->spki_sha256 == answer.spki_sha256)
      return number;
  }
  return 0;
}

CheckLine judge(const StoreDir& store, const ServedCheck& check, const ProbeQuestion& question,
                const ProbeAnswer& answer) {
  const std::string what = fmt::format("{} {} key, {}", text_of(question.version),
                                       text_of(question.slot), question.name);
  const std::uint64_t served = check.served->info.number;
  const std::uint64_t shown = generation_of(store, check.name, question.slot, answer);
  if (shown == 0)
    return {CheckLevel::failed, "E_SERVED_OTHER",
            fmt::format("{}: another certificate is shown (serial {}, until {}), not generation {}",
                        what, answer.serial, format_time(answer.not_after), served)};
  const auto canary = find_canary(store, check.name);
  if (shown != served && (!canary || canary->generation != shown))
    return {CheckLevel::failed, "E_SERVED_OTHER",
            fmt::format("{}: generation {} is shown, not {}", what, shown, served)};
  // What a canary is signed by may be another's.
  if (shown == served && !answer.distrust.empty())
    return {CheckLevel::failed, "E_SERVED_UNTRUSTED",
            fmt::format("{}: clients refuse it: {}", what, answer.distrust)};
  return {CheckLevel::ok, "",
          fmt::format("{}: generation {} is shown{} ({}, {:.1f} ms)", what, shown,
                      shown == served ? "" : ", the canary", answer.cipher,
                      static_cast<double>(answer.took.count()) / 1000)};
}

bool is_unreachable(const base::Error& error) {
  return error.code == base::Errc::unavailable || error.code == base::Errc::timeout ||
         error.code == base::Errc::io;
}

}  // namespace

std::vector<CheckLine> check_against(const StoreDir& store, const ServedCheck& check,
                                     const acme::SocketAddress& address, base::WallTime now,
                                     const acme::Patience& patience) {
  std::vector<CheckLine> lines;
  for (const PairSlot slot : kPairSlots) {
    const auto& texts = check.served->texts(slot);
    if (!texts) continue;
    auto chain = parse_chain(texts->chain, chain_file(slot));
    if (!chain) continue;  // the checks before this one have said so
    const CertificatePair pair{std::move(*chain), nullptr};
    const auto& names = check.served->info.names;
    for (std::size_t i = 0; i < std::min(names.size(), kNamesAsked); ++i)
      for (const ProbedVersion version : {ProbedVersion::tls_1_2, ProbedVersion::tls_1_3}) {
        const ProbeQuestion question{names[i], slot, version};
        const auto answer =
            probe_address(address, question, pair, now, patience.at_most(kOneHandshake));
        if (answer) {
          lines.push_back(judge(store, check, question, *answer));
          continue;
        }
        const bool is_over = is_unreachable(answer.error());
        lines.push_back({CheckLevel::failed,
                         is_over ? std::string(kUnreachable) : std::string("E_HANDSHAKE"),
                         fmt::format("{} {} key, {}: {}", text_of(version), text_of(slot), names[i],
                                     answer.error().message)});
        if (is_over) return lines;
      }
  }
  return lines;
}

}  // namespace ravelin::certs
