#include "firewall/kernel/encode.h"

#include "firewall/kernel/encode_elements.h"
#include "firewall/kernel/encode_objects.h"
#include "firewall/kernel/encode_statements.h"

#include <linux/netfilter/nf_tables.h>

#include <algorithm>
#include <set>

namespace ravelin::firewall {
namespace {

using base::Errc;
using base::fail;

// How many elements the transaction puts into each set.
std::map<std::string, std::size_t> count_elements(const Transaction& transaction) {
  std::map<std::string, std::size_t> counts;
  for (const Step& step : transaction) {
    if (const auto* add = std::get_if<AddElements>(&step)) counts[add->set] += add->elements.size();
    if (const auto* block = std::get_if<AddBlock>(&step))
      counts[block->set] += block->block->count();
  }
  return counts;
}

// Each overload encodes one kind of step.
class StepEncoder {
 public:
  StepEncoder(const Transaction& transaction, TableFlags flags, SetShapes& shapes, Batch& batch)
      : counts_(count_elements(transaction)), flags_(flags), shapes_(shapes), batch_(batch) {}

  void start(std::size_t step) { step_ = step; }

  Result<> operator()(const PutTable& put) {
    return encode_table(batch_, step_, put, flags_.first);
  }

  Result<> operator()(const RemoveTable&) {
    flags_.first = flags_.anew;
    return remove(NFT_MSG_DELTABLE, {});
  }

  Result<> operator()(const PutSet& put) {
    shapes_[put.set.name] = shape_of(put.set);
    const auto counted = counts_.find(put.set.name);
    const std::size_t count =
        std::max(put.set.elements.size(), counted == counts_.end() ? 0 : counted->second);
    return encode_set(batch_, step_, put.set, ++set_id_, announced_size(put.set, count));
  }

  Result<> operator()(const RemoveSet& step) { return remove(NFT_MSG_DELSET, step.name); }

  Result<> operator()(const FlushSet& step) { return remove(NFT_MSG_DELSETELEM, step.name); }

  Result<> operator()(const AddElements& add) {
    return change(add.set, add.elements,
                  add.may_exist ? ElementChange::add_or_refresh : ElementChange::add);
  }

  Result<> operator()(const RemoveElements& remove) {
    return change(remove.set, remove.elements, ElementChange::remove);
  }

  Result<> operator()(const AddBlock& add) {
    return encode_block(batch_, step_, add.set, *add.block);
  }

  Result<> operator()(const PutChain& put) { return encode_chain(batch_, step_, put.chain); }

  Result<> operator()(const RemoveChain& step) { return remove(NFT_MSG_DELCHAIN, step.name); }

  Result<> operator()(const FlushChain& step) { return remove(NFT_MSG_DELRULE, step.name); }

  Result<> operator()(const AddRule& add) {
    const auto rule = make_rule(add.chain, add.rule);
    if (!rule) {
      base::Error error = base::wrap(rule.error(), fmt::format("chain \"{}\"", add.chain));
      if (add.rule.pos.line != 0) error.pos = add.rule.pos;
      return error;
    }
    nftnl_rule_nlmsg_build_payload(
        batch_.start(NFT_MSG_NEWRULE, NLM_F_CREATE | NLM_F_APPEND, step_), rule->get());
    batch_.finish();
    return {};
  }

 private:
  Result<> remove(std::uint16_t type, std::string_view name) {
    encode_removal(batch_, step_, type, name);
    return {};
  }

  Result<> change(const std::string& set, const std::vector<Element>& elements,
                  ElementChange change) {
    const auto shape = shapes_.find(set);
    if (shape == shapes_.end()) return fail(Errc::not_found, "set \"{}\" does not exist", set);
    return encode_elements(batch_, step_, set, shape->second, elements, change);
  }

  std::map<std::string, std::size_t> counts_;
  TableFlags flags_;
  SetShapes& shapes_;
  Batch& batch_;
  std::size_t step_ = 0;
  std::uint32_t set_id_ = 0;
};

}  // namespace

std::vector<std::string> undescribed_sets(const Transaction& transaction) {
  std::set<std::string> described;
  std::set<std::string> undescribed;
  for (const Step& step : transaction) {
    if (const auto* put = std::get_if<PutSet>(&step)) described.insert(put->set.name);
    const std::string* name = nullptr;
    if (const auto* add = std::get_if<AddElements>(&step)) name = &add->set;
    if (const auto* remove = std::get_if<RemoveElements>(&step)) name = &remove->set;
    if (name != nullptr && described.count(*name) == 0) undescribed.insert(*name);
  }
  return {undescribed.begin(), undescribed.end()};
}

Result<> encode_transaction(const Transaction& transaction, TableFlags flags, SetShapes& shapes,
                            Batch& batch) {
  StepEncoder encoder(transaction, flags, shapes, batch);
  for (std::size_t i = 0; i < transaction.size(); ++i) {
    encoder.start(i);
    if (auto encoded = std::visit(encoder, transaction[i]); !encoded) return encoded;
  }
  return {};
}

}  // namespace ravelin::firewall
