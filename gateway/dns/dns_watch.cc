#include "gateway/dns/dns_watch.h"

#include "base/io/log.h"

#include <algorithm>

namespace ravelin::gateway {

using base::Error;
using base::IpAddress;
using base::Result;

namespace {

constexpr std::size_t kShownMax = 10;

// For the log.
template <class T, class Text>
std::string list_text(const std::vector<T>& items, Text text) {
  std::string all;
  for (std::size_t i = 0; i < std::min(items.size(), kShownMax); ++i) {
    if (!all.empty()) all += ' ';
    all += text(items[i]);
  }
  if (items.size() > kShownMax) all += fmt::format(" and {} more", items.size() - kShownMax);
  return all;
}

template <class T>
bool same_in_any_order(std::vector<T> a, std::vector<T> b) {
  std::ranges::sort(a);
  std::ranges::sort(b);
  return a == b;
}

}  // namespace

void DnsWatchBase::succeeded(const Good& good) {
  const bool was_failing = status_.failing_since.has_value();
  status_.answered = base::wall_now();
  status_.ttl = good.ttl;
  status_.failing_since.reset();
  status_.reason.clear();
  if (good.is_whole) status_.failures = 0;
  const auto pause = good.is_whole
                         ? good.ttl
                         : std::min(good.ttl, failure_pause(client_.config(), ++status_.failures));
  alarm_.set(reactor_.refresh_now() + pause);
  if (good.has_changed || was_failing)
    base::log_info("dns", "name resolved", {{"name", name_}, {"records", good.text}});
  if (good.remarks == status_.remarks) return;
  status_.remarks = good.remarks;
  if (!good.remarks.empty()) {
    base::log_warn("dns", "only a part of an answer is used",
                   {{"name", name_}, {"reason", good.remarks}});
  }
}

void DnsWatchBase::failed(const Error& error) {
  alarm_.set(reactor_.refresh_now() + failure_pause(client_.config(), ++status_.failures));
  status_.reason = error.message;
  if (status_.failing_since) return;
  status_.failing_since = base::wall_now();
  base::log_warn(
      "dns",
      status_.answered ? "name not resolved; the last good answer is kept" : "name not resolved",
      {{"name", name_}, {"reason", error.message}});
}

AddressWatch::AddressWatch(Reactor& reactor, DnsClient& client, std::string name,
                           std::function<void()> changed)
    : DnsWatchBase(reactor, client, std::move(name), [this] { ask(); }),
      changed_(std::move(changed)) {
  ask();
}

void AddressWatch::ask() {
  question_ = client_.ask_addresses(
      name_, [this](const Result<DnsAddresses>& answer) { answered(answer); });
}

void AddressWatch::answered(const Result<DnsAddresses>& answer) {
  if (!answer) {
    failed(answer.error());
    return;
  }
  std::vector<IpAddress> next = merge_addresses(addresses_, *answer);
  const bool has_changed = !same_in_any_order(addresses_, next);
  if (has_changed) addresses_ = std::move(next);
  succeeded({answer->ttl, answer->remarks,
             list_text(addresses_, [](const IpAddress& one) { return base::to_string(one); }),
             has_changed, !answer->lacks_ipv4 && !answer->lacks_ipv6});
  if (has_changed) changed_();
}

ServiceWatch::ServiceWatch(Reactor& reactor, DnsClient& client, std::string name,
                           std::function<void()> changed)
    : DnsWatchBase(reactor, client, std::move(name), [this] { ask(); }),
      changed_(std::move(changed)) {
  ask();
}

void ServiceWatch::ask() {
  question_ =
      client_.ask_services(name_, [this](const Result<DnsServices>& answer) { answered(answer); });
}

void ServiceWatch::answered(const Result<DnsServices>& answer) {
  if (!answer) {
    failed(answer.error());
    return;
  }
  const bool has_changed = !same_in_any_order(services_, answer->services);
  if (has_changed) services_ = answer->services;
  std::ranges::sort(services_);
  succeeded({answer->ttl, answer->remarks,
             list_text(services_,
                       [](const ServiceRecord& one) {
                         return fmt::format("{}:{}", one.target, one.port);
                       }),
             has_changed, true});
  if (has_changed) changed_();
}

}  // namespace ravelin::gateway
