// Rules that no packet meets: each pair of zones is walked once, then told by rule.
#include "policies/analyse/findings.h"
#include "policies/analyse/pair.h"
#include "policies/model/meaning.h"
#include "policies/space/describe.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>

namespace ravelin::policies {
namespace {

using Lines = std::vector<const Rule*>;  // that cover

struct Part {
  std::string text;  // "its service tcp/22"
  Lines by;
};

// How one rule fares in one pair.
struct Fare {
  enum class Is { met, covered, impossible, undecided };

  Is is = Is::met;
  ZoneId from = kHost, to = kHost;
  Lines by;                    // covered
  bool by_essential = false;   // covered: by essential ICMPv6, alone or with them
  bool is_behind_all = false;  // by one rule that matches everything
  std::vector<Part> parts;     // met: alternatives that are covered
  std::vector<std::string> open_parts;
};

// Boxes that stand before a rule, with the rules they are of.
struct Covers {
  std::vector<Box> boxes;
  std::vector<const Rule*> rules;

  void add(const PairRule& met) {
    boxes.insert(boxes.end(), met.certain.begin(), met.certain.end());
    rules.resize(boxes.size(), met.rule);
  }

  [[nodiscard]] Lines named(std::span<const std::size_t> used) const {
    Lines lines;
    for (const std::size_t index : used) {
      if (rules[index] != nullptr &&
          std::find(lines.begin(), lines.end(), rules[index]) == lines.end())
        lines.push_back(rules[index]);
    }
    return lines;
  }
};

bool cover(const Lines& lines, const Covers& covers, std::span<const Box> boxes, Effort& effort) {
  std::vector<Box> own;
  for (std::size_t i = 0; i < covers.boxes.size(); ++i) {
    if (std::find(lines.begin(), lines.end(), covers.rules[i]) != lines.end())
      own.push_back(covers.boxes[i]);
  }
  return coverage(boxes, own, effort).is_covered();
}

// Fewer lines are easier to look at: of those that cover together one may do so alone, or some may
// not be needed.
Lines fewest(Lines lines, const Covers& covers, std::span<const Box> boxes, Effort& effort) {
  for (const Rule* line : lines) {
    if (cover({line}, covers, boxes, effort)) return {line};
  }
  constexpr std::size_t kLinesMax = 16;  // of more not all are named anyway
  if (lines.size() > kLinesMax) return lines;
  for (std::size_t i = 0; i < lines.size();) {
    Lines without = lines;
    without.erase(without.begin() + static_cast<std::ptrdiff_t>(i));
    if (cover(without, covers, boxes, effort))
      lines = std::move(without);
    else
      ++i;
  }
  return lines;
}

class PairView {
 public:
  PairView(const Policy& policy, const Pair& pair, Effort& effort)
      : policy_(policy), pair_(pair), effort_(effort), everything_(pair.everything()) {
    for (const Box& box : essential_boxes(policy, pair.from, pair.to))
      essential_.boxes.push_back(box);
    essential_.rules.resize(essential_.boxes.size(), nullptr);
  }

  std::vector<Fare> fares() {
    std::vector<Fare> all;
    for (const PairRule& met : pair_.rules) {
      all.push_back(fare_of(met));
      const Rule& rule = *met.rule;
      if (!rule.is_final() || rule.is_conditional()) continue;
      covers_.add(met);
      (is_allow(rule) ? allows_ : blocks_).add(met);
    }
    return all;
  }

 private:
  Fare fare_of(const PairRule& met) {
    Fare fare{.from = pair_.from, .to = pair_.to};
    if (met.is_too_large) {
      fare.is = Fare::Is::undecided;
      return fare;
    }
    const std::vector<Box> own = arriving(met.possible);
    if (own.empty()) {
      fare.is = Fare::Is::impossible;
      return fare;
    }
    const Coverage answer = coverage(own, covers_.boxes, effort_);
    if (answer.is_covered()) {
      fare.is = Fare::Is::covered;
      fare.by = fewest(covers_.named(answer.used), covers_, own, effort_);
      fare.is_behind_all = fare.by.size() == 1 && cover(fare.by, covers_, everything_, effort_);
      return fare;
    }
    if (!answer.is_open()) {
      fare.is = Fare::Is::undecided;
      return fare;
    }
    if (is_block(*met.rule) && is_essential(own)) {
      fare.is = Fare::Is::covered;
      fare.by_essential = true;
      return fare;
    }
    if (met.rule->is_final()) look_at_parts(*met.rule, fare);
    return fare;
  }

  bool is_essential(std::span<const Box> own) {
    return coverage(own, essential_.boxes, effort_).is_covered();
  }

