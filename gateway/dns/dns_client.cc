#include "gateway/dns/dns_client.h"

#include "base/io/log.h"
#include "base/text.h"
#include "gateway/dns/cares_channel.h"
#include "gateway/dns/dns_question.h"
#include "gateway/net/alarm.h"

#include <sys/stat.h>

#include <deque>
#include <list>

namespace ravelin::gateway {

using base::Errc;
using base::Error;
using base::fail;
using base::MonoTime;
using base::Result;
using detail::DnsQuestionState;
using namespace std::chrono_literals;

namespace {

constexpr std::size_t kStartsPerTurn = 16;  // each may read /etc/hosts
constexpr base::Duration kResolvConfLook = 1s;

// What tells that a file is another one now; zeros when it is not there.
struct FileStamp {
  std::uint64_t inode = 0;
  std::int64_t size = 0;
  std::int64_t changed_ns = 0;

  friend bool operator==(const FileStamp&, const FileStamp&) = default;
};

FileStamp stamp_of(const std::string& path) {
  struct stat status {};

  if (::stat(path.c_str(), &status) != 0) return {};
  return {status.st_ino, status.st_size,
          std::int64_t{status.st_mtim.tv_sec} * 1'000'000'000 + status.st_mtim.tv_nsec};
}

std::string_view result_of(const Error& error) {
  switch (error.code) {
    case Errc::not_found:
      return "not_found";
    case Errc::timeout:
      return "timeout";
    case Errc::protocol:
      return "bad_answer";
    default:
      return "failed";
  }
}

}  // namespace

DnsQuestion& DnsQuestion::operator=(DnsQuestion&& other) noexcept {
  if (this == &other) return *this;
  drop();
  state_ = std::move(other.state_);
  other.state_.reset();
  return *this;
}

void DnsQuestion::drop() {
  if (const auto state = state_.lock()) state->drop();
  state_.reset();
}

struct DnsClient::Impl {
  using QuestionPtr = std::shared_ptr<DnsQuestionState>;

  Impl(Reactor& on, const DnsConfig& first, Options given)
      : reactor(on), config(first), options(std::move(given)) {
    open();
  }

  void open();
  void look_at_resolv_conf();
  DnsQuestion ask(QuestionPtr question);
  void schedule();
  void turn();
  void start(const QuestionPtr& question);
  void ask_next(const QuestionPtr& question);
  void part_ended(DnsQuestionState& question, RecordType type, Result<AnswerRecords> records);
  void judge_all();
  void finish(const QuestionPtr& question, Error error);
  void finish(const QuestionPtr& question, const AnswerRecords& records);
  void end(const QuestionPtr& question);
  void deliver();

