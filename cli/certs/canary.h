// Canaries on the command line: how a share is said, and how one is shown.
#pragma once

#include "base/result.h"
#include "certs/rotate/rotation.h"
#include "certs/store/canary_file.h"
#include "cli/certs/certs.h"

#include <CLI/CLI.hpp>
#include <boost/json.hpp>

#include <optional>
#include <string>

namespace ravelin::cli {

struct CanaryWords {
  std::string share;  // "5%"; "" = none is wanted
  std::string lasts;  // "10m"; "" = until someone says so
};

// `is_flag`: --canary SHARE, else SHARE alone; both with --for TIME.
void add_canary_words(CLI::App& command, CanaryWords& words, bool is_flag);

base::Result<std::optional<certs::CanaryWish>> parse_canary_words(const CanaryWords& words);

std::string canary_text(const certs::Canary& canary);  // one line, without its end
boost::json::object canary_json(const certs::Canary& canary);

}  // namespace ravelin::cli
