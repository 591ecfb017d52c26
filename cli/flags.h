// Flags that several subcommands share, worded once.
#pragma once

#include <CLI/CLI.hpp>

#include <string>

namespace ravelin::cli {

inline constexpr const char* kDefaultConfig = "/etc/ravelin/ravelin.yaml";

enum class OutputForm { text, json };

inline void add_config_flag(CLI::App& command, std::string& path) {
  path = kDefaultConfig;
  command.add_option("-c,--config", path, "the configuration file")
      ->type_name("FILE")
      ->capture_default_str();
}

inline void add_json_flag(CLI::App& command, OutputForm& form) {
  command.add_flag_callback(
      "--json", [&form] { form = OutputForm::json; }, "print the result as JSON");
}

}  // namespace ravelin::cli
