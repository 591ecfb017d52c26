#include "certs/token/tokens.h"

#include "certs/token/prove_key.h"

#include <fmt/ranges.h>

#include <algorithm>

namespace ravelin::certs {
namespace {

using base::Errc;
using base::fail;

std::string quoted_labels(const std::vector<SlotFacts>& slots) {
  std::vector<std::string> labels;
  for (const SlotFacts& slot : slots)
    if ((slot.token.flags & CKF_TOKEN_INITIALIZED) != 0)
      labels.push_back(fmt::format("\"{}\"", label_of(slot.token)));
  return labels.empty() ? "there is none" : fmt::format("there is {}", fmt::join(labels, ", "));
}

}  // namespace

// Those of the host only when a URI needs them: loading them may take long. None is there twice:
// the second one would keep it from starting anew.
Result<std::vector<std::shared_ptr<TokenModule>>> Tokens::modules_for(const std::string& path) {
  if (path.empty() && has_configured_) return modules_;
  const auto known = [this](const std::string& name) {
    return std::ranges::find(modules_, name, &TokenModule::name);
  };
  if (!path.empty()) {
    const auto found = known(TokenModule::name_of(path));
    if (found != modules_.end()) return std::vector{*found};
  }
  auto loaded = TokenModule::load(path);
  if (!loaded) return loaded.error();
  for (auto& module : *loaded)
    if (known(module->name()) == modules_.end()) modules_.push_back(module);
  if (!path.empty()) return loaded;
  has_configured_ = true;
  return modules_;
}

Result<Tokens::Found> Tokens::find(const KeyUri& uri) {
  const auto modules = modules_for(uri.module_path);
  if (!modules) return modules.error();
  std::vector<Found> found;
  std::vector<SlotFacts> all;
  std::optional<base::Error> broken;
  for (const auto& module : *modules) {
    const auto slots = module->slots();
    if (!slots) {
      broken = slots.error();
      continue;
    }
    for (const SlotFacts& facts : *slots) {
      all.push_back(facts);
      const bool is_known = std::ranges::any_of(found, [&](const Found& other) {
        return is_same_token(other.facts.token, facts.token);  // the same module, by another name
      });
      if (!is_known && is_named_by(uri, facts)) found.push_back({module, facts});
    }
  }
  if (found.empty() && broken) return *broken;
  if (found.empty())
    return fail(Errc::not_found,
                "no token fits \"{}\" ({}): plug it in, let this user reach it, or correct the URI",
                uri.text, quoted_labels(all));
  if (found.size() > 1)
    return fail(Errc::invalid, "{} tokens fit \"{}\" ({}): add token=LABEL or serial=NUMBER",
                found.size(), uri.text, quoted_labels(all));
  return std::move(found.front());
}

Result<const Tokens::Entry*> Tokens::entry_for(const KeyUri& uri) {
  if (const auto modules = modules_for(uri.module_path); !modules) return modules.error();
  const auto found = find(uri);
  // One that is known may be away: it is looked for in its own time.
  const auto known = std::ranges::find_if(entries_, [&](const Entry& entry) {
    return found ? entry.token->is_same(*found->module, found->facts.token)
                 : is_named_by(uri, entry.facts);
  });
  if (known != entries_.end()) return &*known;
  if (!found) return found.error();
  auto token = std::make_shared<Token>(found->module, found->facts, options_.token);
  entries_.push_back(
      {found->facts, token, std::make_shared<SigningThreads>(token, options_.signing)});
  return &entries_.back();
}

Result<TokenKeyPtr> Tokens::key(const PairFiles& files, const KeyFileRules& rules,
                                EVP_PKEY* public_key) {
  auto uri = parse_key_uri(files.key);
  if (!uri) return uri.error();
  SecretLine pin;
  if (!files.secret_file.empty()) {
    auto read = read_secret_line(files.secret_file, rules);
    if (!read) return read.error();
    pin = std::move(*read);
  }
  const auto known = entry_for(*uri);
  if (!known) return known.error();
  const Entry& entry = **known;
  if (!files.secret_file.empty()) entry.token->use_pin(std::move(pin), files.secret_file);
  const auto session = entry.token->open(Token::Ask::now);
  if (!session) return session.error();
  const auto handle = (*session)->find(*uri);
  if (!handle) return handle.error();
  const auto proven = prove_key(**session, *handle, public_key, Proof::every_way);
  if (!proven)
    return base::Error{proven.error().code,
                       fmt::format("\"{}\": {}", uri->text, proven.error().message)};
  auto wanted =
      std::make_shared<const WantedKey>(WantedKey{next_id_++, std::move(*uri), share(public_key)});
  return std::make_shared<const TokenKey>(std::move(wanted), entry.threads);
}

TokenKeyPtr Tokens::key_of(LoadedPair& loaded, const PairFiles& files, const LoadRules& rules) {
  if (loaded.pair == nullptr) return nullptr;
  auto found = key(files, rules.key_file, X509_get0_pubkey(loaded.pair->chain.leaf.get()));
  if (found) return *found;
  const bool is_other = found.error().code == Errc::conflict;
  loaded.findings.push_back({is_other ? PairCode::key_mismatch : PairCode::key_token,
                             base::Severity::error,
                             is_other ? fmt::format("{} ({}): correct object or id, or give the "
                                                    "certificate that was issued for this key",
                                                    found.error().message, files.chain)
                                      : found.error().message});
  loaded.pair = nullptr;
  return nullptr;
}

std::vector<TokenStatus> Tokens::status() const {
  std::vector<TokenStatus> all;
  all.reserve(entries_.size());
  for (const Entry& entry : entries_)
    all.push_back({entry.token->label(), entry.token->is_away(), entry.threads->waiting(),
                   entry.threads->counts()});
  return all;
}

void Tokens::prune() {
  std::erase_if(entries_, [](const Entry& entry) { return entry.threads.use_count() == 1; });
  if (!entries_.empty()) return;
  modules_.clear();
  has_configured_ = false;
}

}  // namespace ravelin::certs
