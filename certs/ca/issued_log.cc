#include "certs/ca/issued_log.h"

#include "base/io/file.h"
#include "certs/store/record_lines.h"

#include <algorithm>
#include <filesystem>
#include <system_error>

namespace ravelin::certs {
namespace {

constexpr std::string_view kIssuedFile = "issued.jsonl";
constexpr std::size_t kKeepBelowBytes = std::size_t{4} * 1024 * 1024;
constexpr auto kKeepEnded = std::chrono::hours(24 * 30);

std::size_t file_size(const std::string& file) {
  std::error_code error;
  const auto size = std::filesystem::file_size(file, error);
  return error ? 0 : static_cast<std::size_t>(size);
}

// The file without what has ended, when it has grown and its first line is old enough: so it is
// written anew once a month at most. Damaged lines stay for people to look at.
Result<> drop_ended(const std::string& file, base::WallTime now) {
  if (file_size(file) < kKeepBelowBytes) return {};
  const auto lines = read_lines(file);
  if (!lines) return lines.error();
  const auto ended_before = [](const std::string& line, base::WallTime time) {
    const auto record = parse_issued(line);
    return record && record->not_after <= time;
  };
  if (lines->empty() || !ended_before(lines->front(), now - kKeepEnded)) return {};
  std::string text;
  for (const auto& line : *lines) {
    if (!ended_before(line, now)) text += line + "\n";
  }
  return base::replace_file(file, text, 0600);
}

}  // namespace

Result<> add_issued(const CaFolder& folder, const IssuedRecord& record, base::WallTime now) {
  const std::string file = folder.path(kIssuedFile);
  if (auto dropped = drop_ended(file, now); !dropped) return dropped.error();
  return append_line(file, format_record(record));
}

Result<> add_issued_once(const CaFolder& folder, const IssuedRecord& record, base::WallTime now) {
  const auto issued = read_issued(folder);
  if (!issued) return issued.error();
  const bool is_known = std::ranges::any_of(
      *issued, [&](const IssuedRecord& known) { return known.serial == record.serial; });
  return is_known ? Result<>() : add_issued(folder, record, now);
}

Result<std::vector<IssuedRecord>> read_issued(const CaFolder& folder) {
  const std::string file = folder.path(kIssuedFile);
  const auto lines = read_lines(file);
  if (!lines) return lines.error();
  std::vector<IssuedRecord> records;
  for (std::size_t i = 0; i < lines->size(); ++i) {
    auto record = parse_issued((*lines)[i]);
    if (!record) return base::wrap(record.error(), fmt::format("{}:{}", file, i + 1));
    records.push_back(std::move(*record));
  }
  return records;
}

}  // namespace ravelin::certs
