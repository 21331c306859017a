#include "tools/motley/model_import.h"

#include <fmt/format.h>
#include <yaml-cpp/yaml.h>

#include <cstdio>
#include <nlohmann/json.hpp>

#include "common/files/files.h"
#include "common/genesis/genesis.h"
#include "common/release/model_file.h"

namespace motley::cli {
namespace {

constexpr std::uint64_t kMaxFileBytes = 8 * 1024 * 1024;

std::string VerdictJson(const GenesisImport& import) {
  const GenesisDeployment& deployment = import.first_deployment;
  const nlohmann::ordered_json json{{"valid", import.valid},
                                    {"errors", import.errors},
                                    {"warnings", import.warnings},
                                    {"components", import.components},
                                    {"links", import.links},
                                    {"hostings", import.hostings},
                                    {"first_deployment",
                                     {{"hosts", deployment.hosts},
                                      {"added", deployment.added},
                                      {"hosted", deployment.hosted},
                                      {"links", deployment.links},
                                      {"deployer", deployment.deployer}}}};
  return json.dump(2, ' ', false, nlohmann::ordered_json::error_handler_t::replace) + "\n";
}

/// To standard error, so that the model can be piped on.
void Say(std::string_view severity, const std::vector<std::string>& messages) {
  for (const std::string& message : messages) {
    std::fprintf(stderr, "motley: %s: %s\n", std::string(severity).c_str(), Printable(message).c_str());
  }
}

Result<void> WriteSecrets(const GenesisImport& import, const std::string& path) {
  YAML::Emitter out;
  out << YAML::BeginMap;
  for (const auto& [name, value] : import.secrets)
    out << YAML::Key << name << YAML::Value << YAML::DoubleQuoted << value;
  out << YAML::EndMap;
  return WriteFileAtomically(path, std::string(out.c_str()) + "\n", 0600);
}

std::string DroppedSecrets(const GenesisImport& import) {
  std::string names;
  for (const auto& [name, value] : import.secrets) names += (names.empty() ? "" : ", ") + name;
  return fmt::format("the values of these secrets are not in the model: {}; --secrets FILE keeps them", names);
}

}  // namespace

Result<void> ImportModel(Session& session, const ImportOptions& options) {
  TRY_ASSIGN(const std::string text, ReadFile(options.file, kMaxFileBytes));
  GenesisImport import = ImportGenesis(text);
  if (!import.secrets.empty()) {
    if (!options.secrets.empty()) {
      TRY(WriteSecrets(import, options.secrets));
    } else {
      import.warnings.push_back(DroppedSecrets(import));
    }
  }
  const std::string model = import.valid ? WriteModelFile(import.model) : "";
  if (import.valid && !options.output.empty()) TRY(WriteFileAtomically(options.output, model, 0644));
  if (session.json()) {
    session.terminal().Write(VerdictJson(import));
  } else {
    Say("error", import.errors);
    Say("warning", import.warnings);
    if (import.valid && options.output.empty()) session.terminal().Write(model);
  }
  if (!import.valid) session.AnswerNo();
  return {};
}

}  // namespace motley::cli
