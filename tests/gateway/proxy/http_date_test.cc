#include "gateway/http/http_date.h"

#include <gtest/gtest.h>

namespace ravelin::gateway {
namespace {

struct DateCase {
  std::time_t second;
  const char* text;
};

TEST(HttpDate, WritesImfFixdate) {
  HttpDate date;
  const DateCase cases[] = {
      {784111777, "Sun, 06 Nov 1994 08:49:37 GMT"},
      {0, "Thu, 01 Jan 1970 00:00:00 GMT"},
      {951782400, "Tue, 29 Feb 2000 00:00:00 GMT"},
      {1795526853, "Tue, 24 Nov 2026 13:27:33 GMT"},
  };
  for (const auto& row : cases)
    EXPECT_EQ(date.at(row.second), row.text);
}

}  // namespace
}  // namespace ravelin::gateway
