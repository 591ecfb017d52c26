#include "policies/parse/override.h"

#include "base/io/yaml_text.h"

#include <algorithm>
#include <iterator>
#include <map>
#include <utility>

namespace ravelin::policies {
namespace {

constexpr std::size_t kOverridesMax = 10'000;

std::string place(const yaml::Mark& mark) {
  const SourcePos pos = mark.pos();
  return fmt::format("{}:{}:{}", pos.file, pos.line, pos.column);
}

bool is_verdict(std::string_view key) {
  return key == "allow" || key == "deny" || key == "reject";
}

yaml::Member* find_member(yaml::TreeNode& map, std::string_view key) {
  const auto found = std::ranges::find(map.members, key, &yaml::Member::key);
  return found == map.members.end() ? nullptr : &*found;
}

// All that is wanted of one rule.
struct Change {
  yaml::Mark mark;  // of the first entry that names it
  std::string path;
  std::vector<yaml::Member> set;
  std::vector<yaml::TreeNode> inserted;
  std::optional<yaml::Mark> removed_at;
  bool is_done = false;
};

class Overrides {
 public:
  Overrides(yaml::Report& report, Completeness completeness)
      : report_(report), completeness_(completeness) {}

  void read(const yaml::Value& section) {
    if (!yaml::expect(section, yaml::Kind::list)) return;
    if (!yaml::check_size(section, 0, kOverridesMax)) return;
    for (std::size_t i = 0; i < section.node().items.size(); ++i) {
      const yaml::Value entry = section.item(i);
      if (yaml::expect(entry, yaml::Kind::map)) read_entry(entry);
    }
  }

  // The list with what its rules are changed to.
  void apply(yaml::TreeNode& list) {
    if (list.kind != yaml::Kind::list || changes_.empty()) return;
    std::vector<yaml::TreeNode> items;
    items.reserve(list.items.size());
    for (yaml::TreeNode& item : list.items)
      put(std::move(item), items);
    list.items = std::move(items);
  }

  void report_unmatched() {
    if (completeness_ == Completeness::partial) return;
    for (const auto& [id, change] : changes_) {
      if (change.is_done || report_.is_full()) continue;
      const std::vector<std::string_view> known(ids_.begin(), ids_.end());
      report_.error(change.mark.pos(), change.path,
                    fmt::format("no rule has the id {}{}", yaml::quote(id), hint(id, known)));
    }
  }

  // The ids there are, for suggestions.
  void learn(const yaml::TreeNode& list) {
    for (const yaml::TreeNode& item : list.items) {
      const auto id = std::ranges::find(item.members, "id", &yaml::Member::key);
      if (id != item.members.end() && id->value.kind == yaml::Kind::scalar)
        ids_.push_back(id->value.text);
    }
  }

 private:
  void read_entry(const yaml::Value& entry) {
    const auto& members = entry.node().members;
    const auto id = std::ranges::find(members, "id", &yaml::Member::key);
    if (id == members.end() || id->value.kind != yaml::Kind::scalar) {
      entry.error("\"id\" is missing: the rule that is changed");
      return;
    }
    if (members.size() == 1) entry.error("changes nothing: set a key, or write \"remove: true\"");
    const auto [at, is_new] = changes_.emplace(id->value.text, Change{});
    Change& change = at->second;
    if (is_new) {
      change.mark = entry.node().mark;
      change.path = entry.path();
    }
    for (std::size_t i = 0; i < members.size(); ++i) {
      if (members[i].key == "id") continue;
      if (members[i].key == "remove") {
        read_remove(entry.member(i), change);
      } else if (members[i].key == "insert_before") {
        read_inserted(entry.member(i), change);
      } else {
        set(entry, members[i], change);
      }
    }
  }

  void read_remove(const yaml::Value& value, Change& change) {
    bool is_removed = false;
    if (!yaml::apply(value, is_removed, yaml::Default{})) return;
    if (!is_removed) {
      value.error("says nothing; write true, or leave it out");
      return;
    }
    if (!change.set.empty()) {
      value.error(fmt::format("contradicts {}, which changes the same rule",
                              place(change.set.front().mark)));
    }
    change.removed_at = value.node().mark;
  }

  static void read_inserted(const yaml::Value& value, Change& change) {
    if (!yaml::expect(value, yaml::Kind::list)) return;
    std::ranges::copy(value.node().items, std::back_inserter(change.inserted));
  }

  static void set(const yaml::Value& entry, const yaml::Member& member, Change& change) {
    const auto report = [&](std::string message) {
      entry.report().error(member.mark.pos(), entry.path(), std::move(message));
    };
    if (change.removed_at) {
      report(fmt::format("contradicts {}, which removes the same rule", place(*change.removed_at)));
      return;
    }
    const auto same = std::ranges::find_if(change.set, [&](const yaml::Member& other) {
      return other.key == member.key || (is_verdict(other.key) && is_verdict(member.key));
    });
    if (same == change.set.end()) {
      change.set.push_back(member);
      return;
    }
    report(fmt::format("\"{}\" contradicts \"{}\" at {}; change it once", member.key, same->key,
                       place(same->mark)));
  }

  void put(yaml::TreeNode&& item, std::vector<yaml::TreeNode>& items) {
    yaml::Member* id = find_member(item, "id");
    const auto found = id == nullptr || id->value.kind != yaml::Kind::scalar
                           ? changes_.end()
                           : changes_.find(id->value.text);
    if (found == changes_.end() || found->second.is_done) {
      items.push_back(std::move(item));
      return;
    }
    Change& change = found->second;
    change.is_done = true;  // before what it inserts: a rule inserted before itself ends here
    for (yaml::TreeNode& inserted : change.inserted)
      put(std::move(inserted), items);
    if (change.removed_at) return;
    for (const yaml::Member& member : change.set)
      set_key(item, member);
    items.push_back(std::move(item));
  }

  static void set_key(yaml::TreeNode& rule, const yaml::Member& member) {
    std::erase_if(rule.members, [&](const yaml::Member& other) {
      return other.key == member.key || (is_verdict(member.key) && is_verdict(other.key));
    });
    if (member.value.kind != yaml::Kind::empty) rule.members.push_back(member);
  }

  yaml::Report& report_;
  Completeness completeness_;
  std::map<std::string, Change, std::less<>> changes_;
  std::vector<std::string> ids_;
};

}  // namespace

void apply_overrides(yaml::TreeNode& root, yaml::Report& report, Completeness completeness) {
  const yaml::Member* member = find_member(root, "override");
  if (member == nullptr) return;
  const yaml::TreeNode section = member->value;
  std::erase_if(root.members, [](const yaml::Member& each) { return each.key == "override"; });
  Overrides overrides(report, completeness);
  overrides.read(yaml::Value(report, section, "override"));
  yaml::Member* rules = find_member(root, "rules");
  yaml::Member* nat = find_member(root, "nat");
  std::vector<yaml::TreeNode*> lists;
  if (rules != nullptr) {
    for (yaml::Member& list : rules->value.members)
      lists.push_back(&list.value);
  }
  if (nat != nullptr) lists.push_back(&nat->value);
  for (yaml::TreeNode* list : lists)
    overrides.learn(*list);
  for (yaml::TreeNode* list : lists)
    overrides.apply(*list);
  overrides.report_unmatched();
}

}  // namespace ravelin::policies