  [[nodiscard]] std::vector<Box> arriving(std::span<const Box> boxes) const {
    std::vector<Box> sources;
    for (const AddressRange& source : pair_.sources) {
      Box box = whole(source.first.family);
      box.source = source;
      sources.push_back(box);
    }
    return possible_part(intersection(boxes, sources));
  }

  void look_at_part(const Rule& part, std::string text, Fare& fare) {
    const std::vector<Box> own =
        arriving(boxes_of(part, policy_.feeds, FeedReading::possible, pair_.classes));
    if (own.empty()) return;
    const Covers& others = is_allow(part) ? blocks_ : allows_;
    const Coverage answer = coverage(own, others.boxes, effort_);
    if (answer.is_covered())
      fare.parts.push_back(
          {std::move(text), fewest(others.named(answer.used), others, own, effort_)});
    else
      fare.open_parts.push_back(std::move(text));
  }

  void look_at_ranges(const Rule& rule, AddressMatch Rule::*side, std::string_view name,
                      Fare& fare) {
    const AddressMatch& match = rule.*side;
    // Of long lists (countries) nobody wrote the single ranges.
    constexpr std::size_t kRangesMax = 64;
    const std::size_t count = match.ranges.size() + match.feeds.size();
    if (count < 2 || match.ranges.size() > kRangesMax) return;
    for (const AddressRange& range : match.ranges) {
      Rule part = rule;
      (part.*side).ranges = {range};
      (part.*side).feeds.clear();
      look_at_part(part, fmt::format("{} {}", name, to_string(range)), fare);
    }
  }

  void look_at_parts(const Rule& rule, Fare& fare) {
    if ((is_allow(rule) ? blocks_ : allows_).boxes.empty()) return;
    if (rule.services.size() > 1) {
      for (const ServiceTerm& term : rule.services) {
        Rule part = rule;
        part.services = {term};
        look_at_part(part, fmt::format("service {}", to_string(term)), fare);
      }
    }
    look_at_ranges(rule, &Rule::from, "source", fare);
    look_at_ranges(rule, &Rule::to, "destination", fare);
  }

  const Policy& policy_;
  const Pair& pair_;
  Effort& effort_;
  std::vector<Box> everything_;
  Covers covers_, allows_, blocks_, essential_;
};

std::string lines_text(const Rule& rule, const Lines& by) {
  constexpr std::size_t kNamedMax = 4;
  std::vector<std::string> names;
  for (const Rule* line : by) {
    if (names.size() == kNamedMax) break;
    names.push_back(line->pos.file == rule.pos.file ? std::to_string(line->pos.line)
                                                    : place_text(line->pos));
  }
  if (by.size() == 1) return fmt::format("line {}", names.front());
  std::string text = fmt::format("lines {}", fmt::join(names, ", "));
  if (by.size() > kNamedMax) text += fmt::format(" and {} more", by.size() - kNamedMax);
  return text;
}

std::string covered_text(const Rule& rule, const Fare& fare) {
  if (fare.by_essential)
    return "essential ICMPv6 passes before the rules (write `icmp: strict` to decide about it)";
  const std::string lines = lines_text(rule, fare.by);
  const bool is_one = fare.by.size() == 1;
  if (fare.is_behind_all) return fmt::format("{} matches everything before it", lines);
  const bool is_same =
      rule.is_final() && std::all_of(fare.by.begin(), fare.by.end(),
                                     [&](const Rule* line) { return line->verb == rule.verb; });
  return fmt::format("{} {} it{}", lines, is_one ? "covers" : "cover",
                     !is_same ? ""
                     : is_one ? " and decides the same"
                              : " and decide the same");
}

// Whether what covers it does the opposite.
bool is_contradicted(const Rule& rule, const Fare& fare) {
  return rule.is_final() && std::any_of(fare.by.begin(), fare.by.end(), [&](const Rule* line) {
           return is_allow(*line) != is_allow(rule);
         });
}

class Reporter {
 public:
  Reporter(const Policy& policy, base::Diagnostics& findings)
      : policy_(policy), findings_(findings) {}

  void report(const RuleList& list, const Rule& rule, const std::vector<Fare>& fares) {
    const auto count = [&](Fare::Is is) {
      return std::count_if(fares.begin(), fares.end(),
                           [&](const Fare& fare) { return fare.is == is; });
    };
    const auto covered = count(Fare::Is::covered);
    const auto impossible = count(Fare::Is::impossible);
    if (fares.empty() || count(Fare::Is::undecided) != 0) return;
    if (covered + impossible == static_cast<std::ptrdiff_t>(fares.size())) {
      if (covered == 0)
        report_impossible(rule, fares);
      else
        warn(rule, "is never met: " + covered_text(rule, first(fares, Fare::Is::covered)));
      return;
    }
    if (covered != 0 && !list.from_any && !list.to_any) report_zones(list, rule, fares);
    report_parts(rule, fares);
  }

