#include "firewall/state/policy_bundle.h"

#include "base/hash.h"

#include <boost/json.hpp>

#include <optional>

namespace ravelin::firewall {
namespace {

namespace json = boost::json;
using base::Errc;
using policies::AddressRange;

template <class Map, class Format>
json::object object_of(const Map& map, const Format& format) {
  json::object object;
  for (const auto& [key, value] : map)
    object[key] = format(value);
  return object;
}

template <class List, class Format>
json::array array_of(const List& list, const Format& format) {
  json::array array;
  for (const auto& item : list)
    array.push_back(format(item));
  return array;
}

json::value text_of(const base::IpAddress& address) {
  return json::value(base::to_string(address));
}

json::object tcp_offer_json(const policies::TcpOffer& offer) {
  json::object object{{"timestamps", offer.has_timestamps}, {"sack", offer.has_sack}};
  if (offer.window_scale) object["window_scale"] = *offer.window_scale;
  return object;
}

json::object facts_json(const policies::Facts& facts) {
  const auto addresses = [](const auto& list) { return array_of(list, text_of); };
  json::object object;
  object["names"] = object_of(facts.names, addresses);
  object["own"] = object_of(facts.own, addresses);
  object["delegated"] = object_of(facts.delegated, [](const auto& list) {
    return array_of(
        list, [](const base::IpPrefix& prefix) { return json::value(base::to_string(prefix)); });
  });
  object["countries"] = object_of(facts.countries, [](const auto& list) {
    return array_of(list, [](const AddressRange& range) {
      return json::array{text_of(range.first), text_of(range.last)};
    });
  });
  object["users"] = object_of(facts.users, [](std::uint32_t uid) { return json::value(uid); });
  if (const auto& offer = facts.tcp_offer) object["tcp_offer"] = tcp_offer_json(*offer);
  return object;
}

// Reads what facts_json wrote; the first thing that is not so ends it.
class FactsReader {
 public:
  Result<policies::Facts> read(const json::object& object) {
    policies::Facts facts;
    each(object, "names",
         [&](const auto& key, const json::value& value) { facts.names[key] = addresses(value); });
    each(object, "own",
         [&](const auto& key, const json::value& value) { facts.own[key] = addresses(value); });
    each(object, "delegated", [&](const auto& key, const json::value& value) {
      for (const json::value& item : list(value)) {
        const auto prefix = base::parse_prefix(text(item));
        prefix ? facts.delegated[key].push_back(*prefix) : refuse();
      }
    });
    each(object, "countries", [&](const auto& key, const json::value& value) {
      for (const json::value& item : list(value)) {
        const auto ends = addresses(item);
        ends.size() == 2 ? facts.countries[key].push_back({ends[0], ends[1]}) : refuse();
      }
    });
    each(object, "users", [&](const auto& key, const json::value& value) {
      const auto number = json::try_value_to<std::uint32_t>(value);
      number ? void(facts.users[key] = *number) : refuse();
    });
    if (const json::value* offer = object.if_contains("tcp_offer"))
      facts.tcp_offer = tcp_offer(*offer);
    if (is_bad_) return base::fail(Errc::invalid, "the facts of the bundle cannot be read");
    return facts;
  }

 private:
  template <class Function>
  void each(const json::object& object, std::string_view key, const Function& function) {
    const json::value* member = object.if_contains(key);
    if (member == nullptr || !member->is_object()) return refuse();
    for (const auto& [name, value] : member->get_object())
      function(std::string(name), value);
  }

  std::vector<base::IpAddress> addresses(const json::value& value) {
    std::vector<base::IpAddress> found;
    for (const json::value& item : list(value)) {
      const auto address = base::parse_ip(text(item));
      address ? found.push_back(*address) : refuse();
    }
    return found;
  }

  policies::TcpOffer tcp_offer(const json::value& value) {
    constexpr std::uint8_t kScaleMax = 14;  // RFC 7323 2.3
    const json::object* object = value.if_object();
    const auto scale = member<std::uint8_t>(object, "window_scale");
    const auto timestamps = member<bool>(object, "timestamps");
    const auto sack = member<bool>(object, "sack");
    if (!timestamps || !sack || scale > kScaleMax) refuse();
    return {scale, timestamps.value_or(false), sack.value_or(false)};
  }

