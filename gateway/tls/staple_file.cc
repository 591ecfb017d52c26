#include "gateway/tls/staple_file.h"

#include "base/io/file.h"

namespace ravelin::gateway {
StapleFile::News StapleFile::look(const certs::PairPtr& pair, base::WallTime now) {
  const certs::FileStamp stamp = certs::stamp_at(path_);
  const bool is_first = pair_ == nullptr;
  const bool is_settled = is_first || stamp == seen_;
  seen_ = stamp;
  const bool is_other_pair = pair != pair_;
  if (is_other_pair || (is_settled && stamp != loaded_)) {
    loaded_ = stamp;
    if (is_other_pair) {
      pair_ = pair;
      const bool had_one = std::exchange(staple_, nullptr) != nullptr;
      refused_because_.clear();
      const News news = load(pair, now);
      return news == News::none && had_one ? News::ended : news;
    }
    return load(pair, now);
  }
  if (staple_ == nullptr || now < staple_->next_update) return News::none;
  staple_ = nullptr;
  return News::ended;
}

StapleFile::News StapleFile::load(const certs::PairPtr& pair, base::WallTime now) {
  const auto bytes = base::read_file(path_, certs::kStapleBytesMax);
  auto staple = bytes ? certs::parse_staple(*bytes, pair->chain, now)
                      : base::Result<certs::StaplePtr>(bytes.error());
  if (!staple) {
    const std::string because = staple.error().message;
    if (because == refused_because_) return News::none;
    refused_because_ = because;
    return News::refused;
  }
  refused_because_.clear();
  staple_ = std::move(*staple);
  return News::replaced;
}

}  // namespace ravelin::gateway
