#include "certs/view/store_view.h"

#include "certs/view/held_certificate.h"
#include "tests/certs/certificate_recipes.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>
#include <cmath>
#include <mutex>
#include <thread>

namespace ravelin::certs {
namespace {

using std::chrono::hours;
using ::testing::ElementsAre;
using ::testing::IsEmpty;
using Names = std::vector<std::string>;
using ViewPtr = std::shared_ptr<const StoreView>;

HeldPtr held_of(const Names& names, std::uint64_t id, std::uint64_t generation = 1,
                hours lasts = hours(24)) {
  Generation made = test::make_generation({{.names = names, .not_after = test::kNow + lasts}});
  made.info.number = generation;
  auto held = to_held(names.front(), made, id);
  EXPECT_TRUE(held);
  return std::move(*held);
}

// An index of these, whose ids begin at 1000.
std::shared_ptr<const SharedIndex> index_of(const std::vector<HeldPtr>& all) {
  IndexWriter writer({1, {2, 36}});
  for (const HeldPtr& held : all)
    EXPECT_TRUE(writer.add(held->entry));
  auto bytes = std::make_shared<const IndexBytes>(finish_whole(std::move(writer)));
  auto reader = IndexReader::open(bytes->public_bytes, bytes->key_bytes);
  EXPECT_TRUE(reader);
  return std::make_shared<const SharedIndex>(SharedIndex{*reader, bytes, 1000});
}

ViewPtr view_of(std::shared_ptr<const SharedIndex> index) {
  return std::make_shared<const StoreView>(std::move(index), std::make_shared<PairCache>(100));
}

// The serial number that is served for a name; "" = nothing is.
std::string served(const ViewPtr& view, std::string_view name) {
  const PairSet pairs = view->find(name);
  return pairs.ec == nullptr ? "" : pairs.ec->chain.info.serial;
}

std::string serial(const HeldPtr& held) {
  KeyDecoder decoder;
  const auto pair = parse_pair(*held->entry.ec, PairSlot::ec, decoder);
  return pair ? (*pair)->chain.info.serial : "broken";
}

Names names_of(const std::vector<StoreView::Fact>& facts) {
  Names names;
  for (const StoreView::Fact& fact : facts)
    names.push_back(fact.name);
  return names;
}

TEST(StoreView, ExactNamesGoBeforeWildcards) {
  const HeldPtr exact = held_of({"www.a.test"}, 1);
  const HeldPtr wild = held_of({"*.a.test"}, 2);
  for (const ViewPtr& view :
       {view_of(index_of({exact, wild})), view_of(nullptr)->with(exact)->with(wild),
        view_of(index_of({wild}))->with(exact), view_of(index_of({exact}))->with(wild)}) {
    EXPECT_EQ(served(view, "www.a.test"), serial(exact));
    EXPECT_EQ(served(view, "x.a.test"), serial(wild));
    for (const char* none : {"a.test", "x.y.a.test", "", ".a.test", "test", "a", "."})
      EXPECT_EQ(served(view, none), "") << none;
  }
}

TEST(StoreView, ChangesMakeAnotherViewAndLeaveTheOld) {
  const HeldPtr first = held_of({"a.test", "b.test"}, 1, 1);
  const HeldPtr second = held_of({"a.test"}, 2, 2);
  const ViewPtr none = view_of(nullptr);
  const ViewPtr one = none->with(first);
  const ViewPtr two = one->with(second);
  const ViewPtr gone = two->without("a.test");
  EXPECT_EQ(served(none, "a.test"), "");
  EXPECT_EQ(served(one, "a.test"), serial(first));
  EXPECT_EQ(served(one, "b.test"), serial(first));
  EXPECT_EQ(served(two, "a.test"), serial(second));
  EXPECT_EQ(served(two, "b.test"), "");
  EXPECT_EQ(served(gone, "a.test"), "");
  EXPECT_EQ(none->revision(), 1U);
  EXPECT_EQ(one->revision(), 2U);
  EXPECT_EQ(gone->revision(), 4U);
  EXPECT_EQ(none->size(), 0U);
  EXPECT_EQ(two->size(), 1U);
  EXPECT_EQ(gone->size(), 0U);
  EXPECT_EQ(one->fact("a.test")->generation, 1U);
  EXPECT_EQ(two->fact("a.test")->generation, 2U);
  EXPECT_FALSE(gone->fact("a.test"));
}

TEST(StoreView, AChangeHidesWhatTheIndexHasOfThatName) {
  const HeldPtr old = held_of({"a.test", "b.test"}, 1, 1);
  const HeldPtr other = held_of({"c.test"}, 2, 1);
  const HeldPtr young = held_of({"a.test"}, 3, 2);
  const ViewPtr view = view_of(index_of({old, other}));
  EXPECT_EQ(served(view, "b.test"), serial(old));
  EXPECT_EQ(view->size(), 2U);
  const ViewPtr changed = view->with(young);
  EXPECT_EQ(served(changed, "a.test"), serial(young));
  EXPECT_EQ(served(changed, "b.test"), "");
  EXPECT_EQ(served(changed, "c.test"), serial(other));
  EXPECT_EQ(changed->size(), 2U);
  EXPECT_EQ(changed->fact("a.test")->generation, 2U);
  const ViewPtr gone = view->without("a.test");
  EXPECT_EQ(served(gone, "a.test"), "");
  EXPECT_EQ(served(gone, "b.test"), "");
  EXPECT_EQ(gone->size(), 1U);
  EXPECT_FALSE(gone->fact("a.test"));
  EXPECT_EQ(gone->without("a.test")->size(), 1U);
  EXPECT_EQ(gone->without("never.test")->size(), 1U);
  EXPECT_EQ(served(gone->with(young), "a.test"), serial(young));
}

TEST(StoreView, AnotherThatCoversTheNameAnswersWhenItsOwnIsGone) {
  const HeldPtr own = held_of({"a.test"}, 1);
  const HeldPtr covering = held_of({"z.test", "a.test"}, 2);
  for (const ViewPtr& view :
       {view_of(index_of({covering, own})), view_of(nullptr)->with(covering)->with(own),
        view_of(index_of({own}))->with(covering), view_of(index_of({covering}))->with(own)}) {
    EXPECT_EQ(served(view, "a.test"), serial(own));
    EXPECT_EQ(served(view->without("a.test"), "a.test"), serial(covering));
    EXPECT_EQ(served(view->without("z.test"), "a.test"), serial(own));
    EXPECT_EQ(served(view->without("z.test")->without("a.test"), "a.test"), "");
  }
}

// Gateways that started at different times have the same certificates in different places.
TEST(StoreView, WhichOfTwoAnswersHangsOnTheirNamesAlone) {
  const HeldPtr b = held_of({"b.test", "shared.test"}, 1);
  const HeldPtr c = held_of({"c.test", "shared.test"}, 2);
  EXPECT_EQ(served(view_of(index_of({b, c})), "shared.test"), serial(b));
  EXPECT_EQ(served(view_of(nullptr)->with(b)->with(c), "shared.test"), serial(b));
  EXPECT_EQ(served(view_of(nullptr)->with(c)->with(b), "shared.test"), serial(b));
  EXPECT_EQ(served(view_of(index_of({b}))->with(c), "shared.test"), serial(b));
  EXPECT_EQ(served(view_of(index_of({c}))->with(b), "shared.test"), serial(b));
  EXPECT_EQ(served(view_of(index_of({b, c}))->with(c), "shared.test"), serial(b));
  EXPECT_EQ(served(view_of(index_of({b, c}))->without("b.test"), "shared.test"), serial(c));
}

TEST(StoreView, KnowsTheOnesThatEndSoonest) {
  const HeldPtr a = held_of({"a.test"}, 1, 1, hours(50));
  const HeldPtr b = held_of({"b.test"}, 2, 1, hours(20));
  const HeldPtr c = held_of({"c.test"}, 3, 1, hours(30));
  const HeldPtr renewed = held_of({"b.test"}, 4, 2, hours(90));
  const ViewPtr view = view_of(index_of({a, b}))->with(c);
  EXPECT_EQ(names_of(view->soonest(10)), (Names{"b.test", "c.test", "a.test"}));
  EXPECT_EQ(names_of(view->soonest(2)), (Names{"b.test", "c.test"}));
  EXPECT_THAT(view->soonest(0), IsEmpty());
  EXPECT_EQ(names_of(view->with(renewed)->soonest(10)), (Names{"c.test", "a.test", "b.test"}));
  EXPECT_EQ(names_of(view->without("a.test")->soonest(10)), (Names{"b.test", "c.test"}));
  EXPECT_EQ(view->soonest(1).front().not_after, b->entry.not_after);
  EXPECT_EQ(view->soonest(1).front().generation, 1U);
}

TEST(StoreView, TellsWhetherItServesExactlyThis) {
  const HeldPtr first = held_of({"a.test"}, 1, 1);
  const HeldPtr same_number = held_of({"a.test"}, 2, 1);
  for (const ViewPtr& view : {view_of(index_of({first})), view_of(nullptr)->with(first)}) {
    EXPECT_TRUE(view->serves(first->entry));
    EXPECT_FALSE(view->serves(same_number->entry));
    EXPECT_FALSE(view->without("a.test")->serves(first->entry));
    EXPECT_TRUE(view->with(same_number)->serves(same_number->entry));
  }
  EXPECT_FALSE(view_of(nullptr)->serves(first->entry));
}

TEST(StoreView, IsReadByWorkersWhileOthersAreMade) {
  std::vector<HeldPtr> generations;
  for (std::uint64_t i = 1; i <= 8; ++i)
    generations.push_back(held_of({"a.test", "*.a.test"}, i, i));
  ViewPtr view = view_of(index_of({generations.front()}));
  std::mutex mutex;  // of the next
  ViewPtr current = view;
  const auto take = [&] {
    const std::lock_guard guard(mutex);
    return current;
  };
  std::atomic<bool> is_done{false};
  std::atomic<int> empty{0};
  const auto look = [&] {
    for (int turn = 0; turn < 100 || !is_done.load(); ++turn) {
      const ViewPtr taken = take();
      for (const char* name : {"a.test", "x.a.test", "b.test"})
        if (taken->find(name).is_empty() != (std::string_view(name) == "b.test")) ++empty;
    }
  };
  std::thread one(look);
  std::thread two(look);
  const HeldPtr other = held_of({"b.test.test"}, 100);
  for (int round = 0; round < 200; ++round) {
    view = view->with(generations[static_cast<std::size_t>(round) % generations.size()]);
    view = round % 2 == 0 ? view->with(other) : view->without("b.test.test");
    const std::lock_guard guard(mutex);
    current = view;
  }
  is_done.store(true);
  one.join();
  two.join();
  EXPECT_EQ(empty.load(), 0);
}

TEST(StoreView, ACanaryComesWithWhatIsFoundUntilItIsGone) {
  const HeldPtr own = held_of({"www.a.test", "a.test"}, 1);
  const HeldPtr next = held_of({"www.a.test", "a.test"}, 2, 2);
  const HeldPtr other = held_of({"www.b.test"}, 3);
  for (const ViewPtr& before :
       {view_of(index_of({own, other})), view_of(nullptr)->with(own)->with(other)}) {
    PairCache cache(4);
    const auto canary =
        std::make_shared<const CanaryPairs>(CanaryPairs{cache.get(2, next->entry), 500});
    const ViewPtr view = before->with_canaries({{"www.a.test", canary}, {"gone.test", canary}});
    EXPECT_GT(view->revision(), before->revision());
    for (const char* name : {"www.a.test", "a.test"}) {
      EXPECT_EQ(view->find(name).canary, canary);
      EXPECT_EQ(served(view, name), serial(own));
      EXPECT_EQ(before->find(name).canary, nullptr);
    }
    EXPECT_EQ(view->find("www.b.test").canary, nullptr);
    EXPECT_TRUE(view->find("gone.test").is_empty());
    EXPECT_EQ(view->with(other)->find("a.test").canary, canary);
    EXPECT_EQ(view->with_canaries({})->find("a.test").canary, nullptr);
  }
}

TEST(StoreView, SaysWhichGenerationPairsAreOf) {
  const ViewPtr view = view_of(index_of({held_of({"www.a.test", "a.test"}, 1, 7)}));
  EXPECT_EQ(view->find("a.test").source, (PairSource{source_name("www.a.test"), 7}));
  EXPECT_EQ(view->find("b.test").source, PairSource{});
}

base::IpAddress client(std::uint32_t number) {
  return {.family = base::Family::ipv4,
          .bytes = {10, static_cast<std::uint8_t>(number >> 16U),
                    static_cast<std::uint8_t>(number >> 8U), static_cast<std::uint8_t>(number)}};
}

CanaryPairs canary_of(std::uint64_t generation, std::uint32_t share) {
  return {{.source = {source_name("www.a.test"), generation}}, share};
}

TEST(CanaryPairs, AreForTheirShareOfTheClients) {
  constexpr std::uint32_t kClients = 20'000;
  for (const std::uint32_t share : {1U, 50U, 500U, 5000U, 9999U}) {
    const CanaryPairs canary = canary_of(2, share);
    std::uint32_t count = 0;
    for (std::uint32_t i = 0; i < kClients; ++i)
      count += canary.is_for(client(i)) ? 1 : 0;
    const double wanted = kClients * (share / 10'000.0);
    EXPECT_NEAR(count, wanted, 5 * std::sqrt(wanted) + 5) << share;
  }
}

TEST(CanaryPairs, KeepTheirClientsAsTheShareGrows) {
  const CanaryPairs small = canary_of(2, 500);
  const CanaryPairs large = canary_of(2, 2500);
  for (std::uint32_t i = 0; i < 5000; ++i)
    if (small.is_for(client(i))) EXPECT_TRUE(large.is_for(client(i)));
}

// Or the same few clients would meet every mistake.
TEST(CanaryPairs, EachGenerationIsTriedOnOthers) {
  const CanaryPairs one = canary_of(2, 1000);
  const CanaryPairs next = canary_of(3, 1000);
  int both = 0;
  for (std::uint32_t i = 0; i < 10'000; ++i)
    both += one.is_for(client(i)) && next.is_for(client(i)) ? 1 : 0;
  EXPECT_NEAR(both, 100, 50);
}

}  // namespace
}  // namespace ravelin::certs
