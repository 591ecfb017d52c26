// A gateway that follows a store without reading its keys.
#include "certs/view/store_index.h"
#include "gateway/tls/late_key.h"
#include "gateway/tls/remote/remote_store_keys.h"
#include "tests/certs/store/store_lab.h"
#include "tests/gateway/tls/memory_handshake.h"
#include "tests/system/keys/key_lab.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <poll.h>

#include <filesystem>

namespace ravelin::system::test {
namespace {

using gateway::RemoteKeys;
using gateway::test::MemoryHandshake;
using ::testing::HasSubstr;

certs::PairFacts facts_of(const certs::CertificateInfo& info) {
  return {.key = info.key_type == certs::KeyType::rsa ? "rsa2048" : "p256",
          .serial = info.serial,
          .issuer_name = info.issuer,
          .spki_sha256 = info.spki_sha256,
          .not_before = std::chrono::floor<std::chrono::seconds>(info.not_before),
          .not_after = std::chrono::floor<std::chrono::seconds>(info.not_after)};
}

certs::Generation generation_of(const std::string& name) {
  certs::Generation generation;
  generation.info = {
      .names = {name}, .issuer = "test", .reason = "issue", .by = "root", .node = "host"};
  for (const auto& [slot, type] : {std::pair(certs::PairSlot::ec, certs::LeafKey::p256),
                                   std::pair(certs::PairSlot::rsa, certs::LeafKey::rsa2048)}) {
    const auto pair = ravelin::test::issue({name}, type);
    generation.info.facts(slot) = facts_of(pair->chain.info);
    generation.texts(slot) =
        certs::PairTexts(certs::to_pem(pair->chain), certs::key_to_pem(pair->key.get()));
  }
  return generation;
}

constexpr std::string_view kHidden = ".hidden";

std::vector<std::string> files_in(const std::string& store) {
  std::vector<std::string> files;
  for (const auto& entry : std::filesystem::recursive_directory_iterator(store))
    if (entry.is_regular_file()) files.push_back(entry.path().string());
  return files;
}

// What a gateway cannot read any more.
void hide_keys(const std::string& store) {
  for (const std::string& file : files_in(store))
    if (file.ends_with(".key") || file.find("/keys-") != std::string::npos)
      std::filesystem::rename(file, file + std::string(kHidden));
}

void show_keys(const std::string& store) {
  for (const std::string& file : files_in(store))
    if (file.ends_with(kHidden))
      std::filesystem::rename(file, file.substr(0, file.size() - kHidden.size()));
}

class RemoteStore : public testing::Test {
 protected:
  void start() {
    process_ = std::make_unique<KeyProcess>(KeyList{.store = lab_.root()});
    process_->start(*keys_);
  }

  std::unique_ptr<certs::StoreFollower> follow() {
    auto follower =
        certs::StoreFollower::open(lab_.root(), {.keys = gateway::remote_store_keys(keys_)});
    EXPECT_TRUE(follower) << follower.error().message;
    return std::move(*follower);
  }

  // "" = done, else why not.
  static std::string shake(const certs::StoreFollower& follower, const std::string& name,
                           int version, const char* signatures) {
    auto context = gateway::TlsContext::create({.key_timing = gateway::KeyTiming::may_be_late},
                                               base::wall_now());
    EXPECT_TRUE(context);
    const auto tls = std::make_shared<const gateway::ListenerTls>(
        gateway::ListenerTls{*context,
                             std::make_shared<const gateway::CertificateIndex>(
                                 std::vector<gateway::IndexedPair>{}, follower.view()),
                             nullptr});
    MemoryHandshake handshake(
        tls,
        {.sni = name, .version_min = version, .version_max = version, .signatures = signatures});
    while (handshake.step()) {
      if (!handshake.waits_for_key()) continue;
      pollfd ready{gateway::async_wait_fd(handshake.server()), POLLIN, 0};
      EXPECT_EQ(::poll(&ready, 1, 30'000), 1);
    }
    return handshake.server_failed() ? handshake.failure().detail : handshake.client_error();
  }

  static void expect_served(const certs::StoreFollower& follower, const std::string& name) {
    for (const int version : {TLS1_2_VERSION, TLS1_3_VERSION})
      for (const char* signatures :
           {"ecdsa_secp256r1_sha256:rsa_pkcs1_sha256", "rsa_pss_rsae_sha256:rsa_pkcs1_sha256"})
        EXPECT_EQ(shake(follower, name, version, signatures), "") << version << signatures;
  }

  certs::test::StoreLab lab_;
  std::shared_ptr<RemoteKeys> keys_ = std::make_shared<RemoteKeys>(
      RemoteKeys::Options{.patience = std::chrono::milliseconds(2'000)});
  std::unique_ptr<KeyProcess> process_;
};

TEST_F(RemoteStore, IsServedWithoutReadingAKey) {
  lab_.serve("a.test", generation_of("a.test"));
  hide_keys(lab_.root());
  const auto follower = follow();
  EXPECT_FALSE(follower->start().used_index);
  show_keys(lab_.root());
  start();
  expect_served(*follower, "a.test");
  EXPECT_EQ(process_->desk().counts().keys_held, 2U);
}

TEST_F(RemoteStore, IsServedFromAnIndexOfNamesAlone) {
  lab_.serve("a.test", generation_of("a.test"));
  ASSERT_TRUE(certs::rebuild_index(lab_.store));
  hide_keys(lab_.root());
  const auto follower = follow();
  EXPECT_TRUE(follower->start().used_index) << follower->start().why_not;
  show_keys(lab_.root());
  start();
  expect_served(*follower, "a.test");
}

TEST_F(RemoteStore, ANewGenerationIsServedOnceItsKeysAreThere) {
  lab_.serve("a.test", generation_of("a.test"));
  start();
  const auto follower = follow();
  lab_.serve("a.test", generation_of("a.test"));
  base::MonoTime now{std::chrono::hours(1)};
  EXPECT_TRUE(follower->poll(now));
  EXPECT_EQ(follower->store_view()->fact("a.test")->generation, 2U);
  expect_served(*follower, "a.test");
}

TEST_F(RemoteStore, WhatHasNoKeyIsNotServed) {
  lab_.serve("a.test", generation_of("a.test"));
  start();
  const auto follower = follow();
  lab_.serve("a.test", generation_of("a.test"));
  std::filesystem::remove(lab_.path("private/keys/a.test/000002/ec.key"));
  EXPECT_FALSE(follower->poll({std::chrono::hours(1)}));
  EXPECT_EQ(follower->store_view()->fact("a.test")->generation, 1U);
  EXPECT_THAT(follower->refused().at("a.test"), HasSubstr("E_FILE_UNREADABLE"));
  expect_served(*follower, "a.test");
}

TEST_F(RemoteStore, WithoutAnAnswerItIsAskedAgain) {
  keys_ =
      std::make_shared<RemoteKeys>(RemoteKeys::Options{.patience = std::chrono::milliseconds(1)});
  lab_.serve("a.test", generation_of("a.test"));
  const auto follower = follow();
  lab_.serve("a.test", generation_of("a.test"));
  EXPECT_FALSE(follower->poll({std::chrono::hours(1)}));
  EXPECT_THAT(follower->refused().at("a.test"), HasSubstr("does not answer"));
  keys_->attach({});
  EXPECT_EQ(follower->store_view()->fact("a.test")->generation, 1U);
}

}  // namespace
}  // namespace ravelin::system::test
