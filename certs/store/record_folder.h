// A folder of small records, one file each, put there and taken away by rename and unlink while
// others read. Blocks on the disk; knows nothing of what the records say.
//   FOLDER/STEM.json
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <string_view>

namespace ravelin::certs {

inline constexpr std::size_t kFolderRecordBytesMax = 4096;

std::string record_file(const std::string& folder, std::string_view stem);

// Nothing when it is not there, or is none that may be: too large, no plain file.
std::optional<std::string> read_record(const std::string& file);

// Calls `take` with the stem and the text of each, in no order, until it says that it has enough:
// false. None when there is no folder.
void each_record(const std::string& folder,
                 const std::function<bool(const std::string& stem, const std::string& text)>& take);

}  // namespace ravelin::certs
