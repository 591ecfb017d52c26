#include "gateway/tls/crypto_memory.h"

#include <malloc.h>
#include <openssl/crypto.h>

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdlib>
#include <cstring>
#include <new>

namespace ravelin::gateway {
namespace {

// One list for each size glibc hands out up to 2 KiB (usable sizes are 24, 40, 56, …), so that a
// block's own usable size says which list it belongs to and nothing is stored beside it; then one
// for record buffers.
constexpr std::size_t kStep = 16;
constexpr std::size_t kFirst = 24;
constexpr std::size_t kSmallClasses = 128;
constexpr std::size_t kRecordBytes = 17 * 1024;
constexpr std::size_t kRecordFloor = 16 * 1024;
constexpr std::size_t kRecordClass = kSmallClasses;
constexpr std::size_t kNoClass = kSmallClasses + 1;
constexpr std::size_t kRecordsKept = 64;
// Of each size a thread keeps so much. What one thread allocates and another frees (a context that
// a reload replaces) gathers with the latter: without a bound in bytes that looks like a leak.
constexpr std::size_t kKeptBytes = 32 * 1024;
constexpr std::size_t kKeptMin = 32;  // blocks

struct Node {
  Node* next;
};

struct Lists {
  std::array<Node*, kSmallClasses + 1> heads{};
  std::array<std::size_t, kSmallClasses + 1> kept{};

  Lists() = default;
  Lists(const Lists&) = delete;
  Lists& operator=(const Lists&) = delete;

  ~Lists() {
    ended = true;
    for (Node* node : heads) {
      while (node != nullptr) {
        Node* const next = node->next;
        std::free(node);
        node = next;
      }
    }
    heads.fill(nullptr);
  }

  static thread_local bool ended;  // OpenSSL frees some things after the thread's own destructors
};

thread_local bool Lists::ended = false;

Lists& lists() {
  thread_local Lists of_this_thread;
  return of_this_thread;
}

// The list that serves a request of this size.
std::size_t class_for(std::size_t bytes) {
  if (bytes <= kFirst) return 0;
  const std::size_t list = (bytes - kFirst + kStep - 1) / kStep;
  if (list < kSmallClasses) return list;
  return bytes > kRecordFloor && bytes <= kRecordBytes ? kRecordClass : kNoClass;
}

// The list a block goes back to.
std::size_t class_of(std::size_t usable) {
  if (usable >= kRecordBytes) return usable < kRecordBytes + kFirst ? kRecordClass : kNoClass;
  const std::size_t list = (usable - kFirst) / kStep;
  return list < kSmallClasses ? list : kNoClass;
}

constexpr std::size_t bytes_of(std::size_t list) {
  return list == kRecordClass ? kRecordBytes : kFirst + list * kStep;
}

constexpr auto kKeptMax = [] {
  std::array<std::size_t, kSmallClasses + 1> all{};
  for (std::size_t list = 0; list < kSmallClasses; ++list)
    all[list] = std::max(kKeptMin, kKeptBytes / bytes_of(list));
  all[kRecordClass] = kRecordsKept;
  return all;
}();

void* allocate(std::size_t bytes, const char* /*file*/, int /*line*/) {
  if (bytes == 0) return nullptr;
  const std::size_t list = class_for(bytes);
  if (list == kNoClass || Lists::ended) return std::malloc(bytes);
  Lists& own = lists();
  if (Node* node = own.heads[list]) {
    own.heads[list] = node->next;
    --own.kept[list];
    return node;
  }
  return std::malloc(bytes_of(list));
}

void release(void* block, const char* /*file*/, int /*line*/) {
  if (block == nullptr) return;
  const std::size_t list = class_of(::malloc_usable_size(block));
  if (list != kNoClass && !Lists::ended) {
    Lists& own = lists();
    if (own.kept[list] < kKeptMax[list]) {
      own.heads[list] = ::new (block) Node{own.heads[list]};
      ++own.kept[list];
      return;
    }
  }
  std::free(block);
}

[[maybe_unused]] void* reallocate(void* block, std::size_t bytes, const char* file, int line) {
  if (block == nullptr) return allocate(bytes, file, line);
  if (bytes == 0) {
    release(block, file, line);
    return nullptr;
  }
  const std::size_t held = ::malloc_usable_size(block);
  if (bytes <= held) return block;
  void* larger = allocate(bytes, file, line);
  if (larger == nullptr) return nullptr;
  std::memcpy(larger, block, held);
  release(block, file, line);
  return larger;
}

}  // namespace

bool install_crypto_memory() {
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
  return true;
#else
  return CRYPTO_set_mem_functions(allocate, reallocate, release) == 1;
#endif
}

}  // namespace ravelin::gateway
