// The index of a store as bytes: what gateways map instead of opening a hundred thousand files. Two
// files, so that private keys are never in the one that holds names: PUBLIC has a header, entries,
// rows (one per certificate) and slots (one per name, sorted by its hash); KEYS has the keys of the
// entries. Made on the machine that reads it, and made again when it is not understood: native
// byte order, no compatibility. Pure over bytes; any thread.
#pragma once

#include "base/result.h"
#include "certs/store/generation.h"
#include "certs/store/journal.h"

#include <array>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace ravelin::certs {

// A pair as DER.
struct PairBytes {
  std::vector<std::string_view> chain;  // leaf first
  std::string_view key;                 // PKCS#8
};

// One certificate of an index. The views are into the index.
struct IndexEntry {
  std::string_view name;                // of the certificate in the store
  std::vector<std::string_view> names;  // all it covers, `name` among them
  std::uint64_t generation = 0;
  std::chrono::sys_seconds not_after{};
  std::optional<PairBytes> ec;
  std::optional<PairBytes> rsa;

  [[nodiscard]] std::optional<PairBytes>& pair(PairSlot slot) {
    return slot == PairSlot::ec ? ec : rsa;
  }

  [[nodiscard]] const std::optional<PairBytes>& pair(PairSlot slot) const {
    return slot == PairSlot::ec ? ec : rsa;
  }
};

struct IndexHead {
  std::uint64_t build_id = 0;  // the same in both files
  JournalPlace journal;        // what the index knows of
  std::uint64_t left_out = 0;  // certificates of the store that could not be read
};

struct IndexBytes {
  std::string public_bytes;
  std::string key_bytes;
};

// Takes entries one by one and gives their bytes away, so that they need not all be in memory: what
// stays is 48 bytes or so for each name.
class IndexWriter {
 public:
  explicit IndexWriter(IndexHead head);

  // Errors: too much for the format (a name of 64 KiB, 10,000 names, 255 certificates in a chain, 4
  // GiB in all), a chain without a certificate. The writer is as before then.
  base::Result<> add(const IndexEntry& entry);

  // What comes next in each file, since the last call. At first that begins with room for its head.
  IndexBytes take();

  struct End {
    IndexBytes rest;   // what comes last in each file
    IndexBytes heads;  // in place of the room
  };

  // The writer is used up then.
  End finish(std::uint64_t left_out);

 private:
  struct Slot {
    std::uint64_t hash;
    std::uint32_t row;
    std::uint32_t rank;
  };

  struct Row {
    std::uint64_t offset, key_offset;
    std::int64_t not_after;
    std::uint64_t generation;
  };

  IndexHead head_;
  std::vector<Row> rows_;
  std::vector<Slot> slots_;
  IndexBytes next_;                // not given away yet
  std::uint64_t entry_bytes_ = 0;  // of all, without the head
  std::uint64_t key_bytes_ = 0;
};

// The files of a few entries as a whole.
IndexBytes finish_whole(IndexWriter writer);

// The build whose keys belong to a file of names; nullopt: it is none, or of another version.
std::optional<std::uint64_t> index_build(std::string_view public_bytes);

// Looks into an index that someone else keeps in memory. Every length is checked: damaged bytes
// give no answer, never a wrong read.
class IndexReader {
 public:
  // Errors: not an index, another version, cut off, files that do not belong together.
  static base::Result<IndexReader> open(std::string_view public_bytes, std::string_view key_bytes);
  // Without the file of the keys: those of its entries are empty.
  static base::Result<IndexReader> open_names(std::string_view public_bytes);

  [[nodiscard]] const IndexHead& head() const { return head_; }

  [[nodiscard]] std::size_t size() const { return row_count_; }

  struct Row {
    std::uint64_t generation;
    std::chrono::sys_seconds not_after;
  };

  [[nodiscard]] Row row(std::size_t at) const;
  // nullopt: damaged.
  [[nodiscard]] std::optional<IndexEntry> entry(std::size_t row) const;

  // Rows whose certificate covers exactly this name ("*.example.com" for a wildcard), best first:
  // the one that is called so, then as added.
  [[nodiscard]] std::vector<std::size_t> find(std::string_view name) const;

 private:
  IndexReader() = default;

  std::string_view public_;
  std::string_view keys_;  // empty: without keys
  IndexHead head_;
  std::size_t tables_ = 0;  // where rows begin; slots follow them
  std::size_t row_count_ = 0;
  std::size_t slot_count_ = 0;
};

}  // namespace ravelin::certs
