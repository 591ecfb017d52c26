// Mirror: a copy of a request for another pool. Its body is gathered, within a bound, while the
// request itself is relayed; then it is sent, beside everything, and the answer is read and thrown
// away. What becomes of it is counted and nothing else: the request never waits for it. One
// worker's thread.
#pragma once

#include "gateway/proxy/forward/server_choice.h"
#include "gateway/proxy/forward/upstream_exchange.h"
#include "gateway/proxy/proxy.h"

#include <memory>
#include <optional>
#include <string>

namespace ravelin::gateway {

class Mirror {
 public:
  // Null when this request is not copied: by its route's share, because it asks for an upgrade, is
  // a copy itself (kMirroredBy) or is too large, or because so many copies are under way.
  // `state.route` has a mirror.
  static std::unique_ptr<Mirror> begin(const http1::RequestHead& request, std::string_view path,
                                       const ClientInfo& client, const RequestState& state,
                                       WorkerContext& worker);

  Mirror(const Mirror&) = delete;
  Mirror& operator=(const Mirror&) = delete;
  ~Mirror();  // counts what became of it

  enum class Gathered : unsigned char { more, all, too_much };  // too_much: the copy is of no use

  // More of the body.
  Gathered add_body(std::string_view bytes);

  // All there is of it has been added, as far as its announced length tells.
  [[nodiscard]] bool is_whole() const { return body_bytes_ && body_.size() == *body_bytes_; }

  // On its way, once it is whole; it owns itself from here on.
  static void send(std::unique_ptr<Mirror> self, const ClientInfo& client);

 private:
  Mirror(const http1::RequestHead& request, const RequestState& state, WorkerContext& worker,
         WorkerPool& pool);

  static base::Task<void> run(std::unique_ptr<Mirror> self);
  base::Task<MirrorResult> exchange();
  base::Task<MirrorResult> converse(UpstreamExchange& upstream);
  base::Task<Wake> send_request(UpstreamExchange& upstream);
  base::Task<MirrorResult> read_head(UpstreamExchange& upstream);
  base::Task<MirrorResult> read_body(UpstreamExchange& upstream);
  [[nodiscard]] MirrorResult late();
  [[nodiscard]] MirrorResult failed(Reason reason);

  WorkerContext& worker_;
  std::shared_ptr<const WorkerSnapshot> snapshot_;  // holds everything below
  const MirrorConfig& config_;
  WorkerPool& pool_;
  ServerChoice choice_;
  std::shared_ptr<std::uint32_t> under_way_;
  std::optional<MirrorResult> result_;  // nothing is counted before there is one
  http1::Framing framing_;
  std::optional<std::uint64_t> body_bytes_;  // nothing: its end tells
  Method method_;
  std::string id_;
  Buffer head_;
  std::string body_;
  std::string preface_;
  base::MonoTime deadline_;
  base::MonoTime began_;
  int status_ = 0;  // of the answer; 0 = there is none yet
};

}  // namespace ravelin::gateway
