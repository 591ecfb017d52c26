#include "certs/view/index_bytes.h"

#include "base/hash.h"

#include <algorithm>
#include <cstring>
#include <tuple>
#include <utility>

namespace ravelin::certs {
namespace {

using base::Errc;
using base::fail;

constexpr std::array<char, 8> kPublicMagic = {'R', 'V', 'L', 'N', 'P', 'U', 'B', '2'};
constexpr std::array<char, 8> kKeysMagic = {'R', 'V', 'L', 'N', 'K', 'E', 'Y', '1'};

struct PublicHead {
  std::array<char, 8> magic;
  std::uint64_t build_id, journal_id, journal_offset, rows, slots, size, tables, left_out;
  std::uint64_t checksum;  // of the fields above, rows and slots
};

struct KeysHead {
  std::array<char, 8> magic;
  std::uint64_t build_id, size;
};

struct RowBytes {
  std::uint64_t offset, key_offset;
  std::int64_t not_after;
  std::uint64_t generation;
};

struct SlotBytes {
  std::uint64_t hash;
  std::uint32_t row, rank;
};

template <class T>
void put(std::string& out, const T& value) {
  out.append(reinterpret_cast<const char*>(&value), sizeof value);
}

template <class Length>
void put_text(std::string& out, std::string_view text) {
  put(out, static_cast<Length>(text.size()));
  out += text;
}

template <class T>
T read_at(std::string_view bytes, std::size_t at) {
  T value;
  std::memcpy(&value, bytes.data() + at, sizeof value);
  return value;
}

std::uint64_t hash_of(std::string_view name) {
  return base::mix_bits(base::fnv1a(name));
}

// Takes values from the front; once something is missing, everything is.
class Cursor {
 public:
  Cursor(std::string_view bytes, std::uint64_t at)
      : rest_(at <= bytes.size() ? bytes.substr(at) : std::string_view()),
        is_good_(at <= bytes.size()) {}

  template <class T>
  T take() {
    if (rest_.size() < sizeof(T)) {
      is_good_ = false;
      rest_ = {};
      return T{};
    }
    const T value = read_at<T>(rest_, 0);
    rest_.remove_prefix(sizeof(T));
    return value;
  }

  template <class Length>
  std::string_view take_text() {
    const auto size = static_cast<std::size_t>(take<Length>());
    if (size > rest_.size()) {
      is_good_ = false;
      rest_ = {};
      return {};
    }
    const std::string_view text = rest_.substr(0, size);
    rest_.remove_prefix(size);
    return text;
  }

  [[nodiscard]] bool is_good() const { return is_good_; }

