// Password files from the disk. Blocks: the control thread, or a command.
#pragma once

#include "base/result.h"
#include "gateway/config/password_file.h"

#include <memory>
#include <string>

namespace ravelin::gateway {

struct ReadPasswordFile {
  std::shared_ptr<const PasswordFile> file;
  bool others_may_read = false;
};

// Errors name the path, and the line where there is one: "users:3: has an MD5 hash…".
base::Result<ReadPasswordFile> read_password_file(const std::string& path);

}  // namespace ravelin::gateway
