#include "base/io/run_program.h"

#include <gtest/gtest.h>

#include <filesystem>

namespace ravelin::base {
namespace {

using std::chrono::milliseconds;

ProgramRun shell(std::string script) {
  return {.words = {"/bin/sh", "-c", std::move(script)}};
}

TEST(RunProgram, GivesStatusAndWhatWasWritten) {
  const auto end = run_program(shell("echo out; echo err >&2; exit 7"));
  ASSERT_TRUE(end) << end.error().message;
  EXPECT_EQ(end->status, 7);
  EXPECT_EQ(end->output, "out\nerr\n");
}

TEST(RunProgram, TakesWordsAsTheyAre) {
  const auto end = run_program({.words = {"/bin/echo", "$(id)", "a b", "*"}});
  ASSERT_TRUE(end);
  EXPECT_EQ(end->output, "$(id) a b *\n");
}

TEST(RunProgram, HasTheEnvironmentItIsGivenAndNoInput) {
  ProgramRun run = shell("cat; echo $ONE $HOME");
  run.environment = {"PATH=/usr/bin:/bin", "ONE=1"};
  EXPECT_EQ(run_program(run)->output, "1\n");
}

TEST(RunProgram, KeepsOnlySoMuchOfTheOutput) {
  ProgramRun run = shell("head -c 200000 /dev/zero");
  run.output_bytes_max = 1000;
  EXPECT_EQ(run_program(run)->output.size(), 1000U);
}

TEST(RunProgram, WhatCannotBeStartedIsAnError) {
  EXPECT_FALSE(run_program({.words = {"/nonexistent/program"}}));
  EXPECT_FALSE(run_program({.words = {"/etc/passwd"}}));
}

TEST(RunProgram, WhatASignalEndedIsAnError) {
  EXPECT_EQ(run_program(shell("kill -TERM $$")).error().message, "/bin/sh was ended by signal 15");
}

// exec: the process that would go on is the one whose number is told.
TEST(RunProgram, WhatTakesTooLongIsKilledWithAllItStarted) {
  for (const char* script :
       {"exec cat /dev/zero >/dev/null", "(exec tail -f /dev/null) & exit 0"}) {
    ProgramRun run = shell(script);
    run.time_max = milliseconds(100);
    const auto end = run_program(run);
    ASSERT_FALSE(end) << script;
    EXPECT_EQ(end.error().code, Errc::timeout);
    EXPECT_EQ(end.error().message, "/bin/sh has not ended within 100 ms");
  }
}

TEST(RunProgram, LeavesNoDescriptorBehind) {
  const auto count = [] {
    return std::distance(std::filesystem::directory_iterator("/proc/self/fd"), {});
  };
  const auto before = count();
  EXPECT_TRUE(run_program(shell("exit 0")));
  EXPECT_FALSE(run_program({.words = {"/nonexistent"}}));
  EXPECT_EQ(count(), before);
}

}  // namespace
}  // namespace ravelin::base
