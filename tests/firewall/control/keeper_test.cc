// Whatever is refused, cut off or late, the table is one revision's, and the disk knows which to
// come back to.
#include "firewall/compile/key_bytes.h"
#include "firewall/control/service.h"
#include "tests/firewall/control/keeper_life.h"

#include <filesystem>

namespace ravelin::firewall {
namespace {

TEST_F(KeeperTest, AppliesAndRemembersWhatIsConfirmed) {
  const auto applied = apply("tcp/80");
  ASSERT_TRUE(applied) << applied.error().message;
  EXPECT_EQ(applied->revision, 1U);
  EXPECT_EQ(open_ports(), Ports{80});
  start();
  EXPECT_TRUE(said_.empty());
  EXPECT_EQ(keeper().live_revision(), 1U);
}

TEST_F(KeeperTest, ARefusedChangeLeavesTheOldOneAndIsNotPending) {
  ASSERT_TRUE(apply("tcp/80"));
  const FakeTable before = *kernel_.table();
  for (std::size_t step = 0; step < 40; ++step) {
    kernel_.fail_next_at(step);
    const auto applied = apply("tcp/443, tcp/8443", 60s);
    if (applied) {
      EXPECT_GT(step, 3U);  // all steps were refused once
      return;
    }
    EXPECT_EQ(open_ports(), Ports{80}) << step;
    EXPECT_EQ(keeper().pending(), std::nullopt) << step;
    EXPECT_EQ(keeper().live_revision(), 1U) << step;
  }
  FAIL() << "a change has fewer steps";
}

TEST_F(KeeperTest, WhateverIsRefusedTheAnswerSaysWhatIsLive) {
  std::size_t done = 0;
  for (std::size_t before = 0; before < 8; ++before) {
    ASSERT_TRUE(apply("tcp/80"));
    ASSERT_TRUE(keeper().ban({*base::parse_prefix("203.0.113.9"), 600s, "", "root", ""}));
    PolicyBundle next = policy("tcp/443");
    std::string& text = next.files["/p.yaml"].text;
    text.replace(text.find("192.0.2.77"), 10, "203.0.113.9");  // lets go of the ban
    kernel_.fail_after(before);
    const auto applied = keeper().apply(std::move(next), {60s, "tester"});
    kernel_.fail_after({});
    EXPECT_EQ(open_ports(), applied ? Ports{443} : Ports{80}) << before;
    EXPECT_EQ(keeper().pending().has_value(), applied.has_value()) << before;
    EXPECT_TRUE(keeper().drift()->empty()) << before;
    if (applied) ++done;
    times_.advance(61s);
    ASSERT_TRUE(keeper().tick()) << before;
    EXPECT_EQ(open_ports(), Ports{80}) << before;
  }
  EXPECT_GT(done, 4U);  // refused: the one that prepares, and the one that changes
}

TEST_F(KeeperTest, AnUnconfirmedChangeIsUndoneAlsoWhenItCouldNotBeReadBack) {
  ASSERT_TRUE(apply("tcp/80"));
  kernel_.fail_reads(true);
  const auto applied = apply("tcp/443", 60s);
  ASSERT_TRUE(applied) << applied.error().message;
  EXPECT_EQ(open_ports(), Ports{443});
  EXPECT_EQ(keeper().live_identity().substr(0, 2), "2 ");
  EXPECT_EQ(keeper().take_notes().size(), 1U);
  times_.advance(60s);
  ASSERT_TRUE(keeper().tick());
  EXPECT_EQ(open_ports(), Ports{80});
  kernel_.fail_reads(false);
  EXPECT_TRUE(keeper().drift()->empty());
  kernel_.lose_table();
  EXPECT_FALSE(keeper().drift()->empty());
}

TEST_F(KeeperTest, AChangeWhoseAnswerIsLostCountsAsDoneUntilTheTableIsLookedAt) {
  ASSERT_TRUE(apply("tcp/80"));
  kernel_.lose_answer();
  ASSERT_TRUE(apply("tcp/443", 60s));
  EXPECT_EQ(open_ports(), Ports{443});
  EXPECT_FALSE(keeper().take_notes().empty());
  EXPECT_TRUE(keeper().drift()->empty());
  times_.advance(60s);
  ASSERT_TRUE(keeper().tick());
  EXPECT_EQ(open_ports(), Ports{80});
}

TEST_F(KeeperTest, BansTheNewPolicyDoesNotAllowAreLiftedWhenTheKernelTakesIt) {
  PolicyBundle next = policy("tcp/443");
  std::string& text = next.files["/p.yaml"].text;
  text.replace(text.find("192.0.2.77"), 10, "203.0.113.9");
  std::size_t last = 0;  // the transaction that lifts bans
  for (int i = 0; i < 2; ++i) {
    ASSERT_TRUE(apply("tcp/80"));
    ASSERT_TRUE(keeper().ban({*base::parse_prefix("203.0.113.9"), 600s, "", "root", ""}));
    const std::size_t before = kernel_.transactions();
    if (i == 1) kernel_.fail_after(last);
    ASSERT_TRUE(keeper().apply(next, {{}, "tester"}));
    last = kernel_.transactions() - before - 1;
  }
  EXPECT_TRUE(*kernel_.find("ban4", {203, 0, 113, 9}));
  EXPECT_EQ(keeper().take_notes().size(), 1U);
  ASSERT_TRUE(keeper().tick());
  EXPECT_FALSE(*kernel_.find("ban4", {203, 0, 113, 9}));
}

TEST_F(KeeperTest, WhatCannotBeRecordedAsConfirmedIsUndone) {
  ASSERT_TRUE(apply("tcp/80"));
  std::filesystem::remove(temp_.path("firewall/fallback.json"));
  std::filesystem::create_directories(temp_.path("firewall/fallback.json/in the way"));
  const auto applied = apply("tcp/443");
  ASSERT_FALSE(applied);
  EXPECT_NE(applied.error().message.find("cannot be recorded as confirmed"), std::string::npos);
  EXPECT_EQ(open_ports(), Ports{80});
  EXPECT_EQ(keeper().live_revision(), 1U);
}

TEST_F(KeeperTest, WhatIsNotConfirmedInTimeIsUndone) {
  ASSERT_TRUE(apply("tcp/80"));
  ASSERT_TRUE(apply("tcp/443", 60s));
  EXPECT_EQ(open_ports(), Ports{443});
  times_.advance(59s);
  EXPECT_EQ(*keeper().tick(), std::nullopt);
  times_.advance(1s);
  EXPECT_EQ(**keeper().tick(), "revision 2 was not confirmed in time: back to revision 1");
  EXPECT_EQ(open_ports(), Ports{80});
  EXPECT_EQ(*keeper().tick(), std::nullopt);
}

TEST_F(KeeperTest, ConfirmingEndsTheWait) {
  ASSERT_TRUE(apply("tcp/443", 60s));
  EXPECT_FALSE(keeper().confirm(7));
  EXPECT_TRUE(keeper().confirm(1));
  times_.advance(1h);
  EXPECT_EQ(*keeper().tick(), std::nullopt);
  EXPECT_EQ(open_ports(), Ports{443});
}

TEST_F(KeeperTest, TheFirstPolicyUndoneLeavesNoTable) {
  ASSERT_TRUE(apply("tcp/443", 60s));
  times_.advance(60s);
  ASSERT_TRUE(keeper().tick());
  EXPECT_FALSE(kernel_.table());
}

TEST_F(KeeperTest, AnotherUnconfirmedChangeStillLeadsBackToTheConfirmedOne) {
  ASSERT_TRUE(apply("tcp/80"));
  ASSERT_TRUE(apply("tcp/443", 60s));
  ASSERT_TRUE(apply("tcp/8443", 60s));
  times_.advance(61s);
  ASSERT_TRUE(keeper().tick());
  EXPECT_EQ(open_ports(), Ports{80});
}

TEST_F(KeeperTest, AStartGoesOnCountingDown) {
  ASSERT_TRUE(apply("tcp/80"));
  ASSERT_TRUE(apply("tcp/443", 60s));
  times_.advance(30s);
  start();
  EXPECT_EQ(open_ports(), Ports{443});
  EXPECT_EQ(said_, std::vector<std::string>{"revision 2 still waits to be confirmed"});
  times_.advance(30s);
  ASSERT_TRUE(keeper().tick());
  EXPECT_EQ(open_ports(), Ports{80});
}

TEST_F(KeeperTest, AnotherBootUndoes) {
  ASSERT_TRUE(apply("tcp/80"));
  ASSERT_TRUE(apply("tcp/443", 60s));
  times_.boot_id = "boot-2";
  times_.since_boot = 1s;
  kernel_.lose_table();
  start();
  EXPECT_EQ(open_ports(), Ports{80});
}

TEST_F(KeeperTest, APendingRecordThatCannotBeReadCountsAsExpired) {
  ASSERT_TRUE(apply("tcp/80"));
  ASSERT_TRUE(apply("tcp/443", 60s));
  temp_.write("firewall/pending", "revision 2\n");
  start();
  EXPECT_EQ(open_ports(), Ports{80});
  EXPECT_NE(said_.front().find("counts as expired"), std::string::npos);
}

TEST_F(KeeperTest, ALostTableComesBackWithItsBans) {
  ASSERT_TRUE(apply("tcp/80"));
  ASSERT_TRUE(keeper().ban({*base::parse_prefix("203.0.113.9"), 600s, "scanner", "root", ""}));
  ASSERT_TRUE(keeper().save_bans());
  kernel_.lose_table();
  start();
  EXPECT_EQ(open_ports(), Ports{80});
  const auto banned = kernel_.find("ban4", {203, 0, 113, 9});
  ASSERT_TRUE(banned);
  EXPECT_TRUE(*banned);
}

TEST_F(KeeperTest, DriftIsToldAndHealed) {
  ASSERT_TRUE(apply("tcp/80"));
  EXPECT_TRUE(keeper().drift()->empty());
  kernel_.lose_table();
  EXPECT_EQ(keeper().drift()->front(), "table inet ravelin is gone: nothing filters");
  ASSERT_TRUE(keeper().heal());
  EXPECT_TRUE(keeper().drift()->empty());
  EXPECT_EQ(open_ports(), Ports{80});
}

TEST_F(KeeperTest, AConcurrentWriterIsMetWithAnotherTry) {
  ASSERT_TRUE(apply("tcp/80"));
  kernel_.change_elsewhere();
  ASSERT_TRUE(apply("tcp/443"));
  EXPECT_EQ(open_ports(), Ports{443});
}

TEST_F(KeeperTest, GoingBackToAnEarlierRevisionMakesANewOne) {
  ASSERT_TRUE(apply("tcp/80"));
  ASSERT_TRUE(apply("tcp/443"));
  const auto back = keeper().rollback(1, "tester");
  ASSERT_TRUE(back);
  EXPECT_EQ(back->revision, 3U);
  EXPECT_EQ(open_ports(), Ports{80});
  EXPECT_FALSE(keeper().rollback({}, "tester"));  // nothing is unconfirmed
  EXPECT_FALSE(keeper().rollback(99, "tester"));
}

TEST_F(KeeperTest, WhatIsNotConfirmedInTimeIsDeclinedUntilAnotherIsApplied) {
  ASSERT_TRUE(apply("tcp/80"));
  ASSERT_TRUE(apply("tcp/443", 60s));
  EXPECT_FALSE(keeper().is_declined(policy("tcp/443")));
  times_.advance(61s);
  ASSERT_TRUE(keeper().tick());
  EXPECT_TRUE(keeper().is_declined(policy("tcp/443")));
  EXPECT_FALSE(keeper().is_declined(policy("tcp/80")));
  PolicyBundle elsewhere = policy("tcp/443");
  auto text = elsewhere.files.extract("/p.yaml");
  text.key() = elsewhere.path = "/etc/p.yaml";
  elsewhere.files.insert(std::move(text));
  EXPECT_TRUE(keeper().is_declined(elsewhere)) << "it is the text that was declined";
  start();
  EXPECT_TRUE(keeper().is_declined(policy("tcp/443")));
  ASSERT_TRUE(apply("tcp/8443"));
  EXPECT_FALSE(keeper().is_declined(policy("tcp/443")));
}

TEST_F(KeeperTest, WhatAStartUndoesOrSomebodyTakesBackIsDeclined) {
  ASSERT_TRUE(apply("tcp/80"));
  ASSERT_TRUE(apply("tcp/443", 60s));
  times_.advance(61s);
  start();
  EXPECT_TRUE(keeper().is_declined(policy("tcp/443")));
  ASSERT_TRUE(apply("tcp/443"));
  ASSERT_TRUE(keeper().rollback(1, "tester"));
  EXPECT_TRUE(keeper().is_declined(policy("tcp/443")));
  EXPECT_FALSE(keeper().is_declined(policy("tcp/80")));
  ASSERT_TRUE(keeper().rollback(1, "tester"));  // what is in force is not declined
  EXPECT_FALSE(keeper().is_declined(policy("tcp/80")));
  ASSERT_TRUE(keeper().remove());
  EXPECT_TRUE(keeper().is_declined(policy("tcp/80")));
}

TEST_F(KeeperTest, WhyAnswersFromTheBookAndTheKernel) {
  ASSERT_TRUE(apply("tcp/80"));
  ASSERT_TRUE(
      keeper().ban({*base::parse_prefix("203.0.113.9"), 600s, "honeypot", "gateway", "r1"}));
  Service service(keeper(), kernel_, times_);
  for (const char* question :
       {R"({"command":"why","address":"203.0.113.9"})", R"({"command":"why","request_id":"r1"})"}) {
    const Answer answer = service.answer(question);
    EXPECT_EQ(answer.went, Went::done) << answer.text;
    for (const char* part : {R"("reason":"honeypot")", R"("by":"gateway")", R"("in_kernel":true)",
                             R"("set":"ban4)", R"("policy":"1 )"})
      EXPECT_NE(answer.json.find(part), std::string::npos) << part << " in " << answer.json;
  }
  const Answer other = service.answer(R"({"command":"why","address":"203.0.113.10"})");
  EXPECT_EQ(other.went, Went::no);
  const Answer never = service.answer(R"({"command":"why","address":"192.0.2.77"})");
  EXPECT_EQ(never.went, Went::no);
  EXPECT_NE(never.text.find("is never banned"), std::string::npos) << never.text;
  EXPECT_EQ(service.answer(R"({"command":"why"})").went, Went::refused);
  times_.advance(600s);
  EXPECT_EQ(service.answer(R"({"command":"why","request_id":"r1"})").went, Went::no);
}

TEST_F(KeeperTest, OffForgetsTheTableAndWhatWasConfirmed) {
  ASSERT_TRUE(apply("tcp/80"));
  ASSERT_TRUE(keeper().remove());
  EXPECT_FALSE(kernel_.table());
  start();
  EXPECT_FALSE(kernel_.table());
  EXPECT_TRUE(apply("tcp/443"));
}

TEST_F(KeeperTest, RulesEndWithTheirUntil) {
  PolicyBundle bundle = policy("tcp/80");
  std::string& text = bundle.files["/p.yaml"].text;
  const std::size_t at = text.find("    - { allow: [tcp/80], id: web }");
  ASSERT_NE(at, std::string::npos);
  text.insert(
      at, "    - { allow: tcp/9999, until: 2027-01-15T08:00:30Z }\n");  // 30 s after the fake clock
  ASSERT_TRUE(keeper().apply(std::move(bundle), {{}, "tester"}));
  EXPECT_EQ(open_ports(), (Ports{80, 9999}));
  times_.advance(31s);
  ASSERT_TRUE(keeper().expire_rules());
  EXPECT_EQ(open_ports(), Ports{80});
  EXPECT_EQ(keeper().live_revision(), 1U);
}

class Quarantined : public KeeperTest {
 protected:
  void apply_with_quarantine() {
    PolicyBundle bundle = policy("tcp/80");
    bundle.files["/p.yaml"].text += "quarantine: { user: 998, size: 16 }\n";
    const auto applied = keeper().apply(std::move(bundle), {{}, "tester"});
    ASSERT_TRUE(applied) << applied.error().message;
  }

