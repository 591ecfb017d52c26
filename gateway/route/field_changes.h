// FieldChanges: the header rules of a route, ready to be applied to the fields of a message. Made
// once per snapshot. Pure, no allocation when applied; any thread.
#pragma once

#include "gateway/config/route_rules_config.h"
#include "gateway/http/fields.h"
#include "gateway/http1/serialise.h"
#include "gateway/route/expand.h"

#include <cstdint>
#include <string>
#include <vector>

namespace ravelin::gateway {

class FieldChanges {
 public:
  FieldChanges() = default;
  explicit FieldChanges(const FieldRules& rules);

  [[nodiscard]] bool empty() const { return known_ == 0 && unknown_.empty() && written_.empty(); }

  // Whether the rules take this field away, or put another in its place.
  [[nodiscard]] bool drops(const Field& field) const;

  // The fields that are set and added, as lines; their size in bytes.
  void write(http1::ByteWriter& out, const TemplateValues& values) const;
  [[nodiscard]] std::size_t bytes(const TemplateValues& values) const;

 private:
  void add_dropped(const std::string& name);

  std::uint64_t known_ = 0;           // field_bit() of each that is dropped
  std::vector<std::string> unknown_;  // names of those without a FieldId
  std::vector<FieldRules::Rule> written_;
};

// The changes of a route and the values of one request; borrows both.
struct FieldEdit {
  const FieldChanges& changes;
  const TemplateValues& values;
};

}  // namespace ravelin::gateway
