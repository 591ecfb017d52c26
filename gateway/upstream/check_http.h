// An HTTP health check as values: the request to send, and what the bytes that come back mean.
// Responses are read as strictly as those of requests. No I/O; the control thread.
#pragma once

#include "gateway/config/config.h"
#include "gateway/http1/chunked_decoder.h"
#include "gateway/http1/head_scanner.h"
#include "gateway/http1/response_parser.h"
#include "gateway/upstream/health_state.h"

#include <optional>
#include <string>
#include <string_view>

namespace ravelin::gateway {

inline constexpr std::size_t kCheckBodyMax = 16 * 1024;  // bytes looked at for body_contains

// `GET path` with `Connection: close`. Host: the configured one, else the server's name where it
// can stand there, else localhost.
std::string http_check_request(const HealthConfig& config, std::string_view server_name);

// Reads one response, in whatever pieces it comes. Holds at most a head or kCheckBodyMax of body.
class HttpCheckReader {
 public:
  // Both borrowed. The answer's field `weight_header` is the server's report of its weight.
  explicit HttpCheckReader(const HealthConfig& config, std::string_view weight_header = {});

  // Nothing while more is needed; nothing else may be fed after a result.
  std::optional<CheckResult> feed(std::string_view bytes);
  // The server has closed; feed() has given no result.
  [[nodiscard]] CheckResult closed() const;

 private:
  std::optional<CheckResult> read_heads();
  std::optional<CheckResult> judge_head(const http1::ResponseHead& head);
  std::optional<CheckResult> read_body(std::string_view bytes);
  std::optional<CheckResult> read_chunks(std::string_view bytes);
  std::optional<CheckResult> look_at(std::string_view data);
  [[nodiscard]] CheckResult text_missing() const;

  const HealthConfig& config_;
  std::string_view weight_header_;
  std::optional<int> weight_percent_;
  std::string head_;
  http1::HeadScan scan_;
  int interim_ = 0;
  bool in_body_ = false;
  http1::Framing framing_ = http1::Framing::none;
  std::uint64_t left_ = 0;  // of a body with a length
  std::optional<http1::ChunkedDecoder> chunks_;
  std::string body_;
};

}  // namespace ravelin::gateway
