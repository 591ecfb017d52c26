#include "cli/usage_error.h"

#include "base/text.h"

#include <CLI/CLI.hpp>
#include <fmt/format.h>

#include <vector>

namespace ravelin::cli {
namespace {

using Words = std::vector<std::string>;

// The command that was being read when it ended: "ravelin certs ca".
struct Place {
  const CLI::App* app;
  std::string path;
};

Place place_of(const CLI::App& root) {
  Place place{&root, root.get_name()};
  while (!place.app->get_subcommands().empty()) {
    place.app = place.app->get_subcommands().front();
    place.path += " " + place.app->get_name();
  }
  return place;
}

Words commands_of(const CLI::App& app) {
  Words names;
  // Those without a group are our own: nobody types them.
  for (const CLI::App* command : app.get_subcommands([](const CLI::App*) { return true; })) {
    if (!command->get_group().empty()) names.push_back(command->get_name());
  }
  return names;
}

Words options_of(const CLI::App& app) {
  Words names;
  for (const CLI::Option* option : app.get_options()) {
    for (const std::string& name : option->get_lnames())
      names.push_back("--" + name);
  }
  return names;
}

std::string unknown(std::string_view kind, const std::string& word, const Words& known) {
  const std::vector<std::string_view> views(known.begin(), known.end());
  const auto near = base::suggest(word, views);
  return fmt::format("there is no {} \"{}\"{}", kind, word,
                     near ? fmt::format("; did you mean \"{}\"?", *near) : std::string());
}

std::string what_is_wrong(const CLI::App& app, const CLI::ParseError& error) {
  const Words left = app.remaining();
  const std::string word = left.empty() ? std::string() : left.front();
  if (word.starts_with('-'))
    return unknown("option", word.substr(0, word.find('=')), options_of(app));
  const Words commands = commands_of(app);
  if (commands.empty() || !app.get_subcommands().empty()) return error.what();
  if (word.empty()) return "a command is missing: " + base::join(commands, ", ");
  return unknown("command", word, commands);
}

}  // namespace

std::string usage_error_text(const CLI::App& app, const CLI::ParseError& error) {
  const Place place = place_of(app);
  return fmt::format("{}: {}\nhelp: {} --help\n", place.path, what_is_wrong(*place.app, error),
                     place.path);
}

}  // namespace ravelin::cli
