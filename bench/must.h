// For benchmark programs: the value, or the end of the program with the reason.
#pragma once

#include "base/result.h"

#include <fmt/format.h>

#include <cstdio>
#include <cstdlib>
#include <utility>

namespace ravelin::bench {

[[noreturn]] inline void give_up(const base::Error& error) {
  fmt::print(stderr, "{}\n", base::to_string(error));
  std::exit(1);
}

template <class T>
T must(base::Result<T> result) {
  if (!result) give_up(result.error());
  return std::move(*result);
}

inline void must(const base::Result<>& result) {
  if (!result) give_up(result.error());
}

}  // namespace ravelin::bench
