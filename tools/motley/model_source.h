#pragma once

#include <map>
#include <string>
#include <vector>

#include "common/base/result.h"
#include "common/genesis/genesis.h"
#include "motley/v1/model.pb.h"

namespace motley::cli {

/// What a file of a model is, as its content tells.
enum class ModelFormat { kModel, kRelease, kGenesis };

/// A file that holds a model.
struct ModelText {
  std::string path;
  std::string text;
  ModelFormat format = ModelFormat::kModel;
};

/// Errors: as ReadFile; kInvalid (more than 8 MiB).
Result<ModelText> ReadModelText(const std::string& path);

/// A model to be looked at or compared.
struct LoadedModel {
  v1::DeploymentModel model;
  /// Of the secrets whose values the file has: what stands for the values where models are compared.
  std::map<std::string, std::string> secret_versions;
};

/// Reads the model of a file and, for their digests, the artifacts that it names. `variant` is for release files that
/// have several. Errors: those of ReadModelText; kInvalid (one line of text for each problem); kNotFound (an artifact,
/// the variant).
Result<LoadedModel> LoadModel(const std::string& path, const std::string& variant);

/// What is wrong with a file, with its place, and what is to be known about it.
struct ModelVerdict {
  std::vector<std::string> problems;
  std::vector<std::string> warnings;
};

/// Looks at all of a file. Errors: those of ReadModelText.
Result<ModelVerdict> ValidateFile(const std::string& path);

}  // namespace motley::cli
