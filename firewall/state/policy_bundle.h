// A policy with all it was made from: the texts of its files, the facts it was resolved with, the
// moment it was judged at. Reading a bundle again gives the same policy, wherever the files have
// gone: what a revision keeps and a rollback goes back to. Values and loaders; no disk but through
// the loader given.
#pragma once

#include "base/io/yaml_include.h"
#include "policies/model/facts.h"

#include <chrono>
#include <map>
#include <string>
#include <string_view>
#include <vector>

namespace ravelin::firewall {

using base::Result;

struct PolicyBundle {
  std::string path;                                       // of the main file, absolute
  std::string directory;                                  // where relative paths started
  std::map<std::string, base::yaml::LoadedFile> files;    // by path as asked for
  std::map<std::string, std::vector<std::string>> globs;  // pattern -> files
  policies::Facts facts;
  std::chrono::sys_seconds judged_at{};

  [[nodiscard]] std::string hash() const;  // of texts and facts: sixteen hexadecimal digits
};

inline constexpr std::size_t kBundleBytesMax = 64 * 1024 * 1024;

std::string format_bundle(const PolicyBundle& bundle);  // JSON
Result<PolicyBundle> parse_bundle(std::string_view text);

// Reads through another loader and keeps what was read.
class RecordingLoader : public base::yaml::Loader {
 public:
  RecordingLoader(base::yaml::Loader& from, PolicyBundle& bundle) : from_(from), bundle_(bundle) {
    bundle_.directory = from_.directory();
  }

  Result<base::yaml::LoadedFile> read(const std::string& path, std::size_t bytes_max) override;
  Result<std::vector<std::string>> glob(const std::string& pattern) override;

  [[nodiscard]] std::string directory() const override { return from_.directory(); }

 private:
  base::yaml::Loader& from_;
  PolicyBundle& bundle_;
};

// Knows the files of a bundle and no others.
class BundleLoader : public base::yaml::Loader {
 public:
  explicit BundleLoader(const PolicyBundle& bundle) : bundle_(bundle) {}

  Result<base::yaml::LoadedFile> read(const std::string& path, std::size_t bytes_max) override;
  Result<std::vector<std::string>> glob(const std::string& pattern) override;

  [[nodiscard]] std::string directory() const override { return bundle_.directory; }

 private:
  const PolicyBundle& bundle_;
};

}  // namespace ravelin::firewall
