#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <memory>
#include <utility>
#include <vector>

#include "tools/motley/command.h"
#include "tools/motley/gateway_text.h"
#include "tools/motley/table.h"

namespace motley::cli {
namespace {

struct GatewayOptions {
  std::string id;
  std::vector<std::string> tags;
  std::vector<std::string> removed_tags;
};

Result<std::pair<std::string, std::string>> SplitTag(const std::string& text) {
  const auto equals = text.find('=');
  if (equals == 0 || equals == std::string::npos)
    return Error{Code::kInvalid, fmt::format("tag \"{}\" lacks its value; write NAME=VALUE, as in region=eu", text)};
  return std::pair(text.substr(0, equals), text.substr(equals + 1));
}

Result<void> PrintToken(Session& session, const ControllerApi& api, const v1::AddGatewayReply& reply) {
  if (session.json()) return session.PrintJson(reply);
  const Terminal& terminal = session.terminal();
  session.terminal().Write(RenderFields(terminal, {{"gateway", Cell(reply.gateway().id(), Style::kStrong)},
                                                   {"enrolment token", reply.enrolment_token()},
                                                   {"expires", Ago(reply.token_expires_at(), Clock::now())}}) +
                           fmt::format("\nThe token is shown this once and works once. On the gateway:\n"
                                       "  motley-agent --controller {} --token {}\n",
                                       api.url(), Printable(reply.enrolment_token())));
  return {};
}

Result<void> Add(Session& session, const GatewayOptions& options) {
  v1::AddGatewayRequest request;
  request.set_id(options.id);
  for (const std::string& tag : options.tags) {
    TRY_ASSIGN(const auto pair, SplitTag(tag));
    (*request.mutable_tags())[pair.first] = pair.second;
  }
  TRY_ASSIGN(ControllerApi * api, session.Api());
  TRY_ASSIGN(const v1::AddGatewayReply reply, api->AddGateway(request));
  return PrintToken(session, *api, reply);
}

Result<void> List(Session& session) {
  TRY_ASSIGN(ControllerApi * api, session.Api());
  TRY_ASSIGN(const v1::GatewayList list, api->ListGateways());
  if (session.json()) return session.PrintJson(list);
  session.terminal().Write(RenderGateways(list, session.terminal(), Clock::now()));
  return {};
}

Result<void> PrintGateway(Session& session, const v1::Gateway& gateway) {
  if (session.json()) return session.PrintJson(gateway);
  session.terminal().Write(RenderGateway(gateway, session.terminal(), Clock::now()));
  return {};
}

Result<void> Show(Session& session, const GatewayOptions& options) {
  TRY_ASSIGN(ControllerApi * api, session.Api());
  TRY_ASSIGN(const v1::Gateway gateway, api->GetGateway(options.id));
  return PrintGateway(session, gateway);
}

Result<void> Tag(Session& session, const GatewayOptions& options) {
  v1::TagGatewayRequest request;
  for (const std::string& tag : options.tags) {
    TRY_ASSIGN(const auto pair, SplitTag(tag));
    (*request.mutable_set())[pair.first] = pair.second;
  }
  for (const std::string& name : options.removed_tags) request.add_remove(name);
  if (request.set().empty() && request.remove().empty())
    return Error{Code::kInvalid, "no tag to set or to remove; write NAME=VALUE or --remove NAME"};
  TRY_ASSIGN(ControllerApi * api, session.Api());
  TRY_ASSIGN(const v1::Gateway gateway, api->TagGateway(options.id, request));
  if (session.json()) return session.PrintJson(gateway);
  session.terminal().Write(
      fmt::format("{}: {}\n", options.id, gateway.tags().empty() ? "no tags" : Printable(TagsText(gateway.tags()))));
  return {};
}

Result<void> RenewToken(Session& session, const GatewayOptions& options) {
  TRY_ASSIGN(ControllerApi * api, session.Api());
  TRY_ASSIGN(const v1::AddGatewayReply reply, api->RenewToken(options.id));
  return PrintToken(session, *api, reply);
}

// An order without an answer of its own prints {} as JSON, so that scripts can parse whatever comes.
Result<void> PrintDone(Session& session, std::string_view text) {
  session.terminal().Write(session.json() ? "{}\n" : text);
  return {};
}

Result<void> Retry(Session& session, const GatewayOptions& options) {
  TRY_ASSIGN(ControllerApi * api, session.Api());
  TRY(api->RetryDeployment(options.id));
  return PrintDone(session, fmt::format("{} was told to try its deployment again\n", options.id));
}

Result<void> Remove(Session& session, const GatewayOptions& options) {
  TRY_ASSIGN(ControllerApi * api, session.Api());
  TRY(api->RemoveGateway(options.id));
  return PrintDone(session, fmt::format("{} is removed; its agent is no longer let in\n", options.id));
}

}  // namespace

void AddGatewayCommands(CLI::App& app, Action& chosen) {
  CLI::App* group = AddGroup(app, "gateway", "Add, list, tag and remove gateways",
                             "  motley gateway list\n  motley gateway add --help\n");
  auto options = std::make_shared<GatewayOptions>();

  CLI::App* add =
      AddCommand(*group, chosen, options, "add", "Add a gateway and get the token for its agent's first start",
                 "  motley gateway add gw-1\n  motley gateway add gw-1 --tag region=eu --tag site=oslo\n", Add);
  add->add_option("GATEWAY", options->id, "Its name: lower-case letters, digits, '.', '_' and '-'")->required();
  add->add_option("--tag", options->tags, "A tag, NAME=VALUE; may be given more than once");

  AddCommand(*group, chosen, "list", "List all gateways", "  motley gateway list\n  motley gateway list --json\n",
             List);

  const auto add_order = [&](const std::string& name, const std::string& help,
                             Result<void> (*order)(Session&, const GatewayOptions&)) {
    CLI::App* command =
        AddCommand(*group, chosen, options, name, help, fmt::format("  motley gateway {} gw-1\n", name), order);
    command->add_option("GATEWAY", options->id, "Its name")->required();
  };
  add_order("show", "Show what a gateway is, should run and does run", Show);

  CLI::App* tag =
      AddCommand(*group, chosen, options, "tag", "Set and remove tags, which selectors read as tags.NAME",
                 "  motley gateway tag gw-1 region=eu site=oslo\n  motley gateway tag gw-1 --remove site\n", Tag);
  tag->add_option("GATEWAY", options->id, "Its name")->required();
  tag->add_option("TAG", options->tags, "Tags to set, NAME=VALUE");
  tag->add_option("--remove", options->removed_tags, "A tag to remove; may be given more than once");

  add_order("token", "Make a new enrolment token; the one before no longer works", RenewToken);
  add_order("retry", "Let the agent try the deployment again that failed", Retry);
  add_order("remove", "Remove a gateway and what is known about it", Remove);
}

}  // namespace motley::cli
