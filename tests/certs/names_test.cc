#include "certs/names.h"

#include <gtest/gtest.h>

#include <string>

namespace ravelin::certs {
namespace {

std::string why(const Result<>& checked) {
  return checked ? "" : checked.error().message;
}

const std::string kLabel63(63, 'a');
// 253 characters, the most there can be.
const std::string kLongest =
    kLabel63 + "." + kLabel63 + "." + kLabel63 + "." + std::string(61, 'a');

TEST(Names, HostNamesAreTaken) {
  for (const std::string& name :
       {std::string("www.example.com"), std::string("localhost"), std::string("*.example.com"),
        std::string("_dmarc.a-b.example"), std::string("xn--bcher-kva.example"),
        std::string("1.2.example"), kLabel63 + ".test", kLongest}) {
    EXPECT_EQ(why(check_host_name(name)), "") << name;
    EXPECT_EQ(why(check_name(name)), "") << name;
  }
}

struct RefusedName {
  const char* title;
  std::string name;
  std::string why;
};

TEST(Names, AnErrorSaysWhatToWriteInstead) {
  const std::string long_label(64, 'a');
  const RefusedName rows[] = {
      {"Empty", "", "a name is empty"},
      {"UpperCase", "WWW.Example.com",
       "name \"WWW.Example.com\": write it in lower case: \"www.example.com\""},
      {"TrailingDot", "example.com.", "name \"example.com.\": a label is empty"},
      {"TwoDots", "a..test", "name \"a..test\": a label is empty"},
      {"Slash", "a/b.test", "name \"a/b.test\": \"/\" cannot stand in a host name"},
      {"ParentFolder", "..", "name \"..\": a label is empty"},
      {"Space", "a b.test", "name \"a b.test\": \" \" cannot stand in a host name"},
      {"Port", "a.test:443", "name \"a.test:443\": \":\" cannot stand in a host name"},
      {"Umlaut",
       "b\xc3\xbc"
       "cher.test",
       "name \"b\xc3\xbc"
       "cher.test\": write it in its xn-- form (IDNA)"},
      {"HyphenFirst", "-a.test", "name \"-a.test\": the label \"-a\" begins or ends with \"-\""},
      {"HyphenLast", "a-.test", "name \"a-.test\": the label \"a-\" begins or ends with \"-\""},
      {"LongLabel", long_label + ".test",
       "name \"" + long_label + ".test\": the label \"" + long_label +
           "\" has more than 63 characters"},
      {"Long", kLongest + "a",
       "name \"" + std::string(40, 'a') + "...\": has more than 253 characters"},
      {"StarInside", "a.*.test",
       "name \"a.*.test\": \"*\" can only stand for the whole first label"},
      {"StarInLabel", "a*.b.test",
       "name \"a*.b.test\": \"*\" can only stand for the whole first label"},
      {"StarAlone", "*", "name \"*\": \"*\" can only stand for the whole first label"},
      {"StarOverOneLabel", "*.test", "name \"*.test\": \"*\" needs at least two labels behind it"},
      {"ShortAddress", "10.1", "name \"10.1\": ends in a number, as addresses do"},
      {"AddressTooLarge", "10.0.0.256", "name \"10.0.0.256\": ends in a number, as addresses do"},
      {"Number", "12", "name \"12\": ends in a number, as addresses do"},
  };
  for (const RefusedName& row : rows) {
    EXPECT_EQ(why(check_host_name(row.name)), row.why) << row.title;
    EXPECT_EQ(why(check_name(row.name)), row.why) << row.title;
  }
}

TEST(Names, AddressesAreNamesButNoHostNames) {
  for (const char* address : {"192.0.2.1", "::1", "2001:db8::1"})
    EXPECT_EQ(why(check_name(address)), "") << address;
  EXPECT_EQ(why(check_name("2001:DB8:0::1")),
            "address \"2001:DB8:0::1\": write it as \"2001:db8::1\"");
  EXPECT_EQ(why(check_host_name("192.0.2.1")),
            "name \"192.0.2.1\": ends in a number, as addresses do");
}

TEST(Names, FoldersAreCalledLikeTheirCertificates) {
  EXPECT_EQ(folder_of("www.example.com"), "www.example.com");
  EXPECT_EQ(folder_of("*.example.com"), "+.example.com");
  EXPECT_EQ(folder_of("2001:db8::1"), "2001:db8::1");
  for (const char* name : {"www.example.com", "*.example.com", "192.0.2.1"})
    EXPECT_EQ(*name_of(folder_of(name)), name);
  for (const char* folder : {".gone-a.test", "+", "", "a.test.tmp~", "lost found"})
    EXPECT_FALSE(name_of(folder)) << folder;
}

}  // namespace
}  // namespace ravelin::certs
