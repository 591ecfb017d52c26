#include "system/keys/key_desk.h"

#include "certs/signing/key_fingerprint.h"
#include "certs/signing/signature_scheme.h"
#include "certs/signing/signed_structure.h"
#include "certs/token/tls_form.h"
#include "gateway/tls/remote/remote_key_source.h"

#include <algorithm>

namespace ravelin::system {
namespace {

using messages::Outcome;
using messages::SignRequest;
using messages::SignResult;
using messages::TlsSide;
using messages::TlsVersion;

constexpr auto kRelaxed = std::memory_order_relaxed;

SignResult failed(std::string why) {
  why.resize(std::min(why.size(), messages::kTextBytes.count));
  return {.outcome = Outcome::failed, .signature = {}, .text = std::move(why)};
}

SignResult done(std::span<const unsigned char> signature) {
  const auto bytes = std::as_bytes(signature);
  return {.outcome = Outcome::done, .signature = {bytes.begin(), bytes.end()}, .text = {}};
}

// In TLS 1.2 a client signs what others have said as well: it must at least show this certificate.
bool shows_another(const SignRequest& request, std::span<const unsigned char> structure,
                   const HeldKey& key) {
  if (request.tls_version != TlsVersion::tls1_2 || request.side != TlsSide::client) return false;
  return certs::key_fingerprint(certs::certificate_shown(structure)) != key.spki_sha256;
}

}  // namespace

std::string_view flaw_of(const SignRequest& request) {
  if (const auto flaw = request.flaw(); !flaw.empty()) return flaw;
  const auto scheme = certs::signature_scheme(request.scheme);
  if (!scheme) return "the scheme is none that is signed with";
  const bool is_old = scheme->key_type == certs::KeyType::rsa && !scheme->is_pss;
  return is_old && request.tls_version == TlsVersion::tls1_3 ? "the scheme is none of TLS 1.3" : "";
}

KeyDesk::KeyDesk(KeyList list, Options options)
    : options_(std::move(options)),
      tokens_left_(options_.burst),
      filled_at_(options_.now()),
      rack_(std::move(list), options_.rack) {}

messages::KeyCounts KeyDesk::counts() const {
  return {.signatures = signatures_.load(kRelaxed),
          .refused = refused_.load(kRelaxed),
          .limited = limited_.load(kRelaxed),
          .failed = failed_.load(kRelaxed),
          .waiting = waiting_.load(kRelaxed),
          .signing_ns = signing_ns_.load(kRelaxed),
          .keys_held = rack_.size()};
}

bool KeyDesk::may_sign_now() {
  const base::MonoTime now = options_.now();
  const std::lock_guard lock(rate_mutex_);
  const double seconds = std::chrono::duration<double>(now - filled_at_).count();
  if (seconds > 0) {
    tokens_left_ =
        std::min(options_.burst, tokens_left_ + seconds * options_.signatures_per_second);
    filled_at_ = now;
  }
  if (tokens_left_ < 1) return false;
  tokens_left_ -= 1;
  return true;
}

SignResult KeyDesk::refuse(std::string why) {
  refused_.fetch_add(1, kRelaxed);
  SignResult result = failed(std::move(why));
  result.outcome = Outcome::refused;
  return result;
}

bool KeyDesk::take(const messages::Message& question, Answer answer) {
  if (const auto* request = std::get_if<SignRequest>(&question)) {
    sign(*request, std::move(answer));
    return true;
  }
  if (const auto* about = std::get_if<messages::KeyQuestion>(&question)) {
    answer(look_at(*about));
    return true;
  }
  if (std::get_if<messages::KeyCounts>(&question) != nullptr) {
    answer(counts());
    return true;
  }
  if (std::get_if<messages::TokenCounts>(&question) != nullptr) {
    answer(rack_.token_counts());
    return true;
  }
  return false;
}

void KeyDesk::sign(const SignRequest& request, Answer answer) {
  if (const auto flaw = flaw_of(request); !flaw.empty()) return answer(refuse(std::string(flaw)));
  if (!may_sign_now()) {
    limited_.fetch_add(1, kRelaxed);
    SignResult result = failed("more signatures are asked for than are given in a second");
    result.outcome = Outcome::refused;
    return answer(result);
  }
  const FoundKey found = rack_.get(request.key, options_.now());
  if (found.key == nullptr) {
    if (found.is_refused) return answer(refuse(certs::to_string(found.findings)));
    failed_.fetch_add(1, kRelaxed);
    return answer(failed(certs::to_string(found.findings)));
  }
  const HeldKey& key = *found.key;
  if (key.side != request.side) return answer(refuse("the key is for the other side of TLS"));
  const auto structure = certs::build_structure(request);
  if (!structure) return answer(refuse(structure.error().message));
  if (shows_another(request, *structure, key))
    return answer(refuse("the handshake shows a certificate of another key"));
  if (key.token != nullptr) return sign_with_token(key, request, *structure, std::move(answer));
  answer(sign_here(key, request.scheme, *structure));
}

SignResult KeyDesk::sign_here(const HeldKey& key, std::uint16_t scheme,
                              std::span<const unsigned char> structure) {
  const base::MonoTime start = base::mono_now();
  const auto signature = certs::sign_with_scheme(key.key.get(), scheme, structure);
  if (!signature && signature.error().code == base::Errc::invalid)
    return refuse(signature.error().message);
  if (!signature) {
    failed_.fetch_add(1, kRelaxed);
    return failed(signature.error().message);
  }
  signatures_.fetch_add(1, kRelaxed);
  signing_ns_.fetch_add(static_cast<std::uint64_t>((base::mono_now() - start).count()), kRelaxed);
  return done(*signature);
}

void KeyDesk::sign_with_token(const HeldKey& key, const SignRequest& request,
                              std::span<const unsigned char> structure, Answer answer) {
  auto form = certs::token_form(request.scheme, structure, key.token->public_key());
  if (!form) return answer(refuse(form.error().message));
  waiting_.fetch_add(1, kRelaxed);
  key.token->sign(
      form->kind, std::move(form->input), [] { return true; },
      [this, answer = std::move(answer)](const base::Result<certs::Bytes>& signature) {
        waiting_.fetch_sub(1, kRelaxed);
        if (signature) {
          signatures_.fetch_add(1, kRelaxed);
          return answer(done(*signature));
        }
        failed_.fetch_add(1, kRelaxed);
        answer(failed(signature.error().message));
      });
}

messages::KeyAnswer KeyDesk::look_at(const messages::KeyQuestion& question) {
  const FoundKey found = rack_.read(question.key, options_.now());
  messages::KeyAnswer answer{.outcome = Outcome::done};
  if (found.key == nullptr) answer.outcome = found.is_refused ? Outcome::refused : Outcome::failed;
  for (const certs::PairFinding& finding : found.findings)
    answer.findings.push_back(gateway::finding_text(finding));
  return answer;
}

}  // namespace ravelin::system