  static base::IpEndpoint server(std::string_view text) {
    return std::get<base::IpEndpoint>(*base::parse_endpoint(text));
  }

  // How long the kernel keeps this host from a server; none: not at all.
  std::optional<std::chrono::milliseconds> kept_from(std::string_view text) {
    const base::IpEndpoint endpoint = server(text);
    KeyWriter key(2);
    key.add(address_bytes(endpoint.address));
    key.add(port_bytes(endpoint.port));
    const bool is_ipv4 = endpoint.address.family == base::Family::ipv4;
    const auto found =
        kernel_.find(std::string(is_ipv4 ? set_names::kQuarantine4 : set_names::kQuarantine6),
                     std::move(key).take());
    EXPECT_TRUE(found);
    return found && *found ? (*found)->expires : std::nullopt;
  }
};

TEST_F(Quarantined, ServersAreTheOnesThatWereNamedLast) {
  apply_with_quarantine();
  ASSERT_TRUE(keeper().quarantine({server("10.0.0.5:8080"), server("[fd00::5]:80")}, 60s));
  EXPECT_EQ(kept_from("10.0.0.5:8080"), 60s);
  EXPECT_EQ(kept_from("[fd00::5]:80"), 60s);
  EXPECT_EQ(kept_from("10.0.0.5:8081"), std::nullopt);
  ASSERT_TRUE(keeper().quarantine({server("10.0.0.6:8080"), server("[fd00::5]:80")}, 60s));
  EXPECT_EQ(kept_from("10.0.0.5:8080"), std::nullopt);
  EXPECT_EQ(kept_from("10.0.0.6:8080"), 60s);
  EXPECT_EQ(keeper().quarantined().size(), 2U);
  ASSERT_TRUE(keeper().quarantine({}, 60s));
  EXPECT_EQ(kept_from("10.0.0.6:8080"), std::nullopt);
  EXPECT_TRUE(keeper().quarantined().empty());
}

TEST_F(Quarantined, ElementsAreMadeAnewOnceHalfOfTheirTimeIsOver) {
  apply_with_quarantine();
  ASSERT_TRUE(keeper().quarantine({server("10.0.0.5:8080")}, 60s));
  const std::size_t before = kernel_.transactions();
  times_.advance(20s);
  ASSERT_TRUE(keeper().quarantine({server("10.0.0.5:8080")}, 60s));
  EXPECT_EQ(kernel_.transactions(), before);
  times_.advance(20s);
  ASSERT_TRUE(keeper().quarantine({server("10.0.0.5:8080")}, 60s));
  EXPECT_EQ(kernel_.transactions(), before + 1);
  EXPECT_EQ(keeper().quarantined().begin()->second, 60s);
}

TEST_F(Quarantined, WhoSetsTheClockChangesNothing) {
  apply_with_quarantine();
  ASSERT_TRUE(keeper().quarantine({server("10.0.0.5:8080")}, 60s));
  times_.set_wall(-3600s);
  times_.advance(40s);
  EXPECT_EQ(keeper().quarantined().begin()->second, 20s);
  ASSERT_TRUE(keeper().quarantine({server("10.0.0.5:8080")}, 60s));
  EXPECT_EQ(kept_from("10.0.0.5:8080"), 60s);
  times_.advance(60s);
  EXPECT_TRUE(keeper().quarantined().empty());
}

TEST_F(Quarantined, APolicyWithoutOneForgetsThem) {
  apply_with_quarantine();
  ASSERT_TRUE(keeper().quarantine({server("10.0.0.5:8080")}, 60s));
  ASSERT_TRUE(apply("tcp/80"));
  EXPECT_TRUE(keeper().quarantine({}, 60s));
  EXPECT_TRUE(keeper().quarantined().empty());
  apply_with_quarantine();
  EXPECT_EQ(kept_from("10.0.0.5:8080"), std::nullopt);
}

TEST_F(Quarantined, ATableThatIsMadeAnewHoldsThem) {
  apply_with_quarantine();
  ASSERT_TRUE(keeper().quarantine({server("10.0.0.5:8080")}, 60s));
  kernel_.lose_table();
  times_.advance(10s);
  ASSERT_TRUE(keeper().heal());
  EXPECT_EQ(kept_from("10.0.0.5:8080"), 50s);
}

TEST_F(Quarantined, WhatTheKernelRefusesChangesNothing) {
  apply_with_quarantine();
  ASSERT_TRUE(keeper().quarantine({server("10.0.0.5:8080")}, 60s));
  kernel_.fail_next_at(0);
  EXPECT_FALSE(keeper().quarantine({server("10.0.0.6:8080")}, 60s));
  EXPECT_EQ(kept_from("10.0.0.5:8080"), 60s);
  EXPECT_EQ(keeper().quarantined().begin()->first, server("10.0.0.5:8080"));
}

TEST_F(Quarantined, NeedsAPolicyThatHasOne) {
  ASSERT_TRUE(apply("tcp/80"));
  const auto refused = keeper().quarantine({server("10.0.0.5:8080")}, 60s);
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().message, "the policy has no \"quarantine\": servers cannot be cut off");
  EXPECT_EQ(refused.error().code, base::Errc::not_found);
  EXPECT_TRUE(keeper().quarantine({}, 60s));
}

class Overloaded : public KeeperTest {
 protected:
  void apply_with(std::string_view ports, std::string_view more = "") {
    PolicyBundle bundle = policy("tcp/80");
    bundle.files["/p.yaml"].text +=
        fmt::format("overload: {{ ports: [{}], new: 20/s burst 40{} }}\n", ports, more);
    const auto applied = keeper().apply(std::move(bundle), {{}, "tester"});
    ASSERT_TRUE(applied) << applied.error().message;
  }

