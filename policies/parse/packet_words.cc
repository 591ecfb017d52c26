#include "policies/parse/packet_words.h"

#include "policies/parse/override.h"
#include "policies/parse/test_packet.h"

#include <memory>

namespace ravelin::policies {
namespace {

yaml::TreeNode tree_of(std::span<const PacketWord> words) {
  const auto file = std::make_shared<const std::string>(kPacketName);
  yaml::TreeNode root{.kind = yaml::Kind::map, .mark = {file, 1, 1}};
  for (const PacketWord& word : words) {
    const yaml::Mark mark{file, 1, word.column};
    root.members.push_back(
        {word.key, mark, {.kind = yaml::Kind::scalar, .mark = mark, .text = word.value}});
  }
  return root;
}

}  // namespace

TestPacket read_packet(std::span<const PacketWord> words, PolicyTest::Kind kind,
                       const std::string& policy_path, yaml::Loader& loader, const Facts& facts,
                       base::Diagnostics& diagnostics, const LoadOptions& options) {
  yaml::IncludeLimits limits;
  limits.depth_max = kIncludeDepthMax;
  if (!options.library.empty()) limits.search = {options.library};
  base::Diagnostics of_policy;  // told where the policy itself was read
  yaml::Tree tree = yaml::load_tree(policy_path, loader, limits, of_policy);
  yaml::Report policy_report{of_policy, loader.directory(), nullptr, nullptr};
  apply_overrides(tree.root, policy_report, Completeness::complete);
  const yaml::Value policy(policy_report, tree.root, "");
  WantedFacts wanted;
  Scope scope(policy, Completeness::complete, facts, wanted);
  const yaml::TreeNode packet = tree_of(words);
  yaml::Report report{diagnostics, loader.directory(), nullptr, nullptr};
  return parse_test_packet(yaml::Map(yaml::Value(report, packet, "")), scope, kind);
}

}  // namespace ravelin::policies
