#include "gateway/route/segment_tree.h"

#include <gtest/gtest.h>

#include <map>
#include <random>
#include <string>

namespace ravelin::gateway {
namespace {

TEST(SegmentTree, FindsNothingWhenEmpty) {
  SegmentTree tree;
  const auto root = tree.add_root();
  EXPECT_EQ(tree.child(root, "a"), SegmentTree::kNone);
  EXPECT_EQ(tree.child(root, ""), SegmentTree::kNone);
}

TEST(SegmentTree, KeepsRootsApart) {
  SegmentTree tree;
  const auto one = tree.add_root();
  const auto two = tree.add_root();
  const auto child = tree.add_child(one, "a");
  EXPECT_EQ(tree.child(one, "a"), child);
  EXPECT_EQ(tree.child(two, "a"), SegmentTree::kNone);
  EXPECT_EQ(tree.child(child, "a"), SegmentTree::kNone);
}

TEST(SegmentTree, TellsTextsOfEveryLengthApart) {
  SegmentTree tree;
  const auto root = tree.add_root();
  std::map<std::string, SegmentTree::Node> nodes;
  for (std::size_t length = 0; length < 40; ++length) {
    for (std::size_t at = 0; at < length; ++at) {
      std::string text(length, 'x');
      text[at] = 'y';
      nodes[text] = tree.add_child(root, text);
    }
  }
  for (const auto& [text, node] : nodes)
    EXPECT_EQ(tree.child(root, text), node) << text;
  EXPECT_EQ(tree.size(), nodes.size() + 1);
  EXPECT_EQ(tree.child(root, "xxxxxxxxxxxxz"), SegmentTree::kNone);
}

TEST(SegmentTree, AgreesWithAMap) {
  SegmentTree tree;
  std::map<std::pair<SegmentTree::Node, std::string>, SegmentTree::Node> map;
  std::vector<SegmentTree::Node> nodes{tree.add_root()};
  std::mt19937 random(3);
  for (int i = 0; i < 20'000; ++i) {
    const auto parent = nodes[random() % nodes.size()];
    const std::string text = std::to_string(random() % 500);
    const auto node = tree.add_child(parent, text);
    const auto [known, is_new] = map.try_emplace({parent, text}, node);
    ASSERT_EQ(known->second, node);
    if (is_new) nodes.push_back(node);
  }
  for (int i = 0; i < 20'000; ++i) {
    const auto parent = nodes[random() % nodes.size()];
    const std::string text = std::to_string(random() % 1'000);
    const auto known = map.find({parent, text});
    ASSERT_EQ(tree.child(parent, text), known == map.end() ? SegmentTree::kNone : known->second);
  }
}

}  // namespace
}  // namespace ravelin::gateway
