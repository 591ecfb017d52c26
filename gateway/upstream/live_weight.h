// LiveWeight: what changes a server's weight while it serves: observed load, its own report, slow
// start. Publishes to the workers whenever the weight that comes of it does change. The control
// thread.
#pragma once

#include "gateway/upstream/health_alarm.h"
#include "gateway/upstream/server.h"

#include <functional>
#include <memory>

namespace ravelin::gateway {

class LiveWeight {
 public:
  // `changed`: after the server's weight has.
  LiveWeight(Reactor& reactor, std::shared_ptr<Server> server, std::function<void()> changed);

  // The settings of its pool. A factor nobody sets any more is forgotten.
  void use(const PoolConfig& config);

  // The part of its weight it should have by its load, above 0 to 1.
  void set_load(double factor);
  // In percent of the configured weight; 0 = no new requests.
  void set_reported(int percent);
  // The same, said in a response to a request: there 0 is as little as the bounds allow, since a
  // server without requests could never take it back.
  void set_reported_in_response(int percent);
  // It may take requests from now on, and could not before.
  void became_usable();

 private:
  [[nodiscard]] WeightParts& parts() { return server_->control().weight; }

  void warm_up();
  void publish();

  Reactor& reactor_;
  std::shared_ptr<Server> server_;
  std::function<void()> changed_;
  base::Duration slow_start_{0};
  base::MonoTime usable_since_;
  Alarm warm_up_;
};

}  // namespace ravelin::gateway
