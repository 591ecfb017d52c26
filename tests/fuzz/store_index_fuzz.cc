// An index of a store of any bytes: refused, or it answers within them. The first four bytes say
// where the file of the keys begins. Once as it is, and once with sizes and checksum made good,
// which no fuzzer finds by itself.
#include "base/check.h"
#include "base/hash.h"
#include "certs/view/index_bytes.h"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string>
#include <string_view>

namespace ravelin::certs {
namespace {

bool is_inside(std::string_view all, std::string_view part) {
  return part.empty() ||
         (part.data() >= all.data() && part.data() + part.size() <= all.data() + all.size());
}

void look_at(const IndexEntry& entry, std::string_view names, std::string_view keys) {
  CHECK(is_inside(names, entry.name));
  for (const std::string_view name : entry.names)
    CHECK(is_inside(names, name));
  for (const PairSlot slot : kPairSlots) {
    if (!entry.pair(slot)) continue;
    for (const std::string_view der : entry.pair(slot)->chain)
      CHECK(is_inside(names, der));
    CHECK(is_inside(keys, entry.pair(slot)->key));
  }
}

void run(std::string_view names, std::string_view keys) {
  const auto reader = IndexReader::open(names, keys);
  if (!reader) return;
  for (std::size_t row = 0; row < reader->size(); ++row) {
    static_cast<void>(reader->row(row));
    const auto entry = reader->entry(row);
    if (!entry) continue;
    look_at(*entry, names, keys);
    for (const std::string_view name : entry->names)
      for (const std::size_t found : reader->find(name)) {
        const auto again = reader->entry(found);
        CHECK(again && std::ranges::find(again->names, name) != again->names.end());
      }
  }
  CHECK(!reader->entry(reader->size()));
  for (const std::size_t found : reader->find("a.test"))
    CHECK(reader->entry(found).has_value());
}

template <class T>
T field(const std::string& text, std::size_t at) {
  T value;
  std::memcpy(&value, text.data() + at, sizeof value);
  return value;
}

void set_field(std::string& text, std::size_t at, std::uint64_t value) {
  std::memcpy(text.data() + at, &value, sizeof value);
}

// As the writer would have it, where the heads are whole.
void mend(std::string& names, std::string& keys) {
  constexpr std::size_t kHead = 80;
  constexpr std::size_t kKeysHead = 24;
  if (names.size() < kHead || keys.size() < kKeysHead) return;
  const auto tables = field<std::uint64_t>(names, 32) * 32 + field<std::uint64_t>(names, 40) * 16;
  if (tables > names.size() - kHead) return;
  set_field(names, 48, names.size());
  set_field(names, 56, names.size() - tables);
  set_field(names, 72, 0);
  set_field(names, 72,
            base::fnv1a(std::string_view(names).substr(0, kHead)) ^
                base::mix_bits(base::fnv1a(std::string_view(names).substr(names.size() - tables))));
  set_field(keys, 8, field<std::uint64_t>(names, 8));
  set_field(keys, 16, keys.size());
}

}  // namespace

void run_both(std::string_view names, std::string_view keys) {
  run(names, keys);
  std::string good_names(names);
  std::string good_keys(keys);
  mend(good_names, good_keys);
  run(good_names, good_keys);
}

}  // namespace ravelin::certs

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view all(reinterpret_cast<const char*>(data), size);
  std::uint32_t at = 0;
  if (size < sizeof at) return 0;
  std::memcpy(&at, data, sizeof at);
  const std::string_view rest = all.substr(sizeof at);
  const std::size_t cut = std::min<std::size_t>(at, rest.size());
  ravelin::certs::run_both(rest.substr(0, cut), rest.substr(cut));
  return 0;
}
