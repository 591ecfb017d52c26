// The real binary, run once in a directory.
#pragma once

#include "base/io/file.h"

#include <sys/wait.h>

#include <cstdlib>
#include <string>

namespace ravelin {

struct Outcome {
  int code = -1;
  std::string out;
  std::string err;
};

// `ravelin ARGUMENTS`, whose output lands in out.txt and err.txt there.
inline Outcome run_ravelin(const std::string& directory, const std::string& arguments) {
  const std::string command = "cd '" + directory + "' && '" RAVELIN_BINARY "' " + arguments +
                              " >out.txt 2>err.txt </dev/null";
  const int status = std::system(command.c_str());
  Outcome outcome;
  outcome.code = WIFEXITED(status) ? WEXITSTATUS(status) : -1;
  outcome.out = *base::read_file(directory + "/out.txt", 1024 * 1024);
  outcome.err = *base::read_file(directory + "/err.txt", 1024 * 1024);
  return outcome;
}

}  // namespace ravelin
