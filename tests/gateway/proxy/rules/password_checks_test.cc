#include "gateway/proxy/rules/password_checks.h"

#include "gateway/proxy/rules/known_passwords.h"

#include <crypt.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <thread>
#include <vector>

namespace ravelin::gateway {
namespace {

using namespace std::chrono_literals;

std::string hash_of(const std::string& password, const char* setting) {
  crypt_data data{};
  return ::crypt_r(password.c_str(), setting, &data);
}

TEST(MatchesHash, KnowsEveryFormAPasswordFileMayHold) {
  for (const char* setting : {"$y$j75$abcdefgh$", "$2y$04$abcdefghijklmnopqrstuu",
                              "$6$rounds=1000$salt$", "$5$rounds=1000$salt$"}) {
    const std::string hash = hash_of("open sesame", setting);
    EXPECT_TRUE(matches_hash("open sesame", hash)) << setting;
    EXPECT_FALSE(matches_hash("open sesam", hash)) << setting;
    EXPECT_FALSE(matches_hash("", hash)) << setting;
  }
  EXPECT_FALSE(matches_hash("*0", "*0"));
  EXPECT_FALSE(matches_hash("", ""));
}

TEST(PasswordChecks, AnswerOnTheReactorOfWhoAsks) {
  const std::string hash = hash_of("right", "$5$rounds=1000$salt$");
  Reactor reactor;
  PasswordChecks checks;
  std::vector<bool> answers;
  const auto asking = std::this_thread::get_id();
  const auto answer = [&](bool is_right) {
    EXPECT_EQ(std::this_thread::get_id(), asking);
    answers.push_back(is_right);
    if (answers.size() == 2) reactor.stop();
  };
  ASSERT_TRUE(checks.ask("right", hash, reactor, answer));
  ASSERT_TRUE(checks.ask("wrong", hash, reactor, answer));
  reactor.run();
  EXPECT_EQ(answers.size(), 2U);
  EXPECT_EQ(std::count(answers.begin(), answers.end(), true), 1);
}

TEST(PasswordChecks, RefuseMoreThanMayWait) {
  const std::string slow = "$6$rounds=200000$salt$" + std::string(86, 'x');
  Reactor reactor;
  PasswordChecks checks;  // its end drops what waits
  std::size_t taken = 0;
  while (taken < 1'000 && checks.ask("a", slow, reactor, [](bool) {}))
    ++taken;
  EXPECT_GE(taken, PasswordChecks::kWaitingMax);
  EXPECT_LE(taken, PasswordChecks::kWaitingMax + PasswordChecks::kThreads);
}

// The vectors of the paper's appendix A: key 00..0f, texts 00, 0001, …
TEST(SipHash, IsThatOfThePaper) {
  const std::uint64_t key0 = 0x0706050403020100;
  const std::uint64_t key1 = 0x0f0e0d0c0b0a0908;
  std::array<char, 15> text;
  for (std::size_t i = 0; i < text.size(); ++i)
    text[i] = static_cast<char>(i);
  EXPECT_EQ(sip_hash({key0, key1}, {text.data(), 15}), 0xa129ca6149be45e5);
  EXPECT_EQ(sip_hash({key0, key1}, {}), 0x726fdb47dd0e0e31);
}

TEST(KnownPasswords, AreKnownForAMinute) {
  KnownPasswords known;
  const base::MonoTime start = base::mono_now();
  EXPECT_FALSE(known.contains("$6$a", "pw", start));
  known.add("$6$a", "pw", start);
  EXPECT_TRUE(known.contains("$6$a", "pw", start + 59s));
  EXPECT_FALSE(known.contains("$6$a", "pw", start + 60s));
  EXPECT_FALSE(known.contains("$6$a", "pw2", start));
  EXPECT_FALSE(known.contains("$6$b", "pw", start));
  EXPECT_FALSE(KnownPasswords().contains("$6$a", "pw", start));
}

TEST(KnownPasswords, AreBounded) {
  KnownPasswords known;
  const base::MonoTime start = base::mono_now();
  std::size_t kept = 0;
  for (std::size_t i = 0; i < 2 * KnownPasswords::kMax; ++i)
    known.add("$6$a", std::to_string(i), start);
  for (std::size_t i = 0; i < 2 * KnownPasswords::kMax; ++i)
    kept += known.contains("$6$a", std::to_string(i), start) ? 1 : 0;
  EXPECT_EQ(kept, KnownPasswords::kMax);
}

}  // namespace
}  // namespace ravelin::gateway
