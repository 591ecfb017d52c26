#include "certs/acme/client.h"

#include "base/utc.h"
#include "certs/acme/fields.h"
#include "certs/issuer/base64url.h"

#include <boost/json.hpp>

namespace ravelin::certs::acme {
namespace {

namespace json = boost::json;
using base::Errc;
using base::fail;

constexpr std::size_t kAlternatesMax = 8;
constexpr std::string_view kPemChain = "application/pem-certificate-chain";

std::optional<std::chrono::seconds> retry_after(const HttpResponse& response) {
  return parse_retry_after(response.retry_after, base::wall_now());
}

std::string time_text(base::WallTime time) {
  return base::utc_text(std::chrono::floor<std::chrono::seconds>(time));
}

std::string payload_of(const OrderRequest& request) {
  json::array identifiers;
  for (const Identifier& identifier : request.identifiers)
    identifiers.push_back(json::object{{"type", identifier.type}, {"value", identifier.value}});
  json::object payload{{"identifiers", std::move(identifiers)}};
  if (!request.profile.empty()) payload["profile"] = request.profile;
  if (!request.replaces.empty()) payload["replaces"] = request.replaces;
  if (request.not_before) payload["notBefore"] = time_text(*request.not_before);
  if (request.not_after) payload["notAfter"] = time_text(*request.not_after);
  return json::serialize(payload);
}

Reply<> nothing_of(const Reply<HttpResponse>& response) {
  if (!response) return response.error();
  return {};
}

}  // namespace

// ---- accounts ----

Reply<FoundAccount> Client::account_reply(const Reply<HttpResponse>& response,
                                          std::string_view doing) const {
  if (!response) return response.error();
  auto account = session_.read(*response, doing, &parse_account);
  if (!account) return account.error();
  if (!is_https_url(response->location))
    return fail(Errc::protocol, "{}: the answer does not say where the account is",
                session_.start(doing));
  return FoundAccount{response->location, *account};
}

Reply<FoundAccount> Client::register_account(EVP_PKEY* key,
                                             const std::vector<std::string>& contacts,
                                             const std::optional<ExternalAccount>& external,
                                             const Patience& patience) {
  constexpr std::string_view kDoing = "new account";
  const auto directory = session_.directory(patience);
  if (!directory) return directory.error();
  const std::string url = (*directory)->new_account;
  if ((*directory)->external_account_required && !external)
    return fail(Errc::invalid,
                "{}: this CA wants an account it knows already: give the key id and HMAC key it "
                "handed out (eab)",
                session_.start(kDoing));
  json::object payload{{"termsOfServiceAgreed", true}};
  if (!contacts.empty()) payload["contact"] = json::array(contacts.begin(), contacts.end());
  if (external) {
    boost::system::error_code error;
    payload["externalAccountBinding"] = json::parse(sign_binding(*external, key, url), error);
  }
  const auto response = session_.post({key}, {kDoing, url, json::serialize(payload)}, patience);
  return account_reply(response, kDoing);
}

Reply<FoundAccount> Client::find_account(EVP_PKEY* key, const Patience& patience) {
  constexpr std::string_view kDoing = "finding the account";
  const auto directory = session_.directory(patience);
  if (!directory) return directory.error();
  const auto response = session_.post(
      {key}, {kDoing, (*directory)->new_account, R"({"onlyReturnExisting":true})"}, patience);
  return account_reply(response, kDoing);
}

Reply<> Client::change_key(const Signer& account, EVP_PKEY* new_key, const Patience& patience) {
  constexpr std::string_view kDoing = "changing the account's key";
  const auto directory = session_.directory(patience);
  if (!directory) return directory.error();
  const std::string url = (*directory)->key_change;
  if (url.empty())
    return fail(Errc::not_found, "{}: this CA has no way to do it", session_.start(kDoing));
  return nothing_of(session_.post(
      account, {kDoing, url, sign_key_change(new_key, account.key, account.kid, url)}, patience));
}

Reply<> Client::set_deactivated(const Signer& account, std::string_view doing,
                                const std::string& url, const Patience& patience) {
  return nothing_of(session_.post(account, {doing, url, R"({"status":"deactivated"})"}, patience));
}

Reply<> Client::deactivate_account(const Signer& account, const Patience& patience) {
  return set_deactivated(account, "deactivating the account", account.kid, patience);
}

// ---- orders ----

Reply<AskedOrder> Client::order_reply(const Reply<HttpResponse>& response,
                                      std::string_view doing) const {
  if (!response) return response.error();
  auto order = session_.read(*response, doing, &parse_order);
  if (!order) return order.error();
  return AskedOrder{response->location, std::move(*order), retry_after(*response)};
}

Reply<AskedOrder> Client::new_order(const Signer& account, const OrderRequest& request,
                                    const Patience& patience) {
  constexpr std::string_view kDoing = "new order";
  const auto directory = session_.directory(patience);
  if (!directory) return directory.error();
  auto asked = order_reply(
      session_.post(account, {kDoing, (*directory)->new_order, payload_of(request)}, patience),
      kDoing);
  if (asked && !is_https_url(asked->url))
    return fail(Errc::protocol, "{}: the answer does not say where the order is",
                session_.start(kDoing));
  return asked;
}

Reply<AskedOrder> Client::order(const Signer& account, const std::string& url,
                                const Patience& patience) {
  constexpr std::string_view kDoing = "reading the order";
  return order_reply(session_.post(account, {kDoing, url}, patience), kDoing);
}

Reply<AskedAuthorization> Client::authorization(const Signer& account, const std::string& url,
                                                const Patience& patience) {
  constexpr std::string_view kDoing = "reading an authorization";
  const auto response = session_.post(account, {kDoing, url}, patience);
  if (!response) return response.error();
  auto authorization = session_.read(*response, kDoing, &parse_authorization);
  if (!authorization) return authorization.error();
  return AskedAuthorization{std::move(*authorization), retry_after(*response)};
}

Reply<> Client::answer(const Signer& account, const std::string& challenge_url,
                       const Patience& patience) {
  return nothing_of(
      session_.post(account, {"answering a challenge", challenge_url, "{}"}, patience));
}

Reply<> Client::deactivate_authorization(const Signer& account, const std::string& url,
                                         const Patience& patience) {
  return set_deactivated(account, "deactivating an authorization", url, patience);
}

Reply<AskedOrder> Client::finalize(const Signer& account, const std::string& url,
                                   std::string_view csr, const Patience& patience) {
  constexpr std::string_view kDoing = "finalizing the order";
  const json::object payload{{"csr", to_base64url(csr)}};
  return order_reply(session_.post(account, {kDoing, url, json::serialize(payload)}, patience),
                     kDoing);
}

Reply<std::vector<std::string>> Client::download(const Signer& account, const std::string& url,
                                                 const Patience& patience) {
  constexpr std::string_view kDoing = "downloading the certificate";
  auto response = session_.post(account, {kDoing, url, {}, std::string(kPemChain)}, patience);
  if (!response) return response.error();
  if (response->content_type != kPemChain) return session_.wrong_type(*response, kDoing);
  std::vector<std::string> chains{std::move(response->body)};
  for (const std::string& alternate : linked(response->links, "alternate")) {
    if (chains.size() > kAlternatesMax) break;
    // The certificate is there already: without this chain it is still one.
    auto other = session_.post(account, {kDoing, alternate, {}, std::string(kPemChain)}, patience);
    if (other && other->content_type == kPemChain) chains.push_back(std::move(other->body));
  }
  return chains;
}

// ---- certificates ----

Reply<> Client::revoke(const Signer& account, std::string_view der, RevocationReason reason,
                       const Patience& patience) {
  constexpr std::string_view kDoing = "revoking the certificate";
  const auto directory = session_.directory(patience);
  if (!directory) return directory.error();
  const std::string url = (*directory)->revoke_cert;
  if (url.empty())
    return fail(Errc::not_found, "{}: this CA has no way to do it", session_.start(kDoing));
  const json::object payload{{"certificate", to_base64url(der)},
                             {"reason", static_cast<int>(reason)}};
  const auto response = session_.post(account, {kDoing, url, json::serialize(payload)}, patience);
  if (!response && response.error().is("alreadyRevoked")) return {};
  return nothing_of(response);
}

Reply<RenewalWindow> Client::renewal_info(const std::string& certificate_id,
                                          const Patience& patience) {
  constexpr std::string_view kDoing = "renewal information";
  const auto directory = session_.directory(patience);
  if (!directory) return directory.error();
  const auto response =
      session_.get(kDoing, (*directory)->renewal_info + "/" + certificate_id, patience);
  if (!response) return response.error();
  auto window = session_.read(*response, kDoing, &parse_renewal_info);
  if (window) {
    if (const auto wait = retry_after(*response)) window->ask_again = *wait;
  }
  return window;
}

}  // namespace ravelin::certs::acme
