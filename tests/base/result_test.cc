#include "base/result.h"

#include "base/diagnostics.h"

#include <gtest/gtest.h>

#include <cerrno>

namespace ravelin::base {
namespace {

TEST(Result, PrintsThePositionBeforeTheMessage) {
  EXPECT_EQ(to_string(fail_at({"a.yaml", 3, 7}, "port {} is taken", 80)),
            "a.yaml:3:7: port 80 is taken");
  EXPECT_EQ(to_string(fail_at({"a.yaml", 0, 0}, "is empty")), "a.yaml: is empty");
  EXPECT_EQ(to_string(fail(Errc::io, "disk is full")), "disk is full");
}

TEST(Result, WrapPutsTheActionInFront) {
  EXPECT_EQ(wrap(fail(Errc::denied, "mode is 0644"), "reading key").message,
            "reading key: mode is 0644");
  EXPECT_EQ(wrap(fail(Errc::denied, "mode is 0644"), "reading key").code, Errc::denied);
}

TEST(Result, ErrnoTextIsLowerCase) {
  EXPECT_EQ(fail_errno(ENOENT, "opening x").message, "opening x: no such file or directory");
}

TEST(Diagnostics, CountsErrorsAndPrintsWarningsAsSuch) {
  Diagnostics diagnostics;
  diagnostics.warn({"a.yaml", 1, 1}, "pools[0]", "is not used");
  EXPECT_FALSE(diagnostics.has_errors());
  diagnostics.error({"a.yaml", 2, 5}, "listeners[0].bind", "is missing");
  EXPECT_EQ(diagnostics.error_count(), 1U);
  EXPECT_EQ(to_string(diagnostics.findings()[0]), "a.yaml:1:1: warning: pools[0]: is not used");
  EXPECT_EQ(to_string(diagnostics.findings()[1]), "a.yaml:2:5: listeners[0].bind: is missing");
}

}  // namespace
}  // namespace ravelin::base
