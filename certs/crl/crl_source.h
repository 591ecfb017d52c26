// CrlSource: one address at which a CA publishes its revocation lists (RFC 5280 section 4.2.1.13):
// asked again and again on a thread of its own, within limits of time and size; what comes is
// verified, and only the newer is taken over. The last good list stays, here and on the disk,
// whatever the server does.
#pragma once

#include "certs/acme/http_client.h"
#include "certs/crl/held_crl.h"

#include <array>
#include <atomic>
#include <condition_variable>
#include <cstdint>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

namespace ravelin::certs {

class CrlSource {
 public:
  struct Options {
    std::string url;      // http, or https: then its certificate is of the system's roots
    std::string ca_name;  // of the bundle, for messages
    std::string ca_pem;   // whose lists are looked for
    std::string cache{};  // folder; "" = nothing is kept on the disk
    CrlTiming timing{};
    std::chrono::seconds patience{10};  // for one attempt, from the name to the last byte

    friend bool operator==(const Options&, const Options&) = default;
  };

  // Reads the cache, and asks nobody before start(). `known`: lists that are held already, taken
  // over where they are of these CAs. Errors: the URL, the bundle.
  static Result<std::shared_ptr<CrlSource>> open(Options options,
                                                 std::span<const HeldCrlPtr> known);
  CrlSource(const CrlSource&) = delete;
  CrlSource& operator=(const CrlSource&) = delete;
  // Ends the thread; an attempt under way is broken off, but for a look-up of its name.
  ~CrlSource() = default;

  // No effect when it runs.
  void start();

  // For good. Once it has ended, destroying it waits for nothing.
  void stop() { thread_.request_stop(); }

  [[nodiscard]] bool has_ended() const { return !thread_.joinable() || has_ended_.load(); }

  struct State {
    std::vector<HeldCrlPtr> held;
    std::uint64_t changes = 0;  // of what is held
    std::uint64_t attempts = 0;
    std::array<std::uint64_t, kCrlFetches> results{};  // attempts by CrlFetch
    CrlFetch last = CrlFetch::unchanged;
    base::WallTime last_at{};  // of the last attempt
    base::WallTime good_at{};  // of the last good one; the epoch = there was none
    base::WallTime next_at{};  // when the next one is due
    std::string why{};         // the last one was not good, or the cache cannot be written
    int failures = 0;          // in a row
  };

  // Any thread.
  [[nodiscard]] State state() const;

  [[nodiscard]] const Options& options() const { return options_; }

 private:
  CrlSource(Options options, std::vector<CrlAuthority> authorities)
      : options_(std::move(options)), authorities_(std::move(authorities)) {}

  // Of one attempt.
  struct Outcome {
    CrlFetch result = CrlFetch::unchanged;
    std::vector<HeldCrlPtr> taken{};
    std::string why{};
  };

  void run(const std::stop_token& stop);
  Outcome attempt(const std::stop_token& stop) const;
  Outcome judge_answer(std::string_view body) const;
  void judge_list(CrlPtr crl, const CrlAuthority& signer, Outcome& outcome) const;
  [[nodiscard]] std::string keep(const Outcome& outcome) const;
  std::chrono::seconds note(const Outcome& outcome);

  const Options options_;
  const std::vector<CrlAuthority> authorities_;
  mutable std::mutex mutex_;
  std::condition_variable_any stopped_;
  State state_;
  std::atomic<bool> has_ended_{false};
  std::jthread thread_;  // last: it uses all of the above
};

}  // namespace ravelin::certs
