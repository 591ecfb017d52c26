// A configuration as it travels: the texts of all its files, as they were read and checked once,
// and which paths each process may use because of it. One message after another in a memory file.
// See message.h for the rules.
#pragma once

#include "messages/fields.h"
#include "messages/vocabulary.h"

#include <cstdint>
#include <string>
#include <string_view>

namespace ravelin::messages {

// Comes first.
struct ConfigStart {
  static constexpr std::uint16_t kType = 31;
  static constexpr std::string_view kName = "config_start";

  std::string path;       // of the main file, as it was asked for
  std::string directory;  // where relative paths start; absolute

  template <class Self, class Visit>
  static void visit_fields(Self& self, Visit& visit) {
    visit("path", self.path, kPathBytes);
    visit("directory", self.directory, kPathBytes);
  }

  friend bool operator==(const ConfigStart&, const ConfigStart&) = default;
};

// A file; its text is that of the ConfigText that follow.
struct ConfigFile {
  static constexpr std::uint16_t kType = 32;
  static constexpr std::string_view kName = "config_file";

  std::string path;      // as it was asked for
  std::string identity;  // equal for two paths that are one file

  template <class Self, class Visit>
  static void visit_fields(Self& self, Visit& visit) {
    visit("path", self.path, kPathBytes);
    visit("identity", self.identity, kPathBytes);
  }

  friend bool operator==(const ConfigFile&, const ConfigFile&) = default;
};

struct ConfigText {
  static constexpr std::uint16_t kType = 33;
  static constexpr std::string_view kName = "config_text";

  Bytes piece;  // not to be seen in logs

  template <class Self, class Visit>
  static void visit_fields(Self& self, Visit& visit) {
    visit("piece", self.piece, kPieceBytes);
  }

  friend bool operator==(const ConfigText&, const ConfigText&) = default;
};

// A file that a pattern of an `include` matched.
struct ConfigMatch {
  static constexpr std::uint16_t kType = 34;
  static constexpr std::string_view kName = "config_match";

  std::string pattern;
  std::string path;

  template <class Self, class Visit>
  static void visit_fields(Self& self, Visit& visit) {
    visit("pattern", self.pattern, kPathBytes);
    visit("path", self.path, kPathBytes);
  }

  friend bool operator==(const ConfigMatch&, const ConfigMatch&) = default;
};

// The process of this role may use what is at this path, and below it: read it, change it, start it
// as a program, or load it as a library.
struct PathGranted {
  static constexpr std::uint16_t kType = 35;
  static constexpr std::string_view kName = "path_granted";

  Role role = Role::gateway;
  std::string path;  // absolute
  PathUse use = PathUse::read;

  template <class Self, class Visit>
  static void visit_fields(Self& self, Visit& visit) {
    visit("role", self.role);
    visit("path", self.path, kPathBytes);
    visit("use", self.use);
  }

  [[nodiscard]] std::string_view flaw() const {
    return path.starts_with('/') ? "" : "a path that is granted is absolute";
  }

  friend bool operator==(const PathGranted&, const PathGranted&) = default;
};

}  // namespace ravelin::messages
