// One question to DnsClient, from being asked until its answer is told: which names are tried, what
// came back of each record type, and what that amounts to. No I/O of its own.
#pragma once

#include "gateway/dns/dns_client.h"
#include "gateway/net/alarm.h"

#include <list>
#include <memory>
#include <optional>
#include <variant>

namespace ravelin::gateway {

inline constexpr std::uint32_t kHostsTtlSeconds = 30;  // /etc/hosts says none

// Of a question for addresses: which of the two there are, in the order to try them.
void sort_families(std::vector<base::IpAddress>& addresses);

namespace detail {

struct DnsQuestionState {
  struct Part {
    RecordType type = RecordType::a;
    base::Result<AnswerRecords> records;
  };

  using Ask = std::variant<DnsClient::OnAddresses, DnsClient::OnServices>;
  using Answer =
      std::variant<std::monostate, base::Result<DnsAddresses>, base::Result<DnsServices>>;

  DnsQuestionState(std::string asked, Ask who) : name(std::move(asked)), ask(std::move(who)) {}

  [[nodiscard]] bool is_for_addresses() const { return ask.index() == 0; }

  [[nodiscard]] std::vector<RecordType> types() const;

  // ---- whoever asked ----
  void drop() { dropped = true; }

  [[nodiscard]] bool is_dropped() const { return dropped; }

  // Calls it, unless it has let go.
  void tell();

  // ---- the client ----
  void restart();

  [[nodiscard]] bool has_next_name() const { return next_name < names.size(); }

  // What all parts together say. Errors: not_found, only if each of them says so; else the failure.
  [[nodiscard]] base::Result<AnswerRecords> judge() const;

  void fail_with(base::Error error);
  void answer_with(const AnswerRecords& records, const DnsConfig& config);

  [[nodiscard]] bool is_finished() const { return answer.index() != 0; }

  std::string name;
  Ask ask;
  bool dropped = false;
  Answer answer;
  std::vector<std::string> names;  // to try, and which is next
  std::size_t next_name = 0;
  std::vector<Part> parts;
  std::size_t open_parts = 0;
  bool is_late = false;
  std::optional<base::Error> as_it_is;  // the outcome for `name` itself, where others are tried too
  std::optional<Alarm> deadline;
  std::list<std::shared_ptr<DnsQuestionState>>::iterator place;  // while it is under way
};

}  // namespace detail
}  // namespace ravelin::gateway
