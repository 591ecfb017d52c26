#include "gateway/config/error_page.h"

#include <gtest/gtest.h>

namespace ravelin::gateway {
namespace {

std::string rendered(std::string_view text, std::string_view path, std::string_view id = "id-1") {
  const auto page = parse_error_page(text, path);
  return page ? render(*page, 404, "no_route", id) : "!" + page.error().message;
}

TEST(ErrorPage, FillsItsThreePlacesAndNothingElse) {
  EXPECT_EQ(rendered("<h1>{status}</h1><p>{reason}<p>{request_id}{request_id}", "/e/404.html"),
            "<h1>404</h1><p>no_route<p>id-1id-1");
  EXPECT_EQ(rendered("<style>a { color: red }</style>{host}{statu", "/e/404.html"),
            "<style>a { color: red }</style>{host}{statu");
  EXPECT_EQ(rendered("{{status}}", "/e/a.json"), "{404}");
  EXPECT_EQ(rendered("", "/e/a.txt"), "");
}

TEST(ErrorPage, EscapesInMarkupAlone) {
  EXPECT_EQ(rendered("{request_id}", "/e/a.html", "<b>\"&'"), "&lt;b&gt;&quot;&amp;&#39;");
  EXPECT_EQ(rendered("{request_id}", "/e/a.xml", "<"), "&lt;");
  EXPECT_EQ(rendered("{request_id}", "/e/a.txt", "<"), "<");
}

TEST(ErrorPage, KnowsItsTypeByItsEnding) {
  EXPECT_EQ(parse_error_page("", "/e/a.html")->content_type, "text/html; charset=utf-8");
  EXPECT_EQ(parse_error_page("", "/e/a.htm")->content_type, "text/html; charset=utf-8");
  EXPECT_EQ(parse_error_page("", "/e/a.json")->content_type, "application/json");
  EXPECT_EQ(parse_error_page("", "/e/a.txt")->content_type, "text/plain; charset=utf-8");
  EXPECT_EQ(rendered("", "/e/a.php"),
            "!/e/a.php has none of the endings .html, .htm, .txt, .json, .xml");
}

TEST(ErrorPage, HasLimits) {
  const std::string full(kErrorPageBytesMax, 'x');
  EXPECT_EQ(rendered(full, "/e/a.txt"), full);
  EXPECT_EQ(rendered(full + "x", "/e/a.txt"), "!/e/a.txt is larger than 32768 bytes");
  std::string places;
  for (int i = 0; i < 65; ++i)
    places += "{status}";
  EXPECT_EQ(rendered(places, "/e/a.txt"), "!/e/a.txt has more than 64 places to fill in");
}

}  // namespace
}  // namespace ravelin::gateway
