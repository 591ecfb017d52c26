#include "certs/rotate/probe_swap.h"

#include "base/check.h"
#include "tests/certs/rotate/rotation_lab.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <openssl/ssl.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <csignal>
#include <cstring>
#include <thread>

namespace ravelin::certs {
namespace {

using test::kRotated;
using test::RotationLab;
using testing::HasSubstr;

// A listener on a Unix socket that shows one certificate, or closes at once.
class Server {
 public:
  Server(std::string path, const PairPtr& pair) : path_(std::move(path)), pair_(pair) {
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    CHECK(path_.size() < sizeof address.sun_path);
    std::memcpy(address.sun_path, path_.data(), path_.size());
    fd_ = ::socket(AF_UNIX, SOCK_STREAM, 0);
    CHECK(::bind(fd_, reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0);
    CHECK(::listen(fd_, 16) == 0);
    thread_ = std::thread([this] { serve(); });
  }

  Server(const Server&) = delete;
  Server& operator=(const Server&) = delete;

  ~Server() {
    ::shutdown(fd_, SHUT_RDWR);
    thread_.join();
    ::close(fd_);
    ::unlink(path_.c_str());
  }

 private:
  void serve() {
    const base::Handle<SSL_CTX, SSL_CTX_free> context(SSL_CTX_new(TLS_server_method()));
    if (pair_ != nullptr)
      CHECK(SSL_CTX_use_cert_and_key(context.get(), pair_->chain.leaf.get(), pair_->key.get(),
                                     pair_->chain.intermediates.get(), 1) == 1);
    for (int fd = ::accept(fd_, nullptr, nullptr); fd >= 0; fd = ::accept(fd_, nullptr, nullptr)) {
      if (pair_ != nullptr) {
        const base::Handle<SSL, SSL_free> ssl(SSL_new(context.get()));
        SSL_set_fd(ssl.get(), fd);
        SSL_accept(ssl.get());
        ERR_clear_error();
      }
      ::close(fd);
    }
  }

  std::string path_;
  PairPtr pair_;
  int fd_ = -1;
  std::thread thread_;
};

class ProbeSwap : public testing::Test {
 protected:
  ProbeSwap() {
    std::signal(SIGPIPE, SIG_IGN);  // the server may have more to say than a client stays for
    EXPECT_TRUE(lab_.rotate("issue"));
    EXPECT_TRUE(lab_.rotate());
  }

  // As a generation of the store has it.
  PairPtr pair_of(std::uint64_t generation) {
    const auto kept = lab_.store.generation(kRotated, generation);
    auto chain = parse_chain(kept->ec->chain, "chain");
    auto key = parse_key(kept->ec->key, "key");
    return std::make_shared<const CertificatePair>(
        CertificatePair{std::move(*chain), std::move(*key)});
  }

  ProbeReport probe(base::WallTime now = test::kNow) {
    const ProbePlace place{"unix:" + path(), true, true};
    return probe_swap(lab_.store, kRotated, 2, std::span(&place, 1), now,
                      {base::mono_now() + std::chrono::seconds(20)});
  }

  [[nodiscard]] std::string path() const { return folder_.path("s"); }

  RotationLab lab_;
  ravelin::test::TempDir folder_;
};

TEST_F(ProbeSwap, SaysWhatIsShown) {
  const Server server(path(), pair_of(2));
  const ProbeReport report = probe();
  EXPECT_EQ(report.says, ProbeSays::shown) << report.text;
  EXPECT_EQ(report.text, "unix:" + path() + ": TLS 1.2 and 1.3 show generation 2");
}

TEST_F(ProbeSwap, AnOlderGenerationIsNoFaultOfTheNewOne) {
  const Server server(path(), pair_of(1));
  const ProbeReport report = probe();
  EXPECT_EQ(report.says, ProbeSays::another);
  EXPECT_THAT(report.text, HasSubstr("generation 1 is shown, not 2"));
}

TEST_F(ProbeSwap, ACertificateOfNobodysIsRefused) {
  const Server server(path(), test::make_pair({.names = {kRotated}}));
  const ProbeReport report = probe();
  EXPECT_EQ(report.says, ProbeSays::refused);
  EXPECT_THAT(report.text, HasSubstr("another certificate is shown"));
}

TEST_F(ProbeSwap, WhatClientsRefuseIsRefused) {
  const Server server(path(), pair_of(2));
  const ProbeReport report = probe(test::kNow + std::chrono::days(400));
  EXPECT_EQ(report.says, ProbeSays::refused);
  EXPECT_THAT(report.text, HasSubstr("clients refuse it: certificate has expired"));
}

TEST_F(ProbeSwap, WhereNobodyAnswersNothingIsSaid) {
  EXPECT_EQ(probe().says, ProbeSays::nothing);
  const Server full(path(), nullptr);
  const ProbeReport report = probe();
  EXPECT_EQ(report.says, ProbeSays::nothing) << report.text;
  EXPECT_THAT(report.text,
              testing::AnyOf(HasSubstr("the connection was closed"),
                             HasSubstr("connection reset by peer"), HasSubstr("broken pipe")));
}

TEST_F(ProbeSwap, WithoutAPlaceNothingIsSaid) {
  const auto report = probe_swap(lab_.store, kRotated, 2, {}, test::kNow, {base::mono_now()});
  EXPECT_EQ(report.says, ProbeSays::nothing);
}

TEST(OwnAddress, IsWhereOneReachesOneself) {
  struct Row {
    const char* bound;
    int family;
    std::uint32_t host;
  };

  for (const Row& row :
       {Row{"127.0.0.1:8443", AF_INET, 0x7f000001}, Row{"0.0.0.0:8443", AF_INET, 0x7f000001},
        Row{"10.1.2.3:443", AF_INET, 0x0a010203}}) {
    const auto address = own_address(row.bound);
    ASSERT_TRUE(address) << row.bound;
    sockaddr_in in{};
    std::memcpy(&in, &address->storage, sizeof in);
    EXPECT_EQ(in.sin_family, row.family);
    EXPECT_EQ(ntohl(in.sin_addr.s_addr), row.host) << row.bound;
  }
  const auto v6 = own_address("[::]:8443");
  ASSERT_TRUE(v6);
  sockaddr_in6 in6{};
  std::memcpy(&in6, &v6->storage, sizeof in6);
  EXPECT_TRUE(IN6_IS_ADDR_LOOPBACK(&in6.sin6_addr));
  EXPECT_EQ(ntohs(in6.sin6_port), 8443);
  EXPECT_FALSE(own_address("nonsense"));
  EXPECT_FALSE(own_address("www.example.test:443"));
}

}  // namespace
}  // namespace ravelin::certs
