// What a server sends as a revocation list, any bytes: refused, or what is read is the same when it
// is written and read again, and no CA is found that did not sign it.
#include "base/check.h"
#include "certs/crl/held_crl.h"

#include <cstddef>
#include <cstdint>
#include <string_view>

namespace ravelin::certs {
namespace {

void run(std::string_view bytes) {
  auto lists = parse_crl_answer(bytes, "answer");
  if (!lists) return;
  CHECK(!lists->empty() && lists->size() <= kCrlsPerAnswerMax);
  for (CrlPtr& crl : *lists) {
    const CrlFacts facts = describe_crl(crl.get());
    CHECK(facts.sha256.size() == 64 && facts.number.size() % 2 == 0);
    const auto nobody = find_signer(crl.get(), {});
    CHECK(nobody.has_value() && *nobody == nullptr);
    const auto formed = check_crl_form(crl.get(), facts);
    if (formed) CHECK(facts.next_update && *facts.next_update > facts.this_update);
    CHECK(judge_crl(&facts, facts, facts.this_update) == CrlVerdict::unchanged);
    auto again = parse_crl_answer(to_pem(crl.get()), "again");
    if (again) CHECK(describe_crl(again->front().get()).sha256 == facts.sha256);
    const HeldCrlPtr held[] = {hold_crl(std::move(crl), {nullptr, "ca", "ca"}, "answer")};
    CHECK(!revokes_more(held, held));
    CHECK(newest_of(held, held).size() == 1);
  }
}

}  // namespace
}  // namespace ravelin::certs

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  ravelin::certs::run({reinterpret_cast<const char*>(data), size});
  return 0;
}
