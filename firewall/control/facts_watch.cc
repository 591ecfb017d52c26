#include "firewall/control/facts_watch.h"

#include <system_error>
#include <utility>
#include <vector>

namespace ravelin::firewall {

using namespace std::chrono_literals;

namespace {

bool asks_for_anything(const policies::WantedFacts& wanted) {
  return !(wanted == policies::WantedFacts());
}

}  // namespace

void FactsWatch::keep_known(policies::Facts& now, std::chrono::nanoseconds at) {
  const policies::Facts& known = watched_->bundle.facts;
  now.users.insert(known.users.begin(), known.users.end());
  now.own.insert(known.own.begin(), known.own.end());
  now.delegated.insert(known.delegated.begin(), known.delegated.end());
  now.countries = known.countries;  // those are not looked up
  Seen seen;
  for (const std::string& name : watched_->parsed->wanted.names) {
    auto& addresses = seen[name];
    if (const auto before = seen_.find(name); before != seen_.end()) addresses = before->second;
    if (const auto there = known.names.find(name); there != known.names.end()) {
      for (const base::IpAddress& address : there->second)
        addresses.emplace(address, at);
    }
    const auto found = now.names.find(name);
    if (found != now.names.end()) {
      for (const base::IpAddress& address : found->second)
        addresses[address] = at;
      std::erase_if(addresses, [at](const auto& entry) { return at - entry.second > kNameKept; });
    }
    std::vector<base::IpAddress> all;
    for (const auto& [address, ignored] : addresses)
      all.push_back(address);
    if (!all.empty()) now.names[name] = std::move(all);
  }
  seen_ = std::move(seen);
}

Result<> FactsWatch::watch(std::uint64_t revision, const ReadBundle& read) {
  if (watched_ && watched_->revision == revision) return {};
  auto bundle = read();
  if (!bundle) return bundle.error();
  base::yaml::BundleLoader loader(*bundle);
  base::Diagnostics ignored;  // it is in force: it parses
  auto parsed = policies::load_policy(bundle->path, loader, bundle->facts, ignored);
  watched_ = Watched{.revision = revision, .bundle = std::move(*bundle), .parsed = nullptr};
  if (asks_for_anything(parsed.wanted))
    watched_->parsed = std::make_shared<const policies::ParsedPolicy>(std::move(parsed));
  return {};
}

void FactsWatch::ask() {
  std::packaged_task<policies::Facts()> task(
      [finder = make_(), parsed = watched_->parsed] { return finder->find(*parsed); });
  answer_ = task.get_future();
  const policies::WantedFacts& wanted = watched_->parsed->wanted;
  if (wanted.names.empty() && wanted.users.empty()) {
    task();
    return;
  }
  try {
    asking_ = std::jthread(std::move(task));  // the one before has answered
  } catch (const std::system_error&) {
    answer_ = {};  // at the next look
  }
}

std::optional<PolicyBundle> FactsWatch::look(std::uint64_t revision, const ReadBundle& read) {
  const std::chrono::nanoseconds now = times_.boot().since_boot;
  if (now < next_ && !answer_.valid()) return std::nullopt;
  if (!answer_.valid()) {
    next_ = now + kEvery;
    if (!watch(revision, read) || watched_->parsed == nullptr) return std::nullopt;
    if (!watched_->parsed->wanted.names.empty()) next_ = now + kNamesEvery;
    ask();
    if (!answer_.valid()) return std::nullopt;
  }
  if (answer_.wait_for(0s) != std::future_status::ready) return std::nullopt;
  policies::Facts facts = answer_.get();
  if (watched_->revision != revision) return std::nullopt;  // it was asked for another
  keep_known(facts, now);
  PolicyBundle changed = watched_->bundle;
  changed.facts = std::move(facts);
  const std::string hash = changed.hash();
  if (hash == watched_->bundle.hash()) return std::nullopt;
  if (hash == told_ && now < tell_again_) return std::nullopt;
  told_ = hash;
  tell_again_ = now + kTellAgainAfter;
  return changed;
}

}  // namespace ravelin::firewall
