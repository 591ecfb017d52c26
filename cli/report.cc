#include "cli/report.h"

#include <boost/json.hpp>

#include <algorithm>
#include <cstdio>
#include <map>
#include <tuple>
#include <vector>

namespace ravelin::cli {
namespace {

using base::Finding;

std::vector<Finding> in_reading_order(const base::Diagnostics& diagnostics) {
  std::vector<Finding> findings = diagnostics.findings();
  std::map<std::string, std::size_t> files;
  for (const Finding& finding : findings)
    files.emplace(finding.pos.file, files.size());
  std::ranges::stable_sort(findings, [&](const Finding& a, const Finding& b) {
    return std::tuple(files[a.pos.file], a.pos.line, a.pos.column) <
           std::tuple(files[b.pos.file], b.pos.line, b.pos.column);
  });
  return findings;
}

std::string counted(std::size_t count, std::string_view noun) {
  return fmt::format("{} {}{}", count, noun, count == 1 ? "" : "s");
}

}  // namespace

std::string findings_text(const base::Diagnostics& diagnostics) {
  std::string text;
  for (const Finding& finding : in_reading_order(diagnostics))
    text += base::to_string(finding) + "\n";
  return text;
}

std::string findings_json(const base::Diagnostics& diagnostics) {
  boost::json::array findings;
  for (const Finding& finding : in_reading_order(diagnostics)) {
    const bool is_error = finding.severity == base::Severity::error;
    findings.push_back({{"severity", is_error ? "error" : "warning"},
                        {"file", finding.pos.file},
                        {"line", finding.pos.line},
                        {"column", finding.pos.column},
                        {"key", finding.key},
                        {"message", finding.message}});
  }
  const std::size_t errors = diagnostics.error_count();
  boost::json::object out;
  out["valid"] = errors == 0;
  out["errors"] = errors;
  out["warnings"] = diagnostics.findings().size() - errors;
  out["findings"] = std::move(findings);
  return boost::json::serialize(out) + "\n";
}

std::string count_text(const base::Diagnostics& diagnostics) {
  const std::size_t errors = diagnostics.error_count();
  const std::size_t warnings = diagnostics.findings().size() - errors;
  std::string text;
  if (errors != 0) text = counted(errors, "error");
  if (warnings != 0) text += (errors != 0 ? ", " : "") + counted(warnings, "warning");
  return text;
}

ExitCode report(const base::Error& error) {
  print_error("ravelin: " + base::to_string(error) + "\n");
  const bool is_input = error.code == base::Errc::invalid || error.pos.has_value();
  return is_input ? ExitCode::refused : ExitCode::could_not;
}

void print(const std::string& text) {
  std::fwrite(text.data(), 1, text.size(), stdout);
  std::fflush(stdout);
}

void print_error(const std::string& text) {
  std::fwrite(text.data(), 1, text.size(), stderr);
}

}  // namespace ravelin::cli
