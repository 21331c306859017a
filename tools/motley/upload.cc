#include "tools/motley/upload.h"

#include <fmt/format.h>

#include <filesystem>

#include "common/crypto/digest.h"
#include "tools/motley/times.h"

namespace motley::cli {

namespace fs = std::filesystem;

Result<v1::ArtifactRef> Describe(const std::string& path, const std::string& name) {
  std::error_code fault;
  const fs::file_status status = fs::status(path, fault);
  if (fs::exists(status) && !fs::is_regular_file(status))
    return Error{Code::kInvalid, fmt::format("{} is not a regular file; an artifact is one file", path)};
  TRY_ASSIGN(std::string digest, Sha256File(path));
  const std::uintmax_t size = fs::file_size(path, fault);
  if (fault) return Error{Code::kUnavailable, fmt::format("read {}: {}", path, fault.message())};
  v1::ArtifactRef artifact;
  artifact.set_digest(std::move(digest));
  artifact.set_size_bytes(size);
  artifact.set_name(name.empty() ? fs::path(path).filename().string() : name);
  return artifact;
}

Result<Uploaded> UploadArtifact(Session& session, const v1::ArtifactRef& artifact, const std::string& path) {
  TRY_ASSIGN(ControllerApi * api, session.Api());
  TRY_ASSIGN(const bool there, api->HasArtifact(artifact.digest()));
  if (there) return Uploaded::kAlreadyThere;
  const std::string total = SizeText(static_cast<double>(artifact.size_bytes()));
  const auto progress = [&](std::uint64_t sent) {
    session.terminal().Progress(
        fmt::format("uploading {}: {} of {}", artifact.name(), SizeText(static_cast<double>(sent)), total));
  };
  auto added = api->PutArtifact(artifact, path, progress);
  session.terminal().ClearProgress();
  if (!added) return std::move(added).error().While(fmt::format("upload {}", path));
  return Uploaded::kNew;
}

}  // namespace motley::cli
