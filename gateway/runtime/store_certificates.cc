#include "gateway/runtime/store_certificates.h"

#include "base/io/log.h"

#include <unistd.h>

#include <algorithm>

namespace ravelin::gateway {

using base::Result;

bool shows_store(const Config& config) {
  return std::ranges::any_of(config.listeners, [](const ListenerConfig& listener) {
    return listener.tls && listener.tls->from_store;
  });
}

Result<StoreCertificates::Next> StoreCertificates::prepare(const Config& config) {
  if (!shows_store(config)) return Next();
  if (follower_ != nullptr && path_ == config.certs_store) return follower_;
  auto opened = certs::StoreFollower::open(config.certs_store, {.keys = keys_});
  if (!opened) return base::wrap(opened.error(), "certs.store");
  return Next(std::move(*opened));
}

void StoreCertificates::adopt(const Config& config, Next next, boost::asio::io_context& io,
                              std::function<void()> news) {
  news_ = std::move(news);
  if (next == follower_) return;
  readable_.reset();
  follower_ = std::move(next);
  path_ = follower_ == nullptr ? std::string() : config.certs_store;
  watch_ = follower_ == nullptr ? nullptr : std::make_shared<HandshakeWatch>();
  swaps_.clear();
  if (follower_ == nullptr) return;
  const certs::StoreFollower::Start& start = follower_->start();
  base::log_info("certs", "certificates of the store",
                 {{"store", path_},
                  {"certificates", follower_->store_view()->size()},
                  {"index", start.used_index ? "used" : start.why_not}});
  if (follower_->store_view()->size() == 0)
    base::log_warn("certs", "the store has no certificate to show: every TLS client is refused",
                   {{"store", path_}, {"see", "ravelin certs issue"}});
  // The descriptor is watched through one of our own: both have an owner then.
  const int fd = follower_->fd() < 0 ? -1 : ::dup(follower_->fd());
  if (fd < 0) return;
  readable_ = std::make_unique<boost::asio::posix::stream_descriptor>(io, fd);
  wait();
}

void StoreCertificates::wait() {
  readable_->async_wait(boost::asio::posix::stream_descriptor::wait_read,
                        [this](const boost::system::error_code& error) {
                          if (error) return;
                          news_();
                          wait();
                        });
}

StoreCertificates::News StoreCertificates::tick(base::MonoTime now) {
  if (follower_ == nullptr) return {};
  const auto before = follower_->challenges();
  const bool has_changed = follower_->poll(now);
  return {has_changed, follower_->challenges() != before, note_swaps(now)};
}

// Before any worker shows them: no handshake goes uncounted.
std::vector<StoreSwap> StoreCertificates::note_swaps(base::MonoTime now) {
  watch_->age(now);
  const auto is_shown = [this](const certs::CertificateSwap& swap) {
    const auto canary = follower_->canaries().find(swap.name);
    return canary != follower_->canaries().end() && canary->second.generation == swap.generation;
  };
  std::erase_if(swaps_, [&](const auto& each) {
    const bool is_over = each.second.what.is_canary ? !is_shown(each.second.what)
                                                    : now - each.second.at >= kSwapKept;
    if (is_over) watch_->end(each.second.watched());
    return is_over;
  });
  std::vector<StoreSwap> swaps;
  for (certs::CertificateSwap& swap : follower_->take_swaps()) {
    swaps.push_back({std::move(swap), now});
    watch_->begin(swaps.back().watched());
    if (swaps_.size() < HandshakeWatch::kWatchedMax || swaps_.contains(swaps.back().what.name))
      swaps_.insert_or_assign(swaps.back().what.name, swaps.back());
  }
  return swaps;
}

}  // namespace ravelin::gateway
