// What rules and nat entries have in common beside whom they are about: limits. One thread.
#pragma once

#include "policies/parse/rate.h"
#include "policies/parse/scope.h"

#include <optional>

namespace ravelin::policies {

// "20/s", "20MB/s", or { new: RATE }, { bytes: RATE }, each perhaps with per_source: RATE.
struct LimitText {
  std::optional<Rate> rate;
  std::optional<Rate> per_source;
};

bool read_limit(const yaml::Value& value, LimitText& limit);

// { new: RATE, connections: N, over: deny | ban | ban TIME }.
PerSource parse_per_source(yaml::Map map, const Scope& scope);

// true, false, or { prefix, rate, sample }; as a verb also with `service`, which it then sets.
struct LogText {
  std::optional<LogRule> log;
  std::optional<Services> services;
};

LogText parse_log(yaml::Map map, Scope& scope);

// A name or a number. A name nobody has is warned of, and stands for nobody.
bool read_user(const yaml::Value& value, Scope& scope, std::optional<std::uint32_t>& uid);
Owner parse_owner(yaml::Map map, Scope& scope);
bool read_owner(const yaml::Value& value, Scope& scope, Owner& owner);
When parse_when(yaml::Map map);

// Interface patterns, or zones for those of a zone.
bool read_via(const yaml::Value& value, const Scope& scope, const std::vector<Zone>& zones,
              std::vector<std::string>& via);

}  // namespace ravelin::policies
