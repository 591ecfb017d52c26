// Who gave a command, for histories.
#pragma once

#include <string>

namespace ravelin::cli {

// "root", or "root from 198.51.100.7" over SSH.
std::string who_asks();

}  // namespace ravelin::cli
