// A configuration that was handed over, in a memory file.
#pragma once

#include "system/supervise/config_stream.h"

namespace ravelin::system {

// `fd` stays the caller's. Errors (Errc::protocol): it is no such file.
base::Result<ConfigSnapshot> read_config_file(int fd);

}  // namespace ravelin::system
