#include "firewall/kernel/errors.h"

#include "base/check.h"
#include "firewall/kernel/encode_elements.h"
#include "firewall/kernel/nf_tables_constants.h"

#include <linux/netfilter/nf_tables.h>
#include <linux/netfilter/nfnetlink.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <optional>

namespace ravelin::firewall {
namespace {

using base::Errc;
using base::Error;
using base::fail;

constexpr std::size_t kRequestHeader = sizeof(nlmsghdr) + sizeof(nfgenmsg);
constexpr int kStaleGeneration = 85;  // ERESTART, which user space has no name for

Errc code_of(int number) {
  if (number == kStaleGeneration) return Errc::conflict;
  return number == EPERM || number == EACCES ? Errc::denied : Errc::kernel;
}

// The text an offset into our message points at, when it is one: the name of a chain or set.
std::string name_at(ByteSpan message, std::size_t offset) {
  if (offset < kRequestHeader || offset >= message.size()) return {};
  const auto attribute = AttributeWalk(message.subspan(offset)).next();
  if (!attribute || attribute->value.empty() || attribute->value.back() != 0) return {};
  std::string text = read_text(attribute->value);
  const bool is_text = std::all_of(text.begin(), text.end(), [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' ||
           c == '-' || c == '.' || c == '/' || c == '\\';
  });
  return is_text && text.size() + 1 == attribute->value.size() ? text : std::string{};
}

// The attribute of a list (of expressions or elements) an offset is in.
ByteSpan item_at(ByteSpan message, std::uint16_t list, std::size_t offset) {
  AttributeWalk parts(message.subspan(kRequestHeader));
  while (const auto part = parts.next()) {
    if (part->type != list) continue;
    const std::size_t start = kRequestHeader + part->offset + sizeof(nlattr);
    AttributeWalk items(part->value);
    while (const auto item = items.next()) {
      const std::size_t at = start + item->offset;
      if (offset >= at && offset < at + sizeof(nlattr) + item->value.size()) return item->value;
    }
  }
  return {};
}

// The chain a verdict leads to: { verdict { chain } }.
std::string chain_in(ByteSpan data) {
  return read_text(value_of(value_of(data, NFTA_DATA_VERDICT), NFTA_VERDICT_CHAIN));
}

// What an expression of a rule names: a set, or a chain to go to.
std::string named_by(ByteSpan expression) {
  const std::string kind = read_text(value_of(expression, NFTA_EXPR_NAME));
  const ByteSpan data = value_of(expression, NFTA_EXPR_DATA);
  if (kind == "lookup") return read_text(value_of(data, NFTA_LOOKUP_SET));
  if (kind == "dynset") return read_text(value_of(data, NFTA_DYNSET_SET_NAME));
  if (kind == "immediate") return chain_in(value_of(data, NFTA_IMMEDIATE_DATA));
  return {};
}

// What a step is about: "rule \"edge.yaml:33 web\" of chain \"input\"".
struct Subject {
  std::string operator()(const PutTable&) const { return "table inet ravelin"; }

  std::string operator()(const RemoveTable&) const { return "table inet ravelin"; }

  std::string operator()(const PutSet& step) const { return set(step.set.name); }

  std::string operator()(const RemoveSet& step) const { return set(step.name); }

  std::string operator()(const FlushSet& step) const { return set(step.name); }

  std::string operator()(const AddElements& step) const { return set(step.set); }

  std::string operator()(const RemoveElements& step) const { return set(step.set); }

  std::string operator()(const AddBlock& step) const { return set(step.set); }

  std::string operator()(const PutChain& step) const { return chain(step.chain.name); }

  std::string operator()(const RemoveChain& step) const { return chain(step.name); }

  std::string operator()(const FlushChain& step) const { return chain(step.name); }

  std::string operator()(const AddRule& step) const {
    if (step.rule.comment.empty()) return fmt::format("a rule of chain \"{}\"", step.chain);
    return fmt::format("rule \"{}\" of chain \"{}\"", step.rule.comment, step.chain);
  }

  static std::string set(const std::string& name) { return fmt::format("set \"{}\"", name); }

