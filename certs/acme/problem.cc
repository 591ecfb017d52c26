#include "certs/acme/problem.h"

#include "certs/acme/fields.h"

#include <algorithm>

namespace ravelin::certs::acme {
namespace {

namespace json = boost::json;

constexpr std::string_view kErrorSpace = "urn:ietf:params:acme:error:";
constexpr std::size_t kTextMax = 2'048;
constexpr std::size_t kSubProblemsShown = 20;
constexpr std::string_view kFinalTypes[] = {"rejectedIdentifier", "caa", "unsupportedIdentifier",
                                            "badCSR", "badPublicKey"};

std::string short_type(std::string type) {
  if (type.starts_with(kErrorSpace)) type.erase(0, kErrorSpace.size());
  return type;
}

bool is_final_type(std::string_view type) {
  return std::find(std::begin(kFinalTypes), std::end(kFinalTypes), type) != std::end(kFinalTypes);
}

std::string one_line(std::string text) {
  for (char& c : text) {
    if (static_cast<unsigned char>(c) < 0x20 || c == '\x7f') c = ' ';
  }
  if (text.size() > kTextMax) {
    text.resize(kTextMax);
    // Not in the middle of a character.
    while (!text.empty() && (static_cast<unsigned char>(text.back()) & 0xC0U) == 0x80U)
      text.pop_back();
    if (!text.empty() && static_cast<unsigned char>(text.back()) >= 0xC0U) text.pop_back();
    text += "…";
  }
  return text;
}

std::string words(const std::string& detail, const std::string& type) {
  if (detail.empty()) return type;
  return type.empty() ? detail : detail + " (" + type + ")";
}

}  // namespace

Result<Problem> parse_problem(std::string_view text) {
  const auto object = parse_object(text, "problem");
  if (!object) return object.error();
  return parse_problem(*object);
}

Result<Problem> parse_problem(const json::object& object) {
  Fields fields(object, "problem");
  Problem problem{short_type(fields.optional_text("type")), fields.optional_text("detail"),
                  fields.optional_text("instance")};
  for (const json::value& value : fields.optional_list("subproblems")) {
    if (!value.is_object()) {
      fields.refuse("subproblems", "holds what is not an object");
      break;
    }
    Fields of(value.get_object(), "subproblem");
    SubProblem sub{short_type(of.optional_text("type")), of.optional_text("detail"), {}};
    if (const json::object* identifier = of.optional_object("identifier"); identifier != nullptr) {
      Fields named(*identifier, "subproblem: identifier");
      sub.name = named.optional_text("value");
      if (named.error()) return *named.error();
    }
    if (of.error()) return *of.error();
    problem.subproblems.push_back(std::move(sub));
  }
  if (fields.error()) return *fields.error();
  return problem;
}

std::string text_of(const Problem& problem) {
  std::string text = words(problem.detail, problem.type);
  std::size_t shown = 0;
  for (const SubProblem& sub : problem.subproblems) {
    if (++shown > kSubProblemsShown) {
      text += fmt::format("; and {} more", problem.subproblems.size() - kSubProblemsShown);
      break;
    }
    text += "; " + (sub.name.empty() ? "" : sub.name + ": ") + words(sub.detail, sub.type);
  }
  if (!problem.instance.empty()) text += "; see " + problem.instance;
  return text.empty() ? "no reason given" : one_line(std::move(text));
}

bool is_final(const Problem& problem) {
  if (is_final_type(problem.type)) return true;
  return !problem.subproblems.empty() &&
         std::all_of(problem.subproblems.begin(), problem.subproblems.end(),
                     [](const SubProblem& sub) { return is_final_type(sub.type); });
}

}  // namespace ravelin::certs::acme
