// A strict reader of the Prometheus text format 0.0.4, for tests: every rule of the format that a
// scraper or promtool would complain about is a finding.
#pragma once

#include <algorithm>
#include <cctype>
#include <cstdlib>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

namespace ravelin::gateway {

struct Sample {
  std::string name;
  std::vector<std::pair<std::string, std::string>> labels;
  double value = 0;
};

class ExpositionChecker {
 public:
  explicit ExpositionChecker(std::string_view text) {
    if (!text.empty() && text.back() != '\n') find("the last line has no end");
    while (!text.empty()) {
      const std::size_t end = std::min(text.find('\n'), text.size());
      line(std::string(text.substr(0, end)));
      text.remove_prefix(std::min(end + 1, text.size()));
    }
    finish_family();
  }

  [[nodiscard]] const std::vector<std::string>& findings() const { return findings_; }

  // The value of the series, written as it stands in the text: name{a="b"}.
  [[nodiscard]] std::optional<double> value(const std::string& series) const {
    const auto found = values_.find(series);
    if (found == values_.end()) return std::nullopt;
    return found->second;
  }

 private:
  void find(const std::string& what) { findings_.push_back(current_ + ": " + what); }

  static bool is_name(std::string_view name, bool colon) {
    if (name.empty() || (std::isdigit(static_cast<unsigned char>(name[0])) != 0)) return false;
    return std::all_of(name.begin(), name.end(), [&](char c) {
      return std::isalnum(static_cast<unsigned char>(c)) != 0 || c == '_' || (colon && c == ':');
    });
  }

  void line(const std::string& text) {
    current_ = text;
    if (text.rfind("# HELP ", 0) == 0) {
      finish_family();
      const std::size_t space = text.find(' ', 7);
      family_ = text.substr(7, space - 7);
      type_.clear();
      if (!is_name(family_, true)) find("bad family name");
      if (!seen_.insert(family_).second) find("family stands twice");
      if (space == std::string::npos || space + 1 == text.size()) find("no help");
    } else if (text.rfind("# TYPE ", 0) == 0) {
      const std::size_t space = text.find(' ', 7);
      if (text.substr(7, space - 7) != family_) find("TYPE of another family than HELP");
      type_ = text.substr(space + 1);
      if (type_ != "counter" && type_ != "gauge" && type_ != "histogram") find("bad type");
      check_naming();
    } else {
      sample(text);
    }
  }

  // What `promtool check metrics` asks of names.
  void check_naming() {
    const bool total = family_.size() > 6 && family_.substr(family_.size() - 6) == "_total";
    if ((type_ == "counter") != total) find("_total is for counters, and all of them");
    for (const char* unit : {"milliseconds", "microseconds", "minutes", "kilobytes", "_ms"}) {
      if (family_.find(unit) != std::string::npos) find("not a base unit");
    }
    for (const char* type : {"counter", "gauge", "histogram"}) {
      if (family_.find(type) != std::string::npos) find("the type in the name");
    }
  }

  void sample(const std::string& text) {
    Sample one;
    std::size_t at = text.find_first_of("{ ");
    if (at == std::string::npos) return find("no value");
    one.name = text.substr(0, at);
    if (text[at] == '{' && !labels(text, at, one)) return;
    if (at >= text.size() || text[at] != ' ') return find("no space before the value");
    const std::string number = text.substr(at + 1);
    char* end = nullptr;
    one.value = std::strtod(number.c_str(), &end);
    if (number.empty() || *end != '\0' || number.find(' ') != std::string::npos) find("bad value");
    if (!values_.emplace(text.substr(0, at), one.value).second) find("series stands twice");
    check_name(one.name);
    samples_.push_back(std::move(one));
  }

  void check_name(const std::string& name) {
    if (type_.empty()) find("sample before TYPE");
    if (type_ != "histogram") {
      if (name != family_) find("sample of another family");
      return;
    }
    if (name != family_ + "_bucket" && name != family_ + "_sum" && name != family_ + "_count") {
      find("sample of another family");
    }
  }

  bool labels(const std::string& text, std::size_t& at, Sample& one) {
    ++at;
    while (at < text.size() && text[at] != '}') {
      const std::size_t equals = text.find("=\"", at);
      if (equals == std::string::npos) return find("label without value"), false;
      const std::string name = text.substr(at, equals - at);
      if (!is_name(name, false)) find("bad label name " + name);
      std::string value;
      at = equals + 2;
      for (; at < text.size() && text[at] != '"'; ++at) {
        if (text[at] != '\\') {
          value += text[at];
          continue;
        }
        const char escaped = ++at < text.size() ? text[at] : '\0';
        if (escaped != 'n' && escaped != '"' && escaped != '\\') find("bad escape");
        value += escaped == 'n' ? '\n' : escaped;
      }
      for (const auto& [other, unused] : one.labels) {
        if (other == name) find("label stands twice");
      }
      one.labels.emplace_back(name, value);
      if (++at < text.size() && text[at] == ',') ++at;
    }
    if (one.labels.empty()) find("empty braces");
    ++at;
    return true;
  }

  static std::string key_without_le(const Sample& sample) {
    std::string key;
    for (const auto& [name, value] : sample.labels) {
      if (name != "le") key.append(name).append("=").append(value).append(";");
    }
    return key;
  }

  void finish_family() {
    if (!family_.empty() && samples_.empty()) find("family without samples: " + family_);
    if (type_ == "histogram") check_histograms();
    samples_.clear();
  }

  // Buckets rise in bound and count, end in +Inf, and +Inf is the count; each series is together.
  void check_histograms() {
    std::set<std::string> done;
    for (std::size_t i = 0; i < samples_.size();) {
      const std::string key = key_without_le(samples_[i]);
      if (!done.insert(key).second) find("histogram series is not together: " + key);
      double bound = -1;
      double count = -1;
      for (; i < samples_.size() && samples_[i].name == family_ + "_bucket"; ++i) {
        const std::string le = samples_[i].labels.back().second;
        const double next = std::strtod(le.c_str(), nullptr);
        if (samples_[i].labels.back().first != "le" || key_without_le(samples_[i]) != key) {
          find("bucket of another series");
        }
        if (next <= bound || samples_[i].value < count) find("buckets do not rise: " + key);
        bound = next;
        count = samples_[i].value;
      }
      if (bound != std::strtod("+Inf", nullptr)) find("no +Inf bucket: " + key);
      if (i + 1 >= samples_.size() || samples_[i].name != family_ + "_sum" ||
          samples_[i + 1].name != family_ + "_count" || samples_[i + 1].value != count) {
        return find("no sum, or a count that is not the +Inf bucket: " + key);
      }
      i += 2;
    }
  }

  std::string current_;
  std::string family_;
  std::string type_;
  std::set<std::string> seen_;
  std::vector<Sample> samples_;
  std::map<std::string, double> values_;
  std::vector<std::string> findings_;
};

}  // namespace ravelin::gateway
