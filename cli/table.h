// Tables for people: columns as wide as their widest cell, two spaces between. Pure.
#pragma once

#include <string>
#include <vector>

namespace ravelin::cli {

using TableRow = std::vector<std::string>;

// The first row is the heading; the last column is not padded. Control characters in a cell are
// shown as "?": no text of ours or others may steer the terminal.
std::string table_text(const std::vector<TableRow>& rows);

}  // namespace ravelin::cli
