#include "certs/store/ticket_file.h"

#include "base/io/file.h"
#include "base/io/log.h"
#include "certs/key_file.h"
#include "certs/store/durable.h"
#include "certs/store/json_members.h"

#include <openssl/crypto.h>
#include <openssl/rand.h>
#include <unistd.h>

#include <algorithm>

namespace ravelin::certs {

namespace json = boost::json;
using base::Errc;
using base::fail;

namespace {

constexpr std::size_t kKeysMax = 64;
constexpr std::string_view kHex = "0123456789abcdef";

std::string folder_of_tickets(const StorePaths& paths) {
  return paths.for_gateways() + "/tickets";
}

std::string file_of_tickets(const StorePaths& paths) {
  return folder_of_tickets(paths) + "/ring.json";
}

std::string to_hex(std::span<const unsigned char> bytes) {
  std::string text;
  text.reserve(bytes.size() * 2);
  for (const unsigned char byte : bytes) {
    text += kHex[byte >> 4U];
    text += kHex[byte & 15U];
  }
  return text;
}

bool from_hex(std::string_view text, std::span<unsigned char> bytes) {
  if (text.size() != bytes.size() * 2) return false;
  for (std::size_t i = 0; i < bytes.size(); ++i) {
    const std::size_t high = kHex.find(text[2 * i]);
    const std::size_t low = kHex.find(text[2 * i + 1]);
    if (high == std::string_view::npos || low == std::string_view::npos) return false;
    bytes[i] = static_cast<unsigned char>(high << 4U | low);
  }
  return true;
}

Result<StoredTicketKey> generate(sys_seconds now) {
  StoredTicketKey key;
  key.made = now;
  if (RAND_bytes(key.name.data(), static_cast<int>(key.name.size())) != 1 ||
      RAND_priv_bytes(key.aes.data(), static_cast<int>(key.aes.size())) != 1 ||
      RAND_priv_bytes(key.hmac.data(), static_cast<int>(key.hmac.size())) != 1)
    return fail(Errc::tls, "making a ticket key: {}", take_openssl_error());
  return key;
}

Result<> write(const StorePaths& paths, std::span<const StoredTicketKey> keys) {
  if (auto made = make_folder(folder_of_tickets(paths)); !made) return made;
  std::string text = format_tickets(keys);
  auto written = base::replace_file(file_of_tickets(paths), text, 0600);
  OPENSSL_cleanse(text.data(), text.size());
  return written;
}

// Not that others may read it: mended, it is as good as before.
bool is_damaged(const base::Error& error) {
  return error.code == Errc::invalid;
}

// Nothing would ever mend it, and the keys in use would get no younger.
Result<std::vector<StoredTicketKey>> set_aside(const StorePaths& paths, const base::Error& why) {
  const std::string path = file_of_tickets(paths);
  const std::string aside = path + ".damaged";
  if (auto moved = move_to(path, aside); !moved) return moved.error();
  base::log_error("certs",
                  "the store's session ticket keys are damaged and set aside; new ones begin, and "
                  "sessions of before are not resumed",
                  {{"aside", aside}, {"error", why.message}});
  return std::vector<StoredTicketKey>();
}

Result<std::unique_ptr<Lease>> take_lease(const StoreDir& store) {
  constexpr std::chrono::seconds kLasts{30};
  return Lease::take(store.paths().locks() + "/.tickets", this_process("tickets"), kLasts);
}

}  // namespace

StoredTicketKey::~StoredTicketKey() {
  OPENSSL_cleanse(aes.data(), aes.size());
  OPENSSL_cleanse(hmac.data(), hmac.size());
}

std::string format_tickets(std::span<const StoredTicketKey> keys) {
  json::array list;
  for (const StoredTicketKey& key : keys)
    list.push_back({{"name", to_hex(key.name)},
                    {"aes", to_hex(key.aes)},
                    {"hmac", to_hex(key.hmac)},
                    {"made", key.made.time_since_epoch().count()}});
  return json::serialize(json::object{{"keys", std::move(list)}}) + "\n";
}

Result<std::vector<StoredTicketKey>> parse_tickets(std::string_view text) {
  constexpr std::string_view kWhat = "the ring of ticket keys";
  auto members = JsonMembers::parse(text, kWhat);
  if (!members) return members.error();
  const json::array* list = members->array("keys");
  if (auto whole = members->whole(); !whole) return whole.error();
  std::vector<StoredTicketKey> keys;
  if (list->size() > kKeysMax) return fail(Errc::invalid, "{} has too many keys", kWhat);
  keys.reserve(list->size());
  for (const json::value& each : *list) {
    if (!each.is_object()) return fail(Errc::invalid, "{}: a key is no object", kWhat);
    JsonMembers one(each.get_object(), kWhat);
    StoredTicketKey key;
    key.made = one.time("made");
    const bool is_whole = from_hex(one.text("name"), key.name) &&
                          from_hex(one.text("aes"), key.aes) &&
                          from_hex(one.text("hmac"), key.hmac) && one.whole();
    if (!is_whole) return fail(Errc::invalid, "{} has a damaged key", kWhat);
    keys.push_back(key);
  }
  return keys;
}

bool is_ticket_due(std::span<const StoredTicketKey> keys, const TicketRules& rules,
                   sys_seconds now) {
  if (keys.empty()) return true;
  const sys_seconds made = keys.front().made;
  return now >= made + rules.rotate_every || now + rules.rotate_every < made;
}

Result<std::vector<StoredTicketKey>> read_tickets(const StorePaths& paths) {
  const std::string path = file_of_tickets(paths);
  if (::access(path.c_str(), F_OK) != 0) return std::vector<StoredTicketKey>();
  const auto file = KeyFile::open(path);
  if (!file) return file.error();
  if (const auto findings = file->check({.groups = {}}); has_errors(findings))
    return fail(Errc::denied, "{}", to_string(findings));
  auto text = file->read();
  if (!text) return text.error();
  auto keys = parse_tickets(*text);
  OPENSSL_cleanse(text->data(), text->size());
  if (!keys) return base::wrap(keys.error(), path);
  return keys;
}

Result<std::vector<StoredTicketKey>> tend_tickets(const StoreDir& store, const TicketRules& rules,
                                                  sys_seconds now) {
  auto keys = read_tickets(store.paths());
  if (!keys && !is_damaged(keys.error())) return keys;
  if (keys && !is_ticket_due(*keys, rules, now)) return keys;
  auto lease = take_lease(store);
  const bool is_taken = !lease && lease.error().code == Errc::conflict;
  if (is_taken && keys && !keys->empty()) return keys;
  if (!lease) return lease.error();
  auto done = (*lease)->while_held([&]() -> Result<> {
    keys = read_tickets(store.paths());
    if (!keys && is_damaged(keys.error())) keys = set_aside(store.paths(), keys.error());
    if (!keys) return keys.error();
    if (!is_ticket_due(*keys, rules, now)) return {};
    auto key = generate(now);
    if (!key) return key.error();
    keys->insert(keys->begin(), *key);
    keys->resize(std::min(keys->size(), std::max<std::size_t>(rules.keep, 2)));
    return write(store.paths(), *keys);
  });
  if (!done) return done.error();
  return keys;
}

Result<> replace_tickets(const StoreDir& store, sys_seconds now) {
  auto lease = take_lease(store);
  if (!lease) return lease.error();
  return (*lease)->while_held([&]() -> Result<> {
    auto key = generate(now);
    if (!key) return key.error();
    return write(store.paths(), std::span(&*key, 1));
  });
}

}  // namespace ravelin::certs
