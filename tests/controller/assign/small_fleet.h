#pragma once

#include <string>
#include <vector>

#include "controller/assign/question.h"

namespace motley::tests {

/// A release and a fleet, for the assignment.
class SmallFleet {
 public:
  v1::Release release;
  FleetIndex fleet;
  controller::Question question;

  SmallFleet() {
    release.set_application("app");
    release.set_version("2.0.0");
  }

  v1::Variant& AddVariant(const std::string& name, const std::string& when = "", int prefer = 0) {
    v1::Variant& variant = *release.add_variants();
    variant.set_name(name);
    variant.set_when(when);
    variant.set_prefer(prefer);
    v1::Component& component = *variant.mutable_model()->add_components();
    component.set_name("main");
    component.mutable_process()->add_command("/bin/true");
    return variant;
  }

  /// `before`: "1.0.0/a", or empty.
  void AddGateway(Attributes gateway, const std::string& before = "") {
    const auto row = fleet.Upsert(gateway).value();
    const auto slash = before.find('/');
    if (!before.empty()) question.before.Set(row, {before.substr(0, slash), before.substr(slash + 1)});
  }
  void AddGateway(const std::string& name, std::uint64_t memory_mb, const std::string& before = "") {
    Attributes gateway;
    gateway.gateway = name;
    gateway.memory_mb = memory_mb;
    AddGateway(std::move(gateway), before);
  }
  void AddAtSite(const std::string& name, const std::string& site, const std::string& before = "") {
    Attributes gateway;
    gateway.gateway = name;
    gateway.memory_mb = 1024;
    gateway.tags["site"] = site;
    AddGateway(std::move(gateway), before);
  }

  const controller::Question& Ask(v1::Plan::Kind kind = v1::Plan::KIND_PRODUCTION) {
    question.fleet = &fleet;
    question.kind = kind;
    question.release = controller::Prepare(release, "sha256:release").value();
    return question;
  }
  Result<controller::Decision> Decide(v1::Plan::Kind kind = v1::Plan::KIND_PRODUCTION) {
    return controller::Decide(Ask(kind), [] { return 0; });
  }
};

/// "g1=a g2=- ...".
inline std::string Text(const controller::Decision& decision) {
  std::string text;
  for (const v1::Assignment& assignment : decision.assignments) {
    text += (text.empty() ? "" : " ") + assignment.gateway() + "=" +
            (assignment.variant().empty() ? "-" : assignment.variant());
  }
  return text;
}

}  // namespace motley::tests
