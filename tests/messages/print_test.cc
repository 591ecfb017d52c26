#include "messages/ban_sink.h"
#include "messages/codec.h"
#include "tests/messages/examples.h"

#include <gtest/gtest.h>

namespace ravelin::messages {
namespace {

constexpr const char* kPrinted[] = {
    R"(hello{role=gateway version="0.1.0"})",
    R"(ban_request{target=198.51.100.0/24 duration=10m reason="bad_path" request_id="0af7651916cd43dd" where="web"})",
    R"(ban_result{outcome=refused text="it is in never"})",
    R"(listener_opened{name="web" endpoint=[2001:db8::1]:443 protocol=https})",
    R"(listener_closed{name="plain" endpoint=192.0.2.1:80 protocol=http})",
    R"(backend_set{pool="web" endpoints=[192.0.2.1:80 "app.internal:8080" "unix:/run/app.sock"]})",
    R"(sign_request{place=store name="www.example.com" generation=12 slot=ec spki=<32 bytes> tls_version=1.3 side=server scheme=1027 transcript_hash=<32 bytes> client_random=<0 bytes> server_random=<0 bytes> group=0 point=<0 bytes> transcript=<0 bytes>})",
    R"(sign_result{outcome=done signature=<8 bytes> text=""})",
    R"(certificate_published{name="www.example.com" generation=1099511627776})",
    R"(config_generation{number=7 hash=<4 bytes>})",
    R"(health{role=keys condition=degraded text="rate is capped"})",
    R"(firewall_question{command="plan"})",
    R"(firewall_answer{outcome=refused text="only root"})",
    R"(role_wanted{role=gateway user="ravelin" confinement=where_possible drain=30s})",
    R"(address_wanted{key="192.0.2.1:80" endpoint=192.0.2.1:80})",
    R"(role_start{role=gateway user="ravelin" confinement=required alive_every_ms=10})",
    R"(socket_request{key="192.0.2.1:80" first=64 count=2})",
    R"(handed_over{outcome=done text=""})",
    R"(socket_released{key="admin.socket"})",
    R"(reload_request{})",
    R"(reload_ended{outcome=failed})",
    R"(processes_request{})",
    R"(process_state{role=keys pid=4711 up=1h starts=2 condition=ready confinement="seccomp" last_end="exit status 4"})",
    R"(finished{outcome=refused text="2 errors"})",
    R"(config_start{path="ravelin.yaml" directory="/etc/ravelin"})",
    R"(config_file{path="/etc/ravelin/ravelin.yaml" identity="1:2"})",
    R"(config_text{piece=<11 bytes>})",
    R"(config_match{pattern="site.d/*.yaml" path="site.d/a.yaml"})",
    R"(path_granted{role=gateway path="/etc/ravelin" use=read})",
    R"(upgrade_request{})",
    R"(log_wanted{path="/var/log/a"})",
    R"(log_request{path="/var/log/a"})",
    R"(upgrade_state{condition=failed ago=5s text="no"})",
    R"(key_question{place=store name="www.example.com" generation=12 slot=ec spki=<32 bytes>})",
    R"(key_answer{outcome=refused findings=["error E_KEY_PERMS: www.key: mode 0644"]})",
    R"(key_counts{signatures=3 refused=1 limited=0 failed=0 waiting=0 signing_ns=0 keys_held=2})",
    R"(token_counts{labels=["web"] numbers=[9 1 0 0 2 1]})",
    R"(challenge_question{token="tok"})",
    R"(challenge_state{workers=4 answering=3})",
    R"(swap_note{store="/var/lib/certs" name="www.example.com" before=3 generation=4 is_canary=yes ago=90s})",
    R"(swap_question{store="/var/lib/certs" name="www.example.com" before=3 generation=4 is_canary=yes})",
    R"(swap_state{is_shown=yes is_by_every_worker=no accepted=12 refusing=1 places=["127.0.0.1:443"] versions=[1.2+1.3]})",
    R"(renewal_note{name="www.example.com" at=1700000000s why="two thirds of its lifetime are over" failures=2 failed=1690000000s error="rateLimited"})",
    R"(limit_note{issuer="le" limit="account" what="" left=300 most=300 is_assumed=yes})",
    R"(renewals_told{by_probe=1 by_alerts=2})",
    R"(rules_wanted{})",
    R"(quarantine{servers=[10.0.0.5:8080] duration=1m})",
    R"(overload{duration=1m})",
};

TEST(Print, NamesEveryFieldAndNoSecret) {
  const auto packets = example_packets();
  ASSERT_EQ(packets.size(), std::size(kPrinted));
  for (std::size_t i = 0; i < packets.size(); ++i)
    EXPECT_EQ(to_string(packets[i].message), kPrinted[i]);
}

TEST(Print, KeepsALineALine) {
  const Message health = Health{.text = "a\nb\"\\\x1b[0m\xe9 ok"};
  EXPECT_EQ(to_string(health),
            R"(health{role=supervisor condition=starting text="a\x0ab\x22\x5c\x1b[0m\xe9 ok"})");
  const Message set =
      BackendSet{.pool = "p", .endpoints = {base::NameEndpoint{.name = "a b\n", .port = 1}}};
  EXPECT_EQ(to_string(set), R"(backend_set{pool="p" endpoints=["a b\x0a:1"]})");
}

TEST(Print, TakesValuesThatCannotTravel) {
  EXPECT_EQ(to_string(Hello{.role = Role::count_, .version = ""}), R"(hello{role=? version=""})");
}

class RecordingSink : public BanSink {
 public:
  void ban(const BanRequest& request) override { requests.push_back(request); }

  std::vector<BanRequest> requests;
};

TEST(BanSink, TakesARequestByValue) {
  RecordingSink sink;
  BanSink& seam = sink;
  seam.ban({.target = *base::parse_prefix("192.0.2.7"),
            .duration = std::chrono::minutes(10),
            .reason = "bad_framing",
            .request_id = "r1",
            .where = ""});
  ASSERT_EQ(sink.requests.size(), 1U);
  EXPECT_EQ(sink.requests[0].duration, std::chrono::seconds(600));
}

}  // namespace
}  // namespace ravelin::messages
