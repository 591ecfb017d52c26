// Drives an AcmeIssuer from a test: one command, one line of JSON on stdout. The answers to
// challenges are files that the test serves (http-01, tls-alpn-01) and a hook program (dns-01).
//
//   acme_tool COMMAND {"directory": URL, "ca": FILE, "accounts": DIR, ...}
//   COMMAND: issue revoke window account change-key deactivate
#include "base/check.h"
#include "base/io/file.h"
#include "certs/acme/acme_issuer.h"
#include "certs/acme/dns_hook.h"
#include "certs/acme/renewal_info.h"
#include "certs/certificate.h"
#include "certs/issuer/base64url.h"
#include "tests/support/json_fields.h"

#include <boost/json.hpp>
#include <openssl/x509v3.h>
#include <unistd.h>

#include <condition_variable>
#include <cstdio>
#include <filesystem>
#include <mutex>
#include <stop_token>
#include <thread>

namespace ravelin::certs {
namespace {

namespace json = boost::json;
using test::number;
using test::text;
using test::texts;

template <class T>
T take(base::Result<T> result) {
  CHECK(result);
  return *std::move(result);
}

// DIR/http-01/TOKEN and DIR/tls-alpn-01/NAME hold the key authorization.
class FileBoard final : public ChallengeBoard {
 public:
  FileBoard(std::string folder, const std::string& hook, std::string dies_at)
      : folder_(std::move(folder)),
        hook_({hook, std::chrono::seconds(10)}),
        has_hook_(!hook.empty()),
        dies_at_(std::move(dies_at)) {}

  [[nodiscard]] bool can_answer(ChallengeType type) const override {
    return type == ChallengeType::dns_01 ? has_hook_ : !folder_.empty();
  }

  Result<> put_up(const Challenge& challenge) override {
    if (dies_at_ == "put_up") ::_exit(9);  // as kill -9 does
    if (challenge.type == ChallengeType::dns_01) return hook_.put_up(challenge);
    return base::replace_file(path(challenge), challenge.key_authorization, 0600);
  }

  void take_down(const Challenge& challenge) override {
    if (dies_at_ == "take_down") ::_exit(9);
    if (challenge.type == ChallengeType::dns_01)
      hook_.take_down(challenge);
    else
      ::unlink(path(challenge).c_str());
  }

 private:
  [[nodiscard]] std::string path(const Challenge& challenge) const {
    return folder_ + "/" + std::string(text_of(challenge.type)) + "/" +
           (challenge.type == ChallengeType::http_01 ? challenge.token : challenge.name);
  }

  std::string folder_;
  DnsHook hook_;
  bool has_hook_;
  std::string dies_at_;
};

class FileNote final : public OrderNote {
 public:
  FileNote(std::string path, bool dies) : path_(std::move(path)), dies_(dies) {}

  [[nodiscard]] std::string text() const override {
    auto content = base::read_file(path_, 65536);
    return content ? *content : std::string();
  }

  Result<> save(std::string_view text) override {
    if (auto saved = base::replace_file(path_, text, 0600); !saved) return saved;
    if (dies_) ::_exit(9);
    return {};
  }

 private:
  std::string path_;
  bool dies_;
};

// Requests a stop after a while; 0 = never.
class Stopper {
 public:
  explicit Stopper(std::chrono::milliseconds wait) {
    if (wait.count() > 0) thread_ = std::thread(&Stopper::run, this, wait);
  }

  Stopper(const Stopper&) = delete;
  Stopper& operator=(const Stopper&) = delete;

  ~Stopper() {
    if (thread_.joinable()) thread_.join();
  }

  [[nodiscard]] std::stop_token token() const { return source_.get_token(); }

 private:
  void run(std::chrono::milliseconds wait) {
    std::unique_lock lock(mutex_);
    wake_.wait_for(lock, wait);
    source_.request_stop();
  }

