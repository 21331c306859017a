#include "controller/rollout/desired_writer.h"

#include <google/protobuf/util/message_differencer.h>

#include <set>

namespace motley::controller {
namespace {

/// `desired` with `wanted` in the place of what it has of the same application.
void Merge(const v1::DesiredApplication& wanted, v1::DesiredState& desired) {
  for (v1::DesiredApplication& present : *desired.mutable_applications()) {
    if (present.application() != wanted.application()) continue;
    present = wanted;
    return;
  }
  *desired.add_applications() = wanted;
}

}  // namespace

Result<std::optional<v1::DesiredState>> DesiredWriter::Write(const Twin& twin, const Wanted& wanted) {
  TRY_ASSIGN(const v1::DesiredApplication* application, Find(wanted));
  v1::DesiredState state = twin.desired();
  Merge(*application, state);
  TRY(FillInSecretVersions(twin, state));
  if (google::protobuf::util::MessageDifferencer::Equals(state, twin.desired())) {
    return std::optional<v1::DesiredState>();
  }
  state.set_gateway(twin.id());
  state.set_revision(twin.NextRevision());
  *state.mutable_issued_at() = issued_at_;
  return std::optional(std::move(state));
}

Result<const v1::DesiredApplication*> DesiredWriter::Find(const Wanted& wanted) {
  const std::pair key(wanted.version, wanted.variant);
  if (const auto known = known_.find(key); known != known_.end()) return &known->second;
  TRY_ASSIGN(const auto release, catalog_.Release(application_, wanted.version));
  TRY_ASSIGN(const auto bundles, catalog_.Bundles(application_, wanted.version));
  for (int i = 0; i < release.variants_size() && i < std::ssize(bundles); ++i) {
    v1::DesiredApplication& application = known_[{wanted.version, release.variants(i).name()}];
    application.set_application(application_);
    application.set_version(wanted.version);
    application.set_variant(release.variants(i).name());
    *application.mutable_bundle() = bundles[i];
  }
  const auto found = known_.find(key);
  if (found == known_.end()) {
    return Error{Code::kNotFound, "release " + application_ + " " + wanted.version + " has no variant \"" +
                                      wanted.variant + "\"; propose a new plan"};
  }
  return &found->second;
}

Result<void> DesiredWriter::FillInSecretVersions(const Twin& twin, v1::DesiredState& state) {
  std::set<std::string> needed;
  for (const v1::DesiredApplication& application : state.applications()) {
    TRY_ASSIGN(const auto* referred, secret_names_.Of(application));
    needed.insert(referred->begin(), referred->end());
  }
  TRY_ASSIGN(const auto versions, secrets_.VersionsFor(twin.id(), needed));
  state.clear_secrets();
  for (const v1::SecretVersion& version : versions) *state.add_secrets() = version;
  return {};
}

}  // namespace motley::controller
