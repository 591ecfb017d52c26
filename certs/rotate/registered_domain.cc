#include "certs/rotate/registered_domain.h"

#include "base/address.h"

#include <libpsl.h>

namespace ravelin::certs {
namespace {

constexpr int kIpv6Part = 64;

// What the list would say of a suffix it does not know: the last two labels.
std::string last_two_labels(const std::string& name) {
  const std::size_t last = name.rfind('.');
  if (last == std::string::npos || last == 0) return name;
  const std::size_t before = name.rfind('.', last - 1);
  return before == std::string::npos ? name : name.substr(before + 1);
}

}  // namespace

struct PublicSuffixes::List {
  List() : context(psl_latest(nullptr)) {}

  List(const List&) = delete;
  List& operator=(const List&) = delete;

  ~List() { psl_free(context); }

  psl_ctx_t* context;  // nullptr: there is no list
};

PublicSuffixes::PublicSuffixes() : list_(std::make_unique<List>()) {}

PublicSuffixes::PublicSuffixes(PublicSuffixes&&) noexcept = default;
PublicSuffixes& PublicSuffixes::operator=(PublicSuffixes&&) noexcept = default;
PublicSuffixes::~PublicSuffixes() = default;

std::string PublicSuffixes::registered_domain(std::string_view name) const {
  if (const auto address = base::parse_ip(name); address) {
    if (address->family == base::Family::ipv4) return base::to_string(*address);
    return base::to_string(base::IpPrefix{base::mask(*address, kIpv6Part), kIpv6Part});
  }
  if (name.starts_with("*.")) name.remove_prefix(2);
  const std::string text(name);
  if (list_->context == nullptr) return last_two_labels(text);
  // Points into `text`.
  const char* found = psl_registrable_domain(list_->context, text.c_str());
  return found == nullptr ? text : std::string(found);
}

}  // namespace ravelin::certs
