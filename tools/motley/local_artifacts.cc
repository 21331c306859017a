#include "tools/motley/local_artifacts.h"

#include <fmt/format.h>

#include <filesystem>

#include "tools/motley/upload.h"

namespace motley::cli {

Result<LocalFiles> DescribeLocal(const std::string& path, const std::vector<LocalArtifact>& files) {
  LocalFiles local;
  for (const LocalArtifact& file : files) {
    const std::string full = (std::filesystem::path(path).parent_path() / file.file).string();
    TRY_ASSIGN(v1::ArtifactRef artifact,
               Describe(full, "").While(fmt::format("{}:{}: artifact \"{}\"", path, file.line, file.name)));
    local.paths[artifact.digest()] = full;
    local.artifacts[file.name] = std::move(artifact);
  }
  return local;
}

Result<void> UploadMissing(Session& session, const std::map<std::string, v1::ArtifactRef>& artifacts,
                           const std::map<std::string, std::string>& paths) {
  for (const auto& [name, artifact] : artifacts) {
    const auto path = paths.find(artifact.digest());
    if (path != paths.end()) TRY(UploadArtifact(session, artifact, path->second));
  }
  return {};
}

}  // namespace motley::cli
