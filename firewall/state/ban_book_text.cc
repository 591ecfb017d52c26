// The book on the disk: a JSON array with an object for each ban.
#include "firewall/state/ban_book.h"

#include <boost/json.hpp>

namespace ravelin::firewall {
namespace {

namespace json = boost::json;
using base::Errc;

// More than a book holds: a million of each family that last, and a million that are remembered.
constexpr std::size_t kBansMax = 4'000'000;

json::object ban_json(const Ban& ban) {
  json::object object;
  object["target"] = base::to_string(ban.target);
  object["since"] = ban.since.time_since_epoch().count();
  object["until"] = ban.until.time_since_epoch().count();
  object["times"] = ban.times;
  object["reason"] = ban.reason;
  object["by"] = ban.by;
  object["request_id"] = ban.request_id;
  return object;
}

const json::string* string_at(const json::object& object, std::string_view key) {
  const json::value* value = object.if_contains(key);
  return value == nullptr ? nullptr : value->if_string();
}

std::optional<std::int64_t> number_at(const json::object& object, std::string_view key) {
  const json::value* value = object.if_contains(key);
  const std::int64_t* number = value == nullptr ? nullptr : value->if_int64();
  return number == nullptr || *number < 0 ? std::nullopt : std::optional(*number);
}

std::optional<Ban> parse_ban(const json::value& value) {
  if (!value.is_object()) return std::nullopt;
  const json::object& object = value.get_object();
  const json::string* target = string_at(object, "target");
  const json::string* reason = string_at(object, "reason");
  const json::string* by = string_at(object, "by");
  const json::string* request = string_at(object, "request_id");
  const auto since = number_at(object, "since"), until = number_at(object, "until"),
             times = number_at(object, "times");
  if (target == nullptr || reason == nullptr || by == nullptr || request == nullptr || !since ||
      !until || !times || *times < 1 || *times > 1'000'000)
    return std::nullopt;
  const auto prefix = base::parse_prefix({target->data(), target->size()});
  if (!prefix || ban_target(*prefix) != *prefix) return std::nullopt;
  return Ban{*prefix,
             sys_seconds(seconds(*since)),
             sys_seconds(seconds(*until)),
             std::string(*reason),
             std::string(*by),
             std::string(*request),
             static_cast<int>(*times)};
}

}  // namespace

std::string BanBook::format() const {
  json::array bans;
  for (const auto& [target, ban] : bans_)
    bans.push_back(ban_json(ban));
  return json::serialize(bans) + "\n";
}

Result<> BanBook::restore(std::string_view text, sys_seconds now) {
  boost::system::error_code error;
  const json::value root = json::parse({text.data(), text.size()}, error);
  if (error || !root.is_array())
    return base::fail(Errc::invalid, "the file of bans is no JSON array");
  if (root.get_array().size() > kBansMax)
    return base::fail(Errc::invalid, "the file of bans has more than {} entries", kBansMax);
  std::vector<Ban> read;
  for (const json::value& value : root.get_array()) {
    auto ban = parse_ban(value);
    if (!ban)
      return base::fail(Errc::invalid, "entry {} of the file of bans is damaged", read.size() + 1);
    read.push_back(std::move(*ban));
  }
  bans_.clear();
  lasting_.clear();
  ended_.clear();
  counts_ = {};
  for (Ban& ban : read)
    if (check(ban.target)) put(std::move(ban));
  expire(now);
  return {};
}

}  // namespace ravelin::firewall
