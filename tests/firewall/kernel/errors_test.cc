#include "firewall/kernel/errors.h"

#include "firewall/kernel/encode.h"
#include "tests/firewall/kernel/message_bytes.h"

#include <gtest/gtest.h>

#include <cerrno>

namespace ravelin::firewall {
namespace {

using base::Errc;

// A batch with one of each: the numbers of its messages are 11, 12, …
class Errors : public ::testing::Test {
 protected:
  void SetUp() override {
    Set hosts;
    hosts.name = "hosts";
    hosts.key = {Field::ip_saddr};
    Element element;
    element.key = {10, 0, 0, 1};
    Chain chain;
    chain.name = "input";
    transaction_ = {
        PutTable{},
        PutSet{hosts},
        PutChain{chain},
        AddElements{"hosts", {element}},
        AddRule{
            "input",
            Rule{{Verdict{Verdict::Kind::jump, "web"}}, "edge.yaml:33 web", {"edge.yaml", 33, 5}}},
        AddRule{"input",
                Rule{{Match{Field::fib_daddr_type, Comparison::equal, {2, 0, 0, 0}}}, {}, {}}}};
    const auto encoded = encode_transaction(transaction_, {}, shapes_, batch_);
    ASSERT_TRUE(encoded) << encoded.error().message;
  }

  std::string explained(std::vector<KernelError> errors, std::size_t others = 0) {
    return base::to_string(explain(errors, others, batch_, transaction_, shapes_));
  }