  // For how long limits hold on a port; none: they do not.
  std::optional<std::chrono::milliseconds> held(std::uint16_t port,
                                                std::string_view set = set_names::kOverload) {
    const auto found = kernel_.find(std::string(set), port_bytes(port));
    EXPECT_TRUE(found);
    return found && *found ? (*found)->expires : std::nullopt;
  }
};

TEST_F(Overloaded, LimitsHoldWhileItIsSaid) {
  apply_with("80, 443");
  EXPECT_EQ(held(443), std::nullopt);
  ASSERT_TRUE(keeper().tighten(60s));
  EXPECT_EQ(held(80), 60s);
  EXPECT_EQ(held(443), 60s);
  const std::size_t before = kernel_.transactions();
  times_.advance(20s);
  ASSERT_TRUE(keeper().tighten(60s));
  EXPECT_EQ(kernel_.transactions(), before);
  times_.advance(20s);
  ASSERT_TRUE(keeper().tighten(60s));
  EXPECT_EQ(held(443), 60s);
  ASSERT_TRUE(keeper().tighten(0s));
  EXPECT_EQ(held(443), std::nullopt);
  EXPECT_EQ(keeper().tightened_for(), 0s);
}

TEST_F(Overloaded, AnotherPolicyAndATableThatIsMadeAnewHoldThem) {
  apply_with("80");
  ASSERT_TRUE(keeper().tighten(60s));
  times_.advance(10s);
  apply_with("443");
  EXPECT_EQ(held(80), std::nullopt);
  EXPECT_EQ(held(443), 50s);
  kernel_.lose_table();
  times_.advance(10s);
  ASSERT_TRUE(keeper().heal());
  EXPECT_EQ(held(443), 40s);
}

TEST_F(Overloaded, HandshakesAreAnsweredMeanwhileAndCookiesTakenALittleLonger) {
  apply_with("80, 443", ", synproxy: 443");
  ASSERT_TRUE(keeper().tighten(60s));
  EXPECT_EQ(held(443, set_names::kSynproxy), 60s);
  EXPECT_EQ(held(443, set_names::kSynproxyAck), 70s);
  EXPECT_EQ(held(80, set_names::kSynproxy), std::nullopt);
  ASSERT_TRUE(keeper().tighten(0s));
  EXPECT_EQ(held(443, set_names::kSynproxy), std::nullopt);
  EXPECT_EQ(held(443, set_names::kSynproxyAck), 10s);
}

TEST_F(Overloaded, AnotherPolicyAnswersForItsOwnPorts) {
  apply_with("443, 80", ", synproxy: 443");
  ASSERT_TRUE(keeper().tighten(60s));
  times_.advance(10s);
  apply_with("443, 80", ", synproxy: 80");
  EXPECT_EQ(held(443, set_names::kSynproxy), std::nullopt);
  EXPECT_EQ(held(80, set_names::kSynproxy), 50s);
  EXPECT_EQ(held(80, set_names::kSynproxyAck), 60s);
  apply_with("443, 80");
  EXPECT_EQ(held(80), 50s);
  apply_with("443, 80", ", synproxy: 443");
  EXPECT_EQ(held(443, set_names::kSynproxy), 50s);
}

TEST_F(Overloaded, AnotherAgentAnswersOnceItIsSaidAgainAndTakesWhatIsUnderWay) {
  apply_with("443", ", synproxy: 443");
  ASSERT_TRUE(keeper().tighten(60s));
  start();
  EXPECT_EQ(held(443), std::nullopt);
  EXPECT_EQ(held(443, set_names::kSynproxy), std::nullopt);
  EXPECT_EQ(held(443, set_names::kSynproxyAck), 70s);
  ASSERT_TRUE(keeper().tighten(60s));
  EXPECT_EQ(held(443, set_names::kSynproxy), 60s);
}

TEST_F(Overloaded, WhatTheKernelRefusesChangesNothing) {
  apply_with("80");
  kernel_.fail_next_at(0);
  EXPECT_FALSE(keeper().tighten(60s));
  EXPECT_EQ(held(80), std::nullopt);
  EXPECT_EQ(keeper().tightened_for(), 0s);
}

TEST_F(Overloaded, NeedsAPolicyThatHasOne) {
  ASSERT_TRUE(apply("tcp/80"));
  const auto refused = keeper().tighten(60s);
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().message, "the policy has no \"overload\": nothing can be tightened");
  EXPECT_TRUE(keeper().tighten(0s));
}

}  // namespace
}  // namespace ravelin::firewall
