// Derived rules as a part of a policy, in the language's YAML. Pure; any thread.
#pragma once

#include "system/derive/derived_rule.h"

#include <span>
#include <string>

namespace ravelin::system {

// "    - { allow: tcp/443, id: listener-web-443, … }\n" for each.
std::string rule_lines(std::span<const DerivedRule> rules);

// A text as a YAML scalar within a flow list: quoted where it would mean something else.
std::string yaml_text(std::string_view text);

// "[10.0.0.1, \"fd00::1\"]"; a lone one without the brackets.
std::string yaml_list(std::span<const std::string> texts);

}  // namespace ravelin::system
