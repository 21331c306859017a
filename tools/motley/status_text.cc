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

std::string Percent(double share) { return fmt::format("{:.0f} %", share * 100); }

/// How much one fault could hit.
std::string RenderDiversity(const v1::FleetStatus& status, const Terminal& terminal) {
  Table table({"DIVERSITY", "VARIANTS", "ENTROPY", "EXPOSURE", "LARGEST IN ONE SITE"});
  for (const v1::ApplicationDiversity& one : status.diversity()) {
    std::string shares;
    for (const v1::VariantShare& share : one.variants()) {
      shares += (shares.empty() ? "" : ", ") + share.version() + "/" + share.variant() + " " + Percent(share.share());
    }
    std::string largest = "-";
    if (one.has_largest_in_site()) {
      const v1::SiteShare& site = one.largest_in_site();
      largest = fmt::format("{} of {} ({} of {}) in {}", Percent(site.share()), site.version() + "/" + site.variant(),
                            site.gateways(), site.of(), site.site());
    }
    table.AddRow(
        {one.application(), shares, fmt::format("{:.2f} bits", one.entropy_bits()), Percent(one.exposure()), largest});
  }
  return table.empty() ? "" : "\n" + table.Render(terminal, "");
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
  text += RenderDiversity(status, terminal);
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