 private:
  std::string_view rest_;
  bool is_good_;
};

std::uint64_t checksum_of(PublicHead head, std::string_view tables) {
  head.checksum = 0;
  std::string fields;
  put(fields, head);
  return base::fnv1a(fields) ^ base::mix_bits(base::fnv1a(tables));
}

// Whether every length and count of it fits into its field.
bool fits(const IndexEntry& entry) {
  constexpr std::size_t kNamesMax = 10'000;
  constexpr std::size_t kNameBytesMax = 0xffff;
  constexpr std::size_t kChainMax = 0xff;
  const auto is_long = [](std::string_view name) { return name.size() > kNameBytesMax; };
  if (is_long(entry.name) || entry.names.size() > kNamesMax ||
      std::ranges::any_of(entry.names, is_long))
    return false;
  return std::ranges::all_of(kPairSlots, [&entry](PairSlot slot) {
    const auto& pair = entry.pair(slot);
    return !pair || (!pair->chain.empty() && pair->chain.size() <= kChainMax);
  });
}

template <class T>
std::string bytes_of(const std::vector<T>& values) {
  return {reinterpret_cast<const char*>(values.data()), values.size() * sizeof(T)};
}

base::Error broken_index(std::string_view why) {
  return fail(Errc::invalid, "the index of the store {}", why);
}

}  // namespace

IndexWriter::IndexWriter(IndexHead head) : head_(head) {
  next_.public_bytes.assign(sizeof(PublicHead), '\0');
  next_.key_bytes.assign(sizeof(KeysHead), '\0');
}

base::Result<> IndexWriter::add(const IndexEntry& entry) {
  constexpr std::uint64_t kEntriesMax = std::uint64_t{1} << 32U;
  if (!fits(entry) || entry_bytes_ >= kEntriesMax)
    return fail(Errc::invalid, "certificate \"{}\" does not fit into the index", entry.name);
  const auto row = static_cast<std::uint32_t>(rows_.size());
  rows_.push_back(
      {entry_bytes_, key_bytes_, entry.not_after.time_since_epoch().count(), entry.generation});
  auto& [entries, keys] = next_;
  const std::size_t entries_before = entries.size();
  const std::size_t keys_before = keys.size();
  put_text<std::uint16_t>(entries, entry.name);
  put(entries, static_cast<std::uint16_t>(entry.names.size()));
  for (const std::string_view name : entry.names) {
    put_text<std::uint16_t>(entries, name);
    slots_.push_back({hash_of(name), row, name == entry.name ? 0U : 1U});
  }
  for (const PairSlot slot : kPairSlots) {
    const auto& pair = entry.pair(slot);
    put(entries, static_cast<std::uint8_t>(pair ? pair->chain.size() : 0));
    if (!pair) continue;
    for (const std::string_view der : pair->chain)
      put_text<std::uint32_t>(entries, der);
    put_text<std::uint32_t>(keys, pair->key);
  }
  entry_bytes_ += entries.size() - entries_before;
  key_bytes_ += keys.size() - keys_before;
  return {};
}

IndexBytes IndexWriter::take() {
  return std::exchange(next_, {});
}

IndexWriter::End IndexWriter::finish(std::uint64_t left_out) {
  std::ranges::sort(slots_, {},
                    [](const Slot& slot) { return std::tuple(slot.hash, slot.rank, slot.row); });
  static_assert(sizeof(Row) == sizeof(RowBytes) && sizeof(Slot) == sizeof(SlotBytes));
  const std::string tables = bytes_of(rows_) + bytes_of(slots_);
  End end{.rest = take()};
  end.rest.public_bytes += tables;
  PublicHead head{.magic = kPublicMagic,
                  .build_id = head_.build_id,
                  .journal_id = head_.journal.id,
                  .journal_offset = head_.journal.offset,
                  .rows = rows_.size(),
                  .slots = slots_.size(),
                  .size = sizeof(PublicHead) + entry_bytes_ + tables.size(),
                  .tables = sizeof(PublicHead) + entry_bytes_,
                  .left_out = left_out,
                  .checksum = 0};
  head.checksum = checksum_of(head, tables);
  put(end.heads.public_bytes, head);
  put(end.heads.key_bytes, KeysHead{kKeysMagic, head_.build_id, sizeof(KeysHead) + key_bytes_});
  return end;
}

IndexBytes finish_whole(IndexWriter writer) {
  IndexBytes bytes = writer.take();
  const IndexWriter::End end = writer.finish(0);
  bytes.public_bytes += end.rest.public_bytes;
  bytes.key_bytes += end.rest.key_bytes;
  bytes.public_bytes.replace(0, end.heads.public_bytes.size(), end.heads.public_bytes);
  bytes.key_bytes.replace(0, end.heads.key_bytes.size(), end.heads.key_bytes);
  return bytes;
}

std::optional<std::uint64_t> index_build(std::string_view public_bytes) {
  if (public_bytes.size() < sizeof(PublicHead)) return std::nullopt;
  const auto head = read_at<PublicHead>(public_bytes, 0);
  if (head.magic != kPublicMagic) return std::nullopt;
  return head.build_id;
}

base::Result<IndexReader> IndexReader::open(std::string_view public_bytes,
                                            std::string_view key_bytes) {
  auto reader = open_names(public_bytes);
  if (!reader) return reader;
  if (key_bytes.size() < sizeof(KeysHead)) return broken_index("is cut off");
  const auto keys = read_at<KeysHead>(key_bytes, 0);
  if (keys.magic != kKeysMagic) return broken_index("is of another version");
  if (keys.size != key_bytes.size()) return broken_index("is cut off");
  if (reader->head_.build_id != keys.build_id)
    return broken_index("and that of its keys do not belong together");
  reader->keys_ = key_bytes;
  return reader;
}

base::Result<IndexReader> IndexReader::open_names(std::string_view public_bytes) {
  if (public_bytes.size() < sizeof(PublicHead)) return broken_index("is cut off");
  const auto head = read_at<PublicHead>(public_bytes, 0);
  if (head.magic != kPublicMagic) return broken_index("is of another version");
  if (head.size != public_bytes.size()) return broken_index("is cut off");
  if (head.tables < sizeof(PublicHead) || head.tables > public_bytes.size())
    return broken_index("is damaged");
  const std::size_t tables_max = public_bytes.size() - head.tables;
  if (head.rows > tables_max / sizeof(RowBytes) || head.slots > tables_max / sizeof(SlotBytes) ||
      head.rows * sizeof(RowBytes) + head.slots * sizeof(SlotBytes) != tables_max)
    return broken_index("is damaged");
  const std::string_view tables = public_bytes.substr(head.tables);
  if (checksum_of(head, tables) != head.checksum) return broken_index("is damaged");
  IndexReader reader;
  reader.public_ = public_bytes;
  reader.head_ = {head.build_id, {head.journal_id, head.journal_offset}, head.left_out};
  reader.tables_ = head.tables;
  reader.row_count_ = head.rows;
  reader.slot_count_ = head.slots;
  return reader;
}

IndexReader::Row IndexReader::row(std::size_t at) const {
  const auto row = read_at<RowBytes>(public_, tables_ + at * sizeof(RowBytes));
  return {row.generation, std::chrono::sys_seconds(std::chrono::seconds(row.not_after))};
}

std::optional<IndexEntry> IndexReader::entry(std::size_t row) const {
  if (row >= row_count_) return std::nullopt;
  const auto place = read_at<RowBytes>(public_, tables_ + row * sizeof(RowBytes));
  Cursor at(public_.substr(sizeof(PublicHead), tables_ - sizeof(PublicHead)), place.offset);
  const bool has_keys = !keys_.empty();
  Cursor keys(has_keys ? keys_.substr(sizeof(KeysHead)) : keys_, has_keys ? place.key_offset : 0);
  IndexEntry entry;
  entry.generation = place.generation;
  entry.not_after = std::chrono::sys_seconds(std::chrono::seconds(place.not_after));
  entry.name = at.take_text<std::uint16_t>();
  const auto names = at.take<std::uint16_t>();
  entry.names.reserve(names);
  for (unsigned i = 0; i < names && at.is_good(); ++i)
    entry.names.push_back(at.take_text<std::uint16_t>());
  for (const PairSlot slot : kPairSlots) {
    const auto count = at.take<std::uint8_t>();
    if (count == 0) continue;
    PairBytes pair;
    pair.chain.reserve(count);
    for (unsigned i = 0; i < count && at.is_good(); ++i)
      pair.chain.push_back(at.take_text<std::uint32_t>());
    if (has_keys) pair.key = keys.take_text<std::uint32_t>();
    entry.pair(slot) = std::move(pair);
  }
  if (!at.is_good() || !keys.is_good()) return std::nullopt;
  return entry;
}

std::vector<std::size_t> IndexReader::find(std::string_view name) const {
  const std::size_t slots = tables_ + row_count_ * sizeof(RowBytes);
  const auto slot_at = [&](std::size_t i) {
    return read_at<SlotBytes>(public_, slots + i * sizeof(SlotBytes));
  };
  const std::uint64_t hash = hash_of(name);
  std::size_t first = 0;
  for (std::size_t count = slot_count_; count > 0;) {
    const std::size_t half = count / 2;
    if (slot_at(first + half).hash < hash) {
      first += half + 1;
      count -= half + 1;
    } else {
      count = half;
    }
  }
  std::vector<std::size_t> rows;
  for (; first < slot_count_ && slot_at(first).hash == hash; ++first) {
    const std::size_t row = slot_at(first).row;
    const auto found = entry(row);
    // Two names may have one hash.
    if (found && std::ranges::find(found->names, name) != found->names.end()) rows.push_back(row);
  }
  return rows;
}

}  // namespace ravelin::certs
