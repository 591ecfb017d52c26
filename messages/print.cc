// Messages as one line of a log: the third use of visit_fields, beside Encoder and Decoder.
// Messages as one line of text for logs and tests: every field, no secret. Pure; any thread.
#include "base/text.h"
#include "messages/codec.h"

#include <fmt/format.h>

#include <iterator>

namespace ravelin::messages {
namespace {

// Quoted; quotes, backslashes and all that is not printable ASCII as \xNN.
std::string quote(std::string_view text) {
  std::string quoted = "\"";
  for (const char c : text) {
    if (c >= ' ' && c <= '~' && c != '"' && c != '\\')
      quoted += c;
    else
      fmt::format_to(std::back_inserter(quoted), "\\x{:02x}", static_cast<unsigned char>(c));
  }
  return quoted + '"';
}

class Printer {
 public:
  explicit Printer(std::string& out) : out_(out) {}

  template <class T>
  void operator()(std::string_view name, const T& field, AtMost = {0}) {
    if (!is_first_) out_ += ' ';
    is_first_ = false;
    out_ += name;
    out_ += '=';
    print(field);
  }

 private:
  template <std::unsigned_integral T>
  void print(T value) {
    out_ += std::to_string(value);
  }

  template <class Enum>
  requires std::is_enum_v<Enum>

  void print(Enum value) {
    out_ += value < Enum::count_ ? kWords<Enum>[static_cast<std::size_t>(value)] : "?";
  }

  void print(std::chrono::seconds value) { out_ += base::format_duration(value); }

  void print(const std::string& text) { out_ += quote(text); }

  void print(const Bytes& bytes) { out_ += fmt::format("<{} bytes>", bytes.size()); }

  void print(const base::IpPrefix& prefix) { out_ += base::to_string(prefix); }

  void print(const base::Endpoint& endpoint) {
    const bool is_ip = std::holds_alternative<base::IpEndpoint>(endpoint);
    out_ += is_ip ? base::to_string(endpoint) : quote(base::to_string(endpoint));
  }

  template <class T>
  void print(const std::vector<T>& list) {
    out_ += '[';
    for (std::size_t i = 0; i < list.size(); ++i) {
      if (i != 0) out_ += ' ';
      print(list[i]);
    }
    out_ += ']';
  }

  std::string& out_;
  bool is_first_ = true;
};

}  // namespace

std::string to_string(const Message& message) {
  return std::visit(
      []<class T>(const T& value) {
        std::string text(T::kName);
        text += '{';
        Printer printer(text);
        T::visit_fields(value, printer);
        return text + '}';
      },
      message);
}

}  // namespace ravelin::messages
