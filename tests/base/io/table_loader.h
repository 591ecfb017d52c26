// A Loader over a table of texts: what the disk would hold, without one.
#pragma once

#include "base/io/yaml_include.h"

#include <fnmatch.h>

#include <map>
#include <string>
#include <utility>
#include <vector>

namespace ravelin::base::yaml {

class TableLoader : public Loader {
 public:
  explicit TableLoader(std::map<std::string, std::string> files) : files_(std::move(files)) {}

  Result<LoadedFile> read(const std::string& path, std::size_t bytes_max) override {
    const auto found = files_.find(path);
    if (found == files_.end()) {
      return fail(Errc::not_found, "opening {}: No such file or directory", path);
    }
    if (found->second.size() > bytes_max) {
      return fail(Errc::invalid, "{} is larger than {} bytes", path, bytes_max);
    }
    return LoadedFile{path, found->second};
  }

  Result<std::vector<std::string>> glob(const std::string& pattern) override {
    std::vector<std::string> matches;
    for (const auto& [path, text] : files_) {
      if (::fnmatch(pattern.c_str(), path.c_str(), FNM_PATHNAME) == 0) matches.push_back(path);
    }
    return matches;
  }

  [[nodiscard]] std::string directory() const override { return "/"; }

 private:
  std::map<std::string, std::string> files_;
};

}  // namespace ravelin::base::yaml
