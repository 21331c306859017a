// Registry: what people are shown of the fleet.
#include <tuple>

#include "common/selector/parser.h"
#include "controller/registry/diversity.h"
#include "controller/registry/registry.h"

namespace motley::controller {
namespace {

bool HasFailed(const Twin& twin) {
  const v1::Deployment& deployment = twin.reported().deployment();
  return deployment.revision() == twin.desired().revision() && deployment.state() == v1::Deployment::STATE_FAILED;
}

/// The text of the attribute; empty for a gateway that has none.
std::string SiteOf(const FleetIndex& fleet, const AttributeRef& attribute, const std::string& gateway) {
  const FleetIndex::Column* column = fleet.Find(attribute);
  const auto row = fleet.Find(gateway);
  const Dictionary::Code code = column == nullptr || !row ? 0 : column->codes.Get(*row);
  return code == 0 ? std::string() : std::string(column->values.At(code));
}

}  // namespace

v1::Gateway Registry::Describe(const Twin& twin) const {
  v1::Gateway gateway = twin.record.gateway;
  gateway.set_in_sync(twin.InSync());
  for (std::string& problem : ProblemsOf(twin)) gateway.add_problems(std::move(problem));
  return gateway;
}

std::vector<std::string> Registry::ProblemsOf(const Twin& twin) const {
  std::vector<std::string> problems;
  if (auto problem = twin.instances.Problem(WallMicros(loop_))) problems.push_back(*std::move(problem));
  if (const auto revision = twin.NeverIssued()) {
    const std::string what = "the agent reports revision " + std::to_string(*revision) + ", which was never issued; ";
    if (twin.NextRevision() > *revision) {
      problems.push_back(what + "was an old copy of the controller's database put back? Enact a plan to go on");
    } else {
      problems.push_back(what + "empty the agent's state folder and enrol it anew");
    }
  }
  if (const std::string* problem = view_.Problem(twin.id())) problems.push_back(*problem);
  return problems;
}

Result<v1::FleetStatus> Registry::Status(const std::string& site) const {
  const std::string site_attribute = site.empty() ? "tags.site" : site;
  TRY_ASSIGN(const AttributeRef attribute, ParseAttribute(site_attribute).While("site"));
  if (TypeOf(attribute.attribute) != Type::kString) {
    return Error{Code::kInvalid, "site: " + site_attribute + " is no text; name one such as tags.site or arch"};
  }
  DiversityCounter diversity(site_attribute);
  v1::FleetStatus status;
  std::map<std::tuple<std::string, std::string, std::string>, std::uint32_t> applications;
  for (const auto& [id, twin] : twins_) {
    status.set_gateways(status.gateways() + 1);
    if (twin.online()) status.set_online(status.online() + 1);
    if (twin.desired().revision() > 0) {
      if (twin.InSync()) {
        status.set_in_sync(status.in_sync() + 1);
      } else if (HasFailed(twin)) {
        status.set_failed(status.failed() + 1);
      } else {
        status.set_deploying(status.deploying() + 1);
      }
    }
    v1::GatewayStatus& details = *status.add_details();
    details.set_id(id);
    details.set_online(twin.online());
    details.set_desired_revision(twin.desired().revision());
    *details.mutable_deployment() = twin.reported().deployment();
    for (const v1::ReportedApplication& application : twin.reported().applications()) {
      ++applications[{application.application(), application.version(), application.variant()}];
      diversity.Add(application.application(), application.version(), application.variant(),
                    SiteOf(view_.index(), attribute, id));
      details.add_running(application.application() + " " + application.version() + "/" + application.variant());
    }
    for (std::string& problem : ProblemsOf(twin)) details.add_problems(std::move(problem));
  }
  for (v1::ApplicationDiversity& one : diversity.Count(twins_.size())) *status.add_diversity() = std::move(one);
  for (const auto& [what, gateways] : applications) {
    v1::ApplicationStatus& application = *status.add_applications();
    std::tie(*application.mutable_application(), *application.mutable_version(), *application.mutable_variant()) = what;
    application.set_gateways(gateways);
  }
  return status;
}

}  // namespace motley::controller
