// What the certificates of the benchmark's stores are called.
#pragma once

#include <fmt/format.h>

#include <string>

namespace ravelin::bench {

// "n000042.bench.test"
inline std::string store_name(unsigned number) {
  return fmt::format("n{:06}.bench.test", number);
}

}  // namespace ravelin::bench
