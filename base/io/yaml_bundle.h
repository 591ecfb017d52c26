// YAML files as they were read once: reading a bundle again gives the same tree, wherever the files
// have gone. Values and loaders; no disk but through the loader given.
#pragma once

#include "base/io/yaml_include.h"

#include <map>
#include <string>
#include <vector>

namespace ravelin::base::yaml {

struct FileBundle {
  std::string path;                                       // of the main file
  std::string directory;                                  // where relative paths started
  std::map<std::string, LoadedFile> files;                // by path as asked for
  std::map<std::string, std::vector<std::string>> globs;  // pattern -> files
};

// Reads through another loader and keeps what was read.
class RecordingLoader : public Loader {
 public:
  RecordingLoader(Loader& from, FileBundle& bundle) : from_(from), bundle_(bundle) {
    bundle_.directory = from_.directory();
  }

  Result<LoadedFile> read(const std::string& path, std::size_t bytes_max) override;
  Result<std::vector<std::string>> glob(const std::string& pattern) override;

  [[nodiscard]] std::string directory() const override { return from_.directory(); }

 private:
  Loader& from_;
  FileBundle& bundle_;
};

// Knows the files of a bundle and no others.
class BundleLoader : public Loader {
 public:
  explicit BundleLoader(const FileBundle& bundle) : bundle_(bundle) {}

  Result<LoadedFile> read(const std::string& path, std::size_t bytes_max) override;
  Result<std::vector<std::string>> glob(const std::string& pattern) override;

  [[nodiscard]] std::string directory() const override { return bundle_.directory; }

 private:
  const FileBundle& bundle_;
};

}  // namespace ravelin::base::yaml
