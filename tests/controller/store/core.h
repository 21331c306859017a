#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "common/crypto/digest.h"
#include "common/files/files.h"
#include "common/mqtt/topics.h"
#include "controller/catalog/catalog.h"
#include "controller/dispatch/dispatch.h"
#include "controller/registry/registry.h"
#include "controller/rollout/rollout.h"
#include "controller/secrets/secrets.h"
#include "controller/store/store.h"
#include "tests/fakes/fake_loop.h"
#include "tests/fakes/fake_mqtt_link.h"
#include "tests/support/folder.h"

namespace motley::tests {

/// The controller's core on a real database, with a clock and a broker that a test moves.
class Core {
 public:
  Core() { Start(); }

  /// As after a restart of the controller.
  void Restart() {
    dispatch.reset();
    rollout.reset();
    secrets.reset();
    catalog.reset();
    registry.reset();
    store.reset();
    Start();
  }

  /// Adds a gateway and enrols its agent. The agent's secret.
  std::string Enrol(const std::string& gateway, const v1::Context& context = {}) {
    v1::AddGatewayRequest add;
    add.set_id(gateway);
    const auto added = registry->Add(add).value();
    v1::EnrolRequest enrol;
    enrol.set_token(added.enrolment_token());
    enrol.set_credential_digest(Sha256("secret of " + gateway));
    *enrol.mutable_context() = context;
    registry->Enrol(enrol).value();
    return "secret of " + gateway;
  }

  v1::ArtifactRef AddArtifact(const std::string& bytes, const std::string& name) {
    const std::string file = catalog->incoming_folder() + "/upload";
    WriteFileAtomically(file, bytes, 0644).value();
    return catalog->Add(file, Sha256(bytes), bytes.size(), name).value();
  }

  /// A release with one process, in the variants "big" (2 GiB and more, preferred) and "any".
  v1::Release MakeRelease(const std::string& version) {
    v1::Release release;
    release.set_application("greeter");
    release.set_version(version);
    *release.add_artifacts() = AddArtifact("program " + version, "greeter");
    for (const char* name : {"any", "big"}) {
      v1::Variant& variant = *release.add_variants();
      variant.set_name(name);
      v1::Component& component = *variant.mutable_model()->add_components();
      component.set_name("greeter");
      *component.mutable_process()->mutable_artifact() = release.artifacts(0);
      component.mutable_process()->add_command(std::string("--size=") + name);
    }
    release.mutable_variants(1)->set_when("memory_mb >= 2048");
    release.mutable_variants(1)->set_prefer(10);
    return release;
  }

  /// Pushes it, and proposes, approves and enacts a plan. The plan's id.
  std::uint64_t Deploy(const std::string& version) {
    catalog->PushRelease(MakeRelease(version)).value();
    const std::uint64_t plan = Propose("greeter", version).value().id();
    Approve(plan).value();
    rollout->Enact(plan).value();
    return plan;
  }

  Result<v1::Plan> Propose(const v1::ProposePlanRequest& request) {
    return Await<v1::Plan>([&](auto done) { rollout->Propose(request, done); });
  }
  Result<v1::Plan> Propose(const std::string& application, const std::string& version) {
    v1::ProposePlanRequest request;
    request.set_application(application);
    request.set_version(version);
    return Propose(request);
  }
  Result<v1::Plan> Approve(std::uint64_t plan) {
    return Await<v1::Plan>([&](auto done) { rollout->Approve(plan, done); });
  }
  Result<v1::Assignment> Explain(std::uint64_t plan, const std::string& gateway) {
    return Await<v1::Assignment>([&](auto done) { rollout->Explain(plan, gateway, done); });
  }

  static std::string Topic(const std::string& gateway, Channel channel) { return TopicOf("default", gateway, channel); }
  void Deliver(const std::string& gateway, Channel channel, const google::protobuf::Message& message) {
    mqtt.Deliver(Topic(gateway, channel), Seal(message));
  }
  /// Long enough for a group of messages to be committed.
  void Settle() { loop.Advance(std::chrono::milliseconds(50)); }

  TemporaryFolder folder;
  FakeLoop loop;
  FakeMqtt mqtt;
  std::unique_ptr<controller::Store> store;
  std::unique_ptr<controller::Catalog> catalog;
  std::unique_ptr<controller::Registry> registry;
  std::unique_ptr<controller::Secrets> secrets;
  std::unique_ptr<controller::Rollout> rollout;
  std::unique_ptr<controller::Dispatch> dispatch;

 private:
  /// What `ask` gives to its callback, now or later.
  template <typename Value>
  Result<Value> Await(const std::function<void(std::function<void(Result<Value>)>)>& ask) {
    std::optional<Result<Value>> answer;
    ask([&](Result<Value> value) { answer.emplace(std::move(value)); });
    if (!loop.RunUntil([&] { return answer.has_value(); })) return Error{Code::kTimeout, "no answer came"};
    return *std::move(answer);
  }

  void Start() {
    mqtt = FakeMqtt();
    store = controller::Store::Open(folder / "controller.db").value();
    catalog = controller::Catalog::Create(loop, *store, folder / "artifacts").value();
    registry = controller::Registry::Create(loop, *store, {.broker_url = "mqtt://127.0.0.1:1883"}).value();
    secrets = controller::Secrets::Create(loop, *store, *registry).value();
    rollout = controller::Rollout::Create(loop, *store, *catalog, *registry, *secrets).value();
    dispatch =
        controller::Dispatch::Create(loop, *store, *registry, {}, [this](MqttOptions options, MqttListener& listener) {
          return mqtt.Link(std::move(options), listener);
        }).value();
  }
};

}  // namespace motley::tests
