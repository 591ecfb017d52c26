// `ravelin firewall show`, `status` and `drift`.
#include "cli/firewall/firewall.h"

namespace ravelin::cli {
namespace {

struct LookFlags {
  FirewallFlags common;
  bool is_nft = false;
};

void add(CLI::App& group, Action& chosen, const char* name, const char* about) {
  auto flags = std::make_shared<LookFlags>();
  CLI::App* command = group.add_subcommand(name, about);
  add_state_flags(*command, flags->common);
  add_json_flag(*command, flags->common.form);
  if (std::string_view(name) == "show")
    command->add_flag("--nft", flags->is_nft, "as nft lists it, without the elements of sets");
  command->callback([&chosen, flags, name] {
    chosen = [flags, name] {
      return ask(flags->common, {{"command", flags->is_nft ? "nft" : name}});
    };
  });
}

}  // namespace

void add_firewall_look(CLI::App& group, Action& chosen) {
  add(group, chosen, "show", "the rules in the kernel, with what they counted");
  add(group, chosen, "status", "which revision is in the kernel, and what waits");
  add(group, chosen, "drift", "whether the table is still what was put there");
}

}  // namespace ravelin::cli
