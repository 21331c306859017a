#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <chrono>
#include <memory>
#include <vector>

#include "tools/motley/command.h"
#include "tools/motley/table.h"
#include "tools/motley/times.h"
#include "tools/motley/upload.h"

namespace motley::cli {
namespace {

struct PushOptions {
  std::vector<std::string> files;
  std::string name;
};

Result<void> Push(Session& session, const PushOptions& options) {
  if (!options.name.empty() && options.files.size() > 1)
    return Error{Code::kInvalid,
                 fmt::format("--name \"{}\" is for one file, not {}", options.name, options.files.size())};
  v1::ArtifactList pushed;
  for (const std::string& file : options.files) {
    TRY_ASSIGN(const v1::ArtifactRef artifact, Describe(file, options.name));
    TRY_ASSIGN(const Uploaded uploaded, UploadArtifact(session, artifact, file));
    *pushed.add_artifacts()->mutable_ref() = artifact;
    if (session.json()) continue;
    session.terminal().Write(fmt::format("{}{}: in a release file {{digest: \"{}\", size_bytes: {}, name: {}}}\n",
                                         Printable(artifact.name()),
                                         uploaded == Uploaded::kNew ? "" : " was there already", artifact.digest(),
                                         artifact.size_bytes(), Printable(artifact.name())));
  }
  return session.json() ? session.PrintJson(pushed) : Result<void>();
}

Result<void> List(Session& session) {
  TRY_ASSIGN(ControllerApi * api, session.Api());
  TRY_ASSIGN(const v1::ArtifactList list, api->ListArtifacts());
  if (session.json()) return session.PrintJson(list);
  Table table({"NAME", "SIZE", "ADDED", "DIGEST"});
  for (const v1::ArtifactList::Artifact& artifact : list.artifacts()) {
    table.AddRow({artifact.ref().name(), SizeText(static_cast<double>(artifact.ref().size_bytes())),
                  Ago(artifact.created_at(), Clock::now()), artifact.ref().digest()});
  }
  session.terminal().Write(table.Render(session.terminal(), "no artifacts; `motley release push` brings them"));
  return {};
}

struct CollectOptions {
  bool dry_run = false;
  std::string unused_for;
};

Result<v1::CollectArtifactsRequest> RequestOf(const CollectOptions& options) {
  v1::CollectArtifactsRequest request;
  request.set_dry_run(options.dry_run);
  if (options.unused_for.empty()) return request;
  TRY_ASSIGN(const auto unused_for, ParseDuration(options.unused_for));
  const auto hours = std::chrono::duration_cast<std::chrono::hours>(unused_for);
  if (hours != unused_for || hours < std::chrono::hours(1)) {
    return Error{Code::kInvalid, fmt::format("--unused-for {}: give whole hours or days, 1h at least: an upload for a "
                                             "release that is still to come must be safe",
                                             options.unused_for)};
  }
  request.set_unused_for_hours(static_cast<std::uint32_t>(hours.count()));
  return request;
}

Result<void> Collect(Session& session, const CollectOptions& options) {
  TRY_ASSIGN(const v1::CollectArtifactsRequest request, RequestOf(options));
  TRY_ASSIGN(ControllerApi * api, session.Api());
  TRY_ASSIGN(const v1::ArtifactCollection collected, api->CollectArtifacts(request));
  if (session.json()) return session.PrintJson(collected);
  Table table({"NAME", "SIZE", "DIGEST"});
  for (const v1::ArtifactRef& artifact : collected.artifacts()) {
    table.AddRow({artifact.name(), SizeText(static_cast<double>(artifact.size_bytes())), artifact.digest()});
  }
  std::string text = collected.artifacts().empty() ? "" : table.Render(session.terminal(), "");
  if (collected.artifacts_size() < static_cast<int>(collected.count())) {
    text += fmt::format("and {} more\n", collected.count() - static_cast<std::uint32_t>(collected.artifacts_size()));
  }
  text += fmt::format("{} {} and {} leftover {}: {} bytes ({}) {}\n", collected.count(),
                      collected.count() == 1 ? "artifact" : "artifacts", collected.leftovers(),
                      collected.leftovers() == 1 ? "file" : "files", collected.freed_bytes(),
                      SizeText(static_cast<double>(collected.freed_bytes())),
                      collected.dry_run() ? "would be freed" : "freed");
  session.terminal().Write(text);
  return {};
}

}  // namespace

void AddArtifactCommands(CLI::App& app, Action& chosen) {
  CLI::App* group = AddGroup(app, "artifact", "Files in the catalogue, each known by its digest",
                             "  motley artifact list\n  motley artifact push --help\n");
  auto options = std::make_shared<PushOptions>();

  CLI::App* push =
      AddCommand(*group, chosen, options, "push", "Bring files into the catalogue and print their digests",
                 "  motley artifact push bin/greeter\n  motley artifact push build/a.out --name greeter\n", Push);
  push->add_option("FILE", options->files, "Files to push")->required();
  push->add_option("--name", options->name, "Name in the catalogue; default: the file's own");

  AddCommand(*group, chosen, "list", "List what is in the catalogue", "  motley artifact list\n", List);

  auto collect = std::make_shared<CollectOptions>();
  CLI::App* gc = AddCommand(*group, chosen, collect, "gc",
                            "Delete what no release and no template refers to, and say what that frees",
                            "  motley artifact gc --dry-run\n  motley artifact gc --unused-for 2h\n", Collect);
  gc->add_flag("--dry-run", collect->dry_run, "Only say what would go");
  gc->add_option("--unused-for", collect->unused_for,
                 "What was pushed or asked for within this time stays: 2h, 3d; default: as the controller is set");
}

}  // namespace motley::cli
