// Key files of BIND: one key statement, comments of its three kinds.
#include "base/text.h"
#include "certs/dns/tsig.h"
#include "certs/issuer/base64url.h"
#include "certs/key_file.h"

#include <algorithm>

namespace ravelin::certs::dns {
namespace {

using base::Errc;
using base::fail;

constexpr std::string_view kForm =
    "has to be: key \"NAME\" { algorithm hmac-sha256; secret \"BASE64\"; };";

// Words, quoted texts and the signs { } ; of a key file, one after the other.
class Words {
 public:
  explicit Words(std::string_view text) : rest_(text) {}

  // "" at the end, or at a text that is not closed.
  std::string next() {
    skip_blank();
    if (rest_.empty()) return {};
    if (rest_.front() == '"') {
      const std::size_t end = rest_.find('"', 1);
      if (end == std::string_view::npos) return {};
      return take(end + 1).substr(1, end - 1);
    }
    constexpr std::string_view kSigns = "{};";
    if (kSigns.find(rest_.front()) != std::string_view::npos) return take(1);
    return take(std::min(rest_.find_first_of(" \t\r\n{};\""), rest_.size()));
  }

 private:
  std::string take(std::size_t count) {
    std::string word(rest_.substr(0, count));
    rest_.remove_prefix(count);
    return word;
  }

  void skip_past(std::string_view end) {
    const std::size_t at = rest_.find(end);
    rest_.remove_prefix(at == std::string_view::npos ? rest_.size() : at + end.size());
  }

  void skip_blank() {
    for (;;) {
      rest_.remove_prefix(std::min(rest_.find_first_not_of(" \t\r\n"), rest_.size()));
      if (rest_.starts_with("//") || rest_.starts_with('#'))
        skip_past("\n");
      else if (rest_.starts_with("/*"))
        skip_past("*/");
      else
        return;
    }
  }

  std::string_view rest_;
};

Result<std::string> decode_secret(std::string text) {
  while (text.ends_with('='))
    text.pop_back();
  std::ranges::replace(text, '+', '-');
  std::ranges::replace(text, '/', '_');
  auto bytes = from_base64url(text);
  if (!bytes || bytes->empty()) return fail(Errc::invalid, "the secret is not base64");
  return bytes;
}

Result<TsigAlgorithm> parse_algorithm(const std::string& word) {
  const auto* const found = std::ranges::find(kTsigAlgorithms, base::to_lower(word));
  if (found == std::end(kTsigAlgorithms))
    return fail(Errc::invalid, "algorithm \"{}\" is not taken ({})", word,
                fmt::join(kTsigAlgorithms, ", "));
  return static_cast<TsigAlgorithm>(found - std::begin(kTsigAlgorithms));
}

}  // namespace

Result<TsigKey> parse_tsig_key(std::string_view text) {
  Words words(text);
  if (words.next() != "key") return fail(Errc::invalid, "{}", kForm);
  std::string name = words.next();
  if (name.ends_with('.')) name.pop_back();
  if (!encode_name(name) || name.empty() || words.next() != "{")
    return fail(Errc::invalid, "{}", kForm);
  std::optional<TsigAlgorithm> algorithm;
  std::string secret;
  for (std::string word = words.next(); word != "}"; word = words.next()) {
    std::string value = words.next();
    if (words.next() != ";" || value.empty()) return fail(Errc::invalid, "{}", kForm);
    if (word == "algorithm") {
      const auto parsed = parse_algorithm(value);
      if (!parsed) return parsed.error();
      algorithm = *parsed;
    } else if (word == "secret") {
      auto decoded = decode_secret(std::move(value));
      if (!decoded) return decoded.error();
      secret = std::move(*decoded);
    } else {
      return fail(Errc::invalid, "{}", kForm);
    }
  }
  if (words.next() != ";" || !words.next().empty() || !algorithm || secret.empty())
    return fail(Errc::invalid, "{}", kForm);
  return TsigKey(base::to_lower(name), *algorithm, std::move(secret));
}

Result<TsigKey> read_tsig_key(const std::string& path) {
  const auto text = read_guarded_text(path);
  if (!text) return text.error();
  auto key = parse_tsig_key(*text);
  if (!key) return base::wrap(key.error(), path);
  return key;
}

}  // namespace ravelin::certs::dns
