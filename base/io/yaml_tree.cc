// The only file that includes yaml-cpp (0.7): its exceptions, and the one that stops it when a
// limit is reached, end here.
#include "base/io/yaml_tree.h"

#include "base/check.h"
#include "base/io/yaml_text.h"
#include "base/text.h"

#include <yaml-cpp/eventhandler.h>
#include <yaml-cpp/exceptions.h>
#include <yaml-cpp/parser.h>

#include <algorithm>
#include <istream>
#include <optional>
#include <streambuf>
#include <string>
#include <unordered_set>
#include <utility>

namespace ravelin::base::yaml {
namespace {

// Thrown by the handler, caught in parse_tree: yaml-cpp offers no other way to stop it.
struct Stop {};

// A stream over borrowed bytes.
class ViewBuffer : public std::streambuf {
 public:
  explicit ViewBuffer(std::string_view text) {
    char* begin = const_cast<char*>(text.data());  // a get area is never written to
    setg(begin, begin, begin + text.size());
  }
};

// True when a quoted scalar starts at the front and the text ends before it does.
bool is_open_quote(std::string_view text) {
  if (text.empty() || (text[0] != '"' && text[0] != '\'')) return false;
  for (std::size_t i = 1; i < text.size(); ++i) {
    if (text[0] == '"' && text[i] == '\\') {
      ++i;
    } else if (text[i] == text[0]) {
      const bool is_escape = text[0] == '\'' && i + 1 < text.size() && text[i + 1] == '\'';
      if (!is_escape) return false;
      ++i;
    }
  }
  return true;
}

// Builds the tree from yaml-cpp's events. `open_` holds the lists and maps being read, outermost
// first; a map waiting for a value has its key in the last member.
class TreeBuilder : public YAML::EventHandler {
 public:
  TreeBuilder(std::string_view text, const std::string& file, const Limits& limits,
              Diagnostics& diagnostics)
      : text_(text),
        file_(std::make_shared<const std::string>(file)),
        limits_(limits),
        diagnostics_(diagnostics) {
    root_.kind = Kind::map;
    root_.mark = {file_, 1, 1};
  }

  // The document's tree; an empty map when there was none.
  TreeNode take_root() { return std::move(root_); }

  void OnDocumentStart(const YAML::Mark& mark) override {
    if (++documents_ > 1) stop(mark, "a second document (---) is not supported; use include");
  }

  // yaml-cpp 0.7 takes the end of the file for a closing quote; half a file must not pass for one.
  void OnDocumentEnd() override {
    if (last_scalar_ && is_open_quote(text_.substr(std::min(last_scalar_->offset, text_.size())))) {
      stop(last_scalar_->mark, "the quote that opens here is not closed");
    }
  }

  void OnAnchor(const YAML::Mark& mark, const std::string&) override { refuse_anchor(mark); }

  void OnAlias(const YAML::Mark& mark, YAML::anchor_t) override { refuse_anchor(mark); }

  void OnNull(const YAML::Mark& mark, YAML::anchor_t anchor) override {
    if (anchor != YAML::NullAnchor) refuse_anchor(mark);
    place(new_node(mark, Kind::empty));
  }

  void OnScalar(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                const std::string& value) override {
    refuse_properties(mark, tag, anchor);
    TreeNode node = new_node(mark, Kind::scalar);
    node.text = value;
    node.quoted = tag == "!";
    last_scalar_ = {node.mark, static_cast<std::size_t>(std::max(mark.pos, 0))};
    place(std::move(node));
  }

  void OnSequenceStart(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                       YAML::EmitterStyle::value) override {
    refuse_properties(mark, tag, anchor);
    begin(new_node(mark, Kind::list));
  }

  void OnSequenceEnd() override { end(); }

  void OnMapStart(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                  YAML::EmitterStyle::value) override {
    refuse_properties(mark, tag, anchor);
    begin(new_node(mark, Kind::map));
  }

  void OnMapEnd() override { end(); }

 private:
  struct Scalar {
    Mark mark;
    std::size_t offset;
  };

  struct Open {
    TreeNode node;
    bool wants_value = false;              // map: a key has been read
    bool is_duplicate = false;             // map: that key has been seen before
    std::unordered_set<std::string> keys;  // map
  };

  [[nodiscard]] Mark place_of(const YAML::Mark& mark) const {
    return {file_, mark.line + 1, mark.column + 1};
  }

  [[noreturn]] void stop(const Mark& mark, std::string message) {
    diagnostics_.error(mark.pos(), "", std::move(message));
    throw Stop{};
  }

  [[noreturn]] void stop(const YAML::Mark& mark, std::string message) {
    stop(place_of(mark), std::move(message));
  }

  [[noreturn]] void refuse_anchor(const YAML::Mark& mark) {
    stop(mark, "anchors and aliases (& and *) are not supported; quote the text if it is meant so");
  }

  void refuse_properties(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor) {
    if (anchor != YAML::NullAnchor) refuse_anchor(mark);
    const bool plain = tag.empty() || tag == "?" || tag == "!";
    if (!plain) stop(mark, "tags (!name) are not supported; quote the text if it is meant so");
  }

  TreeNode new_node(const YAML::Mark& mark, Kind kind) {
    if (++nodes_ > limits_.nodes_max) {
      stop(mark, fmt::format("the file has more than {} values", limits_.nodes_max));
    }
    TreeNode node;
    node.kind = kind;
    node.mark = place_of(mark);
    return node;
  }

