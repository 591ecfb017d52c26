// `include:` for YAML files: reads a file and all it names, and merges them into one tree whose
// nodes still know their file. Lists append in reading order, maps merge, a scalar may be set once.
#pragma once

#include "base/io/yaml_tree.h"
#include "base/result.h"

#include <string>
#include <vector>

namespace ravelin::base::yaml {

struct LoadedFile {
  std::string identity;  // equal for two paths that are one file
  std::string text;
};

// Where the text of files comes from: the disk, or a table in a test.
class Loader {
 public:
  virtual ~Loader() = default;
  // Error: the file is missing, unreadable or larger than `bytes_max`.
  virtual Result<LoadedFile> read(const std::string& path, std::size_t bytes_max) = 0;
  // The files matching a pattern (* ? [a-z]), sorted; none is not an error.
  virtual Result<std::vector<std::string>> glob(const std::string& pattern) = 0;
  // Where relative paths start: an absolute path.
  [[nodiscard]] virtual std::string directory() const = 0;
};

class DiskLoader : public Loader {
 public:
  Result<LoadedFile> read(const std::string& path, std::size_t bytes_max) override;
  Result<std::vector<std::string>> glob(const std::string& pattern) override;
  [[nodiscard]] std::string directory() const override;  // the working directory
};

struct IncludeLimits {
  Limits file;
  std::size_t files_max = 256;
  std::size_t depth_max = 8;
  std::size_t bytes_max = 16 * 1024 * 1024;  // all files together
  // Where a relative path is looked for next when nothing is there beside the including file;
  // absolute.
  std::vector<std::string> search{};
};

struct Tree {
  TreeNode root;  // a map, without its `include` keys; empty when it cannot be read
  std::vector<std::string> files;  // in reading order, the main file first
  bool is_complete = true;         // false: a file is missing or broken, its part is not there
};

// Reads `path` and what it includes: `include:` is a path or a list of paths in the outermost map,
// relative to the file it stands in. A pattern that matches nothing is a warning; a plain name that
// is missing, a cycle, and a file included twice are errors. Every file that can be read is, so
// that all errors are reported at once.
Tree load_tree(const std::string& path, Loader& loader, const IncludeLimits& limits,
               Diagnostics& diagnostics);

}  // namespace ravelin::base::yaml
