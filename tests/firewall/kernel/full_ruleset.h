// A ruleset with every kind of set and of statement.
#pragma once

#include "tests/firewall/kernel/kernel_fixture.h"

namespace ravelin::firewall {

Ruleset full_ruleset();

}  // namespace ravelin::firewall
