// What nft keeps beside objects in the kernel so that it can list them: type, length, value, one
// byte each for the first two. Pure; any thread.
#pragma once

#include "firewall/kernel/attributes.h"
#include "firewall/ruleset/ruleset.h"

#include <string>
#include <string_view>

namespace ravelin::firewall {

// A comment of a table, chain, rule or element (type 0 in each). Empty text: no bytes.
Bytes comment_userdata(std::string_view comment);

// Of a set: the byte order of its key, without which nft prints addresses swapped, and its comment.
Bytes set_userdata(const Set& set);

// Of an element whose interval has no end: nft would look for one.
Bytes open_interval_userdata(std::string_view comment);

// The comment in the userdata of a table, chain, rule or element; empty when there is none.
std::string comment_in(ByteSpan userdata);

}  // namespace ravelin::firewall
