#include "certs/name_constraints.h"

#include "base/check.h"
#include "base/text.h"
#include "certs/names.h"

#include <openssl/x509v3.h>

#include <algorithm>
#include <bit>

namespace ravelin::certs {
namespace {

using base::Family;
using base::IpPrefix;
using SubtreePtr = base::Handle<GENERAL_SUBTREE, GENERAL_SUBTREE_free>;

std::size_t size_of(Family family) {
  return family == Family::ipv4 ? 4 : 16;
}

SubtreePtr subtree(int type, std::string_view bytes) {
  SubtreePtr tree(GENERAL_SUBTREE_new());
  base::Handle<ASN1_STRING, ASN1_STRING_free> text(
      ASN1_STRING_type_new(type == GEN_DNS ? V_ASN1_IA5STRING : V_ASN1_OCTET_STRING));
  CHECK(ASN1_STRING_set(text.get(), bytes.data(), static_cast<int>(bytes.size())) == 1);
  GENERAL_NAME_set0_value(tree->base, type, text.release());
  return tree;
}

// An address and a mask of the same length (RFC 5280).
std::string range_bytes(const IpPrefix& prefix) {
  const std::size_t size = size_of(prefix.address.family);
  std::string bytes(prefix.address.bytes.begin(),
                    prefix.address.bytes.begin() + static_cast<std::ptrdiff_t>(size));
  for (std::size_t i = 0; i < size; ++i) {
    const int bits = std::clamp(prefix.length - static_cast<int>(i) * 8, 0, 8);
    bytes += static_cast<char>(0xFF00U >> static_cast<unsigned>(bits));
  }
  return bytes;
}

void push(STACK_OF(GENERAL_SUBTREE) * *list, SubtreePtr tree) {
  if (*list == nullptr) *list = sk_GENERAL_SUBTREE_new_null();
  CHECK(sk_GENERAL_SUBTREE_push(*list, tree.release()) > 0);
}

void read_range(std::string_view bytes, NameConstraints& out) {
  if (bytes.size() != 8 && bytes.size() != 32) return;
  const std::size_t size = bytes.size() / 2;
  IpPrefix prefix;
  prefix.address.family = size == 4 ? Family::ipv4 : Family::ipv6;
  std::copy_n(bytes.begin(), size, prefix.address.bytes.begin());
  for (const char c : bytes.substr(size))
    prefix.length += std::popcount(static_cast<unsigned char>(c));
  prefix.address = base::mask(prefix.address, prefix.length);
  out.ips.push_back(prefix);
}

bool is_below(std::string_view name, std::string_view parent) {
  if (name.starts_with("*.")) name.remove_prefix(2);
  return name == parent || (name.size() > parent.size() && name.ends_with(parent) &&
                            name[name.size() - parent.size() - 1] == '.');
}

}  // namespace

Result<NameConstraints> parse_constraints(std::span<const std::string> permitted) {
  NameConstraints constraints;
  for (const auto& text : permitted) {
    const auto prefix = base::parse_prefix(text);
    if (prefix) {
      constraints.ips.push_back(*prefix);
      continue;
    }
    if (text.find_first_of("/:") != std::string::npos) return prefix.error();
    std::string name = base::to_lower(text);
    if (name.starts_with('.')) name.erase(0, 1);
    auto checked = check_host_name(name);
    if (!checked || name.starts_with("*."))
      return base::fail(base::Errc::invalid,
                        "\"{}\" is neither a DNS name (.dev.test) nor a range of addresses "
                        "(10.0.0.0/8)",
                        text);
    constraints.dns.push_back(std::move(name));
  }
  return constraints;
}

std::vector<std::string> to_texts(const NameConstraints& constraints) {
  std::vector<std::string> texts;
  for (const auto& name : constraints.dns)
    texts.push_back("." + name);
  for (const auto& prefix : constraints.ips)
    texts.push_back(base::to_string(prefix));
  return texts;
}

bool permits(const NameConstraints& constraints, std::string_view name) {
  if (constraints.is_open()) return true;
  if (const auto address = base::parse_ip(name); address)
    return std::ranges::any_of(constraints.ips,
                               [&](const IpPrefix& prefix) { return prefix.contains(*address); });
  return std::ranges::any_of(constraints.dns,
                             [&](const auto& parent) { return is_below(name, parent); });
}

void add_name_constraints(X509* certificate, const NameConstraints& constraints) {
  if (constraints.is_open()) return;
  const base::Handle<NAME_CONSTRAINTS, NAME_CONSTRAINTS_free> list(NAME_CONSTRAINTS_new());
  for (const auto& name : constraints.dns)
    push(&list->permittedSubtrees, subtree(GEN_DNS, name));
  for (const auto& prefix : constraints.ips)
    push(&list->permittedSubtrees, subtree(GEN_IPADD, range_bytes(prefix)));
  if (constraints.dns.empty()) push(&list->excludedSubtrees, subtree(GEN_DNS, ""));
  if (constraints.ips.empty()) {
    for (const Family family : {Family::ipv4, Family::ipv6})
      push(&list->excludedSubtrees,
           subtree(GEN_IPADD, range_bytes({base::IpAddress{family, {}}, 0})));
  }
  CHECK(X509_add1_ext_i2d(certificate, NID_name_constraints, list.get(), 1, X509V3_ADD_DEFAULT) ==
        1);
}

NameConstraints read_name_constraints(const X509* certificate) {
  NameConstraints constraints;
  const base::Handle<NAME_CONSTRAINTS, NAME_CONSTRAINTS_free> list(static_cast<NAME_CONSTRAINTS*>(
      X509_get_ext_d2i(certificate, NID_name_constraints, nullptr, nullptr)));
  if (list == nullptr) return constraints;
  for (int i = 0; i < sk_GENERAL_SUBTREE_num(list->permittedSubtrees); ++i) {
    const GENERAL_NAME* name = sk_GENERAL_SUBTREE_value(list->permittedSubtrees, i)->base;
    if (name->type != GEN_DNS && name->type != GEN_IPADD) continue;
    const ASN1_STRING* text = name->type == GEN_DNS ? name->d.dNSName : name->d.iPAddress;
    const std::string_view bytes(reinterpret_cast<const char*>(ASN1_STRING_get0_data(text)),
                                 static_cast<std::size_t>(ASN1_STRING_length(text)));
    if (name->type == GEN_DNS)
      constraints.dns.emplace_back(bytes);
    else
      read_range(bytes, constraints);
  }
  return constraints;
}

}  // namespace ravelin::certs
