// Cutting off the beginning of a journal that only grows, in one step: who follows it and had read
// as far as what is kept, goes on in the new file and misses nothing; who had not, looks at the
// whole store once. Blocks on the disk.
#pragma once

#include "certs/store/journal.h"

#include <cstdint>
#include <string>

namespace ravelin::certs {

struct CompactionRules {
  std::uint64_t keep_bytes = std::uint64_t{256} * 1024;  // of the end, at least
  std::uint64_t cut_bytes = std::uint64_t{1024} * 1024;  // less is not worth it
};

// True: it is another file now. `needed` (of an index, or none) is still a place in it afterwards;
// one that is itself of the file before keeps it as it is.
// What was announced and not closed in the part that is cut off is announced once more at the end.
// A crash leaves the one or the other. Errors: the disk; the old one stays.
Result<bool> compact_journal(const std::string& path, const JournalPlace& needed,
                             const CompactionRules& rules = {});

}  // namespace ravelin::certs
