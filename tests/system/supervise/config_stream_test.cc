#include "system/supervise/config_stream.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace ravelin::system {
namespace {

using base::Errc;
using ::testing::HasSubstr;

ConfigSnapshot some_config() {
  ConfigSnapshot config;
  config.files.path = "/etc/ravelin/ravelin.yaml";
  config.files.directory = "/";
  config.files.files["/etc/ravelin/ravelin.yaml"] = {"1:2", "version: 1\n"};
  config.files.files["/etc/ravelin/empty.yaml"] = {"1:3", ""};
  config.files.files["/etc/ravelin/long.yaml"] = {"1:4", std::string(150'000, 'x')};
  config.files.globs["/etc/ravelin/site.d/*.yaml"] = {"/etc/ravelin/site.d/a.yaml",
                                                      "/etc/ravelin/site.d/b.yaml"};
  config.grants = {{messages::Role::gateway, "/etc/ravelin", messages::PathUse::read}};
  return config;
}

std::span<const std::byte> bytes_of(const std::string& text) {
  return std::as_bytes(std::span(text));
}

std::string message_text(messages::Message message) {
  const auto bytes = messages::encode({.message = std::move(message)});
  return {reinterpret_cast<const char*>(bytes->data()), bytes->size()};
}

TEST(ConfigStream, GivesBackWhatWasWritten) {
  const ConfigSnapshot config = some_config();
  const auto text = format_config(config);
  ASSERT_TRUE(text);
  const auto read = parse_config(bytes_of(*text));
  ASSERT_TRUE(read) << read.error().message;
  EXPECT_EQ(read->files.path, config.files.path);
  EXPECT_EQ(read->files.directory, config.files.directory);
  ASSERT_EQ(read->files.files.size(), config.files.files.size());
  for (const auto& [path, file] : config.files.files) {
    EXPECT_EQ(read->files.files.at(path).identity, file.identity);
    EXPECT_EQ(read->files.files.at(path).text, file.text);
  }
  EXPECT_EQ(read->files.globs, config.files.globs);
  EXPECT_EQ(read->grants, config.grants);
}

TEST(ConfigStream, RefusesWhatIsCutOff) {
  const std::string text = *format_config(some_config());
  const std::size_t first =
      message_text(messages::ConfigStart{"/etc/ravelin/ravelin.yaml", "/"}).size();
  for (const std::size_t size :
       {std::size_t{0}, std::size_t{5}, first - 1, first + 3, text.size() - 1}) {
    const auto read = parse_config(bytes_of(text).first(size));
    ASSERT_FALSE(read) << size;
    EXPECT_EQ(read.error().code, Errc::protocol);
  }
}

TEST(ConfigStream, RefusesAMessageOutOfPlace) {
  const std::string start = message_text(messages::ConfigStart{"/a", "/"});
  const std::string file = message_text(messages::ConfigFile{"/a", "1:1"});
  const std::string piece = message_text(messages::ConfigText{{std::byte{120}}});
  const std::string match = message_text(messages::ConfigMatch{"/*", "/a"});
  const std::string other = message_text(messages::ReloadRequest{});
  const std::pair<const char*, std::string> cases[] = {
      {"no start", file},
      {"two starts", start + start},
      {"text of no file", start + piece},
      {"text behind a match", start + file + match + piece},
      {"one file twice", start + file + file},
      {"a message of another kind", start + other},
      {"a match before the start", match + start},
  };
  for (const auto& [what, text] : cases) {
    const auto read = parse_config(bytes_of(text));
    ASSERT_FALSE(read) << what;
    EXPECT_THAT(read.error().message, HasSubstr("out of place")) << what;
  }
}

TEST(ConfigStream, WritesNoPathThatAMessageCannotHold) {
  ConfigSnapshot config = some_config();
  config.files.files["/" + std::string(5'000, 'p')] = {"1:5", ""};
  EXPECT_EQ(format_config(config).error().code, Errc::invalid);
}

}  // namespace
}  // namespace ravelin::system
