// The JSON Schema of policy files, for editors: which keys there are, what they hold, what they are
// for. Pure; any thread.
#pragma once

#include <string>

namespace ravelin::policies {

// A JSON Schema (draft 2020-12) as one line of JSON. It says less than the parser: names, texts and
// combinations are checked by `ravelin firewall check` alone.
std::string policy_schema();

}  // namespace ravelin::policies
