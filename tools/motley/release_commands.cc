#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <memory>
#include <vector>

#include "common/release/named_version.h"
#include "common/release/schema.h"
#include "tools/motley/command.h"
#include "tools/motley/release_push.h"
#include "tools/motley/table.h"
#include "tools/motley/times.h"
#include "tools/motley/wait_for_plan.h"

namespace motley::cli {
namespace {

struct ReleaseOptions {
  PushOptions push;
  std::string application;
  std::string version;
  std::vector<std::string> names;
  bool source = false;
};

Result<void> List(Session& session, const ReleaseOptions& options) {
  TRY_ASSIGN(ControllerApi * api, session.Api());
  TRY_ASSIGN(const v1::ReleaseList list, api->ListReleases(options.application));
  if (session.json()) return session.PrintJson(list);
  Table table({"APPLICATION", "VERSION", "ADDED", "VARIANTS", "DESCRIPTION"});
  for (const v1::Release& release : list.releases()) {
    std::string variants;
    for (const v1::Variant& variant : release.variants()) variants += (variants.empty() ? "" : " ") + variant.name();
    table.AddRow({release.application(), release.version(), Ago(release.created_at(), Clock::now()), variants,
                  release.description()});
  }
  session.terminal().Write(table.Render(session.terminal(), "no releases; `motley release push FILE` brings one"));
  return {};
}

std::string ComponentNames(const v1::DeploymentModel& model) {
  std::string names;
  for (const v1::Component& component : model.components()) names += (names.empty() ? "" : " ") + component.name();
  return names;
}

/// Of what stored thing it was made, or "-".
std::string OriginOf(const v1::Variant& variant) {
  if (!variant.from_variant().empty()) return variant.from_variant();
  return variant.from_template().empty() ? "-" : variant.from_template();
}

std::string Render(const v1::Release& release, const Terminal& terminal) {
  std::string text =
      RenderFields(terminal, {{"release", Cell(release.application() + " " + release.version(), Style::kStrong)},
                              {"description", release.description()},
                              {"added", Ago(release.created_at(), Clock::now())}});
  Table variants({"VARIANT", "PREFER", "WHEN", "COMPONENTS", "FROM"});
  for (const v1::Variant& variant : release.variants()) {
    variants.AddRow({variant.name(), std::to_string(variant.prefer()),
                     variant.when().empty() ? Cell("always", Style::kFaint) : Cell(variant.when()),
                     ComponentNames(variant.model()), Cell(OriginOf(variant), Style::kFaint)});
  }
  Table artifacts({"ARTIFACT", "SIZE", "DIGEST"});
  for (const v1::ArtifactRef& artifact : release.artifacts())
    artifacts.AddRow({artifact.name(), SizeText(static_cast<double>(artifact.size_bytes())), artifact.digest()});
  return text + "\n" + variants.Render(terminal, "no variants") + "\n" + artifacts.Render(terminal, "no artifacts");
}

Result<void> Show(Session& session, const ReleaseOptions& options) {
  TRY_ASSIGN(ControllerApi * api, session.Api());
  TRY_ASSIGN(const v1::Release release, api->GetRelease(options.application, options.version));
  if (session.json()) return session.PrintJson(release);
  session.terminal().Write(options.source ? release.source() : Render(release, session.terminal()));
  return {};
}

// Always JSON: it is what a push would send.
Result<void> RenderFile(Session& session, const ReleaseOptions& options) {
  TRY_ASSIGN(const LoadedRelease loaded, LoadRelease(session, options.push.file));
  return session.PrintJson(loaded.release);
}

Result<void> Push(Session& session, const ReleaseOptions& options) { return PushRelease(session, options.push); }

Result<void> Delete(Session& session, const ReleaseOptions& options) {
  std::vector<NamedVersion> releases;
  for (const std::string& name : options.names) {
    TRY_ASSIGN(releases.emplace_back(), ParseNamedVersion(name));
  }
  TRY_ASSIGN(ControllerApi * api, session.Api());
  for (const NamedVersion& release : releases) {
    TRY(api->DeleteRelease(release.name, release.version));
    if (session.json()) continue;
    session.terminal().Write(fmt::format("release {} {} is deleted\n", release.name, release.version));
  }
  return {};
}

}  // namespace

void AddReleaseCommands(CLI::App& app, Action& chosen) {
  CLI::App* group = AddGroup(app, "release", "Numbered sets of variants of an application",
                             "  motley release list\n  motley release push --help\n");
  auto options = std::make_shared<ReleaseOptions>();

  CLI::App* push = AddCommand(*group, chosen, options, "push", "Add the release of a file and propose a plan for it",
                              "  motley release push blinky.yaml                     # look at the plan first\n"
                              "  motley release push blinky.yaml --approve --wait    # all at once\n"
                              "  motley release push blinky.yaml --approve --wait=60\n",
                              Push);
  push->add_option("FILE", options->push.file, "Release file; docs/release-file.md describes it")->required();
  CLI::Option* approve = push->add_flag("--approve", options->push.approve, "Approve the plan and enact it");
  push->add_flag("--wait{300}", options->push.wait_seconds,
                 "Wait until every gateway of the plan is done or failed; --wait=SECONDS, else 300")
      ->needs(approve)
      ->check(CLI::Range(std::int64_t{1}, kMaxWaitSeconds));

  CLI::App* list = AddCommand(*group, chosen, options, "list", "List releases, newest first",
                              "  motley release list\n  motley release list blinky\n", List);
  list->add_option("APPLICATION", options->application, "Only those of this application");

  CLI::App* show =
      AddCommand(*group, chosen, options, "show", "Show a release",
                 "  motley release show blinky 1.0.0\n  motley release show blinky 1.0.0 --source\n", Show);
  show->add_option("APPLICATION", options->application, "Its name")->required();
  show->add_option("VERSION", options->version, "Its version")->required();
  show->add_flag("--source", options->source, "Print the release file as its author wrote it");

  CLI::App* remove =
      AddCommand(*group, chosen, options, "delete", "Delete releases that no gateway needs",
                 "  motley release delete blinky@1.0.0\n"
                 "  motley release delete blinky@1.0.0 blinky@1.1.0\n\n"
                 "Their artifacts go with the next collection: at once by `motley artifact gc`, else within a day.\n",
                 Delete);
  remove->add_option("RELEASE", options->names, "APPLICATION@VERSION, one or more")->required();

  CLI::App* render =
      AddCommand(*group, chosen, options, "render",
                 "Check a release file and print the release that it makes as JSON; asks the controller only "
                 "for what the file names of it",
                 "  motley release render blinky.yaml\n", RenderFile);
  render->add_option("FILE", options->push.file, "Release file; docs/release-file.md describes it")->required();

  AddSchemaCommand(*group, chosen, "release", ReleaseSchema);
}

}  // namespace motley::cli
