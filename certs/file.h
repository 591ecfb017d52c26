// Bounded reading of certificate and key files, and the rules a key file must keep.
#pragma once

#include "base/result.h"

#include <string>

namespace ravelin::certs {

// The whole file, at most 1 MiB. Errors: cannot be opened or read, not a regular file, too large.
base::Result<std::string> read_pem_file(const std::string& path);

}  // namespace ravelin::certs
