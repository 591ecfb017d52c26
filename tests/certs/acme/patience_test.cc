#include "certs/acme/patience.h"

#include "certs/acme/resolver.h"
#include "certs/acme/tls_connection.h"

#include <gtest/gtest.h>
#include <netinet/in.h>
#include <poll.h>
#include <unistd.h>

namespace ravelin::certs::acme {
namespace {

using namespace std::chrono_literals;

class Pipe {
 public:
  Pipe() { EXPECT_EQ(::pipe(ends_), 0); }

  Pipe(const Pipe&) = delete;
  Pipe& operator=(const Pipe&) = delete;

  ~Pipe() {
    ::close(ends_[0]);
    ::close(ends_[1]);
  }

  [[nodiscard]] int out() const { return ends_[0]; }

  void write() const { EXPECT_EQ(::write(ends_[1], "x", 1), 1); }

 private:
  int ends_[2] = {-1, -1};
};

TEST(Patience, EndsWithTheTimeTheEventOrTheStop) {
  const Pipe pipe;
  std::stop_source stop;
  const Patience over{base::mono_now()};
  const Patience long_one{base::mono_now() + 1h, stop.get_token()};
  EXPECT_EQ(wait_for(pipe.out(), POLLIN, over, "reading").error().message,
            "reading: no answer in time");
  EXPECT_EQ(pause(1h, over, "waiting").error().code, base::Errc::timeout);
  EXPECT_TRUE(pause(0ns, over, "waiting"));
  pipe.write();
  EXPECT_TRUE(wait_for(pipe.out(), POLLIN, over, "reading"));
  EXPECT_TRUE(wait_for(pipe.out(), POLLIN, long_one, "reading"));
  stop.request_stop();
  EXPECT_EQ(wait_for(pipe.out(), POLLIN, long_one, "reading").error().message, "reading: stopped");
  EXPECT_EQ(pause(1h, long_one, "waiting").error().message, "waiting: stopped");
}

TEST(Patience, AtMostNeverLengthensIt) {
  const Patience over{base::mono_now()};
  EXPECT_EQ(over.at_most(1h).until, over.until);
  EXPECT_EQ(over.left(), 0ns);
  EXPECT_LE(Patience{over.until + 1h}.at_most(1min).left(), 1min);
}

TEST(Resolver, KnowsAddressesAndSaysWhichNameIsNone) {
  Resolver resolver;
  const Patience patience{base::mono_now() + 30s};
  const auto found = resolver.resolve("127.0.0.1", 443, patience);
  ASSERT_TRUE(found) << found.error().message;
  ASSERT_EQ(found->front().storage.ss_family, AF_INET);
  EXPECT_EQ(reinterpret_cast<const sockaddr_in&>(found->front().storage).sin_port, htons(443));
  EXPECT_TRUE(resolver.resolve("localhost", 443, patience));
  EXPECT_TRUE(resolver.resolve("localhost", 443, patience));  // asked anew each time
  const std::string too_long(70, 'a');  // a label that no question can hold: nobody is asked
  const auto none = resolver.resolve(too_long, 443, patience);
  ASSERT_FALSE(none);
  EXPECT_TRUE(none.error().message.starts_with("looking up " + too_long + ": "));
}

TEST(TlsContext, WantsAFileOfRoots) {
  EXPECT_TRUE(make_client_context(""));
  const auto none = make_client_context("/nonexistent/ca.pem");
  ASSERT_FALSE(none);
  EXPECT_TRUE(none.error().message.starts_with("/nonexistent/ca.pem: no trusted roots"));
  EXPECT_FALSE(make_client_context("/dev/null"));
}

}  // namespace
}  // namespace ravelin::certs::acme
