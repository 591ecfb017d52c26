// YAML files as they were read once: reading a bundle again gives the same tree, wherever the files
// have gone. Values and loaders; no disk but through the loader given.
#pragma once

#include "base/io/yaml_include.h"

#include <map>
#include <string>
#include <utility>
#include <vector>

namespace ravelin::base::yaml {

struct FileBundle {
  std::string path;                                       // of the main file
  std::string directory;                                  // where relative paths started
  std::map<std::string, LoadedFile> files;                // by path as asked for
  std::map<std::string, std::vector<std::string>> globs;  // pattern -> files
};

using Failures = std::map<std::string, Error>;  // by path or pattern as asked for

// Reads through another loader and keeps what was read, and why something was not.
class RecordingLoader : public Loader {
 public:
  RecordingLoader(Loader& from, FileBundle& bundle) : from_(from), bundle_(bundle) {
    bundle_.directory = from_.directory();
  }

  Result<LoadedFile> read(const std::string& path, std::size_t bytes_max) override;
  Result<std::vector<std::string>> glob(const std::string& pattern) override;

  [[nodiscard]] std::string directory() const override { return from_.directory(); }

  [[nodiscard]] const Failures& failures() const { return failures_; }

 private:
  Loader& from_;
  FileBundle& bundle_;
  Failures failures_;
};

// Knows the files of a bundle and no others, and of `failures` why they are missing.
class BundleLoader : public Loader {
 public:
  explicit BundleLoader(const FileBundle& bundle, Failures failures = {})
      : bundle_(bundle), failures_(std::move(failures)) {}

  Result<LoadedFile> read(const std::string& path, std::size_t bytes_max) override;
  Result<std::vector<std::string>> glob(const std::string& pattern) override;

  [[nodiscard]] std::string directory() const override { return bundle_.directory; }

 private:
  const FileBundle& bundle_;
  Failures failures_;
};

}  // namespace ravelin::base::yaml
