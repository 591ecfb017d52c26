// Which system calls a role makes: a list, and what becomes of the calls that are not on it. Pure;
// seccomp_filter.h hands it to the kernel.
#pragma once

#include "system/confine/confinement.h"

#include <sys/types.h>

#include <array>
#include <cstdint>
#include <string_view>
#include <vector>

namespace ravelin::system {

// (argument & mask) == value.
struct ArgumentTest {
  unsigned index = 0;
  std::uint64_t mask = 0;
  std::uint64_t value = 0;

  friend bool operator==(const ArgumentTest&, const ArgumentTest&) = default;
};

struct CallRule {
  std::string_view call;            // lives as long as the program
  std::vector<ArgumentTest> tests;  // of different arguments; all hold

  friend bool operator==(const CallRule&, const CallRule&) = default;
};

struct QuietRefusal {
  CallRule rule;
  int error = 0;
};

struct SeccompPlan {
  // What happens to a call no rule is about.
  enum class Rest : std::uint8_t {
    refused,  // EPERM, and the kernel's log says which call it was; `rules` are allowed
    allowed,  // `rules` are refused in that way
  };

  Rest rest = Rest::refused;
  std::vector<CallRule> rules;
  // The process ends with SIGSYS, and the kernel's log says why: only an intruder makes these.
  std::vector<std::string_view> ended_for;
  // Refused without a line in the log: callers try these and know another way.
  std::vector<QuietRefusal> quiet;
};

// `own`: the process it is for, the only one it may signal.
SeccompPlan plan_seccomp(const Confinement& confinement, pid_t own);

// For builds with a sanitizer, which looks into the process and the system on its own.
void allow_sanitizers(SeccompPlan& plan);

enum class Verdict : std::uint8_t { allowed, refused, refused_quietly, ended };

using CallArguments = std::array<std::uint64_t, 6>;

// What the kernel will say, for tests and `status`.
Verdict judge(const SeccompPlan& plan, std::string_view call, const CallArguments& arguments);

// Calls that are allowed in some form; nothing for a plan that allows the rest.
std::size_t count_allowed(const SeccompPlan& plan);

}  // namespace ravelin::system
