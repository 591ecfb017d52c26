// A rule's statements as the kernel's expressions. One thread.
#pragma once

#include "base/result.h"
#include "firewall/kernel/nftnl_handles.h"
#include "firewall/ruleset/ruleset.h"

#include <cstdint>
#include <string>

namespace ravelin::firewall {

using base::Result;

// Puts the expressions of a rule into `out`, as nft does for the same text. Error: a value does not
// fit its field, a name or prefix is too long; `out` is then of no use.
Result<> encode_statements(const Rule& rule, nftnl_rule& out);

// A whole rule of a chain of our table, with its comment.
Result<RulePtr> make_rule(const std::string& chain, const Rule& rule);

// NF_ACCEPT, NF_DROP, NFT_JUMP, …
std::int32_t verdict_code(Verdict::Kind kind);

}  // namespace ravelin::firewall
