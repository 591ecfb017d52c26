// Handle<T, free>: a unique_ptr around a C library's object, freed by the library's own function.
#pragma once

#include <memory>

namespace ravelin::base {

template <auto Free>
struct FreeWith {
  template <class T>
  void operator()(T* object) const noexcept {
    Free(object);
  }
};

template <class T, auto Free>
using Handle = std::unique_ptr<T, FreeWith<Free>>;

}  // namespace ravelin::base
