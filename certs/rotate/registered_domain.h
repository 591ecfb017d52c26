// Which part of a name somebody has registered: what CAs count by. The one file that uses libpsl.
#pragma once

#include <memory>
#include <string>
#include <string_view>

namespace ravelin::certs {

// The public suffix list of the system (Debian: publicsuffix), else the one libpsl was built with.
// Any thread.
class PublicSuffixes {
 public:
  PublicSuffixes();
  PublicSuffixes(PublicSuffixes&&) noexcept;
  PublicSuffixes& operator=(PublicSuffixes&&) noexcept;
  ~PublicSuffixes();

  // "shop.example.co.uk" and "*.shop.example.co.uk" are of "example.co.uk"; a public suffix itself
  // is its own. An IPv4 address stands for itself, an IPv6 one for its /64.
  [[nodiscard]] std::string registered_domain(std::string_view name) const;

 private:
  struct List;
  std::unique_ptr<List> list_;
};

}  // namespace ravelin::certs