  Transaction transaction_;
  SetShapes shapes_;
  Batch batch_{10, {}};
};

TEST_F(Errors, EachNumberIsSaidInWordsAboutItsStep) {
  struct {
    KernelError error;
    const char* text;
  } const rows[] = {
      {{11, EPERM, 0, ""}, "table inet ravelin: the table is owned by another process"},
      {{12, EEXIST, 0, ""}, "set \"hosts\": exists already, with other properties"},
      {{13, EBUSY, 0, ""}, "chain \"input\": is still in use"},
      {{14, EEXIST, 48, ""},
       "element 10.0.0.1 of set \"hosts\": is there already, or overlaps another"},
      {{14, ENFILE, 48, ""}, "element 10.0.0.1 of set \"hosts\": the set is full"},
      {{14, ENOENT, 20, ""}, "set \"hosts\": table inet ravelin does not exist"},
      {{14, ENOMEM, 0, ""}, "set \"hosts\": the kernel has no memory for it"},
      {{15, ENOENT, 0, ""},
       "edge.yaml:33:5: rule \"edge.yaml:33 web\" of chain \"input\": what it needs does not "
       "exist"},
      {{15, EMLINK, 0, ""},
       "edge.yaml:33:5: rule \"edge.yaml:33 web\" of chain \"input\": jumps lead in a circle, or "
       "are more than 16 deep"},
      {{15, EINVAL, 0, "odd"},
       "edge.yaml:33:5: rule \"edge.yaml:33 web\" of chain \"input\": the kernel does not accept "
       "it "
       "(odd)"},
      {{16, EOPNOTSUPP, 0, ""}, "a rule of chain \"input\": this kernel does not support it"},
      {{16, EIO, 0, ""}, "a rule of chain \"input\": refused: input/output error"},
      {{10, 85, 0, ""}, "the ruleset of the kernel has changed since it was read"},
      {{10, EPERM, 0, ""}, "changing the ruleset needs CAP_NET_ADMIN in this namespace"},
      {{17, ENOMEM, 0, ""}, "the kernel refused the whole batch: cannot allocate memory"},
  };

  for (const auto& row : rows)
    EXPECT_EQ(explained({row.error}), row.text);
}

TEST_F(Errors, TheNameIsTakenFromOurOwnMessage) {
  // Of a rule: header 20, table 12, chain 12, comment 24 if it has one, then its expressions.
  EXPECT_EQ(
      explained({{15, ENOENT, 32, ""}}),
      "edge.yaml:33:5: rule \"edge.yaml:33 web\" of chain \"input\": \"input\" does not exist");
  EXPECT_EQ(explained({{15, ENOENT, 72, ""}}),
            "edge.yaml:33:5: rule \"edge.yaml:33 web\" of chain \"input\": \"web\" does not exist");
  EXPECT_EQ(explained({{16, ENOENT, 48, ""}}),
            "a rule of chain \"input\": this kernel has no \"fib\"");
}

Step rule_at(const char* chain, int line, Statement statement) {
  return AddRule{chain, Rule{{std::move(statement)}, "", {"edge.yaml", line, 5}}};
}

TEST(ErrorPlaces, AnElementIsAtTheLineOfItsRule) {
  Set pairs{.name = "pairs", .key = {Field::ip_saddr}};
  pairs.is_verdict_map = true;
  const auto leads_to = [](std::uint8_t host, const char* chain) {
    return Element{.key = {10, 0, 0, host}, .verdict = Verdict{Verdict::Kind::jump, chain}};
  };
  const Transaction transaction{
      PutSet{pairs},
      PutSet{{.name = "hosts", .key = {Field::ip_saddr}}},
      rule_at("input", 10, VerdictLookup{{{Field::ip_saddr, 0}}, "pairs"}),
      rule_at("r_1", 11, Counter{}),
      rule_at("r_2", 12, Counter{}),
      rule_at("r_2", 13, Lookup{{{Field::ip_saddr, 0}}, "hosts"}),
      AddElements{"pairs", {leads_to(1, "r_1"), leads_to(2, "r_2"), leads_to(3, "r_3")}},
      AddElements{"hosts", {Element{.key = {10, 0, 0, 9}}}}};
  Batch batch{10, {}};
  SetShapes shapes;
  ASSERT_TRUE(encode_transaction(transaction, {}, shapes, batch));

  struct {
    KernelError error;
    const char* text;
  } const rows[] = {
      {{17, EEXIST, 48, ""}, "edge.yaml:11:5: element 10.0.0.1 of set \"pairs\": is there already"},
      {{17, EEXIST, 88, ""}, "edge.yaml:12:5: element 10.0.0.2 of set \"pairs\": is there already"},
      {{17, ENOENT, 128, ""}, "element 10.0.0.3 of set \"pairs\": \"r_3\" does not exist"},
      {{17, ENOMEM, 0, ""}, "edge.yaml:10:5: set \"pairs\": the kernel has no memory for it"},
      {{18, ENFILE, 48, ""}, "edge.yaml:13:5: element 10.0.0.9 of set \"hosts\": the set is full"},
      {{12, EEXIST, 0, ""}, "edge.yaml:13:5: set \"hosts\": exists already"},
  };

  for (const auto& row : rows)
    EXPECT_TRUE(
        base::to_string(explain({row.error}, 0, batch, transaction, shapes)).starts_with(row.text))
        << base::to_string(explain({row.error}, 0, batch, transaction, shapes));
}

TEST_F(Errors, AnErrorOfAMessageTellsMoreThanOneOfTheBatch) {
  EXPECT_EQ(explained({{10, ENOMEM, 0, ""}, {13, EBUSY, 0, ""}}, 1),
            "chain \"input\": is still in use; 1 more");
}

TEST_F(Errors, TheCodeSaysWhetherToTryAgain) {
  EXPECT_EQ(explain({{10, 85, 0, ""}}, 0, batch_, transaction_, shapes_).code, Errc::conflict);
  EXPECT_EQ(explain({{11, EPERM, 0, ""}}, 0, batch_, transaction_, shapes_).code, Errc::denied);
  EXPECT_EQ(explain({{13, EBUSY, 0, ""}}, 0, batch_, transaction_, shapes_).code, Errc::kernel);
}

TEST_F(Errors, AnyOffsetIsSurvived) {
  for (std::uint32_t sequence = 0; sequence < 20; ++sequence)
    for (const std::uint32_t offset : {1u, 19u, 20u, 21u, 43u, 47u, 61u, 100u, 0xffffffffu})
      for (const int number : {ENOENT, EEXIST})
        EXPECT_FALSE(explained({{sequence, number, offset, ""}}).empty());
}

}  // namespace
}  // namespace ravelin::firewall
