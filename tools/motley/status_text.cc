#include "tools/motley/status_text.h"

#include <fmt/format.h>

#include "tools/motley/deployment_text.h"
#include "tools/motley/table.h"

namespace motley::cli {
namespace {

std::string Joined(const google::protobuf::RepeatedPtrField<std::string>& texts) {
  std::string joined;
  for (const std::string& text : texts) joined += (joined.empty() ? "" : "; ") + text;
  return joined;
}

}  // namespace

std::string RenderStatus(const v1::FleetStatus& status, const Terminal& terminal) {
  std::string text = fmt::format("{} gateways: {} online, {} in sync, {} deploying, {} failed\n", status.gateways(),
                                 status.online(), status.in_sync(), status.deploying(), status.failed());
  if (!status.broker_connected()) {
    text +=
        terminal.Paint(Style::kBad, "The controller is not connected to its broker: nothing reaches the gateways.") +
        "\n";
  }
  Table applications({"APPLICATION", "VERSION", "VARIANT", "GATEWAYS"});
  for (const v1::ApplicationStatus& application : status.applications()) {
    applications.AddRow({application.application(), application.version(), application.variant(),
                         std::to_string(application.gateways())});
  }
  if (!applications.empty()) text += "\n" + applications.Render(terminal, "");
  Table gateways({"GATEWAY", "", "DEPLOYMENT", "RUNNING", "PROBLEMS"});
  for (const v1::GatewayStatus& gateway : status.details()) {
    gateways.AddRow({gateway.id(), OnlineCell(gateway.online()),
                     DeploymentCell(gateway.deployment(), gateway.desired_revision()), Joined(gateway.running()),
                     Cell(Joined(gateway.problems()), Style::kBad)});
  }
  if (!gateways.empty()) text += "\n" + gateways.Render(terminal, "");
  return text;
}

}  // namespace motley::cli
