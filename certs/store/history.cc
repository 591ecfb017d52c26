#include "certs/store/history.h"

#include "certs/store/json_members.h"

namespace ravelin::certs {

namespace json = boost::json;

std::string format_entry(const HistoryEntry& entry) {
  json::object object{{"at", entry.at.time_since_epoch().count()},
                      {"event", entry.event},
                      {"generation", entry.generation},
                      {"by", entry.by},
                      {"node", entry.node},
                      {"detail", entry.detail}};
  if (!entry.issuer.empty()) {
    object["issuer"] = entry.issuer;
    object["orders"] = entry.orders;
    object["replacing"] = entry.replacing;
  }
  if (!entry.waits_for.empty()) {
    object["waits_for"] = entry.waits_for;
    object["waits_until"] = entry.waits_until.time_since_epoch().count();
  }
  return json::serialize(object);
}

std::vector<HistoryEntry> parse_history(std::string_view text) {
  std::vector<HistoryEntry> entries;
  while (!text.empty()) {
    const std::size_t end = text.find('\n');
    auto members = JsonMembers::parse(text.substr(0, end), "a line of the history");
    text.remove_prefix(end == std::string_view::npos ? text.size() : end + 1);
    if (!members) continue;
    HistoryEntry entry;
    entry.at = members->time("at");
    entry.event = members->text("event");
    entry.generation = members->number("generation");
    entry.by = members->text("by");
    entry.node = members->text("node");
    entry.detail = members->text("detail");
    if (members->has("issuer")) {
      entry.issuer = members->text("issuer");
      entry.orders = members->number("orders");
      entry.replacing = members->number("replacing");
    }
    if (members->has("waits_for")) {
      entry.waits_for = members->text("waits_for");
      entry.waits_until = members->time("waits_until");
    }
    if (members->whole()) entries.push_back(std::move(entry));
  }
  return entries;
}

}  // namespace ravelin::certs
