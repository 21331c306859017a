#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <array>
#include <memory>

#include "common/release/named_version.h"
#include "common/release/schema.h"
#include "tools/motley/command.h"
#include "tools/motley/library_source.h"
#include "tools/motley/library_text.h"

namespace motley::cli {
namespace {

struct VariantOptions {
  std::string file;
  std::string name;
  std::string other;
  bool source = false;
};

Result<void> Push(Session& session, const VariantOptions& options) {
  TRY_ASSIGN(const LoadedVariant loaded, LoadVariant(session, options.file));
  TRY_ASSIGN(ControllerApi * api, session.Api());
  TRY_ASSIGN(const v1::TemplateVariant stored, api->AddVariant(loaded.content));
  if (session.json()) return session.PrintJson(stored);
  session.terminal().Write(fmt::format("variant {}@{} is stored\n", stored.name(), stored.version()));
  return {};
}

Result<void> List(Session& session, const VariantOptions&) {
  TRY_ASSIGN(ControllerApi * api, session.Api());
  TRY_ASSIGN(const v1::TemplateVariantList list, api->ListVariants());
  if (session.json()) return session.PrintJson(list);
  session.terminal().Write(RenderVariantList(list, session.terminal()));
  return {};
}

Result<void> Show(Session& session, const VariantOptions& options) {
  TRY_ASSIGN(const NamedVersion named, ParseNamedVersion(options.name));
  TRY_ASSIGN(ControllerApi * api, session.Api());
  TRY_ASSIGN(const v1::TemplateVariant content, api->GetVariant(named.name, named.version));
  if (session.json()) return session.PrintJson(content);
  session.terminal().Write(options.source ? content.source() : RenderVariantContent(content, session.terminal()));
  return {};
}

Result<void> RenderModel(Session& session, const VariantOptions& options) {
  TRY_ASSIGN(const LoadedVariant loaded, FindVariant(session, options.name));
  if (session.json()) return session.PrintJson(loaded.content.model());
  session.terminal().Write(WriteModelFile(loaded.content.model()));
  return {};
}

Result<void> Diff(Session& session, const VariantOptions& options) {
  TRY_ASSIGN(const LoadedVariant from, FindVariant(session, options.name));
  TRY_ASSIGN(const LoadedVariant to, FindVariant(session, options.other));
  // ${application}, ${version} and ${variant} are for a release to say: they are not what differs here.
  std::array<Filling, 1> before{FillingOf(from.content)};
  const Filling after = FillingOf(to.content);
  before[0].application = after.application;
  before[0].version = after.version;
  before[0].variant = after.variant;
  TRY_ASSIGN(const auto models, FillTemplate(from.of, before));
  const ModelDifference difference = DiffModels(models[0], {}, to.content.model(), {});
  const std::vector<Change> changes = ChangesOf(from.content, to.content);
  session.terminal().Write(session.json() ? ChangesJson(changes, difference)
                                          : RenderChanges(changes, difference, session.terminal()));
  return {};
}

Result<void> Delete(Session& session, const VariantOptions& options) {
  TRY_ASSIGN(const NamedVersion named, ParseNamedVersion(options.name));
  TRY_ASSIGN(ControllerApi * api, session.Api());
  TRY(api->DeleteVariant(named.name, named.version));
  if (!session.json()) session.terminal().Write(fmt::format("variant {} is deleted\n", named.Text()));
  return {};
}

}  // namespace

void AddVariantCommands(CLI::App& app, Action& chosen) {
  CLI::App* group = AddGroup(app, "variant", "Templates with values for their parameters, kept for reuse",
                             "  motley variant list\n  motley variant push --help\n");
  auto options = std::make_shared<VariantOptions>();

  CLI::App* push =
      AddCommand(*group, chosen, options, "push", "Check the variant of a file against its template; store it",
                 "  motley variant push uno-fast.yaml\n", Push);
  push->add_option("FILE", options->file, "Variant file; docs/templates.md describes it")->required();

  AddCommand(*group, chosen, options, "list", "List variants, newest first, and the releases that use them",
             "  motley variant list\n", List);

  CLI::App* show =
      AddCommand(*group, chosen, options, "show", "Show a variant",
                 "  motley variant show uno-fast@1.2.0\n  motley variant show uno-fast@1.2.0 --source\n", Show);
  show->add_option("VARIANT", options->name, "NAME@VERSION")->required();
  show->add_flag("--source", options->source, "Print the file as its author wrote it");

  CLI::App* render =
      AddCommand(*group, chosen, options, "render", "Print the deployment model of a variant",
                 "  motley variant render uno-fast@1.2.0\n  motley variant render uno-fast.yaml --json\n", RenderModel);
  render->add_option("VARIANT", options->name, "NAME@VERSION, or a variant file")->required();

  CLI::App* remove = AddCommand(*group, chosen, options, "delete", "Delete a variant that no release uses",
                                "  motley variant delete uno-fast@1.2.0\n", Delete);
  remove->add_option("VARIANT", options->name, "NAME@VERSION")->required();

  CLI::App* diff = AddCommand(*group, chosen, options, "diff", "Print what differs, and the steps that it makes",
                              "  motley variant diff uno-fast@1.2.0 uno-fast@1.3.0\n"
                              "  motley variant diff uno-fast@1.2.0 uno-fast.yaml\n",
                              Diff);
  diff->add_option("FROM", options->name, "NAME@VERSION, or a variant file")->required();
  diff->add_option("TO", options->other, "NAME@VERSION, or a variant file")->required();

  AddSchemaCommand(*group, chosen, "variant", VariantSchema);
}

}  // namespace motley::cli
