// A journal of any bytes: what is taken is written the same again.
#include "base/check.h"
#include "certs/names.h"
#include "certs/store/journal.h"

#include <cstddef>
#include <cstdint>
#include <string_view>

namespace ravelin::certs {
namespace {

void run(std::string_view text) {
  const auto head = parse_head(text.substr(0, kJournalHeadBytesMax));
  if (head) {
    const bool begins_anew = head->after.id == 0;
    CHECK(
        text.starts_with(begins_anew ? format_head(head->id) : format_head(head->id, head->after)));
    CHECK(head->bytes == (begins_anew ? kJournalHeadBytes : kJournalHeadBytesMax));
    for (const JournalPlace& place :
         {head->after, JournalPlace{head->after.id, head->after.offset + 7},
          JournalPlace{head->id, head->bytes}, JournalPlace{head->id, ~std::uint64_t{0}}})
      if (const auto found = head->find(place, text.size()); found)
        CHECK(*found >= head->bytes && *found <= text.size());
    text.remove_prefix(head->bytes);
  }
  while (!text.empty()) {
    const std::size_t end = text.find('\n');
    const std::string_view written = text.substr(0, end);
    if (const auto line = parse_line(written); line) {
      CHECK(format_line(*line) == written);
      CHECK(name_of(folder_of(line->name)).has_value());
      CHECK((line->generation == 0) == (line->event == JournalEvent::gone));
    }
    if (end == std::string_view::npos) return;
    text.remove_prefix(end + 1);
  }
}

}  // namespace
}  // namespace ravelin::certs

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  ravelin::certs::run({reinterpret_cast<const char*>(data), size});
  return 0;
}
