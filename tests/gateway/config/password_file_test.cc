#include "gateway/config/password_file.h"

#include <gtest/gtest.h>

namespace ravelin::gateway {
namespace {

const std::string kBcrypt = "$2y$05$" + std::string(53, 'a');
const std::string kYescrypt = "$y$j9T$abcdefgh$" + std::string(43, 'b');
const std::string kSha512 = "$6$salt$" + std::string(86, 'c');

std::string faults_of(const std::string& text) {
  std::vector<PasswordFault> faults;
  parse_password_file(text, faults);
  std::string shown;
  for (const PasswordFault& fault : faults)
    shown += std::to_string(fault.line) + ": " + fault.message + "\n";
  return shown;
}

TEST(PasswordFile, HoldsItsUsersByName) {
  std::vector<PasswordFault> faults;
  const PasswordFile file = parse_password_file(
      "# users\n\nzoe:" + kBcrypt + "\r\nadam:" + kYescrypt + ":Adam\nbob@x:" + kSha512 +
          "\ncarl:$5$rounds=5000$s$" + std::string(43, 'd'),
      faults);
  EXPECT_TRUE(faults.empty());
  ASSERT_EQ(file.users.size(), 4U);
  EXPECT_EQ(file.find("zoe")->hash, kBcrypt);
  EXPECT_EQ(file.find("adam")->hash, kYescrypt);
  EXPECT_EQ(file.find("bob@x")->hash, kSha512);
  EXPECT_EQ(file.find("ada"), nullptr);
  EXPECT_EQ(file.find("zoee"), nullptr);
  EXPECT_EQ(file.find(""), nullptr);
}

struct FaultCase {
  const char* name;
  std::string text;
  const char* faults;
};

const FaultCase kFaults[] = {
    {"Plaintext", "a:secret\n",
     "1: write a hash of mkpasswd -m yescrypt or htpasswd -B (yescrypt, bcrypt, SHA-512, "
     "SHA-256)\n"},
    {"Des", "a:rqXexS6ZhobKA\n",
     "1: write a hash of mkpasswd -m yescrypt or htpasswd -B (yescrypt, bcrypt, SHA-512, "
     "SHA-256)\n"},
    {"Md5", "a:$apr1$x$y\nb:$1$x$y\n",
     "1: has an MD5 hash, which is guessed too fast; write a yescrypt or bcrypt one\n"
     "2: has an MD5 hash, which is guessed too fast; write a yescrypt or bcrypt one\n"},
    {"Sha1", "a:{SHA}abc=\n",
     "1: has a SHA-1 hash, which is guessed too fast; write a yescrypt or bcrypt one\n"},
    {"NoHash", "a:\n", "1: has no hash\n"},
    {"NoColon", "a\n", "1: is not a user (name:hash; a name is visible ASCII)\n"},
    {"NoName", "\n:x\n", "2: is not a user (name:hash; a name is visible ASCII)\n"},
    {"NameWithSpace", "a b:x\n", "1: is not a user (name:hash; a name is visible ASCII)\n"},
    {"Cut", "a:" + kBcrypt.substr(0, 59) + "\n", "1: has a hash that is cut or damaged\n"},
    {"BadByte", "a:$2y$05$" + std::string(52, 'a') + "!\n",
     "1: has a hash that is cut or damaged\n"},
    {"TooDear", "a:$2y$31$" + std::string(53, 'a') + "\n",
     "1: has a hash that takes too long (bcrypt cost 15, 1000000 rounds)\n"},
    {"TooManyRounds", "a:$6$rounds=9999999$s$" + std::string(86, 'c') + "\n",
     "1: has a hash that takes too long (bcrypt cost 15, 1000000 rounds)\n"},
    {"Twice", "a:" + kBcrypt + "\na:" + kSha512 + "\n", "0: user \"a\" is there twice\n"},
    {"Empty", "# nobody\n", "0: has no user\n"},
};

TEST(PasswordFile, RefusesWhatItCannotVerifyWithoutShowingIt) {
  for (const FaultCase& row : kFaults)
    EXPECT_EQ(faults_of(row.text), row.faults) << row.name;
  EXPECT_EQ(faults_of("a:secret\n").find("secret"), std::string::npos);
}

}  // namespace
}  // namespace ravelin::gateway
