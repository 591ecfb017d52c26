#include "certs/rotate/limits_left.h"

#include "certs/rotate/past_orders.h"

#include <sys/stat.h>

#include <algorithm>
#include <array>

namespace ravelin::certs {
namespace {

using std::chrono::minutes;

constexpr std::array<std::string_view, 3> kWords{"account", "registered_domain", "exact_names"};
constexpr seconds kCountedFor = minutes(5);

// The longest stretch any of them looks at.
seconds longest(const CaLimits& limits) {
  seconds span{};
  for (const OrderLimit& limit : limits.limits)
    span = std::max(span, limit.span);
  return span;
}

// ACME CAs that have limits, in the order of the configuration.
std::vector<const IssuerConfig*> limited(const std::vector<IssuerConfig>& issuers) {
  std::vector<const IssuerConfig*> found;
  for (const IssuerConfig& issuer : issuers)
    if (issuer.kind == IssuerKind::acme && !limits_of(issuer.directory).limits.empty())
      found.push_back(&issuer);
  return found;
}

}  // namespace

std::string_view text_of(LimitedBy by) {
  return kWords[static_cast<std::size_t>(by)];
}

std::vector<LimitLeft> limits_left(const std::string& issuer, const CaLimits& limits,
                                   const OrderCount& past, sys_seconds now) {
  std::vector<LimitLeft> all;
  const std::vector<LimitUse> uses = past.nearest(issuer, now);
  for (const OrderLimit& limit : limits.limits) {
    const auto use = std::ranges::find(uses, limit.by, &LimitUse::by);
    LimitLeft left{issuer, limit.by, "", limit.most, limit.most, limits.is_assumed};
    if (use != uses.end()) {
      left.what = use->limit;
      left.left = limit.most - std::min(use->used, limit.most);
    }
    all.push_back(std::move(left));
  }
  return all;
}

// Publishing flips a link, and so does taking back; nothing else does.
std::vector<std::string> LimitBook::changed_since(sys_seconds since) const {
  std::vector<std::string> changed;
  auto names = store_.names();
  if (!names) return changed;
  for (std::string& name : *names) {
    struct stat status {};

    if (::lstat(store_.paths().current(name).c_str(), &status) != 0) continue;
    if (status.st_mtim.tv_sec >= since.time_since_epoch().count())
      changed.push_back(std::move(name));
  }
  return changed;
}

void LimitBook::tend(const std::vector<IssuerConfig>& issuers, sys_seconds now,
                     const std::stop_token& stop) {
  const auto wanted = limited(issuers);

  struct stat status {};

  const bool has_journal = ::stat(store_.paths().journal().c_str(), &status) == 0;
  const FileStamp stamp = has_journal ? stamp_of(status) : FileStamp();
  std::vector<std::string> names;
  seconds span{};
  for (const IssuerConfig* issuer : wanted) {
    names.push_back(issuer->name);
    span = std::max(span, longest(limits_of(issuer->directory)));
  }
  const bool is_fresh = now - counted_at_ < kCountedFor && now >= counted_at_;
  if (is_fresh && stamp == counted_ && names == counted_for_) return;
  const std::vector<std::string> changed =
      wanted.empty() ? std::vector<std::string>() : changed_since(now - span);
  std::vector<LimitLeft> left;
  for (const IssuerConfig* issuer : wanted) {
    const CaLimits limits = limits_of(issuer->directory);
    OrderCount past(limits, suffixes_);
    for (const std::string& name : changed) {
      if (stop.stop_requested()) return;
      const auto want = store_.want(name);
      const std::vector<std::string> covered = want ? want->names : std::vector{name};
      for (const Orders& orders : past_orders(store_, name, covered, issuer->name))
        past.add(orders);
    }
    std::ranges::move(limits_left(issuer->name, limits, past, now), std::back_inserter(left));
  }
  counted_ = stamp;
  counted_at_ = now;
  counted_for_ = std::move(names);
  const std::lock_guard lock(mutex_);
  left_ = std::move(left);
}

std::vector<LimitLeft> LimitBook::left() const {
  const std::lock_guard lock(mutex_);
  return left_;
}

}  // namespace ravelin::certs
