#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <memory>
#include <vector>

#include "tools/motley/session.h"
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
  CLI::App* group = app.add_subcommand("artifact", "Files in the catalogue, each known by its digest");
  group->require_subcommand(1);
  group->footer("Examples:\n  motley artifact list\n  motley artifact push --help\n");

  auto options = std::make_shared<PushOptions>();
  CLI::App* push = group->add_subcommand("push", "Bring files into the catalogue and print their digests");
  push->add_option("FILE", options->files, "Files to push")->required();
  push->add_option("--name", options->name, "Name in the catalogue; default: the file's own");
  push->footer("Examples:\n  motley artifact push bin/greeter\n  motley artifact push build/a.out --name greeter\n");
  push->callback([&chosen, options] { chosen = [options](Session& session) { return Push(session, *options); }; });

  CLI::App* list = group->add_subcommand("list", "List what is in the catalogue");
  list->footer("Example:\n  motley artifact list\n");
  list->callback([&chosen] { chosen = List; });
}

}  // namespace motley::cli