  std::mutex mutex_;
  std::condition_variable wake_;
  std::stop_source source_;
  std::thread thread_;
};

KeyPtr key_at(const std::string& path) {
  if (std::filesystem::exists(path)) {
    return take(parse_key(take(base::read_file(path, kPemBytesMax)), path));
  }
  KeyPtr key(EVP_EC_gen("P-256"));
  CHECK(base::replace_file(path, key_to_pem(key.get()), 0600));
  return key;
}

std::string make_csr(EVP_PKEY* key, const std::vector<std::string>& names) {
  const base::Handle<X509_REQ, X509_REQ_free> request(X509_REQ_new());
  X509_REQ_set_pubkey(request.get(), key);
  std::string alternatives;
  for (const std::string& name : names) {
    if (!alternatives.empty()) alternatives += ",";
    const bool is_address = acme::identifier_of(name).type == "ip";
    alternatives += (is_address ? "IP:" : "DNS:") + name;
  }
  STACK_OF(X509_EXTENSION)* extensions = sk_X509_EXTENSION_new_null();
  sk_X509_EXTENSION_push(extensions, X509V3_EXT_conf_nid(nullptr, nullptr, NID_subject_alt_name,
                                                         alternatives.c_str()));
  X509_REQ_add_extensions(request.get(), extensions);
  sk_X509_EXTENSION_pop_free(extensions, X509_EXTENSION_free);
  X509_REQ_sign(request.get(), key, EVP_sha256());
  unsigned char* der = nullptr;
  const int size = i2d_X509_REQ(request.get(), &der);
  std::string out(reinterpret_cast<char*>(der), static_cast<std::size_t>(size));
  OPENSSL_free(der);
  return out;
}

AcmeOptions options_of(const json::object& in) {
  AcmeOptions options;
  options.name = "test";
  options.directory = text(in, "directory");
  options.accounts = text(in, "accounts");
  options.ca_file = text(in, "ca");
  options.preferred_chain = text(in, "preferred");
  options.contacts = texts(in, "contacts");
  if (in.contains("eab_kid"))
    options.external_account =
        acme::ExternalAccount{text(in, "eab_kid"), take(from_base64url(text(in, "eab_key")))};
  if (in.contains("challenges")) {
    options.challenges.clear();
    for (const std::string& name : texts(in, "challenges")) {
      for (const auto type :
           {ChallengeType::http_01, ChallengeType::tls_alpn_01, ChallengeType::dns_01})
        if (text_of(type) == name) options.challenges.push_back(type);
    }
  }
  options.order_deadline = std::chrono::seconds(number(in, "deadline", 60));
  options.other_deadline = options.order_deadline;
  options.session.request = std::chrono::seconds(number(in, "request_deadline", 10));
  options.session.retry.wait_max = std::chrono::seconds(number(in, "wait_max", 60));
  options.poll_first = std::chrono::milliseconds(50);
  return options;
}

json::object no(const base::Error& error) {
  return {{"ok", false}, {"error", error.message}, {"code", static_cast<int>(error.code)}};
}

json::object issue(AcmeIssuer& issuer, const json::object& in) {
  const KeyPtr key = key_at(text(in, "key"));
  CertificateOrder order{texts(in, "names"), make_csr(key.get(), texts(in, "csr_names")),
                         text(in, "profile"), text(in, "replaces")};
  for (const auto& [name, into] :
       {std::pair("not_before", &order.not_before), std::pair("not_after", &order.not_after)})
    if (in.contains(name)) *into = take(acme::parse_time(text(in, name)));
  FileNote note(text(in, "note"), text(in, "dies_at") == "note");
  const Stopper stopper(std::chrono::milliseconds(number(in, "stop_after_ms", 0)));
  const auto outcome = issuer.issue(order, note, stopper.token());
  if (!outcome) {
    json::object out = no(outcome.error().error);
    out["final"] = outcome.error().is_final;
    if (outcome.error().retry_after) out["retry_after"] = outcome.error().retry_after->count();
    return out;
  }
  const auto chain = parse_chain(outcome->pem, "issued");
  const auto id = acme::certificate_id(chain->leaf.get());
  return {{"ok", true},
          {"pem", outcome->pem},
          {"order", outcome->order},
          {"serial", chain->info.serial},
          {"id", id ? *id : ""}};
}

json::object window(AcmeIssuer& issuer, const json::object& in) {
  const auto found = issuer.renewal_window(text(in, "pem"), {});
  if (!found) return no(found.error());
  if (!*found) return {{"ok", true}, {"window", nullptr}};
  const auto seconds = [](base::WallTime time) {
    return std::chrono::duration_cast<std::chrono::seconds>(time.time_since_epoch()).count();
  };
  return {{"ok", true},
          {"start", seconds((*found)->start)},
          {"end", seconds((*found)->end)},
          {"explanation", (*found)->explanation},
          {"ask_again", (*found)->ask_again.count()}};
}

json::object run(std::string_view command, const json::object& in) {
  FileBoard board(text(in, "board"), text(in, "hook"), text(in, "dies_at"));
  auto opened = AcmeIssuer::open(options_of(in), board);
  if (!opened) return no(opened.error());
  AcmeIssuer& issuer = **opened;
  if (in.contains("key_changed_behind")) {  // by another process, once we know the account
    CHECK(issuer.account_url({}));
    CHECK((*AcmeIssuer::open(options_of(in), board))->change_account_key({}));
  }
  const auto done = [](const Result<>& result) {
    return result ? json::object{{"ok", true}} : no(result.error());
  };
  if (command == "issue") return issue(issuer, in);
  if (command == "window") return window(issuer, in);
  if (command == "change-key") return done(issuer.change_account_key({}));
  if (command == "deactivate") return done(issuer.deactivate_account({}));
  if (command == "revoke")
    return done(
        issuer.revoke(text(in, "pem"), static_cast<RevocationReason>(number(in, "reason", 0)), {}));
  const auto url = issuer.account_url({});
  return url ? json::object{{"ok", true}, {"account", *url}} : no(url.error());
}

}  // namespace
}  // namespace ravelin::certs

int main(int argc, char** argv) {
  if (argc != 3) return 2;
  const auto out = ravelin::certs::run(argv[1], boost::json::parse(argv[2]).as_object());
  std::puts(boost::json::serialize(out).c_str());
  return out.at("ok").as_bool() ? 0 : 1;
}
