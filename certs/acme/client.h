// What can be asked of an ACME CA, one function per request (RFC 8555 section 7, RFC 9773). No
// policy: what to ask, and when, is decided in order_run and acme_issuer.
#pragma once

#include "certs/acme/renewal_info.h"
#include "certs/acme/session.h"

#include <string>
#include <string_view>
#include <vector>

namespace ravelin::certs::acme {

struct FoundAccount {
  std::string url;
  Account account;
};

struct OrderRequest {
  std::vector<Identifier> identifiers;
  std::string profile{};   // "" = the CA's default
  std::string replaces{};  // certID, "" = none
  std::optional<base::WallTime> not_before{};
  std::optional<base::WallTime> not_after{};
};

struct AskedOrder {
  std::string url;  // "" where it was asked for by its URL
  Order order;
  std::optional<std::chrono::seconds> retry_after{};
};

struct AskedAuthorization {
  Authorization authorization;
  std::optional<std::chrono::seconds> retry_after{};
};

// Every function may be called again after any failure.
class Client {
 public:
  explicit Client(Session session) : session_(std::move(session)) {}

  Reply<const Directory*> directory(const Patience& patience) {
    return session_.directory(patience);
  }

  [[nodiscard]] const std::string& directory_url() const { return session_.directory_url(); }

  [[nodiscard]] std::string start(std::string_view doing) const { return session_.start(doing); }

  // ---- accounts ----
  // An account of this key: a new one, or the one there is. Agrees to the CA's terms.
  Reply<FoundAccount> register_account(EVP_PKEY* key, const std::vector<std::string>& contacts,
                                       const std::optional<ExternalAccount>& external,
                                       const Patience& patience);
  // Problem accountDoesNotExist: the CA has never met this key.
  Reply<FoundAccount> find_account(EVP_PKEY* key, const Patience& patience);
  Reply<> change_key(const Signer& account, EVP_PKEY* new_key, const Patience& patience);
  Reply<> deactivate_account(const Signer& account, const Patience& patience);

  // ---- orders ----
  Reply<AskedOrder> new_order(const Signer& account, const OrderRequest& request,
                              const Patience& patience);
  Reply<AskedOrder> order(const Signer& account, const std::string& url, const Patience& patience);
  Reply<AskedAuthorization> authorization(const Signer& account, const std::string& url,
                                          const Patience& patience);
  // "The answer is up, look now."
  Reply<> answer(const Signer& account, const std::string& challenge_url, const Patience& patience);
  Reply<> deactivate_authorization(const Signer& account, const std::string& url,
                                   const Patience& patience);
  Reply<AskedOrder> finalize(const Signer& account, const std::string& url, std::string_view csr,
                             const Patience& patience);
  // PEM: the default chain, then the alternates, as far as they can be had.
  Reply<std::vector<std::string>> download(const Signer& account, const std::string& url,
                                           const Patience& patience);

  // ---- certificates ----
  // Revoking what is revoked already is done, too.
  Reply<> revoke(const Signer& account, std::string_view der, RevocationReason reason,
                 const Patience& patience);
  Reply<RenewalWindow> renewal_info(const std::string& certificate_id, const Patience& patience);

 private:
  [[nodiscard]] Reply<FoundAccount> account_reply(const Reply<HttpResponse>& response,
                                                  std::string_view doing) const;
  [[nodiscard]] Reply<AskedOrder> order_reply(const Reply<HttpResponse>& response,
                                              std::string_view doing) const;
  Reply<> set_deactivated(const Signer& account, std::string_view doing, const std::string& url,
                          const Patience& patience);

  Session session_;
};

}  // namespace ravelin::certs::acme
