// What is left to this process although it is confined: the modes of files and the user would have
// to keep it from that.
#pragma once

#include "gateway/config/config.h"

#include <set>
#include <string>

namespace ravelin::cli {

class OwnReach {
 public:
  // In the log: that it is root, and that it could read private keys of the configuration, which it
  // tries one by one: at the start, and after each reload, where keys that were not named before
  // are.
  void look(const gateway::Config& config);

 private:
  bool has_looked_ = false;
  std::set<std::string> named_;  // private keys within reach, told of
};

}  // namespace ravelin::cli
