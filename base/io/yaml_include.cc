#include "base/io/yaml_include.h"

#include "base/io/file.h"
#include "base/io/yaml_text.h"
#include "base/text.h"

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <iterator>
#include <map>
#include <system_error>
#include <utility>

namespace ravelin::base::yaml {
namespace {

constexpr std::string_view kIncludeKey = "include";

std::string_view name_of(Kind kind) {
  switch (kind) {
    case Kind::empty:
      return "empty";
    case Kind::scalar:
      return "a single value";
    case Kind::list:
      return "a list";
    case Kind::map:
      return "a map";
  }
  return "";
}

// Adds `from` to `into`. Both stand at key path `path`.
// Recursion is bounded by the depth limit of the trees.
void merge(TreeNode& into, TreeNode&& from, const std::string& path, Diagnostics& diagnostics) {
  if (into.kind == Kind::list && from.kind == Kind::list) {
    std::ranges::move(from.items, std::back_inserter(into.items));
    return;
  }
  if (into.kind != Kind::map || from.kind != Kind::map) {
    const std::string there =
        fmt::format("{}:{}:{}", *into.mark.file, into.mark.line, into.mark.column);
    diagnostics.error(from.mark.pos(), path,
                      into.kind == from.kind
                          ? fmt::format("is already set at {}; set it once", there)
                          : fmt::format("is {} here and {} at {}", name_of(from.kind),
                                        name_of(into.kind), there));
    return;
  }
  std::map<std::string_view, std::size_t> known;
  for (std::size_t i = 0; i < into.members.size(); ++i)
    known.emplace(into.members[i].key, i);
  std::vector<Member> added;
  for (Member& member : from.members) {
    const auto same = known.find(member.key);
    if (same == known.end()) {
      added.push_back(std::move(member));
      continue;
    }
    const std::string below = path + (path.empty() ? "" : ".") + key_text(member.key);
    merge(into.members[same->second].value, std::move(member.value), below, diagnostics);
  }
  std::ranges::move(added, std::back_inserter(into.members));
}

// One reading of a main file: what has been read so far, and which files are open above this one.
class Reading {
 public:
  Reading(Loader& loader, const IncludeLimits& limits, Diagnostics& diagnostics)
      : loader_(loader), limits_(limits), diagnostics_(diagnostics) {}

  Tree run(const std::string& path) {
    tree_.root = read({path, {path, 0, 0}, ""});
    return std::move(tree_);
  }

 private:
  struct Wanted {
    std::string path;
    SourcePos pos;                              // where it is named; no line for the main file
    std::string key;                            // "include[1]"
    std::vector<std::string> further_places{};  // where it may be when it is not at `path`
  };

  // A file whose part will be missing.
  void error(const Wanted& wanted, std::string message) {
    tree_.is_complete = false;
    diagnostics_.error(wanted.pos, wanted.key, std::move(message));
  }

  // The file's tree with its own includes merged in; an empty node when it cannot be read.
  TreeNode read(Wanted wanted) {
    auto file = find(wanted);
    if (!file) {
      const bool is_nowhere =
          file.error().code == Errc::not_found && !wanted.further_places.empty();
      const std::string others = join(wanted.further_places, ", ");
      error(wanted, is_nowhere ? fmt::format("{} (nor is it {})", file.error().message, others)
                               : file.error().message);
      return {};
    }
    if (!admit(wanted, *file)) return {};
    tree_.files.push_back(wanted.path);
    TreeNode root = parse_tree(file->text, wanted.path, limits_.file, diagnostics_);
    if (root.kind != Kind::map) tree_.is_complete = false;
    if (root.kind == Kind::empty) return root;
    if (root.kind != Kind::map) {
      diagnostics_.error(root.mark.pos(), "",
                         fmt::format("the file must be a map of keys, not {}", name_of(root.kind)));
      return {};
    }
    open_.push_back(file->identity);
    for (const Wanted& below : take_includes(root)) {
      TreeNode included = read(below);
      if (included.kind == Kind::map) merge(root, std::move(included), "", diagnostics_);
    }
    open_.pop_back();
    return root;
  }

