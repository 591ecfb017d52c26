#include "certs/acme/retry.h"

#include "base/text.h"
#include "certs/acme/fields.h"

#include <algorithm>
#include <array>

namespace ravelin::certs::acme {
namespace {

using std::chrono::seconds;

constexpr seconds kAttemptMin{1};  // a try with less time would only hide why the last one failed

constexpr std::string_view kMonths[] = {"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                        "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};

std::optional<unsigned> number(std::string_view text) {
  const auto value = base::parse_u64(text);
  if (!value || *value > 9999) return std::nullopt;
  return static_cast<unsigned>(*value);
}

// IMF-fixdate (RFC 9110 section 5.6.7): "Sun, 06 Nov 1994 08:49:37 GMT".
std::optional<std::chrono::sys_seconds> parse_http_date(std::string_view text) {
  if (text.size() != 29 || text.substr(3, 2) != ", " || !text.ends_with(" GMT")) return {};
  if (text[7] != ' ' || text[11] != ' ' || text[16] != ' ' || text[19] != ':' || text[22] != ':')
    return {};
  const auto* const month = std::find(std::begin(kMonths), std::end(kMonths), text.substr(8, 3));
  const auto day = number(text.substr(5, 2));
  const auto year = number(text.substr(12, 4));
  const auto hour = number(text.substr(17, 2));
  const auto minute = number(text.substr(20, 2));
  const auto second = number(text.substr(23, 2));
  if (month == std::end(kMonths) || !day || !year || !hour || !minute || !second) return {};
  const std::chrono::year_month_day date{
      std::chrono::year(static_cast<int>(*year)),
      std::chrono::month(static_cast<unsigned>(month - std::begin(kMonths)) + 1),
      std::chrono::day(*day)};
  if (!date.ok() || *hour > 23 || *minute > 59 || *second > 60) return {};
  return std::chrono::sys_days(date) + std::chrono::hours(*hour) + std::chrono::minutes(*minute) +
         seconds(*second);
}

// Where `text` has `mark` outside of "…" and <…>, else its end.
std::size_t find_unquoted(std::string_view text, char mark) {
  bool quoted = false;
  for (std::size_t at = 0; at < text.size(); ++at) {
    if (quoted && text[at] == '\\')
      ++at;
    else if (text[at] == '"')
      quoted = !quoted;
    else if (text[at] == '<' && !quoted)
      at = std::min(text.find('>', at), text.size());
    else if (text[at] == mark && !quoted)
      return at;
  }
  return text.size();
}

// Takes what stands before `mark`, and the mark.
std::string_view take_until(std::string_view& text, char mark) {
  const std::size_t end = find_unquoted(text, mark);
  const std::string_view taken = text.substr(0, end);
  text.remove_prefix(std::min(end + 1, text.size()));
  return base::trim(taken);
}

bool has_relation(std::string_view parameters, std::string_view relation) {
  while (!parameters.empty()) {
    std::string_view value = take_until(parameters, ';');
    const std::string_view name = take_until(value, '=');
    value = base::trim(value);
    if (value.size() >= 2 && value.front() == '"' && value.back() == '"')
      value = value.substr(1, value.size() - 2);
    if (base::iequals(name, "rel") && base::iequals(value, relation)) return true;
  }
  return false;
}

seconds backoff(int tries) {
  return seconds(std::min(1 << std::min(tries - 1, 5), 30));
}

}  // namespace

std::optional<seconds> parse_retry_after(std::string_view value, base::WallTime now) {
  value = base::trim(value);
  if (value.empty()) return std::nullopt;
  const bool is_number =
      std::all_of(value.begin(), value.end(), [](char c) { return c >= '0' && c <= '9'; });
  if (is_number) {
    const auto count = base::parse_u64(value);
    // More than 64 bits hold is more than a day.
    const auto most = static_cast<std::uint64_t>(kRetryAfterMax.count());
    const seconds wait(static_cast<std::int64_t>(count ? std::min(*count, most) : most));
    return std::max(wait, kRetryAfterMin);
  }
  const auto date = parse_http_date(value);
  if (!date) return std::nullopt;
  return std::clamp(*date - std::chrono::floor<seconds>(now), kRetryAfterMin, kRetryAfterMax);
}

std::vector<std::string> linked(const std::vector<std::string>& headers,
                                std::string_view relation) {
  std::vector<std::string> urls;
  for (std::string_view header : headers) {
    while (!header.empty()) {
      std::string_view link = take_until(header, ',');
      const std::size_t close = link.find('>');
      if (!link.starts_with('<') || close == std::string_view::npos) continue;
      const std::string_view url = link.substr(1, close - 1);
      if (is_https_url(url) && has_relation(link.substr(close + 1), relation))
        urls.emplace_back(url);
    }
  }
  return urls;
}

Verdict judge(const Attempt& attempt, const RetryLimits& limits) {
  if (attempt.status >= 200 && attempt.status < 300) return {Next::done};
  if (attempt.problem_type == "badNonce") {
    const bool may = attempt.tries < limits.nonce_tries_max && attempt.left > base::Duration(0);
    return {may ? Next::again : Next::give_up};
  }
  const bool told_when =
      (attempt.status == 429 || attempt.status == 503) && attempt.retry_after.has_value();
  if (attempt.status == 429 && !told_when) return {Next::give_up};
  const bool failed = attempt.status == 0 ? attempt.can_retry : attempt.status >= 500;
  if (!told_when && !failed) return {Next::give_up};
  if (attempt.tries >= limits.failure_tries_max) return {Next::give_up};
  const seconds wait = told_when ? *attempt.retry_after : backoff(attempt.tries);
  if (wait > limits.wait_max || wait + kAttemptMin > attempt.left) return {Next::give_up};
  return {Next::wait, wait};
}

}  // namespace ravelin::certs::acme
