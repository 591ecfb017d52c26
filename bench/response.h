// What the load generator expects of an answer, and the check of it, byte by byte, as it arrives.
// Pure; no socket.
#pragma once

#include <string>
#include <string_view>

namespace ravelin::bench {

class ResponseCheck {
 public:
  enum class Verdict { more, done, wrong };

  // A 200 whose Content-Length and body are exactly `body`, which must outlive the check.
  void expect(std::string_view body) { *this = ResponseCheck(body); }

  // Takes the next bytes. `wrong` is final; why() then says what was not as expected.
  Verdict feed(std::string_view bytes);

  [[nodiscard]] const std::string& why() const { return why_; }

  ResponseCheck() = default;

 private:
  explicit ResponseCheck(std::string_view body) : body_(body) {}

  Verdict check_head(std::string_view head);
  Verdict check_body(std::string_view bytes);
  Verdict wrong(std::string why);

  std::string_view body_;  // the part still to come
  bool in_body_ = false;
  std::string partial_head_;
  std::string why_;
};

}  // namespace ravelin::bench
