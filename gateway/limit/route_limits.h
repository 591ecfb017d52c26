// RouteLimits: the limits of one route made ready: under which key a request counts, and whether
// there is room for it. Decides over values and the shared tables; no clock. Immutable; any thread.
#pragma once

#include "base/address.h"
#include "base/clock.h"
#include "gateway/config/limits_config.h"
#include "gateway/http/fields.h"
#include "gateway/limit/bucket_table.h"
#include "gateway/limit/in_flight.h"
#include "gateway/limit/sip_hash.h"
#include "gateway/observe/reason.h"

#include <memory>
#include <optional>
#include <string_view>

namespace ravelin::gateway {

// What the limits of all routes count in; kept over reloads.
struct LimitTables {
  SipKey secret;
  std::shared_ptr<BucketTable> rates;  // null while no route has a rate
  std::shared_ptr<InFlightTable> in_flight;
  std::size_t rate_entries = 0;  // as asked for
};

// The tables of a new configuration, 0 entries where no route has a rate: those of the one before
// where they still fit. A table of another size begins empty.
LimitTables make_limit_tables(std::size_t rate_entries, const LimitTables* before);

// Who a request is from.
struct Requester {
  base::IpAddress client;        // client_of()
  const FieldList& fields;       // of the request
  std::string_view certificate;  // SHA-256 of a verified one; "" = none
};

class RouteLimits {
 public:
  // Null where the route limits nothing. `route` names it within the gateway: state is kept under
  // that name, that of a rate while it counts as quickly and by the same key.
  static std::shared_ptr<const RouteLimits> make(const RouteLimitsConfig& config,
                                                 std::string_view listener, std::string_view route,
                                                 const LimitTables& tables);

  struct Verdict {
    Reason reason = Reason::none;     // rate_limited, concurrency_limited
    std::uint32_t retry_after_s = 0;  // at least 1 where there is a reason
  };

  // Counts the request, or says why it is refused: then nothing is counted. `place` is to live as
  // long as the request.
  Verdict admit(const Requester& requester, base::MonoTime now, InFlightPlace& place) const;

  [[nodiscard]] const BandwidthLimitConfig& bandwidth() const { return bandwidth_; }

 private:
  struct Key {
    LimitKeyConfig::Kind kind = LimitKeyConfig::Kind::client;
    std::string header;
    FieldId header_id = FieldId::unknown;
    SipKey secret;         // for what the limit counts by
    SipKey client_secret;  // for those who have no such thing

    static Key make(const LimitKeyConfig& config, const SipKey& secret);
    [[nodiscard]] std::uint64_t of(const Requester& requester) const;
  };

  struct Rate {
    Key key;
    base::Duration cost;      // of one request
    base::Duration capacity;  // of a full burst
  };

  struct Concurrency {
    Key key;
    std::uint32_t max = 0;
  };

  RouteLimits() = default;

  LimitTables tables_;
  std::optional<Rate> rate_;
  std::optional<Concurrency> concurrency_;
  BandwidthLimitConfig bandwidth_;
};

}  // namespace ravelin::gateway
