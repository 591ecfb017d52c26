#include "certs/acme/dns_hook.h"

#include "base/clock.h"
#include "base/io/file.h"
#include "tests/support/temp_dir.h"

#include <gtest/gtest.h>

namespace ravelin::certs {
namespace {

using namespace std::chrono_literals;

const Challenge kChallenge{ChallengeType::dns_01, "www.example.test", "token", "token.thumbprint"};

class DnsHooks : public testing::Test {
 protected:
  DnsHook hook(const std::string& script, std::chrono::seconds deadline = 60s) {
    const std::string path = dir_.path() + "/hook";
    EXPECT_TRUE(base::replace_file(path, "#!/bin/sh\ncd " + dir_.path() + "\n" + script, 0755));
    return DnsHook({path, deadline});
  }

  std::string file(const std::string& name) {
    const auto text = base::read_file(dir_.path() + "/" + name, 65536);
    return text ? *text : "";
  }

  test::TempDir dir_;
};

TEST_F(DnsHooks, GetsTheRecordAndNothingElse) {
  DnsHook board =
      hook("printf '%s\\n' \"$@\" >> arguments; cat >> input; env | sort > environment\n");
  EXPECT_TRUE(board.can_answer(ChallengeType::dns_01));
  EXPECT_FALSE(board.can_answer(ChallengeType::http_01));
  const auto put = board.put_up(kChallenge);
  ASSERT_TRUE(put) << put.error().message;
  board.take_down(kChallenge);
  const std::string record =
      "_acme-challenge.www.example.test\n" + dns_record_value(kChallenge) + "\n";
  EXPECT_EQ(file("arguments"), "present\n" + record + "cleanup\n" + record);
  EXPECT_EQ(file("input"), "");
  EXPECT_TRUE(file("environment").find("HOME=") != std::string::npos);
  EXPECT_EQ(file("environment").find("GTEST"), std::string::npos);
}

TEST_F(DnsHooks, FailureIsToldInTheHooksWords) {
  EXPECT_EQ(hook("echo no such zone >&2; exit 3\n").put_up(kChallenge).error().message,
            dir_.path() + "/hook present _acme-challenge.www.example.test: exit 3: no such zone");
  EXPECT_NE(hook("kill -9 $$\n").put_up(kChallenge).error().message.find("killed by signal 9"),
            std::string::npos);
  const auto loud =
      hook("i=0; while [ $i -lt 9999 ]; do echo 0123456789; i=$((i+1)); done; exit 1\n")
          .put_up(kChallenge);
  ASSERT_FALSE(loud);
  EXPECT_LT(loud.error().message.size(), 1'400U);
  EXPECT_EQ(loud.error().message.find('\n'), std::string::npos);
}

TEST_F(DnsHooks, AProgramThatIsNotThereIsAnError) {
  DnsHook board({dir_.path() + "/none", 1s});
  EXPECT_EQ(board.put_up(kChallenge).error().message,
            dir_.path() + "/none: no such file or directory");
}

TEST_F(DnsHooks, OneThatHangsIsKilledWithAllItStarted) {
  // What holds the pipe open is not waited for either.
  const auto put = hook("mkfifo fifo; cat fifo & cat fifo\n", 1s).put_up(kChallenge);
  ASSERT_FALSE(put);
  EXPECT_EQ(put.error().code, base::Errc::timeout);
  EXPECT_TRUE(hook("mkfifo other; cat other & exit 0\n").put_up(kChallenge));
}

}  // namespace
}  // namespace ravelin::certs
