#include "gateway/config/show.h"

#include "base/io/yaml_text.h"
#include "gateway/config/outline.h"

#include <boost/json.hpp>

#include <algorithm>

namespace ravelin::gateway {
namespace {

using base::yaml::Origins;

constexpr std::size_t kCommentColumn = 52;

bool is_plain(std::string_view text) {
  const auto is_alnum = [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
  };
  const auto may_stand_inside = [&](char c) {
    return is_alnum(c) || c == '_' || c == '.' || c == '/' || c == '-' || c == '+';
  };
  const bool is_null = text == "null" || text == "Null" || text == "NULL";
  return !text.empty() && !is_null && (is_alnum(text[0]) || text[0] == '/' || text[0] == '_') &&
         std::ranges::all_of(text, may_stand_inside);
}

// A double-quoted YAML scalar.
std::string quoted(std::string_view text) {
  std::string out = "\"";
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    if (c == '"' || c == '\\') {
      out += '\\';
      out += c;
    } else if (c == '\n') {
      out += "\\n";
    } else if (byte < 0x20 || byte == 0x7f) {
      out += fmt::format("\\x{:02x}", byte);
    } else {
      out += c;
    }
  }
  return out + '"';
}

// The place of a value, or of the list it is the lone item of; null for a default.
const SourcePos* origin_of(const Origins& origins, const std::string& path) {
  auto found = origins.find(path);
  if (found == origins.end() && path.ends_with(']')) {
    found = origins.find(path.substr(0, path.rfind('[')));
  }
  return found == origins.end() ? nullptr : &found->second;
}

bool is_scalar(const Outline& node) {
  return node.kind != Outline::Kind::map && node.kind != Outline::Kind::list;
}

std::string path_below(const std::string& path, const Outline& child, std::size_t index,
                       Outline::Kind parent) {
  if (parent == Outline::Kind::list) return fmt::format("{}[{}]", path, index);
  const std::string key = base::yaml::key_text(child.key);
  return path.empty() ? key : path + "." + key;
}

class TextWriter {
 public:
  explicit TextWriter(const Origins& origins) : origins_(origins) {}

  // The members of a map or items of a list; `lead` is what the first line starts with.
  void write_below(const Outline& node, const std::string& path, const std::string& indent,
                   std::string lead) {
    for (std::size_t i = 0; i < node.below.size(); ++i) {
      const Outline& child = node.below[i];
      const std::string below = path_below(path, child, i, node.kind);
      write(child, below, indent, node.kind == Outline::Kind::list ? indent + "- " : lead);
      lead = indent;
    }
  }

  std::string take() { return std::move(out_); }

 private:
  void write(const Outline& node, const std::string& path, const std::string& indent,
             const std::string& lead) {
    const std::string name = is_plain(node.key) ? node.key : quoted(node.key);
    const std::string label = node.key.empty() ? "" : name + ":";
    const std::string deeper = indent + "  ";
    if (is_scalar(node)) {
      const bool is_bare = node.kind != Outline::Kind::text || is_plain(node.value);
      write_value(
          lead + label + (label.empty() ? "" : " ") + (is_bare ? node.value : quoted(node.value)),
          node.origin_key.empty() ? path : node.origin_key);
    } else if (node.below.empty()) {
      write_value(lead + label + (node.kind == Outline::Kind::list ? " []" : " {}"), path);
    } else if (node.key.empty()) {
      write_below(node, path, deeper, lead);  // an item: its first key stands beside the dash
    } else {
      out_ += lead + label + "\n";
      write_below(node, path, deeper, deeper);
    }
  }

  void write_value(std::string line, const std::string& path) {
    line.resize(std::max(kCommentColumn, line.size() + 2), ' ');
    const SourcePos* origin = origin_of(origins_, path);
    out_ += line;
    out_ +=
        origin == nullptr ? "# default\n" : fmt::format("# {}:{}\n", origin->file, origin->line);
  }

  const Origins& origins_;
  std::string out_;
};

boost::json::value to_json(const Outline& node) {
  switch (node.kind) {
    case Outline::Kind::map: {
      boost::json::object object;
      for (const Outline& child : node.below)
        object[child.key] = to_json(child);
      return object;
    }
    case Outline::Kind::list: {
      boost::json::array array;
      for (const Outline& child : node.below)
        array.push_back(to_json(child));
      return array;
    }
    case Outline::Kind::number:
      return boost::json::value(std::stoull(node.value));
    case Outline::Kind::word:
      if (node.value == "true" || node.value == "false") {
        return boost::json::value(node.value == "true");
      }
      return boost::json::value(node.value);
    case Outline::Kind::text:
      return boost::json::value(node.value);
  }
  return nullptr;
}

void add_origins(const Outline& node, const std::string& path, const Origins& origins,
                 boost::json::object& out) {
  for (std::size_t i = 0; i < node.below.size(); ++i) {
    const Outline& child = node.below[i];
    const std::string below = path_below(path, child, i, node.kind);
    add_origins(child, below, origins, out);
    if (!child.below.empty()) continue;
    const SourcePos* origin =
        origin_of(origins, child.origin_key.empty() ? below : child.origin_key);
    if (origin == nullptr) continue;
    out[below] = fmt::format("{}:{}:{}", origin->file, origin->line, origin->column);
  }
}

}  // namespace

std::string show_config(const ParsedConfig& parsed) {
  TextWriter writer(parsed.origins);
  writer.write_below(outline(parsed), "", "", "");
  return writer.take();
}

std::string show_config_json(const ParsedConfig& parsed) {
  const Outline root = outline(parsed);
  boost::json::array files;
  for (const std::string& file : parsed.config.files)
    files.push_back(boost::json::value(file));
  boost::json::object origins;
  add_origins(root, "", parsed.origins, origins);
  boost::json::object object;
  object["files"] = std::move(files);
  object["config"] = to_json(root);
  object["origins"] = std::move(origins);
  return boost::json::serialize(object);
}

}  // namespace ravelin::gateway
