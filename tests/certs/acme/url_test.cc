#include "certs/acme/url.h"

#include <gtest/gtest.h>

namespace ravelin::certs::acme {
namespace {

struct Case {
  std::string_view text;
  Url url;
};

TEST(Url, IsTakenApart) {
  const Case cases[] = {
      {"https://acme.test/directory", {"acme.test", 443, "acme.test", "/directory", false}},
      {"https://ACME.test:8443", {"acme.test", 8443, "acme.test:8443", "/", false}},
      {"https://acme.test?a=b/c#d", {"acme.test", 443, "acme.test", "/?a=b/c", false}},
      {"https://127.0.0.1:1/a%20b", {"127.0.0.1", 1, "127.0.0.1:1", "/a%20b", true}},
      {"https://[::1]:65535/x:y", {"::1", 65535, "[::1]:65535", "/x:y", true}},
      {"https://[2001:DB8::1]/", {"2001:db8::1", 443, "[2001:db8::1]", "/", true}},
  };
  for (const auto& [text, wanted] : cases) {
    const auto url = parse_url(text);
    ASSERT_TRUE(url) << text << ": " << url.error().message;
    EXPECT_EQ(*url, wanted) << text;
  }
}

TEST(Url, RefusesWhatIsNone) {
  for (const std::string_view text :
       {"", "acme.test", "http://acme.test/", "HTTPS://acme.test/", "https://", "https:///x",
        "https://a:b@acme.test/", "https://acme.test:0/", "https://acme.test:65536/",
        "https://acme.test:/", "https://acme.test:8x/", "https://[::1/", "https://[acme.test]/",
        "https://::1/", "https://ac me.test/", "https://acme.test/a\r\nb", "https://-a/",
        "https://acme.test\\@other.test/", "https://\xc3\xa4.test/"})
    EXPECT_FALSE(parse_url(text)) << text;
  EXPECT_FALSE(parse_url("https://acme.test/" + std::string(2048, 'a')));
}

TEST(Url, MayBePlainWhereThatIsAllowed) {
  const auto plain = [](std::string_view text) { return parse_url(text, PlainHttp::allowed); };
  const auto url = plain("http://ca.test/a.crl?x");
  ASSERT_TRUE(url) << url.error().message;
  EXPECT_EQ(*url, (Url{"ca.test", 80, "ca.test", "/a.crl?x", false, true}));
  EXPECT_EQ(plain("http://[::1]:8080/")->port, 8080);
  EXPECT_EQ(*plain("https://ca.test/"), *parse_url("https://ca.test/"));
  for (const std::string_view text :
       {"ftp://ca.test/", "http:/ca.test", "HTTP://ca.test/", "http://", "http://a@ca.test/",
        "http://ca.test:0/", "http://ca test/", "http://ca.test/\r\nX: y", "httpx://ca.test/"}) {
    EXPECT_FALSE(plain(text)) << text;
    EXPECT_FALSE(parse_url(text)) << text;
  }
  EXPECT_FALSE(parse_url("http://ca.test/a.crl"));
  EXPECT_FALSE(plain("http://ca.test/" + std::string(2048, 'a')));
}

TEST(Url, FolderTellsDirectoriesApart) {
  const auto folder = [](std::string_view text) { return folder_name(*parse_url(text)); };
  EXPECT_EQ(folder("https://acme-v02.api.letsencrypt.org/directory"),
            "acme-v02.api.letsencrypt.org");
  EXPECT_EQ(folder("https://localhost:14000/dir"), "localhost_14000");
  EXPECT_EQ(folder("https://ca.test/acme/../p1/directory"), "ca.test_acme_.._p1_directory");
  EXPECT_EQ(folder("https://[::1]:1/directory"), "___1__1");
}

}  // namespace
}  // namespace ravelin::certs::acme
