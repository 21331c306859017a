#pragma once

#include <string>

#include "motley/v1/desired.pb.h"
#include "motley/v1/model.pb.h"
#include "motley/v1/release.pb.h"
#include "motley/v1/reported.pb.h"

namespace motley::controller {

/// A model with the versions of its secrets.
struct ModelVersion {
  v1::DeploymentModel model;
  google::protobuf::RepeatedPtrField<v1::SecretVersion> secrets;
};

/// The steps from what a gateway reports of an application, which is `from` except where `reported` says that a
/// component is missing, to `to`.
google::protobuf::RepeatedPtrField<v1::DeploymentStep> StepsBetween(const ModelVersion& from,
                                                                    const v1::ReportedApplication& reported,
                                                                    const ModelVersion& to);

}  // namespace motley::controller
