#include "system/confine/seccomp_filter.h"

#include "base/handle.h"

#include <seccomp.h>

#include <cerrno>
#include <cstdlib>
#include <memory>
#include <string>
#include <vector>

namespace ravelin::system {
namespace {

using base::Errc;
using base::fail;
using base::Result;

using Filter = base::Handle<void, seccomp_release>;

// A kernel may know calls this list was written without. Libraries try them and fall back when they
// do not exist, but not when they are forbidden.
constexpr int kFirstNewCall = 451;
constexpr int kPastNewCalls = 600;

Result<Filter> make_filter(std::uint32_t rest) {
  Filter filter(::seccomp_init(rest));
  if (filter == nullptr) return fail(Errc::kernel, "seccomp: no memory for a filter");
  ::seccomp_attr_set(filter.get(), SCMP_FLTATR_ACT_BADARCH, SCMP_ACT_KILL_PROCESS);
  ::seccomp_attr_set(filter.get(), SCMP_FLTATR_CTL_NNP, 0);  // set before, or the load fails
  constexpr std::uint32_t kAsATree = 2;
  ::seccomp_attr_set(filter.get(), SCMP_FLTATR_CTL_OPTIMIZE, kAsATree);
  return filter;
}

Result<> add_rule(const Filter& filter, std::uint32_t action, const CallRule& rule) {
  const std::string name(rule.call);
  const int number = ::seccomp_syscall_resolve_name(name.c_str());
  if (number == __NR_SCMP_ERROR) return fail(Errc::invalid, "seccomp: no call \"{}\"", name);
  if (number < 0) return {};  // this machine has none of that name
  std::array<scmp_arg_cmp, std::tuple_size_v<CallArguments>> tests{};
  std::size_t count = 0;
  for (const ArgumentTest& test : rule.tests)
    tests[count++] = {test.index, SCMP_CMP_MASKED_EQ, test.mask, test.value};
  const int failed = ::seccomp_rule_add_array(filter.get(), action, number,
                                              static_cast<unsigned>(count), tests.data());
  if (failed != 0) return base::fail_errno(-failed, "seccomp: " + name);
  return {};
}

Result<> load(const Filter& filter) {
  const int failed = ::seccomp_load(filter.get());
  if (failed != 0) return base::fail_errno(-failed, "seccomp: loading the filter");
  return {};
}

// A filter of its own, since the other one has every refusal logged. The kernel takes the stricter
// answer of the two.
Result<Filter> make_quiet(const SeccompPlan& plan) {
  auto filter = make_filter(SCMP_ACT_ALLOW);
  if (!filter) return filter;
  for (const QuietRefusal& refusal : plan.quiet) {
    const auto error = static_cast<std::uint32_t>(refusal.error);
    const auto done = add_rule(*filter, SCMP_ACT_ERRNO(error), refusal.rule);
    if (!done) return done.error();
  }
  if (plan.rest == SeccompPlan::Rest::refused) {
    for (int number = kFirstNewCall; number < kPastNewCalls; ++number) {
      constexpr std::uint32_t kNoSuchCall = ENOSYS;
      if (::seccomp_rule_add(filter->get(), SCMP_ACT_ERRNO(kNoSuchCall), number, 0) != 0)
        return fail(Errc::invalid, "seccomp: call {} cannot be refused", number);
    }
  }
  return filter;
}

// What the first filter answers, the second does not look at again: else it would be logged.
void pass_on_quiet(const SeccompPlan& plan, std::vector<CallRule>& rules) {
  for (const QuietRefusal& refusal : plan.quiet)
    rules.push_back(refusal.rule);
}

Result<Filter> make_list(const SeccompPlan& plan) {
  const bool is_list = plan.rest == SeccompPlan::Rest::refused;
  auto filter = make_filter(is_list ? SCMP_ACT_ERRNO(EPERM) : SCMP_ACT_ALLOW);
  if (!filter) return filter;
  ::seccomp_attr_set(filter->get(), SCMP_FLTATR_CTL_LOG, 1);
  std::vector<CallRule> rules = plan.rules;
  if (is_list) pass_on_quiet(plan, rules);
  for (const CallRule& rule : rules) {
    const std::uint32_t action = is_list ? SCMP_ACT_ALLOW : SCMP_ACT_ERRNO(EPERM);
    if (const auto done = add_rule(*filter, action, rule); !done) return done.error();
  }
  for (const std::string_view call : plan.ended_for) {
    const auto done = add_rule(*filter, SCMP_ACT_KILL_PROCESS, {call, {}});
    if (!done) return done.error();
  }
  for (int number = kFirstNewCall; is_list && number < kPastNewCalls; ++number)
    ::seccomp_rule_add(filter->get(), SCMP_ACT_ALLOW, number, 0);
  return filter;
}

}  // namespace

Result<> install_seccomp(const SeccompPlan& plan) {
  const auto quiet = make_quiet(plan);
  if (!quiet) return quiet.error();
  const auto list = make_list(plan);
  if (!list) return list.error();
  // The quiet one first: the list does not hold the call that installs filters.
  if (auto done = load(*quiet); !done) return done;
  return load(*list);
}

std::string name_of_call(int number) {
  const std::unique_ptr<char, base::FreeWith<std::free>> name(
      ::seccomp_syscall_resolve_num_arch(SCMP_ARCH_NATIVE, number));
  return name == nullptr ? std::string() : std::string(name.get());
}

}  // namespace ravelin::system
