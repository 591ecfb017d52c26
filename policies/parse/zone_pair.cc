#include "policies/parse/zone_pair.h"

#include "base/io/yaml_text.h"
#include "base/text.h"

#include <algorithm>
#include <numeric>

namespace ravelin::policies {
namespace {

constexpr std::string_view kArrow = "->";

enum class Side { from, to };

class PairReader {
 public:
  PairReader(const yaml::Value& value, const yaml::Member& key, const Names& names)
      : value_(value), key_(key), names_(names) {}

  bool read(std::string_view text, Side side, std::vector<ZoneId>& zones, bool& is_any,
            std::string& shown) {
    if (base::trim(text) == kAny) {
      is_any = true;
      shown = kAny;
      zones.resize(static_cast<std::size_t>(names_.zone_count()));
      std::iota(zones.begin(), zones.end(), 0);
      if (side == Side::to) zones.push_back(kHost);
      return true;
    }
    bool is_good = true;
    while (true) {
      const std::size_t comma = text.find(',');
      const std::string_view word = base::trim(text.substr(0, comma));
      is_good = add(word, zones) && is_good;
      shown += (shown.empty() ? "" : ", ") + std::string(word);
      if (comma == std::string_view::npos) return is_good;
      text.remove_prefix(comma + 1);
    }
  }

  void error(std::string message) const {
    value_.report().error(key_.mark.pos(), value_.path(), std::move(message));
  }

 private:
  bool add(std::string_view word, std::vector<ZoneId>& zones) {
    std::optional<ZoneId> zone = names_.zone(word);
    if (word == kHostWord) zone = kHost;
    if (!zone) {
      report_no_zone(word);
      return false;
    }
    if (std::ranges::find(zones, *zone) != zones.end()) {
      error(fmt::format("names zone \"{}\" twice on one side", word));
      return false;
    }
    zones.push_back(*zone);
    return true;
  }

  void report_no_zone(std::string_view word) const {
    if (value_.report().is_full()) return;  // a suggestion costs
    if (word.empty()) {
      error("is no pair of zones (\"lan -> wan\", \"lan, vpn -> wan, dmz\")");
    } else if (word == kAny) {
      error("\"any\" is every zone; it stands alone on its side");
    } else if (const Named* other = names_.find(word)) {
      error(fmt::format("\"{}\" is {}, not a zone", word, text_of(other->kind)));
    } else if (names_.is_complete()) {
      std::vector<std::string_view> known = names_.of_kind(NameKind::zone);
      known.push_back(kHostWord);
      known.push_back(kAny);
      error(fmt::format("zone {} is not defined{}", yaml::quote(word), hint(word, known)));
    }
  }

  const yaml::Value& value_;
  const yaml::Member& key_;
  const Names& names_;
};

}  // namespace

bool read_zone_pair(const yaml::Value& value, const yaml::Member& key, const Names& names,
                    RuleList& list) {
  PairReader reader(value, key, names);
  const std::string_view text = key.key;
  const std::size_t arrow = text.find(kArrow);
  if (arrow == std::string_view::npos || text.find(kArrow, arrow + 2) != std::string_view::npos) {
    reader.error("is no pair of zones (\"lan -> wan\", \"lan, vpn -> wan, dmz\")");
    return false;
  }
  std::string from_text, to_text;
  const bool is_from_good =
      reader.read(text.substr(0, arrow), Side::from, list.from, list.from_any, from_text);
  const bool is_to_good =
      reader.read(text.substr(arrow + 2), Side::to, list.to, list.to_any, to_text);
  list.pos = key.mark.pos();
  list.text = from_text + " -> " + to_text;
  const std::vector<ZoneId> only_host{kHost};
  if (list.from == only_host && list.to == only_host) {
    reader.error("what the host sends to itself is always allowed");
    return false;
  }
  return is_from_good && is_to_good;
}

}  // namespace ravelin::policies
