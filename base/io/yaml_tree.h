// A YAML file as plain values: scalars stay the text they were, maps keep the order of the file,
// and everything knows its place. The step between bytes and the typed reader (yaml.h). Pure apart
// from the text it is given; any thread.
#pragma once

#include "base/diagnostics.h"

#include <cstddef>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace ravelin::base::yaml {

// A place without its own copy of the file name: trees of 100,000 nodes share one.
struct Mark {
  std::shared_ptr<const std::string> file;
  int line = 0;    // 1-based
  int column = 0;  // 1-based, in bytes

  [[nodiscard]] SourcePos pos() const { return {file ? *file : std::string(), line, column}; }
};

enum class Kind { empty, scalar, list, map };  // empty: nothing written, or a plain ~ or null

struct Member;

struct TreeNode {
  Kind kind = Kind::empty;
  bool quoted = false;  // scalar: written in quotes or as a block
  Mark mark;
  std::string text;             // scalar: its characters; never interpreted here
  std::vector<TreeNode> items;  // list
  std::vector<Member> members;  // map; keys are unique
};

struct Member {
  std::string key;
  Mark mark;  // of the key
  TreeNode value;
};

struct Limits {
  std::size_t bytes_max = 8 * 1024 * 1024;  // per file
  std::size_t nodes_max = 1'000'000;        // per file: scalars, lists and maps
  std::size_t depth_max = 24;               // nested lists and maps
};

// The file's one document. When it cannot be read, the reason stands in `diagnostics` and the node
// is empty.
// Refused, beyond what YAML itself refuses: bytes that are not UTF-8, control characters, several
// documents, duplicate keys, keys that are not scalars, anchors, aliases, tags, directives, and
// whatever exceeds `limits`. Duplicate keys do not end the reading: each is reported and the first
// one kept. An empty file is an empty map. Never throws, whatever the bytes.
TreeNode parse_tree(std::string_view text, const std::string& file, const Limits& limits,
                    Diagnostics& diagnostics);

}  // namespace ravelin::base::yaml
