#include "certs/ca/system_trust.h"

#include "tests/certs/ca/ca_lab.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>

namespace ravelin::certs {
namespace {

using ::testing::HasSubstr;
namespace fs = std::filesystem;

// A Debian that trusts one other CA.
class SystemTrust : public ::testing::Test {
 protected:
  SystemTrust() : tree_{dir_.path()} {
    for (const char* folder : {"usr/local/share/ca-certificates", "usr/share/ca-certificates",
                               "etc/ssl/certs", "etc/ca-certificates/update.d"})
      fs::create_directories(tree_.path(folder));
    dir_.write("etc/ca-certificates.conf", "other.crt\n");
    test::CaLab other;
    other_ = to_pem(other.create().root());
    dir_.write("usr/share/ca-certificates/other.crt", other_);
  }

  [[nodiscard]] std::string bundle() const {
    return test::read_text(tree_.path("etc/ssl/certs/ca-certificates.crt"));
  }

  [[nodiscard]] long links() const {
    long count = 0;
    for (const auto& entry : fs::directory_iterator(tree_.path("etc/ssl/certs")))
      count += entry.is_symlink() ? 1 : 0;
    return count;
  }

  // Nowhere to put the bundle.
  void break_update() {
    fs::remove_all(tree_.path("etc/ssl/certs"));
    test::write_text(tree_.path("etc/ssl/certs"), "no folder");
  }

  ravelin::test::TempDir dir_;
  SystemTree tree_;
  test::CaLab lab_;
  std::string other_;
};

TEST_F(SystemTrust, RootGoesIntoTheBundleAndOutAgain) {
  const OwnCa ca = lab_.create();
  const std::string pem = to_pem(ca.root());
  const std::string fingerprint = ca.root_fingerprint();
  const auto added = add_trust(tree_, fingerprint, pem);
  ASSERT_TRUE(added) << added.error().message;
  EXPECT_EQ(test::read_text(trust_file(tree_, fingerprint)), pem);
  EXPECT_EQ(bundle(), other_ + pem);
  EXPECT_TRUE(add_trust(tree_, fingerprint, pem));
  const auto removed = remove_trust(tree_, fingerprint);
  ASSERT_TRUE(removed) << removed.error().message;
  EXPECT_TRUE(*removed);
  EXPECT_EQ(bundle(), other_);
  EXPECT_EQ(links(), 2);  // by name and by hash
  EXPECT_FALSE(fs::exists(trust_file(tree_, fingerprint)));
  EXPECT_FALSE(*remove_trust(tree_, fingerprint));
}

TEST_F(SystemTrust, IsNamedByTheFingerprint) {
  EXPECT_EQ(trust_file({"/"}, "0123456789abcdef0123"),
            "/usr/local/share/ca-certificates/ravelin-0123456789abcdef.crt");
}

TEST_F(SystemTrust, FailureLeavesItAsItWas) {
  const OwnCa ca = lab_.create();
  const std::string pem = to_pem(ca.root());
  const std::string fingerprint = ca.root_fingerprint();
  break_update();
  const auto added = add_trust(tree_, fingerprint, pem);
  ASSERT_FALSE(added);
  EXPECT_THAT(added.error().message, HasSubstr("/usr/sbin/update-ca-certificates ended with "));
  EXPECT_FALSE(fs::exists(trust_file(tree_, fingerprint)));
  test::write_text(trust_file(tree_, fingerprint), pem);
  EXPECT_FALSE(remove_trust(tree_, fingerprint));
  EXPECT_EQ(test::read_text(trust_file(tree_, fingerprint)), pem);
}

TEST_F(SystemTrust, BundleThatIsNotMadeAnewIsNoSuccess) {
  const OwnCa ca = lab_.create();
  const std::string fingerprint = ca.root_fingerprint();
  ASSERT_TRUE(add_trust(tree_, fingerprint, to_pem(ca.root())));
  // Of nothing at all the program makes no bundle.
  dir_.write("etc/ca-certificates.conf", "");
  EXPECT_THAT(remove_trust(tree_, fingerprint).error().message,
              HasSubstr("ca-certificates.crt still holds the root, though "));
  EXPECT_TRUE(fs::exists(trust_file(tree_, fingerprint)));
}

TEST_F(SystemTrust, SystemOfAnotherKindIsSaid) {
  fs::remove_all(tree_.path("usr/local"));
  EXPECT_THAT(add_trust(tree_, "0123456789abcdef", "x").error().message,
              HasSubstr("usr/local/share/ca-certificates is not there (Debian's package "
                        "ca-certificates makes it): put the root into the system's trust by hand"));
}

}  // namespace
}  // namespace ravelin::certs