  template <class Value>
  static std::optional<Value> member(const json::object* object, std::string_view key) {
    const json::value* value = object == nullptr ? nullptr : object->if_contains(key);
    if (value == nullptr) return std::nullopt;
    const auto read = json::try_value_to<Value>(*value);
    return read ? std::optional<Value>(*read) : std::nullopt;
  }

  const json::array& list(const json::value& value) {
    static const json::array none;
    if (value.is_array()) return value.get_array();
    refuse();
    return none;
  }

  std::string_view text(const json::value& value) {
    if (value.is_string()) return {value.get_string().data(), value.get_string().size()};
    refuse();
    return {};
  }

  void refuse() { is_bad_ = true; }

  bool is_bad_ = false;
};

const std::string* string_at(const json::object& object, std::string_view key, std::string& store) {
  const json::value* value = object.if_contains(key);
  if (value == nullptr || !value->is_string()) return nullptr;
  store.assign(value->get_string().data(), value->get_string().size());
  return &store;
}

bool read_files(const json::object& object, PolicyBundle& bundle) {
  for (const auto& [path, value] : object) {
    if (!value.is_object()) return false;
    base::yaml::LoadedFile file;
    if (string_at(value.get_object(), "identity", file.identity) == nullptr ||
        string_at(value.get_object(), "text", file.text) == nullptr)
      return false;
    bundle.files.emplace(std::string(path), std::move(file));
  }
  return true;
}

bool read_globs(const json::object& object, PolicyBundle& bundle) {
  for (const auto& [pattern, value] : object) {
    auto paths = json::try_value_to<std::vector<std::string>>(value);
    if (!paths) return false;
    bundle.globs.emplace(std::string(pattern), std::move(*paths));
  }
  return true;
}

json::object content_json(const PolicyBundle& bundle) {
  json::object object;
  object["path"] = bundle.path;
  object["directory"] = bundle.directory;
  object["files"] = object_of(bundle.files, [](const base::yaml::LoadedFile& file) {
    return json::object{{"identity", file.identity}, {"text", file.text}};
  });
  object["globs"] = object_of(bundle.globs, [](const auto& paths) {
    return array_of(paths, [](const std::string& path) { return json::value(path); });
  });
  object["facts"] = facts_json(bundle.facts);
  return object;
}

}  // namespace

std::string PolicyBundle::hash() const {
  return fmt::format("{:016x}", base::mix_bits(base::fnv1a(json::serialize(content_json(*this)))));
}

std::string format_bundle(const PolicyBundle& bundle) {
  json::object object = content_json(bundle);
  object["judged_at"] = bundle.judged_at.time_since_epoch().count();
  return json::serialize(object) + "\n";
}

Result<PolicyBundle> parse_bundle(std::string_view text) {
  if (text.size() > kBundleBytesMax)
    return base::fail(Errc::invalid, "a bundle has at most {} bytes", kBundleBytesMax);
  boost::system::error_code error;
  const json::value root = json::parse({text.data(), text.size()}, error);
  if (error || !root.is_object())
    return base::fail(Errc::invalid, "the bundle of a policy is no JSON object");
  const json::object& object = root.get_object();
  const auto member = [&](std::string_view key) -> const json::object* {
    const json::value* value = object.if_contains(key);
    return value != nullptr && value->is_object() ? &value->get_object() : nullptr;
  };
  PolicyBundle bundle;
  const json::object* files = member("files");
  const json::object* globs = member("globs");
  const json::object* facts = member("facts");
  const json::value* judged = object.if_contains("judged_at");
  if (string_at(object, "path", bundle.path) == nullptr ||
      string_at(object, "directory", bundle.directory) == nullptr || files == nullptr ||
      globs == nullptr || facts == nullptr || judged == nullptr || !judged->is_int64() ||
      !read_files(*files, bundle) || !read_globs(*globs, bundle))
    return base::fail(Errc::invalid, "the bundle of a policy lacks a member or has it wrong");
  bundle.judged_at = std::chrono::sys_seconds(std::chrono::seconds(judged->get_int64()));
  auto read = FactsReader().read(*facts);
  if (!read) return read.error();
  bundle.facts = std::move(*read);
  return bundle;
}

}  // namespace ravelin::firewall
