// What a YAML file's bytes must satisfy before the YAML library sees them, and how text from a file
// is shown in a message. Pure; any thread.
#pragma once

#include "base/diagnostics.h"

#include <string>
#include <string_view>

namespace ravelin::base::yaml {

inline constexpr std::string_view kByteOrderMark = "\xef\xbb\xbf";  // allowed at the very start

// True when the bytes are UTF-8 without control characters (tab, CR and LF apart), no tab
// stands in an indentation and no line starts with "%". Else false, and the first offence is in
// `diagnostics` with its line and column.
bool check_text(std::string_view text, const std::string& file, Diagnostics& diagnostics);

// `text` in double quotes for a message: control characters escaped, cut after 80 bytes.
std::string quote(std::string_view text);

// `key` as it stands in a key path: plain when it is a plain word, else quoted.
std::string key_text(std::string_view key);

}  // namespace ravelin::base::yaml