  static std::string chain(const std::string& name) { return fmt::format("chain \"{}\"", name); }
};

const std::string* set_of_elements(const Step& step) {
  if (const auto* add = std::get_if<AddElements>(&step)) return &add->set;
  if (const auto* remove = std::get_if<RemoveElements>(&step)) return &remove->set;
  if (const auto* block = std::get_if<AddBlock>(&step)) return &block->set;
  return nullptr;
}

// "element 10.0.0.0 of " in front of its set; nothing when the error is about no element.
std::string element_text(const KernelError& error, ByteSpan message, const Step& step,
                         const SetShapes& shapes) {
  const std::string* set = set_of_elements(step);
  if (set == nullptr || error.offset == 0) return {};
  const ByteSpan key = key_at(message, error.offset);
  if (key.empty()) return {};
  SetShape shape;
  if (const auto known = shapes.find(*set); known != shapes.end()) shape = known->second;
  if (shape.key_type == 0 && std::holds_alternative<AddBlock>(step))
    shape.key_type = info(key.size() == 4 ? Field::ip_saddr : Field::ip6_saddr).type_id;
  return fmt::format("element {} of ", key_text(shape, key));
}

bool looks_into(const Rule& rule, const std::string& set) {
  return std::any_of(rule.statements.begin(), rule.statements.end(),
                     [&set](const Statement& statement) {
                       if (const auto* lookup = std::get_if<Lookup>(&statement))
                         return lookup->set == set;
                       if (const auto* lookup = std::get_if<VerdictLookup>(&statement))
                         return lookup->map == set;
                       const auto* update = std::get_if<Update>(&statement);
                       return update != nullptr && update->set == set;
                     });
}

// Where the policy asks for a step. An element comes from the rule its verdict leads to, else from
// the first that looks into its set. Line 0: no rule of this batch tells.
base::SourcePos place_of(const KernelError& error, ByteSpan message, const Step& step,
                         const Transaction& transaction) {
  if (const auto* add = std::get_if<AddRule>(&step)) return add->rule.pos;
  const std::string* set = set_of_elements(step);
  if (const auto* put = std::get_if<PutSet>(&step)) set = &put->set.name;
  if (set == nullptr) return {};
  const ByteSpan element = item_at(message, NFTA_SET_ELEM_LIST_ELEMENTS, error.offset);
  const std::string chain = chain_in(value_of(element, NFTA_SET_ELEM_DATA));
  for (const Step& other : transaction) {
    const auto* add = std::get_if<AddRule>(&other);
    if (add == nullptr || add->rule.pos.line == 0) continue;
    if (chain.empty() ? looks_into(add->rule, *set) : add->chain == chain) return add->rule.pos;
  }
  return {};
}

std::string does_not_exist(const std::string& name) {
  return fmt::format("\"{}\" does not exist", name);
}

std::string missing_text(const KernelError& error, ByteSpan message, const Step& step,
                         bool is_element) {
  const std::string name = name_at(message, error.offset);
  if (name == kTableName) return "table inet ravelin does not exist";
  if (!name.empty()) return does_not_exist(name);
  if (is_element) {
    const ByteSpan element = item_at(message, NFTA_SET_ELEM_LIST_ELEMENTS, error.offset);
    const std::string chain = chain_in(value_of(element, NFTA_SET_ELEM_DATA));
    return chain.empty() ? "does not exist" : does_not_exist(chain);
  }
  if (!std::holds_alternative<AddRule>(step)) return "does not exist";
  const ByteSpan expression = item_at(message, NFTA_RULE_EXPRESSIONS, error.offset);
  if (expression.empty()) return "what it needs does not exist";
  if (const std::string named = named_by(expression); !named.empty()) return does_not_exist(named);
  return fmt::format("this kernel has no \"{}\"", read_text(value_of(expression, NFTA_EXPR_NAME)));
}

std::string refusal_text(const KernelError& error, ByteSpan message, const Step& step,
                         bool is_element) {
  switch (error.number) {
    case ENOENT:
      return missing_text(error, message, step, is_element);
    case EEXIST:
      return is_element ? "is there already, or overlaps another"
                        : "exists already, with other properties";
    case ENOTEMPTY:
      return "overlaps another in part";
    case EPERM:
      return "the table is owned by another process";
    case EBUSY:
      return "is still in use";
    case EMLINK:
      return "jumps lead in a circle, or are more than 16 deep";
    case ENFILE:
      return "the set is full";
    case ENOMEM:
      return "the kernel has no memory for it";
    case EOPNOTSUPP:
      return "this kernel does not support it";
    case EINVAL:
      return "the kernel does not accept it";
    default:
      break;
  }
  const Error plain = base::fail_errno(error.number, "refused");
  return plain.message;
}

const KernelError& most_telling(const std::vector<KernelError>& errors, const Batch& batch) {
  const auto found = std::find_if(errors.begin(), errors.end(), [&](const KernelError& error) {
    return batch.find(error.sequence) != nullptr;
  });
  return found == errors.end() ? errors.front() : *found;
}

Error explain_batch(const KernelError& error) {
  if (error.number == kStaleGeneration)
    return fail(Errc::conflict, "the ruleset of the kernel has changed since it was read");
  if (error.number == EPERM)
    return fail(Errc::denied, "changing the ruleset needs CAP_NET_ADMIN in this namespace");
  return fail_number(error.number, "the kernel refused the whole batch");
}

}  // namespace

Error fail_number(int number, std::string_view doing) {
  if (number == kStaleGeneration) return fail(Errc::conflict, "{}: the ruleset has changed", doing);
  Error error = base::fail_errno(number, doing);
  error.code = code_of(number);
  return error;
}

Error explain(const std::vector<KernelError>& errors, std::size_t others, const Batch& batch,
              const Transaction& transaction, const SetShapes& shapes) {
  CHECK(!errors.empty());
  const KernelError& error = most_telling(errors, batch);
  const BatchMessage* place = batch.find(error.sequence);
  if (place == nullptr || place->step >= transaction.size()) return explain_batch(error);
  const Step& step = transaction[place->step];
  const ByteSpan message = batch.message(*place);
  const std::string element = element_text(error, message, step, shapes);
  Error out = fail(code_of(error.number), "{}{}: {}", element, std::visit(Subject{}, step),
                   refusal_text(error, message, step, !element.empty()));
  if (!error.text.empty()) out.message += fmt::format(" ({})", error.text);
  if (others != 0) out.message += fmt::format("; {} more", others);
  if (base::SourcePos pos = place_of(error, message, step, transaction); pos.line != 0)
    out.pos = std::move(pos);
  return out;
}

}  // namespace ravelin::firewall