  Reactor& reactor;
  DnsConfig config;
  Options options;
  std::unique_ptr<CaresChannel> channel;  // null: could not be opened, for this reason
  std::string no_channel;
  FileStamp resolv_conf;
  MonoTime next_look;
  std::deque<QuestionPtr> waiting;
  std::list<QuestionPtr> active;
  std::vector<QuestionPtr> finished;
  bool is_scheduled = false;
  std::shared_ptr<const bool> alive = std::make_shared<const bool>(true);
};

// Those under way are first in the queue again.
void DnsClient::Impl::open() {
  channel.reset();
  for (auto question = active.rbegin(); question != active.rend(); ++question) {
    (*question)->restart();
    waiting.push_front(*question);
  }
  active.clear();
  resolv_conf = stamp_of(options.resolv_conf);
  next_look = reactor.refresh_now() + kResolvConfLook;
  auto opened = CaresChannel::open(reactor, config, options.resolv_conf);
  if (opened) {
    channel = std::move(*opened);
  } else {
    no_channel = opened.error().message;
    base::log_error("dns", "names cannot be resolved", {{"reason", no_channel}});
  }
  if (!waiting.empty()) schedule();
}

void DnsClient::Impl::look_at_resolv_conf() {
  const MonoTime now = reactor.refresh_now();
  if (now < next_look) return;
  next_look = now + kResolvConfLook;
  if (stamp_of(options.resolv_conf) == resolv_conf) return;
  open();
  const std::vector<std::string> servers =
      channel == nullptr ? std::vector<std::string>() : channel->servers();
  base::log_info("dns", "resolv.conf has changed and was read again",
                 {{"file", options.resolv_conf}, {"servers", base::join(servers, " ")}});
}

DnsQuestion DnsClient::Impl::ask(QuestionPtr question) {
  const std::weak_ptr<DnsQuestionState> handle = question;
  if (waiting.size() < kWaitingMax) {
    waiting.push_back(std::move(question));
  } else {
    question->fail_with(
        fail(Errc::unavailable, "resolving \"{}\": too many names wait for it", question->name));
    finished.push_back(std::move(question));
  }
  schedule();
  return DnsQuestion(handle);
}

// A turn of its own: never inside of c-ares or of who asks.
void DnsClient::Impl::schedule() {
  if (std::exchange(is_scheduled, true)) return;
  reactor.post([this, guard = std::weak_ptr<const bool>(alive)] {
    if (!guard.expired()) turn();
  });
}

void DnsClient::Impl::turn() {
  is_scheduled = false;
  judge_all();
  if (!waiting.empty()) look_at_resolv_conf();
  std::size_t started = 0;
  while (!waiting.empty() && active.size() < kUnderWayMax &&
         (channel == nullptr || channel->under_way() < 2 * kUnderWayMax)) {
    if (started == kStartsPerTurn) {
      schedule();
      break;
    }
    const QuestionPtr question = std::move(waiting.front());
    waiting.pop_front();
    if (question->is_dropped()) continue;
    ++started;
    start(question);
  }
  deliver();  // last: whoever is called may destroy this
}

void DnsClient::Impl::start(const QuestionPtr& question) {
  const auto place = active.insert(active.end(), question);
  question->place = place;
  if (channel == nullptr) {
    finish(question, fail(Errc::unavailable, "{}", no_channel));
    return;
  }
  if (question->is_for_addresses()) {
    std::string_view name = question->name;
    if (name.ends_with('.')) name.remove_suffix(1);
    AnswerRecords hosts;
    hosts.addresses = channel->look_in_hosts(std::string(name));
    hosts.ttl_s = kHostsTtlSeconds;
    if (!hosts.empty()) {
      finish(question, hosts);
      return;
    }
  }
  question->names = names_to_ask(question->name, channel->search(), channel->ndots());
  question->deadline.emplace(reactor, [this, late = question.get()] {
    late->is_late = true;
    schedule();
  });
  question->deadline->set(reactor.refresh_now() + 2 * config.tries * config.timeout);
  ask_next(question);
}

void DnsClient::Impl::ask_next(const QuestionPtr& question) {
  const std::string name = question->names[question->next_name++];
  question->parts.clear();
  const auto types = question->types();
  question->open_parts = types.size();
  for (const RecordType type : types) {
    const std::weak_ptr<DnsQuestionState> weak = question;
    channel->ask(name, type, [this, weak, type](const auto& message) {
      Result<AnswerRecords> records = message ? parse_dns_answer(*message, type) : message.error();
      if (options.counted)
        options.counted(!records           ? result_of(records.error())
                        : records->empty() ? "not_found"
                                           : "ok");
      const QuestionPtr asked = weak.lock();
      if (asked != nullptr && !asked->is_finished()) part_ended(*asked, type, std::move(records));
      schedule();  // there may be room for another now
    });
  }
}

void DnsClient::Impl::part_ended(DnsQuestionState& question, RecordType type,
                                 Result<AnswerRecords> records) {
  question.parts.push_back({type, std::move(records)});
  --question.open_parts;
}

void DnsClient::Impl::judge_all() {
  for (auto place = active.begin(); place != active.end();) {
    const QuestionPtr question = *place++;
    if (question->open_parts != 0) {
      if (question->is_late) finish(question, fail(Errc::timeout, "no answer in time"));
      continue;
    }
    if (question->is_dropped()) {
      end(question);
      continue;
    }
    auto outcome = question->judge();
    if (outcome) {
      finish(question, *outcome);
      continue;
    }
    const Error error = outcome.error();
    const bool is_gone = error.code == Errc::not_found;
    if (question->names[question->next_name - 1] == question->name) question->as_it_is = error;
    if (is_gone && question->has_next_name()) {
      ask_next(question);
    } else {
      finish(question, is_gone ? question->as_it_is.value_or(error) : error);
    }
  }
}

void DnsClient::Impl::finish(const QuestionPtr& question, Error error) {
  question->fail_with(
      base::wrap(std::move(error), fmt::format("resolving \"{}\"", question->name)));
  end(question);
  finished.push_back(question);
}

void DnsClient::Impl::finish(const QuestionPtr& question, const AnswerRecords& records) {
  question->answer_with(records, config);
  end(question);
  finished.push_back(question);
}

void DnsClient::Impl::end(const QuestionPtr& question) {
  question->deadline.reset();
  active.erase(question->place);
}

void DnsClient::Impl::deliver() {
  const std::weak_ptr<const bool> guard = alive;
  const std::vector<QuestionPtr> all = std::exchange(finished, {});
  for (const QuestionPtr& question : all) {
    question->tell();
    if (guard.expired()) return;
  }
}

DnsClient::DnsClient(Reactor& reactor, const DnsConfig& config, Options options)
    : impl_(std::make_unique<Impl>(reactor, config, std::move(options))) {}

DnsClient::~DnsClient() = default;

void DnsClient::use(const DnsConfig& config) {
  impl_->config = config;
  impl_->open();
}

const DnsConfig& DnsClient::config() const {
  return impl_->config;
}

DnsQuestion DnsClient::ask_addresses(std::string name, OnAddresses answer) {
  return impl_->ask(std::make_shared<DnsQuestionState>(std::move(name), std::move(answer)));
}

DnsQuestion DnsClient::ask_services(std::string name, OnServices answer) {
  return impl_->ask(std::make_shared<DnsQuestionState>(std::move(name), std::move(answer)));
}

std::size_t DnsClient::waiting() const {
  return impl_->waiting.size();
}

std::size_t DnsClient::under_way() const {
  return impl_->active.size();
}

std::vector<std::string> DnsClient::servers() const {
  return impl_->channel == nullptr ? std::vector<std::string>() : impl_->channel->servers();
}

}  // namespace ravelin::gateway
