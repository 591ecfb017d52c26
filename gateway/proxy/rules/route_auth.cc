#include "gateway/proxy/rules/route_auth.h"

#include "gateway/net/waiter.h"
#include "gateway/route/basic_credentials.h"

#include <algorithm>

namespace ravelin::gateway {

using namespace std::chrono_literals;
using Kind = BasicCredentials::Kind;

namespace {

constexpr auto kWaitMax = 10s;

void refuse(Exchange& exchange, RequestState& state, Reason reason, std::string_view detail,
            bool must_close) {
  state.user.clear();
  answer_failure(exchange, state, reason, detail, must_close);
}

// Until a side thread has answered, or the deadline. What comes later finds nobody.
class PasswordWait : public CoroutineWaiter {
 public:
  PasswordWait(Reactor& reactor, base::MonoTime deadline)
      : reactor_(reactor), deadline_(deadline), signal_(std::make_shared<Signal>()) {
    signal_->wait = this;
  }

  ~PasswordWait() { signal_->wait = nullptr; }

  // False when too many wait already.
  bool ask(PasswordChecks& checks, const PasswordQuestion& question) {
    const auto answer = [signal = signal_](bool is_right) {
      if (signal->wait != nullptr) signal->wait->answered(is_right);
    };
    return checks.ask(question.password, question.hash, reactor_, answer);
  }

  [[nodiscard]] bool await_ready() const { return false; }

  void await_suspend(std::coroutine_handle<> handle) {
    handle_ = handle;
    reactor_.timers().arm(*this, deadline_);
  }

  [[nodiscard]] bool is_right() const { return is_right_; }

 private:
  struct Signal {
    PasswordWait* wait;
  };

  // Once at most: nobody fires a wait that is over, for its signal is gone with it.
  void answered(bool is_right) {
    is_right_ = is_right;
    signal_->wait = nullptr;
    fire(Wake::ready);
  }

  Reactor& reactor_;
  base::MonoTime deadline_;
  std::shared_ptr<Signal> signal_;
  bool is_right_ = false;
};

}  // namespace

bool begin_auth(Exchange& exchange, RequestState& state, const WorkerContext& worker,
                PasswordQuestion& question) {
  const RouteRuntime& route = *state.route;
  if (route.users == nullptr) return true;
  const http1::RequestHead& request = exchange.request();
  BasicCredentials given = read_basic_credentials(request.fields);
  if (given.kind != Kind::given) {
    refuse(exchange, state, Reason::unauthorized,
           given.kind == Kind::none ? "no credentials" : "malformed credentials",
           request.framing != http1::Framing::none);
    return false;
  }
  const PasswordUser* user = route.users->find(given.user);
  question.is_decoy = user == nullptr;
  // An unknown user costs what the first known one does.
  question.hash = question.is_decoy ? route.users->users.front().hash : user->hash;
  state.user = std::move(given.user);
  const bool is_known =
      !question.is_decoy &&
      worker.known_passwords.contains(question.hash, given.password, worker.reactor.now());
  question.is_asked = !is_known;
  question.password = std::move(given.password);
  return true;
}

base::Task<bool> finish_auth(Exchange& exchange, RequestState& state, WorkerContext& worker,
                             const PasswordQuestion& question, bool must_close) {
  const base::MonoTime latest = worker.reactor.now() + kWaitMax;
  PasswordWait wait(worker.reactor, std::min(latest, deadline_of(state)));
  if (!wait.ask(worker.password_checks, question)) {
    refuse(exchange, state, Reason::auth_overload, "too many passwords wait to be verified",
           must_close);
    co_return false;
  }
  const Wake wake = co_await wait;
  if (worker.stopping || wake != Wake::ready) {
    refuse(exchange, state, worker.stopping ? Reason::draining : Reason::auth_overload,
           "the password was not verified in time", must_close);
    co_return false;
  }
  if (!wait.is_right() || question.is_decoy) {
    refuse(exchange, state, Reason::unauthorized, "wrong user name or password", must_close);
    co_return false;
  }
  worker.known_passwords.add(question.hash, question.password, worker.reactor.now());
  co_return true;
}

}  // namespace ravelin::gateway
