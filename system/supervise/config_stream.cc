#include "system/supervise/config_stream.h"

#include <algorithm>
#include <optional>
#include <utility>

namespace ravelin::system {

using base::Errc;
using base::Result;
using messages::ConfigFile;
using messages::ConfigMatch;
using messages::ConfigStart;
using messages::ConfigText;
using messages::Message;
using messages::PathGranted;

namespace {

class Writer {
 public:
  void add(Message message) {
    if (error_) return;
    const auto bytes = messages::encode({.message = std::move(message)});
    if (bytes)
      text_.append(reinterpret_cast<const char*>(bytes->data()), bytes->size());
    else
      error_ = bytes.error();
  }

  Result<std::string> take() {
    if (error_) return *error_;
    return std::move(text_);
  }

 private:
  std::string text_;
  std::optional<base::Error> error_;
};

void add_file(const std::string& path, const base::yaml::LoadedFile& file, Writer& writer) {
  writer.add(ConfigFile{path, file.identity});
  const std::size_t step = messages::kPieceBytes.count;
  const auto bytes = std::as_bytes(std::span(file.text));
  for (std::size_t at = 0; at < bytes.size(); at += step) {
    const auto piece = bytes.subspan(at, std::min(step, bytes.size() - at));
    writer.add(ConfigText{{piece.begin(), piece.end()}});
  }
}

// Puts the messages back together. Each function: false = it does not belong here.
class Reader {
 public:
  bool take(Message message) {
    return std::visit([this](auto& one) { return take(one); }, message);
  }

  // Nothing: it was cut off before it began.
  std::optional<ConfigSnapshot> finish() {
    if (!has_started_) return std::nullopt;
    return std::move(config_);
  }

 private:
  bool take(ConfigStart& start) {
    if (std::exchange(has_started_, true)) return false;
    config_.files.path = std::move(start.path);
    config_.files.directory = std::move(start.directory);
    return true;
  }

  bool take(ConfigFile& file) {
    const auto [place, is_new] =
        config_.files.files.try_emplace(std::move(file.path), base::yaml::LoadedFile{});
    place->second.identity = std::move(file.identity);
    open_ = &place->second.text;
    return has_started_ && is_new;
  }

  bool take(ConfigText& text) {
    if (open_ == nullptr) return false;
    open_->append(reinterpret_cast<const char*>(text.piece.data()), text.piece.size());
    return true;
  }

  bool take(ConfigMatch& match) {
    open_ = nullptr;
    config_.files.globs[std::move(match.pattern)].push_back(std::move(match.path));
    return has_started_;
  }

  bool take(PathGranted& granted) {
    open_ = nullptr;
    config_.grants.push_back(std::move(granted));
    return has_started_;
  }

  template <class Other>
  bool take(Other& /*other*/) {
    return false;
  }

  ConfigSnapshot config_;
  std::string* open_ = nullptr;  // the file whose text comes
  bool has_started_ = false;
};

// Of the packet that begins here, as its header says (codec.h).
std::size_t size_of_packet(std::span<const std::byte> bytes) {
  if (bytes.size() < messages::kHeaderBytes) return bytes.size();
  const auto low = std::to_integer<std::size_t>(bytes[messages::kHeaderBytes - 2]);
  const auto high = std::to_integer<std::size_t>(bytes[messages::kHeaderBytes - 1]);
  return std::min(messages::kHeaderBytes + (low | high << 8), bytes.size());
}

}  // namespace

Result<std::string> format_config(const ConfigSnapshot& config) {
  Writer writer;
  writer.add(ConfigStart{config.files.path, config.files.directory});
  for (const auto& [path, file] : config.files.files)
    add_file(path, file, writer);
  for (const auto& [pattern, paths] : config.files.globs) {
    for (const std::string& path : paths)
      writer.add(ConfigMatch{pattern, path});
  }
  for (const PathGranted& granted : config.grants)
    writer.add(granted);
  return writer.take();
}

Result<ConfigSnapshot> parse_config(std::span<const std::byte> bytes) {
  Reader reader;
  while (!bytes.empty()) {
    const std::size_t size = size_of_packet(bytes);
    auto packet = messages::decode(bytes.first(size));
    if (!packet) return base::wrap(packet.error(), "the configuration that was handed over");
    bytes = bytes.subspan(size);
    if (!reader.take(std::move(packet->message)))
      return base::fail(Errc::protocol,
                        "the configuration that was handed over has a message out of place");
  }
  auto config = reader.finish();
  if (!config) return base::fail(Errc::protocol, "the configuration that was handed over is empty");
  return std::move(*config);
}

}  // namespace ravelin::system