  void begin(TreeNode node) {
    if (!open_.empty() && open_.back().node.kind == Kind::map && !open_.back().wants_value) {
      stop(node.mark, "a key must be text, not a list or a map");
    }
    if (open_.size() >= limits_.depth_max) {
      stop(node.mark, fmt::format("nested deeper than {} levels", limits_.depth_max));
    }
    open_.push_back({.node = std::move(node), .keys = {}});
  }

  void end() {
    CHECK(!open_.empty());
    TreeNode node = std::move(open_.back().node);
    open_.pop_back();
    place(std::move(node));
  }

  void place(TreeNode node) {
    if (open_.empty()) {
      if (node.kind != Kind::empty) root_ = std::move(node);  // "---" alone is an empty map too
      return;
    }
    Open& open = open_.back();
    if (open.node.kind == Kind::list) {
      open.node.items.push_back(std::move(node));
    } else if (!open.wants_value) {
      add_key(open, std::move(node));
    } else {
      open.wants_value = false;
      if (open.is_duplicate) return;
      Member& member = open.node.members.back();
      if (node.kind == Kind::empty) node.mark = member.mark;  // its own is that of the next line
      member.value = std::move(node);
    }
  }

  void add_key(Open& open, TreeNode key) {
    if (key.kind != Kind::scalar) {
      stop(key.mark, "a key must be text; it is empty here");
    }
    open.wants_value = true;
    open.is_duplicate = !open.keys.insert(key.text).second;
    if (open.is_duplicate) {
      report_duplicate(open.node, key);
    } else {
      open.node.members.push_back({std::move(key.text), std::move(key.mark), {}});
    }
  }

  void report_duplicate(const TreeNode& map, const TreeNode& key) {
    if (++duplicates_ > kDuplicatesMax) {
      stop(key.mark, "too many duplicate keys; the rest is not read");
    }
    for (const Member& member : map.members) {
      if (member.key != key.text) continue;
      diagnostics_.error(key.mark.pos(), path_to_open(),
                         fmt::format("key {} is written twice (first at line {}, column {})",
                                     quote(key.text), member.mark.line, member.mark.column));
      return;
    }
  }

  // "listeners[0].routes[2]": the innermost open map.
  [[nodiscard]] std::string path_to_open() const {
    std::string path;
    for (std::size_t i = 0; i + 1 < open_.size(); ++i) {
      const TreeNode& node = open_[i].node;
      if (node.kind == Kind::list) {
        path += fmt::format("[{}]", node.items.size());
      } else {
        path += (path.empty() ? "" : ".") + key_text(node.members.back().key);
      }
    }
    return path;
  }

  static constexpr int kDuplicatesMax = 100;

  std::string_view text_;
  std::shared_ptr<const std::string> file_;
  Limits limits_;
  Diagnostics& diagnostics_;
  TreeNode root_;
  std::vector<Open> open_;
  std::optional<Scalar> last_scalar_;
  std::size_t nodes_ = 0;
  int documents_ = 0;
  int duplicates_ = 0;
};

// A hint for the messages of yaml-cpp an operator meets most.
std::string_view hint(std::string_view message) {
  if (message == YAML::ErrorMsg::MAP_VALUE) return " (text with \": \" in it needs quotes)";
  if (message == YAML::ErrorMsg::END_OF_MAP || message == YAML::ErrorMsg::END_OF_SEQ) {
    return " (is this line indented like the ones above it?)";
  }
  if (message == YAML::ErrorMsg::END_OF_MAP_FLOW) return " (a { without its }, or a missing comma)";
  if (message == YAML::ErrorMsg::END_OF_SEQ_FLOW) return " (a [ without its ], or a missing comma)";
  if (message == YAML::ErrorMsg::EOF_IN_SCALAR) return " (a quote without its end)";
  return "";
}

void run_parser(std::string_view text, TreeBuilder& builder) {
  ViewBuffer buffer(text);
  std::istream stream(&buffer);
  YAML::Parser parser(stream);
  while (parser.HandleNextDocument(builder)) {
  }
}

}  // namespace

TreeNode parse_tree(std::string_view text, const std::string& file, const Limits& limits,
                    Diagnostics& diagnostics) {
  if (text.size() > limits.bytes_max) {
    diagnostics.error({file, 0, 0}, "", fmt::format("larger than {} bytes", limits.bytes_max));
    return {};
  }
  if (!check_text(text, file, diagnostics)) return {};
  if (text.starts_with(kByteOrderMark)) text.remove_prefix(kByteOrderMark.size());
  TreeBuilder builder(text, file, limits, diagnostics);
  try {
    run_parser(text, builder);
    return builder.take_root();
  } catch (const Stop&) {
    // already in diagnostics
  } catch (const YAML::Exception& error) {
    const SourcePos pos{file, error.mark.line + 1, error.mark.column + 1};
    diagnostics.error(pos, "", fmt::format("not valid YAML: {}{}", error.msg, hint(error.msg)));
  } catch (const std::exception& error) {
    diagnostics.error({file, 0, 0}, "", fmt::format("cannot be read: {}", error.what()));
  }
  return {};
}

}  // namespace ravelin::base::yaml
