#include <fmt/format.h>

#include <CLI/CLI.hpp>
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
}

}  // namespace motley::cli
