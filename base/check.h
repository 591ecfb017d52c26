// CHECK(condition): for what only a bug can cause. Prints the place and aborts, in every build
// type.
#pragma once

#include <cstdio>
#include <cstdlib>

namespace ravelin::base {

[[noreturn]] inline void check_failed(const char* condition, const char* file, int line) {
  std::fprintf(stderr, "CHECK failed: %s at %s:%d\n", condition, file, line);
  std::abort();
}

}  // namespace ravelin::base

#define CHECK(condition) \
  ((condition) ? void(0) : ::ravelin::base::check_failed(#condition, __FILE__, __LINE__))
