// The certificates of `certs.store` in the gateway: follows the store, and hands each new view to
// the workers of the listeners that show it. One store per gateway. The control thread.
#pragma once

#include "base/result.h"
#include "certs/view/store_follower.h"
#include "gateway/config/config.h"
#include "gateway/tls/handshake_watch.h"

#include <boost/asio/posix/stream_descriptor.hpp>

#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

namespace ravelin::gateway {

// A generation that took another's place, and how its clients are watched since.
struct StoreSwap {
  certs::CertificateSwap what;
  base::MonoTime at;

  [[nodiscard]] certs::PairSource watched() const {
    return {certs::source_name(what.name), what.generation};
  }
};

class StoreCertificates {
 public:
  // `keys`: where those of the store are, if not here.
  explicit StoreCertificates(certs::StoreKeys keys = {}) : keys_(std::move(keys)) {}

  // The store of a configuration, ready to be used; null where no listener shows one.
  using Next = std::shared_ptr<certs::StoreFollower>;

  // The one in use where it is the same store. Errors: it cannot be opened; names the key.
  base::Result<Next> prepare(const Config& config);
  void adopt(const Config& config, Next next, boost::asio::io_context& io,
             std::function<void()> news);

  struct News {
    bool certificates = false;  // view() is another
    bool challenges = false;    // challenges() are others
    std::vector<StoreSwap> swaps{};
  };

  // Takes over what was published.
  News tick(base::MonoTime now);

  // Null without a store.
  [[nodiscard]] std::shared_ptr<const certs::StoreView> view() const {
    return follower_ == nullptr ? nullptr : follower_->store_view();
  }

  // Null without a store.
  [[nodiscard]] std::shared_ptr<const certs::ChallengeAnswers> challenges() const {
    return follower_ == nullptr ? nullptr : follower_->challenges();
  }

  // Null without a store.
  [[nodiscard]] const certs::StoreFollower* follower() const { return follower_.get(); }

  [[nodiscard]] const std::string& path() const { return path_; }

  // Of the handshakes that show it. Null without a store.
  [[nodiscard]] const std::shared_ptr<HandshakeWatch>& watch() const { return watch_; }

  // Of the last kSwapKept, the newest of each certificate, by its name.
  [[nodiscard]] const std::map<std::string, StoreSwap, std::less<>>& swaps() const {
    return swaps_;
  }

  static constexpr base::Duration kSwapKept = std::chrono::minutes(12);

 private:
  void wait();
  std::vector<StoreSwap> note_swaps(base::MonoTime now);

  certs::StoreKeys keys_;
  std::string path_;
  Next follower_;
  std::shared_ptr<HandshakeWatch> watch_;
  std::map<std::string, StoreSwap, std::less<>> swaps_;  // HandshakeWatch::kWatchedMax at most
  std::function<void()> news_;
  // The follower's inotify, which it owns: released before that goes.
  std::unique_ptr<boost::asio::posix::stream_descriptor> readable_;
};

// Whether a listener of it shows the store.
bool shows_store(const Config& config);

}  // namespace ravelin::gateway
