#include "certs/store/record_folder.h"

#include "base/io/file.h"

#include <filesystem>

namespace ravelin::certs {
namespace {

constexpr std::string_view kEnd = ".json";

}  // namespace

std::string record_file(const std::string& folder, std::string_view stem) {
  return folder + "/" + std::string(stem) + std::string(kEnd);
}

std::optional<std::string> read_record(const std::string& file) {
  auto text = base::read_file(file, kFolderRecordBytesMax);
  return text ? std::optional(std::move(*text)) : std::nullopt;
}

void each_record(
    const std::string& folder,
    const std::function<bool(const std::string& stem, const std::string& text)>& take) {
  std::error_code ignored;
  for (const auto& entry : std::filesystem::directory_iterator(folder, ignored)) {
    if (entry.path().extension() != kEnd) continue;
    const auto text = read_record(entry.path().string());
    if (text && !take(entry.path().stem().string(), *text)) return;
  }
}

}  // namespace ravelin::certs
