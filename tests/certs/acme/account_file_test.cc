#include "certs/acme/account_file.h"

#include "base/io/file.h"
#include "certs/certificate.h"
#include "tests/support/temp_dir.h"

#include <gtest/gtest.h>
#include <sys/stat.h>

#include <filesystem>

namespace ravelin::certs::acme {
namespace {

using namespace std::chrono_literals;

constexpr const char* kDirectory = "https://ca.test/directory";

class AccountFiles : public testing::Test {
 protected:
  [[nodiscard]] Result<AccountFile> open(const char* directory = kDirectory) const {
    return AccountFile::open(folder(), directory);
  }

  [[nodiscard]] std::string folder() const { return dir_.path() + "/accounts/ca.test"; }

  static unsigned mode_of(const std::string& path) {
    struct stat status {};

    EXPECT_EQ(::stat(path.c_str(), &status), 0) << path;
    return status.st_mode & 07777U;
  }

  static std::string url_of(const AccountFile& file) {
    const auto url = file.url();
    return url ? *url : url.error().message;
  }

  test::TempDir dir_;
};

TEST_F(AccountFiles, KeyIsMadeOnceAndForItsOwnerOnly) {
  const auto file = open();
  ASSERT_TRUE(file) << file.error().message;
  const auto made = file->key();
  ASSERT_TRUE(made) << made.error().message;
  const auto again = open()->key();
  ASSERT_TRUE(again);
  EXPECT_EQ(EVP_PKEY_eq(made->get(), again->get()), 1);
  EXPECT_EQ(mode_of(folder()), 0700U);
  EXPECT_EQ(mode_of(folder() + "/key.pem"), 0600U);
}

TEST_F(AccountFiles, UrlIsKeptForItsDirectoryOnly) {
  const auto file = open();
  EXPECT_EQ(url_of(*file), "");
  ASSERT_TRUE(file->save_url("https://ca.test/a/1"));
  EXPECT_EQ(url_of(*open()), "https://ca.test/a/1");
  EXPECT_EQ(mode_of(folder() + "/account.json"), 0600U);
  const auto other = open("https://other.test/directory");
  ASSERT_FALSE(other);
  EXPECT_EQ(other.error().code, base::Errc::conflict);
  EXPECT_EQ(other.error().message, folder() + "/account.json: is the account at " + kDirectory +
                                       ", not at https://other.test/directory");
}

TEST_F(AccountFiles, AnAccountWhoseKeyIsGoneGetsNoOther) {
  const auto file = open();
  ASSERT_TRUE(file->save_url("https://ca.test/a/1"));
  const auto key = file->key();
  ASSERT_FALSE(key);
  EXPECT_EQ(key.error().code, base::Errc::not_found);
  EXPECT_FALSE(std::filesystem::exists(folder() + "/key.pem"));
}

TEST_F(AccountFiles, WhatOthersCanReadIsRefused) {
  const auto file = open();
  ASSERT_TRUE(file->key());
  ::chmod((folder() + "/key.pem").c_str(), 0640);
  EXPECT_NE(file->key().error().message.find("chmod 600"), std::string::npos);
  ::chmod(folder().c_str(), 0755);
  EXPECT_EQ(open().error().message,
            folder() + ": mode 0755 lets others at the account's key: chmod 700 " + folder());
}

TEST_F(AccountFiles, WhatIsNoAccountIsRefused) {
  ASSERT_TRUE(open());
  for (const std::string_view text : {"", "{}", "[]", R"({"directory":"x","url":"y"})"}) {
    ASSERT_TRUE(base::replace_file(folder() + "/account.json", text, 0600));
    EXPECT_FALSE(open()) << text;
  }
  std::filesystem::remove(folder() + "/account.json");
  for (const char* curve : {"P-384"}) {
    const KeyPtr key(EVP_EC_gen(curve));
    ASSERT_TRUE(base::replace_file(folder() + "/key.pem", key_to_pem(key.get()), 0600));
    EXPECT_EQ(open()->key().error().message, folder() + "/key.pem: an account's key is P-256");
  }
}

TEST_F(AccountFiles, NextKeyIsThereUntilAdoptedOrDropped) {
  const auto file = open();
  const auto first = file->key();
  ASSERT_TRUE(first);
  EXPECT_FALSE(file->next_key()->has_value());
  const auto next = file->make_next_key();
  ASSERT_TRUE(next);
  EXPECT_EQ(mode_of(folder() + "/next-key.pem"), 0600U);
  EXPECT_EQ(EVP_PKEY_eq(open()->next_key()->value().get(), next->get()), 1);
  ASSERT_TRUE(file->drop_next_key());
  EXPECT_FALSE(file->next_key()->has_value());
  EXPECT_EQ(EVP_PKEY_eq(file->key()->get(), first->get()), 1);

  const auto other = file->make_next_key();
  ASSERT_TRUE(file->adopt_next_key());
  EXPECT_FALSE(file->next_key()->has_value());
  EXPECT_EQ(EVP_PKEY_eq(file->key()->get(), other->get()), 1);
}

TEST_F(AccountFiles, RetiringSetsAsideWithoutReplacing) {
  const auto file = open();
  const base::WallTime when{std::chrono::seconds(1'700'000'000)};
  for (const char* name : {"retired-1700000000", "retired-1700000000-2"}) {
    const auto key = file->key();
    ASSERT_TRUE(file->save_url("https://ca.test/a/1"));
    ASSERT_TRUE(file->retire(when));
    EXPECT_EQ(url_of(*file), "");
    const auto aside = base::read_file(folder() + "/" + name + "/key.pem", 65536);
    ASSERT_TRUE(aside) << name;
    EXPECT_EQ(EVP_PKEY_eq(parse_key(*aside, "aside")->get(), key->get()), 1);
    EXPECT_NE(EVP_PKEY_eq(file->key()->get(), key->get()), 1);
  }
}

TEST_F(AccountFiles, LockIsHeldByOneAtATime) {
  const auto file = open();
  const Patience none{base::mono_now()};
  {
    const auto held = file->lock(none);
    ASSERT_TRUE(held);
    EXPECT_EQ(open()->lock(none).error().code, base::Errc::timeout);
    std::stop_source stop;
    stop.request_stop();
    EXPECT_EQ(open()->lock({base::mono_now() + 1h, stop.get_token()}).error().code,
              base::Errc::unavailable);
  }
  EXPECT_TRUE(open()->lock(none));
}

}  // namespace
}  // namespace ravelin::certs::acme
