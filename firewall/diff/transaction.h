// A change of our table as a value: an ordered list of steps that the kernel takes all or not at
// all. What the differ makes, the kernel interface sends in one batch, and plan prints. Pure
// values; any thread.
#pragma once

#include "firewall/ruleset/key_block.h"
#include "firewall/ruleset/ruleset.h"

#include <memory>
#include <string>
#include <variant>
#include <vector>

namespace ravelin::firewall {

// Makes it, or takes it over when nobody owns it. The comment is given when it is made: the kernel
// (6.18) ignores another one later.
struct PutTable {
  std::string comment;
};

struct RemoveTable {};

struct PutSet {  // its header; elements are steps of their own
  Set set;
};

struct RemoveSet {
  std::string name;
};

struct FlushSet {
  std::string name;
};

struct AddElements {
  std::string set;
  std::vector<Element> elements;
  // One that is there already is left (from Linux 6.12 on its time begins anew); else an error. For
  // sets that packets fill too.
  bool may_exist = false;
};

struct RemoveElements {
  std::string set;
  std::vector<Element> elements;
};

struct AddBlock {
  std::string set;
  std::shared_ptr<const KeyBlock> block;
};

struct PutChain {  // its header; rules are steps of their own
  Chain chain;
};

struct RemoveChain {
  std::string name;
};

struct FlushChain {  // all rules out
  std::string name;
};

struct AddRule {  // behind those already there
  std::string chain;
  Rule rule;
};

using Step = std::variant<PutTable, RemoveTable, PutSet, RemoveSet, FlushSet, AddElements,
                          RemoveElements, AddBlock, PutChain, RemoveChain, FlushChain, AddRule>;
using Transaction = std::vector<Step>;

}  // namespace ravelin::firewall
