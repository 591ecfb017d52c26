#include "certs/store/pending.h"

#include "base/io/file.h"
#include "certs/store/durable.h"
#include "certs/store/json_members.h"

namespace ravelin::certs {

namespace json = boost::json;
using base::Errc;

namespace {

constexpr std::size_t kFileMax = std::size_t{1024} * 1024;
constexpr mode_t kMode = 0600;
constexpr std::string_view kPlanFile = "/plan.json";

Result<std::string> read_or_empty(const std::string& path) {
  auto text = base::read_file(path, kFileMax);
  if (!text && text.error().code == Errc::not_found) return std::string();
  return text;
}

class PendingNote final : public OrderNote {
 public:
  explicit PendingNote(std::string path) : path_(std::move(path)) {}

  [[nodiscard]] std::string text() const override {
    auto text = read_or_empty(path_);
    return text ? *text : std::string();
  }

  Result<> save(std::string_view text) override { return base::replace_file(path_, text, kMode); }

 private:
  std::string path_;
};

}  // namespace

std::string format_plan(const PendingPlan& plan) {
  json::object object;
  object["names"] = json::array(plan.names.begin(), plan.names.end());
  object["issuer"] = plan.issuer;
  object["keys"] = json::array(plan.keys.begin(), plan.keys.end());
  object["profile"] = plan.profile;
  object["reason"] = plan.reason;
  object["by"] = plan.by;
  object["since"] = plan.since.time_since_epoch().count();
  return json::serialize(object) + "\n";
}

Result<PendingPlan> parse_plan(std::string_view text) {
  auto members = JsonMembers::parse(text, "the plan of an order");
  if (!members) return members.error();
  PendingPlan plan;
  plan.names = members->texts("names");
  plan.issuer = members->text("issuer");
  plan.keys = members->texts("keys");
  plan.profile = members->text("profile");
  plan.reason = members->text("reason");
  plan.by = members->text("by");
  plan.since = members->time("since");
  if (auto whole = members->whole(); !whole) return whole.error();
  return plan;
}

Result<Pending> Pending::begin(const StoreDir& store, Lease& lease, const std::string& name,
                               PendingPlan plan) {
  return begin_in(store.paths().pending(name), store, lease, name, std::move(plan));
}

Result<Pending> Pending::begin_placeholder(const StoreDir& store, Lease& lease,
                                           const std::string& name, PendingPlan plan) {
  return begin_in(store.paths().pending_placeholder(name), store, lease, name, std::move(plan));
}

Result<Pending> Pending::begin_in(const std::string& folder, const StoreDir& store, Lease& lease,
                                  const std::string& name, PendingPlan plan) {
  auto done = lease.while_held([&]() -> Result<> {
    auto step = remove_folder(folder);
    if (step) step = remove_folder(store.paths().pending_placeholder(name));
    if (step) step = make_folder(folder);
    if (step) step = sync_folder(store.paths().all_pending());
    if (step) step = base::replace_file(folder + std::string(kPlanFile), format_plan(plan), kMode);
    return step;
  });
  if (!done) return base::wrap(done.error(), "keeping the order");
  return Pending(folder, std::move(plan));
}

Result<std::optional<Pending>> Pending::find(const StoreDir& store, const std::string& name) {
  const std::string folder = store.paths().pending(name);
  const auto text = base::read_file(folder + std::string(kPlanFile), kFileMax);
  if (!text && text.error().code == Errc::not_found) return std::optional<Pending>();
  if (!text) return text.error();
  auto plan = parse_plan(*text);
  if (!plan) return base::wrap(plan.error(), folder);
  return std::optional<Pending>(Pending(folder, std::move(*plan)));
}

std::string Pending::file(PairSlot slot, std::string_view kind) const {
  return fmt::format("{}/{}.{}", folder_, text_of(slot), kind);
}

Result<std::string> Pending::key(PairSlot slot) const {
  return read_or_empty(file(slot, "key"));
}

Result<> Pending::keep_key(PairSlot slot, std::string_view pem) const {
  return base::replace_file(file(slot, "key"), pem, kMode);
}

Result<std::string> Pending::chain(PairSlot slot) const {
  return read_or_empty(file(slot, "pem"));
}

Result<> Pending::keep_chain(PairSlot slot, std::string_view pem, std::string_view order) const {
  // The chain last: it says that the order is done.
  if (auto kept = base::replace_file(file(slot, "order"), order, kMode); !kept) return kept;
  return base::replace_file(file(slot, "pem"), pem, kMode);
}

std::string Pending::order(PairSlot slot) const {
  const auto text = read_or_empty(file(slot, "order"));
  return text ? *text : std::string();
}

std::unique_ptr<OrderNote> Pending::note(PairSlot slot) const {
  return std::make_unique<PendingNote>(file(slot, "note"));
}

Result<> Pending::end() const {
  return remove_folder(folder_);
}

}  // namespace ravelin::certs