  // Cycles, repetitions and limits.
  bool admit(const Wanted& wanted, const LoadedFile& file) {
    bytes_ += file.text.size();
    if (std::ranges::find(open_, file.identity) != open_.end()) {
      error(wanted, fmt::format("{} includes itself", wanted.path));
    } else if (!seen_.emplace(file.identity, wanted.pos).second) {
      const SourcePos& first = seen_[file.identity];
      error(wanted, fmt::format("{} is already included at {}:{}:{}", wanted.path, first.file,
                                first.line, first.column));
    } else if (open_.size() > limits_.depth_max) {
      error(wanted, fmt::format("includes are nested deeper than {} files", limits_.depth_max));
    } else if (bytes_ > limits_.bytes_max) {
      error(wanted, fmt::format("all files together are larger than {} bytes", limits_.bytes_max));
    } else if (tree_.files.size() >= limits_.files_max) {
      if (!std::exchange(too_many_, true)) {
        error(wanted, fmt::format("more than {} files are included", limits_.files_max));
      }
    } else {
      return true;
    }
    return false;
  }

  // Removes `include` from the map and resolves what it names.
  std::vector<Wanted> take_includes(TreeNode& root) {
    const auto found = std::ranges::find(root.members, kIncludeKey, &Member::key);
    if (found == root.members.end()) return {};
    const TreeNode include = std::move(found->value);
    root.members.erase(found);
    std::vector<Wanted> wanted;
    if (include.kind != Kind::list) {
      resolve(include, std::string(kIncludeKey), wanted);
      return wanted;
    }
    for (std::size_t i = 0; i < include.items.size(); ++i) {
      resolve(include.items[i], fmt::format("{}[{}]", kIncludeKey, i), wanted);
    }
    return wanted;
  }

  void resolve(const TreeNode& node, const std::string& key, std::vector<Wanted>& wanted) {
    const SourcePos pos = node.mark.pos();
    if (node.kind != Kind::scalar || node.text.empty()) {
      diagnostics_.error(pos, key, "must be a path, or a list of paths");
      return;
    }
    std::vector<std::string> places = places_of(node.text, pos.file);
    if (!is_glob(node.text)) {
      std::string path = std::move(places.front());
      places.erase(places.begin());
      wanted.push_back({std::move(path), pos, key, std::move(places)});
      return;
    }
    for (const std::string& path : places) {
      auto matches = loader_.glob(path);
      if (!matches) {
        error({path, pos, key}, matches.error().message);
        return;
      }
      for (std::string& match : *matches)
        wanted.push_back({std::move(match), pos, key});
      if (!matches->empty()) return;
    }
    diagnostics_.warn(pos, key, quote(node.text) + " matches no file");
  }

  // Where a path written in `file` may be, the first place first.
  [[nodiscard]] std::vector<std::string> places_of(const std::string& path,
                                                   const std::string& file) const {
    std::vector<std::string> places{beside(file, path)};
    if (path.starts_with('/')) return places;
    for (const std::string& directory : limits_.search)
      places.push_back(beside(directory + "/", path));
    return places;
  }

  // The text of a file; `path` becomes the place it is at, or stays the first when it is nowhere.
  Result<LoadedFile> find(Wanted& wanted) {
    auto file = loader_.read(wanted.path, limits_.file.bytes_max);
    for (const std::string& place : wanted.further_places) {
      if (file || file.error().code != Errc::not_found) break;
      auto other = loader_.read(place, limits_.file.bytes_max);
      if (!other && other.error().code == Errc::not_found) continue;
      file = std::move(other);
      wanted.path = place;
    }
    return file;
  }

  Loader& loader_;
  IncludeLimits limits_;
  Diagnostics& diagnostics_;
  Tree tree_;
  std::vector<std::string> open_;          // identities, outermost first
  std::map<std::string, SourcePos> seen_;  // identity -> where it was named first
  std::size_t bytes_ = 0;
  bool too_many_ = false;
};

}  // namespace

Result<LoadedFile> DiskLoader::read(const std::string& path, std::size_t bytes_max) {
  auto text = read_file(path, bytes_max);
  if (!text) return text.error();
  LoadedFile file{path, std::move(*text)};
  if (char* real = ::realpath(path.c_str(), nullptr); real != nullptr) {
    file.identity = real;
    std::free(real);
  }
  return file;
}

Result<std::vector<std::string>> DiskLoader::glob(const std::string& pattern) {
  return glob_files(pattern);
}

std::string DiskLoader::directory() const {
  std::error_code ignored;  // without a working directory relative paths stay as they are
  return std::filesystem::current_path(ignored).string();
}

Tree load_tree(const std::string& path, Loader& loader, const IncludeLimits& limits,
               Diagnostics& diagnostics) {
  return Reading(loader, limits, diagnostics).run(path);
}

}  // namespace ravelin::base::yaml
