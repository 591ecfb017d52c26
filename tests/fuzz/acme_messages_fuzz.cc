// Any bytes as what a CA answers: a value or an error with a text, never a throw, a crash or a
// hang. What is accepted keeps the promises that requests are built on.
#include "base/check.h"
#include "certs/acme/challenge_choice.h"
#include "certs/acme/fields.h"
#include "certs/acme/messages.h"
#include "certs/acme/order_note.h"
#include "certs/acme/renewal_info.h"
#include "certs/acme/retry.h"
#include "certs/acme/url.h"

#include <cstdint>
#include <string_view>

namespace {

using namespace ravelin::certs::acme;

template <class T>
void check_error(const ravelin::base::Result<T>& result) {
  if (!result) CHECK(!result.error().message.empty() && result.error().message.size() < 16 * 1024);
}

void check_line(const std::string& text) {
  CHECK(!text.empty() && text.size() < 4 * 1024);
  for (const char c : text)
    CHECK(static_cast<unsigned char>(c) >= 0x20 && c != '\x7f');
}

void check_messages(std::string_view text) {
  const auto directory = parse_directory(text);
  check_error(directory);
  if (directory) CHECK(is_https_url(directory->new_nonce) && is_https_url(directory->new_order));
  check_error(parse_account(text));
  const auto order = parse_order(text);
  check_error(order);
  if (order) {
    CHECK(is_https_url(order->finalize) && order->authorizations.size() <= kListMax);
    CHECK(are_same(order->identifiers, order->identifiers));
    if (order->error) check_line(text_of(*order->error));
  }
  const auto authorization = parse_authorization(text);
  check_error(authorization);
  if (authorization) {
    for (const OfferedChallenge& challenge : authorization->challenges)
      CHECK(is_https_url(challenge.url) && (challenge.token.empty() || is_token(challenge.token)));
    CHECK(!failure_text(*authorization).empty());
  }
  check_error(parse_challenge(text));
  const auto problem = parse_problem(text);
  check_error(problem);
  if (problem) check_line(text_of(*problem));
  const auto window = parse_renewal_info(text);
  check_error(window);
  if (window) CHECK(window->start < window->end);
}

void check_headers(std::string_view text) {
  const auto wait = parse_retry_after(text, {});
  CHECK(!wait || (*wait >= kRetryAfterMin && *wait <= kRetryAfterMax));
  for (const std::string& url : linked({std::string(text)}, "alternate"))
    CHECK(is_https_url(url));
  check_error(parse_time(text));
  const auto url = parse_url(text);
  check_error(url);
  if (url) CHECK(!url->host.empty() && url->target.front() == '/' && !folder_name(*url).empty());
  if (const auto noted = parse_note(text)) CHECK(parse_note(format_note(*noted)) == noted);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  check_messages(text);
  check_headers(text);
  return 0;
}
