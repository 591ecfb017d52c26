#include "gateway/route/segment_tree.h"

#include "base/check.h"

#include <cstring>

namespace ravelin::gateway {
namespace {

constexpr std::uint64_t kMultiplier = 0x9e3779b97f4a7c15;

std::uint64_t load(const char* at, std::size_t bytes) {
  std::uint64_t value = 0;
  if (bytes >= 4) {
    std::uint32_t head = 0;
    std::uint32_t tail = 0;
    std::memcpy(&head, at, 4);
    std::memcpy(&tail, at + bytes - 4, 4);
    value = (std::uint64_t{head} << 32) | tail;
  } else if (bytes != 0) {
    const auto byte = [at](std::size_t i) -> std::uint64_t {
      return static_cast<unsigned char>(at[i]);
    };
    value = (byte(0) << 16) | (byte(bytes / 2) << 8) | byte(bytes - 1);
  }
  return value;
}

// Only the operator's own routes are ever inserted, so a client cannot make chains grow: the hash
// need not be keyed.
std::uint64_t hash(SegmentTree::Node parent, std::string_view segment) {
  std::uint64_t state = (std::uint64_t{parent} << 32 | segment.size()) * kMultiplier;
  const char* at = segment.data();
  std::size_t left = segment.size();
  for (; left > 8; left -= 8, at += 8) {
    std::uint64_t word = 0;
    std::memcpy(&word, at, 8);
    state = (state ^ (state >> 32) ^ word) * kMultiplier;
  }
  state = (state ^ (state >> 32) ^ load(at, left)) * kMultiplier;
  return state ^ (state >> 29);
}

std::uint32_t tag_of(std::uint64_t hash) {
  return static_cast<std::uint32_t>(hash >> 32);
}

}  // namespace

std::string_view SegmentTree::text_of(Node node) const {
  const Edge& edge = edges_[node];
  return {text_.data() + edge.text_offset, edge.text_bytes};
}

SegmentTree::Node SegmentTree::add_root() {
  edges_.push_back({.parent = kNone, .text_offset = 0, .text_bytes = 0});
  return static_cast<Node>(edges_.size() - 1);
}

SegmentTree::Node SegmentTree::add_child(Node parent, std::string_view segment) {
  if (const Node known = child(parent, segment); known != kNone) return known;
  CHECK(edges_.size() < kNone && text_.size() + segment.size() < UINT32_MAX);
  edges_.push_back({.parent = parent,
                    .text_offset = static_cast<std::uint32_t>(text_.size()),
                    .text_bytes = static_cast<std::uint32_t>(segment.size())});
  text_.append(segment);
  if (edges_.size() * 2 > slots_.size()) grow();
  const Node node = static_cast<Node>(edges_.size() - 1);
  insert(node);
  return node;
}

void SegmentTree::insert(Node node) {
  const std::size_t mask = slots_.size() - 1;
  const std::uint64_t code = hash(edges_[node].parent, text_of(node));
  std::size_t at = code & mask;
  while (slots_[at].node != kNone)
    at = (at + 1) & mask;
  slots_[at] = {.tag = tag_of(code), .node = node};
}

// Puts all nodes but the newest, which the caller inserts, into a table of twice the size.
void SegmentTree::grow() {
  slots_.assign(slots_.empty() ? 16 : slots_.size() * 2, Slot{});
  for (Node node = 0; node + 1 < edges_.size(); ++node) {
    if (edges_[node].parent != kNone) insert(node);
  }
}

SegmentTree::Node SegmentTree::child(Node parent, std::string_view segment) const {
  if (slots_.empty()) return kNone;
  const std::size_t mask = slots_.size() - 1;
  const std::uint64_t code = hash(parent, segment);
  for (std::size_t at = code & mask; slots_[at].node != kNone; at = (at + 1) & mask) {
    if (slots_[at].tag != tag_of(code)) continue;
    const Node node = slots_[at].node;
    if (edges_[node].parent == parent && text_of(node) == segment) return node;
  }
  return kNone;
}

}  // namespace ravelin::gateway
