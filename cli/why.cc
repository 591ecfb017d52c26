// `ravelin why`: whether an address is banned, or whom a request got banned: what the gateway knows
// and what the kernel holds.
#include "base/address.h"
#include "base/text.h"
#include "cli/admin_client.h"
#include "cli/commands.h"
#include "cli/firewall/desk.h"
#include "cli/report.h"

#include <memory>
#include <optional>

namespace ravelin::cli {
namespace {

namespace json = boost::json;

struct WhyOptions {
  AdminFlags admin;
  FirewallFlags firewall;
  std::string subject;
  bool has_firewall_socket = false;
};

// What one side said; `text` for people, without a line's end.
struct Side {
  json::value answer;  // null: it could not say
  std::string text;
  bool knows = false;  // of a ban
  bool has_failed = false;
};

std::string seconds_text(std::int64_t count) {
  return base::format_duration(std::chrono::seconds(count));
}

std::string ban_text(const json::value& ban) {
  const std::string rule = text_at(ban, "rule");
  const std::string request = text_at(ban, "request");
  std::string text = fmt::format(
      "  {}: {} banned for {}, {} ({}), listener {}, offence {}, configuration {}",
      text_at(ban, "time"), text_at(ban, "client"), seconds_text(number_at(ban, "for_s")),
      rule.empty() ? std::string("over the budget") : fmt::format("trigger \"{}\"", rule),
      text_at(ban, "reason"), text_at(ban, "listener"), number_at(ban, "offence"),
      number_at(ban, "generation"));
  if (!request.empty()) text += ", request " + request;
  if (flag_at(ban, "proxied"))
    text += ", behind a proxy: its requests are refused, no packets dropped";
  const std::string kernel = text_at(ban, "kernel");
  const std::string why = text_at(ban, "kernel_text");
  if (kernel != "not_asked")
    text += ", firewall: " + kernel + (why.empty() ? "" : " (" + why + ")");
  return text;
}

std::string client_text(const json::value& client) {
  if (flag_at(client, "never")) return text_at(client, "client") + " is never banned";
  const std::int64_t banned_for = number_at(client, "banned_for_s");
  std::string text = text_at(client, "client");
  text += banned_for == 0 ? std::string(" is not banned")
                          : " is banned for another " + seconds_text(banned_for);
  text += fmt::format("; {} points, {} offences remembered", number_at(client, "points"),
                      number_at(client, "offences"));
  if (const json::value* counted = client.as_object().if_contains("counted");
      counted != nullptr && counted->is_object()) {
    for (const auto& [trigger, count] : counted->get_object())
      text += fmt::format("; \"{}\" has counted {}", std::string_view(trigger),
                          count.to_number<std::int64_t>());
  }
  return text;
}

Side ask_gateway_side(const WhyOptions& options) {
  const auto answer = ask_gateway(options.admin, "GET", "/v1/why/" + options.subject);
  if (!answer) return {nullptr, "gateway: " + answer.error().message, false, true};
  Side side{answer->json, "gateway: "};
  const json::object& object = answer->json.as_object();
  const json::value* client = object.if_contains("client");
  if (!flag_at(answer->json, "watching")) {
    side.text += "bans nobody (there is no \"abuse\" in its configuration)";
  } else if (client != nullptr) {
    side.text += client_text(*client);
    side.knows = number_at(*client, "banned_for_s") != 0;
  } else {
    side.text += "remembers no ban that request " + options.subject + " caused";
  }
  for (const json::value& ban : list_at(answer->json, "bans"))
    side.text += "\n" + ban_text(ban);
  side.knows = side.knows || !list_at(answer->json, "bans").empty();
  return side;
}

// The gateway's agent, unless another one was named.
std::string agent_socket(const WhyOptions& options, const json::value& gateway) {
  if (options.has_firewall_socket || !gateway.is_object()) return options.firewall.socket;
  const json::value* firewall = gateway.as_object().if_contains("firewall");
  const std::string socket = firewall == nullptr ? std::string() : text_at(*firewall, "socket");
  return socket.empty() ? options.firewall.socket : socket;
}

Side ask_firewall_side(const WhyOptions& options, const json::value& gateway) {
  FirewallFlags flags = options.firewall;
  flags.socket = agent_socket(options, gateway);
  const bool is_address = base::parse_ip(options.subject).has_value();
  const auto answer = answer_question(
      flags, {{"command", "why"}, {is_address ? "address" : "request_id", options.subject}});
  if (!answer) return {nullptr, "kernel: " + base::to_string(answer.error()), false, true};
  if (answer->went == firewall::Went::refused || answer->went == firewall::Went::could_not)
    return {nullptr, "kernel: " + answer->text, false, true};
  boost::system::error_code error;
  Side side{json::parse(answer->json, error), "kernel: " + answer->text};
  if (side.text.ends_with('\n')) side.text.pop_back();
  side.knows = answer->went == firewall::Went::done;
  return side;
}

ExitCode why(const WhyOptions& options) {
  const Side gateway = ask_gateway_side(options);
  const Side kernel = ask_firewall_side(options, gateway.answer);
  if (options.admin.form == OutputForm::json) {
    print(json::serialize(json::object{{"subject", options.subject},
                                       {"banned", gateway.knows || kernel.knows},
                                       {"gateway", gateway.answer},
                                       {"kernel", kernel.answer}}) +
          "\n");
  } else {
    for (const Side* side : {&gateway, &kernel})
      if (!side->has_failed) print(side->text + "\n");
  }
  for (const Side* side : {&gateway, &kernel})
    if (side->has_failed) print_error("ravelin: " + side->text + "\n");
  if (gateway.knows || kernel.knows) return ExitCode::done;
  return gateway.has_failed || kernel.has_failed ? ExitCode::could_not : ExitCode::no;
}

std::string is_subject(const std::string& text) {
  constexpr std::size_t kRequestIdMax = 64;
  const bool is_id = !text.empty() && text.size() <= kRequestIdMax &&
                     text.find_first_of(" /:%?#") == std::string::npos;
  return is_id || base::parse_ip(text)
             ? ""
             : "\"" + text + "\" is neither an address nor a request's id";
}

}  // namespace

void add_why(CLI::App& app, Action& chosen) {
  auto options = std::make_shared<WhyOptions>();
  CLI::App* command = app.add_subcommand(
      "why", "whether an address is banned, by whom and why, in the gateway and in the kernel");
  command->add_option("subject", options->subject, "an address, or the id of a request")
      ->type_name("ADDRESS|REQUEST-ID")
      ->required()
      ->check(is_subject);
  add_admin_flags(*command, options->admin);
  CLI::Option* socket = command
                            ->add_option("--firewall-socket", options->firewall.socket,
                                         "of the firewall's agent; else the one the gateway uses")
                            ->type_name("PATH")
                            ->capture_default_str();
  command->add_option("--state", options->firewall.state, "of the firewall, where no agent runs")
      ->type_name("DIR")
      ->capture_default_str();
  command->callback([&chosen, options, socket] {
    options->has_firewall_socket = socket->count() != 0;
    chosen = [options] { return why(*options); };
  });
}

}  // namespace ravelin::cli
