#include "base/io/yaml_bundle.h"

#include <fmt/format.h>

namespace ravelin::base::yaml {

Result<LoadedFile> RecordingLoader::read(const std::string& path, std::size_t bytes_max) {
  auto file = from_.read(path, bytes_max);
  if (file)
    bundle_.files.insert_or_assign(path, *file);
  else
    failures_.insert_or_assign(path, file.error());
  return file;
}

Result<std::vector<std::string>> RecordingLoader::glob(const std::string& pattern) {
  auto paths = from_.glob(pattern);
  if (paths)
    bundle_.globs.insert_or_assign(pattern, *paths);
  else
    failures_.insert_or_assign(pattern, paths.error());
  return paths;
}

Result<LoadedFile> BundleLoader::read(const std::string& path, std::size_t bytes_max) {
  const auto found = bundle_.files.find(path);
  const auto failure = failures_.find(path);
  if (found == bundle_.files.end() && failure != failures_.end()) return failure->second;
  if (found == bundle_.files.end())
    return fail(Errc::not_found, "{} is not among the files that were read", path);
  if (found->second.text.size() > bytes_max)
    return fail(Errc::invalid, "{} has more than {} bytes", path, bytes_max);
  return found->second;
}

Result<std::vector<std::string>> BundleLoader::glob(const std::string& pattern) {
  const auto found = bundle_.globs.find(pattern);
  const auto failure = failures_.find(pattern);
  if (found == bundle_.globs.end() && failure != failures_.end()) return failure->second;
  return found == bundle_.globs.end() ? std::vector<std::string>() : found->second;
}

}  // namespace ravelin::base::yaml
