// Answers of the kernel: any bytes are messages within their datagram, or an error; what is decoded
// from them is within its limits, and is explained in words.
#include "base/check.h"
#include "firewall/kernel/encode.h"
#include "firewall/kernel/encode_elements.h"
#include "firewall/kernel/errors.h"
#include "firewall/kernel/flow.h"
#include "firewall/kernel/foreign.h"
#include "firewall/kernel/replies.h"
#include "firewall/kernel/routes.h"
#include "firewall/kernel/trace.h"

#include <cstddef>
#include <cstdint>

namespace {

using namespace ravelin::firewall;

// A batch that errors may be about: messages 2, 3, 4.
struct Sent {
  Sent() {
    Set set;
    set.name = "hosts";
    set.key = {Field::ip_saddr};
    Element element;
    element.key = {10, 0, 0, 1};
    transaction = {PutSet{set}, AddElements{"hosts", {element}},
                   AddRule{"input", Rule{{Verdict{Verdict::Kind::jump, "web"}}, "x", {"f", 1, 1}}}};
    CHECK(encode_transaction(transaction, {}, shapes, batch).has_value());
  }

  Transaction transaction;
  SetShapes shapes;
  Batch batch{1, {}};
};

void check_error(const KernelError& error, const Sent& sent) {
  CHECK(error.number >= 0 && error.number <= 4095);
  if (error.number == 0) return;
  const auto explained = explain({error}, 0, sent.batch, sent.transaction, sent.shapes);
  CHECK(!explained.message.empty());
}

void check_reply(const Reply& reply, const Sent& sent) {
  if (const auto error = decode_error(reply)) check_error(*error, sent);
  if (const auto name = decode_set_name(reply)) CHECK(!name->empty());
  if (const auto name = decode_chain_name(reply)) CHECK(!name->empty());
  if (const auto shape = decode_set_shape(reply)) {
    CHECK(shape->key_bytes > 0 && shape->key_bytes <= 64);
    CHECK(
        !key_text(*shape, reply.body.first(std::min(shape->key_bytes, reply.body.size()))).empty());
  }
  if (const auto found = decode_element(reply); found && found->expires)
    CHECK(found->expires->count() >= 0);
  if (const auto flow = decode_flow(reply)) {
    CHECK(flow->original.source.family == flow->original.destination.family);
    CHECK(!to_string(*flow).empty() && !remove_flow(*flow, 1).empty());
  }
  if (const auto route = decode_route(reply)) {
    CHECK(route->route.to.length <= 128);
    CHECK(route->interfaces.size() <= reply.body.size());
  }
  if (const auto chain = decode_foreign_chain(reply)) CHECK(!chain->chain.name.empty());
  if (const auto rule = decode_foreign_rule(reply))
    CHECK(rule->interfaces.size() <= reply.body.size());
  if (const auto step = decode_trace(reply)) CHECK(!step->chain.empty() && !step->verdict.empty());
  (void)decode_generation(reply);
  (void)decode_table(reply);
  (void)decode_rule(reply);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static const Sent sent;
  const ByteSpan bytes{data, size};
  (void)key_at(bytes, size / 2);
  const auto replies = split_replies(bytes);
  if (!replies) return 0;
  CHECK(replies->size() <= size / 16);
  for (const Reply& reply : *replies)
    check_reply(reply, sent);
  return 0;
}
