// The real Kernel: nf_tables of the network namespace the calling thread is in when it is opened.
// As long as it lives it owns the table, if it made or adopted it with a kernel that can do so. One
// thread.
#pragma once

#include "firewall/kernel/channel.h"
#include "firewall/kernel/encode.h"
#include "firewall/kernel/features.h"

#include <memory>
#include <vector>

namespace ravelin::firewall {

struct KernelOptions {
  bool own_table = true;        // where the kernel can; else a plain table, which anyone may change
  std::vector<Feature> hidden;  // for tests: as if the kernel could not
};

class NetlinkKernel final : public Kernel {
 public:
  // Errc::denied without CAP_NET_ADMIN.
  static Result<std::unique_ptr<NetlinkKernel>> open(KernelOptions options = {});

  // From parts: what open() does, with features found out before.
  NetlinkKernel(Channel channel, KernelOptions options, Features features)
      : channel_(std::move(channel)),
        options_(std::move(options)),
        features_(std::move(features)) {}

  Result<Generation> generation() override;
  // Errc::denied: another process owns the table. With a table made plain before, it stays plain.
  Result<> apply(const Transaction& transaction, std::optional<Generation> based_on) override;
  Result<> try_out(const Transaction& transaction) override;
  Result<std::optional<LiveTable>> read() override;
  void wait_for_packets() override;
  // Errc::not_found: there is no such set.
  Result<std::optional<Found>> find(const std::string& set, const Bytes& key) override;

  [[nodiscard]] const Features& features() const { return features_; }

  // As LiveTable::owner_port has it when we are the owner.
  [[nodiscard]] std::uint32_t port() const { return channel_.port(); }

 private:
  enum class Ending : std::uint8_t { commit, none };

  Result<> run(const Transaction& transaction, std::optional<Generation> based_on, Ending ending);
  Result<SetShapes> ask_shapes(const Transaction& transaction);
  Result<> judge(const Outcome& outcome, const Batch& batch, const Transaction& transaction,
                 const SetShapes& shapes, Ending ending);

  Channel channel_;
  KernelOptions options_;
  Features features_;
};

// What an outcome without errors means. Errc::protocol: the batch may have been done, or not.
Result<> answered(const Outcome& outcome, bool is_ack_wanted);

// What PutTable sends, given what there is. A kernel only lets an orphan be adopted (PERSIST
// without OWNER) and refuses to turn a plain table into an owned one.
TableFlags table_flags(bool may_own, const std::optional<LiveTable>& live);

}  // namespace ravelin::firewall
