#include "gateway/tls/remote/remote_key_source.h"

#include "gateway/tls/remote/key_id.h"
#include "gateway/tls/remote/remote_signer.h"

namespace ravelin::gateway {
namespace {

using base::Severity;
using certs::PairCode;

constexpr std::string_view kError = "error ";
constexpr std::string_view kWarning = "warning ";

messages::TlsSide side_of(certs::PairUse use) {
  return use == certs::PairUse::client ? messages::TlsSide::client : messages::TlsSide::server;
}

}  // namespace

std::unique_ptr<KeySource> make_key_source(const std::shared_ptr<RemoteKeys>& remote,
                                           certs::Tokens& tokens) {
  if (remote == nullptr) return std::make_unique<LocalKeySource>(tokens);
  return std::make_unique<RemoteKeySource>(remote);
}

std::string finding_text(const certs::PairFinding& finding) {
  std::string text =
      fmt::format("{}{}: {}", finding.severity == Severity::error ? kError : kWarning,
                  certs::code_text(finding.code), finding.message);
  text.resize(std::min(text.size(), messages::kTextBytes.count));
  return text;
}

std::optional<certs::PairFinding> parse_finding(std::string_view text) {
  certs::PairFinding finding;
  if (text.starts_with(kWarning))
    finding.severity = Severity::warning;
  else if (!text.starts_with(kError))
    return std::nullopt;
  text.remove_prefix(finding.severity == Severity::warning ? kWarning.size() : kError.size());
  for (int i = 0; i < static_cast<int>(PairCode::count_); ++i) {
    finding.code = static_cast<PairCode>(i);
    const std::string start = fmt::format("{}: ", certs::code_text(finding.code));
    if (!text.starts_with(start)) continue;
    finding.message = text.substr(start.size());
    return finding;
  }
  return std::nullopt;
}

void RemoteKeySource::give_key(certs::LoadedPair& loaded, const certs::PairFiles& files,
                               const certs::LoadRules& rules) {
  if (loaded.pair == nullptr) return;
  const certs::CertificateInfo& info = loaded.pair->chain.info;
  messages::KeyRef key{.place = messages::KeyPlace::configured,
                       .name = key_id(files, rules.use),
                       .spki = fingerprint_bytes(info.spki_sha256)};
  const auto message = keys_->ask(messages::KeyQuestion{.key = key});
  const auto* answer = message ? std::get_if<messages::KeyAnswer>(&*message) : nullptr;
  if (answer == nullptr) {
    loaded.findings.push_back({PairCode::key_process, Severity::error,
                               fmt::format("{}: the key process does not answer: see its log, and "
                                           "ravelin status",
                                           files.key)});
    loaded.pair = nullptr;
    return;
  }
  for (const std::string& text : answer->findings)
    if (auto finding = parse_finding(text); finding) loaded.findings.push_back(std::move(*finding));
  if (answer->outcome != messages::Outcome::done) {
    loaded.pair = nullptr;
    return;
  }
  give_signer(loaded, std::make_shared<RemoteSigner>(keys_, std::move(key), side_of(rules.use)));
}

}  // namespace ravelin::gateway
