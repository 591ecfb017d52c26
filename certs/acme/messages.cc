#include "certs/acme/messages.h"

#include "base/address.h"
#include "base/text.h"
#include "certs/acme/fields.h"

#include <algorithm>

namespace ravelin::certs::acme {
namespace {

namespace json = boost::json;

constexpr std::string_view kStatuses[] = {"pending", "ready",       "processing", "valid",
                                          "invalid", "deactivated", "expired",    "revoked"};
constexpr std::string_view kAnswerable[] = {"http-01", "tls-alpn-01", "dns-01"};
constexpr std::size_t kNameBytesMax = 256;

Status read_status(Fields& fields) {
  return static_cast<Status>(fields.word("status", kStatuses));
}

std::optional<Problem> read_error(Fields& fields) {
  const json::object* object = fields.optional_object("error");
  if (object == nullptr) return std::nullopt;
  auto problem = parse_problem(*object);
  if (problem) return std::move(*problem);
  fields.refuse("error", "is not a problem document");
  return std::nullopt;
}

Identifier read_identifier(const json::object& object, Fields& of, std::string_view key) {
  Fields fields(object, "identifier");
  Identifier identifier{fields.text("type", kNameBytesMax), fields.text("value", kNameBytesMax)};
  if (fields.error()) of.refuse(key, "is not a type and a value");
  return identifier;
}

OfferedChallenge read_challenge(const json::object& object, std::optional<base::Error>& error) {
  Fields fields(object, "challenge");
  OfferedChallenge challenge;
  challenge.type = fields.text("type", 64);
  challenge.url = fields.url("url");
  challenge.status = read_status(fields);
  challenge.error = read_error(fields);
  if (std::find(std::begin(kAnswerable), std::end(kAnswerable), challenge.type) !=
      std::end(kAnswerable)) {
    challenge.token = fields.text("token");
    if (!is_token(challenge.token)) fields.refuse("token", "is not base64url");
  }
  if (fields.error()) error = fields.error();
  return challenge;
}

}  // namespace

std::string_view text_of(Status status) {
  return kStatuses[static_cast<std::size_t>(status)];
}

Result<Directory> parse_directory(std::string_view text) {
  const auto object = parse_object(text, "directory");
  if (!object) return object.error();
  Fields fields(*object, "directory");
  Directory directory{fields.url("newNonce"),
                      fields.url("newAccount"),
                      fields.url("newOrder"),
                      fields.optional_url("revokeCert"),
                      fields.optional_url("keyChange"),
                      fields.optional_url("renewalInfo"),
                      {},
                      false,
                      {}};
  if (const json::object* meta = fields.optional_object("meta"); meta != nullptr) {
    Fields of(*meta, "directory: meta");
    directory.terms = of.optional_text("termsOfService");
    directory.external_account_required = of.optional_flag("externalAccountRequired");
    if (const json::object* profiles = of.optional_object("profiles"); profiles != nullptr) {
      if (profiles->size() > kListMax) of.refuse("profiles", "has too many entries");
      for (const auto& member : *profiles)
        directory.profiles.emplace_back(std::string_view(member.key()));
    }
    if (of.error()) return *of.error();
  }
  if (fields.error()) return *fields.error();
  return directory;
}

Result<Account> parse_account(std::string_view text) {
  const auto object = parse_object(text, "account");
  if (!object) return object.error();
  Fields fields(*object, "account");
  const Account account{read_status(fields)};
  if (fields.error()) return *fields.error();
  return account;
}

Result<Order> parse_order(std::string_view text) {
  const auto object = parse_object(text, "order");
  if (!object) return object.error();
  Fields fields(*object, "order");
  Order order;
  order.status = read_status(fields);
  for (const json::value& value : fields.list("identifiers")) {
    if (!value.is_object()) {
      fields.refuse("identifiers", "holds what is not an object");
      break;
    }
    order.identifiers.push_back(read_identifier(value.get_object(), fields, "identifiers"));
  }
  order.authorizations = fields.urls("authorizations");
  order.finalize = fields.url("finalize");
  order.certificate = fields.optional_url("certificate");
  order.error = read_error(fields);
  if (order.status == Status::valid && order.certificate.empty())
    fields.refuse("certificate", "is missing, though the order is valid");
  if (fields.error()) return *fields.error();
  return order;
}

Result<Authorization> parse_authorization(std::string_view text) {
  const auto object = parse_object(text, "authorization");
  if (!object) return object.error();
  Fields fields(*object, "authorization");
  Authorization authorization;
  authorization.status = read_status(fields);
  authorization.identifier = read_identifier(fields.object("identifier"), fields, "identifier");
  authorization.is_wildcard = fields.optional_flag("wildcard");
  for (const json::value& value : fields.list("challenges")) {
    if (!value.is_object()) {
      fields.refuse("challenges", "holds what is not an object");
      break;
    }
    std::optional<base::Error> error;
    authorization.challenges.push_back(read_challenge(value.get_object(), error));
    if (error) return base::wrap(std::move(*error), "authorization");
  }
  if (fields.error()) return *fields.error();
  return authorization;
}

Result<OfferedChallenge> parse_challenge(std::string_view text) {
  const auto object = parse_object(text, "challenge");
  if (!object) return object.error();
  std::optional<base::Error> error;
  OfferedChallenge challenge = read_challenge(*object, error);
  if (error) return *error;
  return challenge;
}

Identifier identifier_of(std::string_view name) {
  if (const auto address = base::parse_ip(name)) return {"ip", base::to_string(*address)};
  return {"dns", base::to_lower(name)};
}

bool are_same(std::vector<Identifier> a, std::vector<Identifier> b) {
  for (auto* list : {&a, &b}) {
    for (Identifier& identifier : *list)
      identifier = {identifier.type, identifier_of(identifier.value).value};
    std::sort(list->begin(), list->end());
    list->erase(std::unique(list->begin(), list->end()), list->end());
  }
  return a == b;
}

}  // namespace ravelin::certs::acme
