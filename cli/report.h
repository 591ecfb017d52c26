// How results reach people and programs: findings and errors on stderr, one per line, answers on
// stdout, and the exit code that goes with them.
#pragma once

#include "base/diagnostics.h"
#include "cli/exit_code.h"

#include <string>

namespace ravelin::cli {

// All findings, ordered by file (as first named), line and column, each on its own line.
std::string findings_text(const base::Diagnostics& diagnostics);

// {"valid", "errors", "warnings", "findings": [{"severity", "file", "line", "column", "key",
// "message"}]}; line 0 is the file as a whole.
std::string findings_json(const base::Diagnostics& diagnostics);

// "3 errors" or "2 warnings" or "1 error, 2 warnings"; empty for none.
std::string count_text(const base::Diagnostics& diagnostics);

// Prints "ravelin: message" to stderr. Input the operator can mend is `refused`, else `could_not`.
ExitCode report(const base::Error& error);

void print(const std::string& text);        // to stdout, as it is
void print_error(const std::string& text);  // to stderr, as it is

}  // namespace ravelin::cli
