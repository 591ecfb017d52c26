// SegmentTree: the index behind routes and hosts. A tree whose edges are segments of text ("v1",
// "com") kept in one hash table keyed by parent and segment: finding a child costs one probe,
// however many routes there are. Built once, immutable afterwards; pure; any thread.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace ravelin::gateway {

class SegmentTree {
 public:
  using Node = std::uint32_t;  // dense, from 0, in the order of creation
  static constexpr Node kNone = UINT32_MAX;

  Node add_root();
  Node add_child(Node parent, std::string_view segment);  // the one that exists, or a new one

  // kNone if there is none. Never allocates.
  [[nodiscard]] Node child(Node parent, std::string_view segment) const;

  [[nodiscard]] std::size_t size() const { return edges_.size(); }

 private:
  struct Edge {  // how a node hangs on its parent; a root hangs on kNone
    Node parent;
    std::uint32_t text_offset;
    std::uint32_t text_bytes;
  };

  struct Slot {
    std::uint32_t tag = 0;  // upper half of the hash
    Node node = kNone;      // kNone = free
  };

  void insert(Node node);
  void grow();
  [[nodiscard]] std::string_view text_of(Node node) const;

  std::vector<Edge> edges_;
  std::vector<Slot> slots_;  // open addressing, a power of two, at most half full
  std::string text_;         // every segment, one after another
};

}  // namespace ravelin::gateway
