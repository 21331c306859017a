#include "tools/motley/gateway_text.h"

#include <fmt/format.h>

#include <map>

#include "tools/motley/deployment_text.h"
#include "tools/motley/table.h"

namespace motley::cli {
namespace {

using v1::ReportedComponent;

std::string Joined(const google::protobuf::RepeatedPtrField<std::string>& texts) {
  std::string joined;
  for (const std::string& text : texts) joined += (joined.empty() ? "" : "; ") + text;
  return joined;
}

std::string ContextText(const v1::Context& context) {
  if (context.arch().empty()) return {};
  return fmt::format("{}, {} {}, {} MB memory, {} MB disk, {} cpus, host name {}", context.arch(), context.os(),
                     context.os_version(), context.memory_mb(), context.disk_mb(), context.cpus(), context.hostname());
}

Cell StateCell(const ReportedComponent& component) {
  switch (component.state()) {
    case ReportedComponent::STATE_RUNNING:
      return Cell("running", Style::kGood);
    case ReportedComponent::STATE_STARTING:
      return Cell("starting", Style::kWarning);
    case ReportedComponent::STATE_BACKOFF:
      return Cell("exits again and again", Style::kBad);
    case ReportedComponent::STATE_STOPPED:
      return Cell("stopped", Style::kFaint);
    case ReportedComponent::STATE_MISSING:
      return Cell("missing", Style::kBad);
    default:
      return Cell("unknown", Style::kWarning);
  }
}

std::string RenderComponents(const v1::ReportedState& reported, const Terminal& terminal) {
  Table table({"COMPONENT", "APPLICATION", "KIND", "STATE", "RESTARTS", "DETAIL"});
  for (const v1::ReportedApplication& application : reported.applications()) {
    for (const ReportedComponent& component : application.components()) {
      table.AddRow({component.name(),
                    fmt::format("{} {}/{}", application.application(), application.version(), application.variant()),
                    component.kind(), StateCell(component), std::to_string(component.restarts()), component.detail()});
    }
  }
  return table.empty() ? std::string() : "\n" + table.Render(terminal, "");
}

std::string RenderDevices(const v1::ReportedState& reported, const Terminal& terminal) {
  Table table({"DEVICE", "BOARD", "PORT", "", "FIRMWARE"});
  for (const v1::ReportedDevice& device : reported.devices()) {
    table.AddRow({device.id(), device.board(), device.port(),
                  device.present() ? Cell("attached", Style::kGood) : Cell("gone", Style::kBad),
                  device.firmware() + " " + device.firmware_version()});
  }
  return table.empty() ? std::string() : "\n" + table.Render(terminal, "");
}

}  // namespace

std::string TagsText(const google::protobuf::Map<std::string, std::string>& tags) {
  std::string text;
  for (const auto& [name, value] : std::map<std::string, std::string>(tags.begin(), tags.end()))
    text += fmt::format("{}{}={}", text.empty() ? "" : " ", name, value);
  return text;
}

std::string RenderGateways(const v1::GatewayList& list, const Terminal& terminal, Clock::time_point now) {
  Table table({"GATEWAY", "", "SINCE", "TAGS", "ARCH", "DEPLOYMENT", "PROBLEMS"});
  for (const v1::Gateway& gateway : list.gateways()) {
    const bool enrolled = gateway.has_enrolled_at();
    table.AddRow({gateway.id(), enrolled ? OnlineCell(gateway.online()) : Cell("not enrolled", Style::kFaint),
                  Ago(gateway.presence_since(), now), TagsText(gateway.tags()), gateway.reported().context().arch(),
                  DeploymentCell(gateway.reported().deployment(), gateway.desired().revision()),
                  Cell(Joined(gateway.problems()), Style::kBad)});
  }
  return table.Render(terminal, "no gateways; `motley gateway add NAME` makes one");
}

std::string RenderGateway(const v1::Gateway& gateway, const Terminal& terminal, Clock::time_point now) {
  const v1::ReportedState& reported = gateway.reported();
  std::string desired;
  for (const v1::DesiredApplication& application : gateway.desired().applications()) {
    desired += fmt::format("{}{} {}/{}", desired.empty() ? "" : ", ", application.application(), application.version(),
                           application.variant());
  }
  if (gateway.has_desired()) desired += fmt::format(" (revision {})", gateway.desired().revision());
  std::string text = RenderFields(
      terminal,
      {{"gateway", Cell(gateway.id(), Style::kStrong)},
       {"tags", TagsText(gateway.tags())},
       {"added", Ago(gateway.created_at(), now)},
       {"enrolled", gateway.has_enrolled_at() ? Cell(Ago(gateway.enrolled_at(), now)) : Cell("not yet", Style::kFaint)},
       {"presence", gateway.has_enrolled_at() ? OnlineCell(gateway.online()) : Cell("")},
       {"since", Ago(gateway.presence_since(), now)},
       {"context", ContextText(reported.context())},
       {"agent", reported.agent_version()},
       {"reported", Ago(reported.reported_at(), now)},
       {"desired", desired},
       {"deployment", DeploymentCell(reported.deployment(), gateway.desired().revision())},
       {"problems", Cell(Joined(gateway.problems()), Style::kBad)}});
  return text + RenderComponents(reported, terminal) + RenderDevices(reported, terminal);
}

}  // namespace motley::cli
