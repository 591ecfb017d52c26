#include "certs/secret_file.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <string>

namespace ravelin::certs {
namespace {

using ::testing::HasSubstr;

class SecretFile : public ::testing::Test {
 protected:
  SecretFile() {
    std::string name = (std::filesystem::temp_directory_path() / "ravelin-secret-XXXXXX").string();
    directory_ = ::mkdtemp(name.data());
  }

  ~SecretFile() override { std::filesystem::remove_all(directory_); }

  SecretFile(const SecretFile&) = delete;
  SecretFile& operator=(const SecretFile&) = delete;

  [[nodiscard]] std::string write(const std::string& bytes, std::filesystem::perms mode) const {
    const std::string path = directory_ / "sticky.key";
    std::ofstream(path, std::ios::binary) << bytes;
    std::filesystem::permissions(path, mode);
    return path;
  }

  std::filesystem::path directory_;
};

constexpr auto kPrivate = std::filesystem::perms(0600);
const std::string kSecret(32, 's');

TEST_F(SecretFile, IsReadWithoutItsLineEnd) {
  for (const char* end : {"", "\n", "\r\n"}) {
    const auto secret = read_secret_file(write(kSecret + end, kPrivate), {});
    ASSERT_TRUE(secret) << secret.error().message;
    EXPECT_EQ(*secret, kSecret);
  }
}

TEST_F(SecretFile, IsRefusedWhenItIsShortLongOrOpenToOthers) {
  EXPECT_THAT(read_secret_file(write(kSecret.substr(1) + "\n", kPrivate), {}).error().message,
              HasSubstr("holds 31 bytes; a secret has 32 to 4096"));
  EXPECT_FALSE(read_secret_file(write(std::string(4'097, 'x'), kPrivate), {}));
  EXPECT_FALSE(read_secret_file(write(kSecret, std::filesystem::perms(0644)), {}));
  EXPECT_FALSE(read_secret_file((directory_ / "none").string(), {}));
}

TEST_F(SecretFile, ErrorsNeverShowItsBytes) {
  const auto refused = read_secret_file(write("hunter2", kPrivate), {});
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().message.find("hunter2"), std::string::npos);
}

TEST_F(SecretFile, ALineIsItsFirst) {
  const std::pair<const char*, const char*> cases[] = {
      {"1234", "1234"}, {"1234\n", "1234"}, {"1234\r\n", "1234"}, {"a b \nmore\n", "a b "}};
  for (const auto& [bytes, line] : cases) {
    const auto read = read_secret_line(write(bytes, kPrivate), {});
    ASSERT_TRUE(read) << read.error().message;
    EXPECT_EQ(read->secret.text(), line);
    EXPECT_NE(read->stamp, FileStamp{});
  }
}

TEST_F(SecretFile, ALineThatIsNoneIsRefused) {
  for (const std::string& bytes :
       {std::string(), std::string("\n1234"), std::string(1'025, 'x'), std::string("12\0", 3)})
    EXPECT_THAT(read_secret_line(write(bytes, kPrivate), {}).error().message,
                HasSubstr("its first line is to be a passphrase or PIN of 1 to 1024 bytes"));
  EXPECT_THAT(read_secret_line(write("1234", std::filesystem::perms(0640)), {}).error().message,
              HasSubstr("chmod 600"));
  EXPECT_FALSE(read_secret_line((directory_ / "none").string(), {}));
}

TEST_F(SecretFile, AMovedSecretIsInOnePlace) {
  SecretText first("1234");
  const SecretText second(std::move(first));
  EXPECT_EQ(second.text(), "1234");
}

// RFC 4231, test case 2.
TEST(KeyedTag, IsTheBeginningOfHmacSha256) {
  EXPECT_EQ(keyed_tag("Jefe", "what do ya want for nothing?"), "5bdcc146bf60754e6a042426089575c7");
}

TEST(KeyedTag, DependsOnTheSecret) {
  EXPECT_NE(keyed_tag(make_secret(), "a"), keyed_tag(make_secret(), "a"));
  EXPECT_EQ(make_secret().size(), 32U);
}

}  // namespace
}  // namespace ravelin::certs