 private:
  static const Fare& first(const std::vector<Fare>& fares, Fare::Is is) {
    return *std::find_if(fares.begin(), fares.end(),
                         [&](const Fare& fare) { return fare.is == is; });
  }

  void warn(const Rule& rule, std::string message) {
    findings_.warn(rule.pos, key_of(policy_, rule), std::move(message));
  }

  void report_impossible(const Rule& rule, const std::vector<Fare>& fares) {
    // A name without an address, or a feed: what it stands for may change.
    const auto is_nobody = [&](const AddressMatch& match) {
      return addresses_of(match, policy_.feeds, FeedReading::possible).empty();
    };
    if (is_nobody(rule.from) || is_nobody(rule.to)) return;
    const bool is_spoofed = std::all_of(fares.begin(), fares.end(), [&](const Fare& fare) {
      return intersection(addresses_of(rule.from, policy_.feeds, FeedReading::possible),
                          plausible_sources(policy_, fare.from))
          .empty();
    });
    if (!is_spoofed) {
      warn(rule, "is never met: no packet can be all that it asks for");
      return;
    }
    warn(rule, fmt::format("is never met: {} cannot arrive from {} (its networks do not hold it)",
                           rule.from.text, zone_text(policy_, fares.front().from)));
  }

  void report_zones(const RuleList& list, const Rule& rule, const std::vector<Fare>& fares) {
    for (const Fare& fare : fares) {
      if (fare.is != Fare::Is::covered || !is_contradicted(rule, fare)) continue;
      std::string where;
      if (list.from.size() > 1) where += fmt::format(" from {}", zone_text(policy_, fare.from));
      if (list.to.size() > 1) where += fmt::format(" to {}", zone_text(policy_, fare.to));
      warn(rule, fmt::format("is never met{}: {}", where, covered_text(rule, fare)));
      return;
    }
  }

  void report_parts(const Rule& rule, const std::vector<Fare>& fares) {
    std::map<std::string, const Part*> reported;
    for (const Fare& fare : fares) {
      for (const Part& part : fare.parts)
        reported.emplace(part.text, &part);
    }
    for (const Fare& fare : fares) {
      for (const std::string& open : fare.open_parts)
        reported.erase(open);
    }
    for (const auto& [text, part] : reported) {
      warn(rule, fmt::format("{} is never met: {} {} it and {} otherwise", text,
                             lines_text(rule, part->by), part->by.size() == 1 ? "covers" : "cover",
                             part->by.size() == 1 ? "decides" : "decide"));
    }
  }

  const Policy& policy_;
  base::Diagnostics& findings_;
};

// Pairs that meet the same rules with the same sources have the same findings.
bool is_like(const Pair& a, const Pair& b) {
  const bool are_alike =
      (a.from == kHost) == (b.from == kHost) && (a.to == kHost) == (b.to == kHost);
  return are_alike && a.sources == b.sources &&
         std::equal(a.rules.begin(), a.rules.end(), b.rules.begin(), b.rules.end(),
                    [](const PairRule& one, const PairRule& other) {
                      return one.rule == other.rule && one.possible == other.possible;
                    });
}

}  // namespace

std::string key_of(const Policy& policy, const Rule& rule) {
  for (const RuleList& list : policy.lists) {
    for (std::size_t i = 0; i < list.rules.size(); ++i) {
      if (&list.rules[i] == &rule) return fmt::format("rules.{}[{}]", list.text, i);
    }
  }
  return {};
}

void find_never_met(const Policy& policy, base::Diagnostics& findings, Effort& effort) {
  std::map<const Rule*, std::vector<Fare>> fares;
  std::vector<std::pair<Pair, std::vector<Fare>>> known;
  for (const auto& [from, to] : governed_pairs(policy)) {
    auto pair = pair_of(policy, from, to);
    if (!pair || pair->rules.empty()) continue;
    auto same = std::find_if(known.begin(), known.end(),
                             [&](const auto& other) { return is_like(other.first, *pair); });
    if (same == known.end()) {
      std::vector<Fare> fresh = PairView(policy, *pair, effort).fares();
      same = known.insert(known.end(), {std::move(*pair), std::move(fresh)});
    }
    for (std::size_t i = 0; i < same->second.size(); ++i) {
      Fare fare = same->second[i];
      fare.from = from;
      fare.to = to;
      fares[same->first.rules[i].rule].push_back(std::move(fare));
    }
  }
  Reporter reporter(policy, findings);
  for (const RuleList& list : policy.lists) {
    for (const Rule& rule : list.rules) {
      if (const auto found = fares.find(&rule); found != fares.end())
        reporter.report(list, rule, found->second);
    }
  }
}

}  // namespace ravelin::policies
