#include "certs/rotate/issuer_set.h"

#include "base/io/log.h"
#include "base/text.h"
#include "certs/acme/acme_issuer.h"
#include "certs/acme/dns_hook.h"
#include "certs/ca/own_ca_issuer.h"
#include "certs/dns/dns_update.h"
#include "certs/issuer/base64url.h"
#include "certs/key_file.h"

#include <algorithm>

namespace ravelin::certs {

using base::Errc;
using base::fail;

// What answers which challenge of one CA.
class IssuerSet::Boards final : public ChallengeBoard {
 public:
  Boards(StorePaths paths, FolderBoard::AwaitGateways await, const IssuerConfig& config)
      : gateways_(std::move(paths), std::move(await)) {
    if (!config.dns_hook.empty())
      zone_ = std::make_unique<DnsHook>(DnsHookOptions{.program = config.dns_hook});
    if (config.dns_update) zone_ = std::make_unique<DnsUpdater>(update_options(*config.dns_update));
  }

  [[nodiscard]] bool can_answer(ChallengeType type) const override {
    return type == ChallengeType::dns_01 ? zone_ != nullptr : gateways_.can_answer(type);
  }

  Result<> put_up(const Challenge& challenge) override {
    return board_of(challenge).put_up(challenge);
  }

  void take_down(const Challenge& challenge) override { board_of(challenge).take_down(challenge); }

 private:
  ChallengeBoard& board_of(const Challenge& challenge) {
    if (challenge.type == ChallengeType::dns_01) return *zone_;
    return gateways_;
  }

  static DnsUpdateOptions update_options(const DnsUpdateConfig& config) {
    return {.server = config.server,
            .zone = config.zone,
            .key_file = config.key_file,
            .secondaries = config.secondaries,
            .resolvers = config.resolvers.empty() ? dns::read_resolvers() : config.resolvers};
  }

  FolderBoard gateways_;
  std::unique_ptr<ChallengeBoard> zone_;
};

namespace {

// Key id and base64url key, a line each: as hard to read as a private key.
Result<acme::ExternalAccount> read_external_account(const std::string& path) {
  const auto text = read_guarded_text(path);
  if (!text) return text.error();
  const std::string_view all(*text);
  const std::size_t end = std::min(all.find('\n'), all.size());
  const std::string_view kid = base::trim(all.substr(0, end));
  std::string_view key = all.substr(std::min(end + 1, all.size()));
  key = base::trim(key.substr(0, key.find('\n')));
  auto bytes = from_base64url(key);
  if (kid.empty() || key.empty() || !bytes)
    return fail(Errc::invalid,
                "{}: the first line has to be the key's id, the second the key in base64url", path);
  return acme::ExternalAccount{std::string(kid), std::move(*bytes)};
}

constexpr const char* kUserAgent = "ravelin (ACME client)";

}  // namespace

IssuerSet::IssuerSet(std::vector<IssuerConfig> issuers, StorePaths paths,
                     FolderBoard::AwaitGateways await_gateways)
    : configs_(std::move(issuers)), paths_(std::move(paths)), await_(std::move(await_gateways)) {}

IssuerSet::~IssuerSet() = default;

Result<std::unique_ptr<Issuer>> IssuerSet::make(const IssuerConfig& config) {
  if (config.kind == IssuerKind::local)
    return std::unique_ptr<Issuer>(std::make_unique<OwnCaIssuer>(paths_.root() + "/ca"));
  AcmeOptions options{.name = config.name,
                      .directory = config.directory,
                      .accounts = paths_.root() + "/accounts",
                      .ca_file = config.ca_file,
                      .contacts = config.contact,
                      .preferred_chain = config.chain,
                      .challenges = config.challenges,
                      .user_agent = kUserAgent};
  if (!config.eab.empty()) {
    auto account = read_external_account(config.eab);
    if (!account) return account.error();
    options.external_account = std::move(*account);
  }
  auto& boards = boards_[config.name];
  boards = std::make_unique<Boards>(paths_, await_, config);
  auto issuer = AcmeIssuer::open(std::move(options), *boards);
  if (!issuer) return issuer.error();
  return std::unique_ptr<Issuer>(std::move(*issuer));
}

AcmeIssuer* IssuerSet::find_acme(const std::string& name) {
  const auto found = std::ranges::find(configs_, name, &IssuerConfig::name);
  if (found == configs_.end() || found->kind != IssuerKind::acme) return nullptr;
  // make() makes nothing else of that kind.
  return static_cast<AcmeIssuer*>(find(name));
}

Issuer* IssuerSet::find(const std::string& name) {
  if (const auto known = issuers_.find(name); known != issuers_.end()) return known->second.get();
  const auto found = std::ranges::find(configs_, name, &IssuerConfig::name);
  if (found == configs_.end() && name != "local") return nullptr;
  auto made = make(found == configs_.end() ? IssuerConfig{.name = name} : *found);
  if (!made) {
    trouble_ = made.error().message;
    base::log_error("certs", "an issuer cannot be used", {{"issuer", name}, {"error", trouble_}});
    return nullptr;
  }
  return issuers_.emplace(name, std::move(*made)).first->second.get();
}

}  // namespace ravelin::certs
