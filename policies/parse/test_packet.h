// What a test is about: `packet`, `never` and `always` share their keys. One thread.
#pragma once

#include "policies/parse/scope.h"

namespace ravelin::policies {

// What is not given stands for everything. A `packet` has one source and destination of the same
// family and one protocol and port: names that stand for several are narrowed by family, or
// reported.
TestPacket parse_test_packet(yaml::Map map, Scope& scope, PolicyTest::Kind kind);

}  // namespace ravelin::policies
