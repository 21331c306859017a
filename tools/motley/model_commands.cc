#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <cstdio>
#include <memory>
#include <nlohmann/json.hpp>

#include "common/release/schema.h"
#include "tools/motley/command.h"
#include "tools/motley/model_dot.h"
#include "tools/motley/model_import.h"
#include "tools/motley/model_source.h"
#include "tools/motley/model_text.h"

namespace motley::cli {
namespace {

struct ModelOptions {
  std::vector<std::string> files;
  std::string file;
  std::string other;
  std::string variant;
  std::string other_variant;
  bool dot = false;
  ImportOptions import;
};

Result<void> Validate(Session& session, const ModelOptions& options) {
  nlohmann::ordered_json files = nlohmann::ordered_json::array();
  std::string text;
  bool all_valid = true;
  for (const std::string& path : options.files) {
    TRY_ASSIGN(const ModelVerdict verdict, ValidateFile(path));
    const bool valid = verdict.problems.empty();
    all_valid = all_valid && valid;
    files.push_back({{"file", path}, {"valid", valid}, {"problems", verdict.problems}, {"warnings", verdict.warnings}});
    for (const std::string& problem : verdict.problems) {
      text += session.terminal().Paint(Style::kBad, "problem: ") + Printable(problem) + "\n";
    }
    for (const std::string& warning : verdict.warnings) {
      text += session.terminal().Paint(Style::kWarning, "warning: ") + Printable(warning) + "\n";
    }
    text += Printable(path) + (valid ? ": valid\n"
                                     : fmt::format(": not valid, {} problem{}\n", verdict.problems.size(),
                                                   verdict.problems.size() == 1 ? "" : "s"));
  }
  if (session.json()) {
    text = nlohmann::ordered_json{{"valid", all_valid}, {"files", std::move(files)}}.dump(
               2, ' ', false, nlohmann::ordered_json::error_handler_t::replace) +
           "\n";
  }
  session.terminal().Write(text);
  if (!all_valid) session.AnswerNo();
  return {};
}

Result<void> Show(Session& session, const ModelOptions& options) {
  TRY_ASSIGN(const LoadedModel loaded, LoadModel(options.file, options.variant));
  if (session.json()) return session.PrintJson(loaded.model);
  session.terminal().Write(options.dot ? RenderDot(loaded.model) : RenderTopology(loaded.model, session.terminal()));
  return {};
}

Result<void> Diff(Session& session, const ModelOptions& options) {
  TRY_ASSIGN(const LoadedModel from, LoadModel(options.file, options.variant));
  TRY_ASSIGN(const LoadedModel to, LoadModel(options.other, options.other_variant));
  const ModelDifference difference = DiffModels(from.model, from.secret_versions, to.model, to.secret_versions);
  session.terminal().Write(session.json() ? DifferenceJson(difference)
                                          : RenderDifference(difference, session.terminal()));
  return {};
}

Result<void> Import(Session& session, const ModelOptions& options) { return ImportModel(session, options.import); }

void AddLookers(CLI::App& group, Action& chosen, const std::shared_ptr<ModelOptions>& options) {
  CLI::App* validate =
      AddCommand(group, chosen, options, "validate", "Check model files, release files and GeneSIS models",
                 "  motley model validate gateway.yaml\n"
                 "  motley model validate releases/*.yaml --json\n\n"
                 "Exit code 1: at least one is not valid.\n",
                 Validate);
  validate->add_option("FILE", options->files, "Files; what each is is told by its content")->required();

  CLI::App* show = AddCommand(group, chosen, options, "show", "Draw what stands on what, and who uses whom",
                              "  motley model show gateway.yaml\n"
                              "  motley model show blinky.yaml --variant uno --dot | dot -Tsvg > blinky.svg\n",
                              Show);
  show->add_option("FILE", options->file, "Model file, release file or GeneSIS model")->required();
  show->add_option("--variant", options->variant, "Which variant of a release file");
  show->add_flag("--dot", options->dot, "As a graph for Graphviz's dot");

  CLI::App* diff = AddCommand(group, chosen, options, "diff", "Print the steps that lead from one model to another",
                              "  motley model diff old.yaml new.yaml\n"
                              "  motley model diff app.yaml app.yaml --from-variant small --to-variant large --json\n\n"
                              "Steps of one wave may run at the same time. No steps: both say the same.\n",
                              Diff);
  diff->add_option("FROM", options->file, "What is there: model file, release file or GeneSIS model")->required();
  diff->add_option("TO", options->other, "What should be there")->required();
  diff->add_option("--from-variant", options->variant, "Which variant of FROM, if it is a release file");
  diff->add_option("--to-variant", options->other_variant, "Which variant of TO, if it is a release file");
}

}  // namespace

void AddModelCommands(CLI::App& app, Action& chosen) {
  CLI::App* group = AddGroup(app, "model", "Deployment models; needs no controller",
                             "  motley model validate gateway.yaml\n  motley model import --help\n");
  auto options = std::make_shared<ModelOptions>();
  AddLookers(*group, chosen, options);

  CLI::App* import = AddCommand(*group, chosen, options, "import", "Make a model file of a GeneSIS model (JSON)",
                                "  motley model import house.json --output house.yaml --secrets secrets.yaml\n"
                                "  motley model import house.json --json\n\n"
                                "Exit code 1: the model is not valid. docs/genesis.md says what becomes of what.\n",
                                Import);
  import->add_option("FILE", options->import.file, "GeneSIS model")->required();
  import->add_option("--output", options->import.output, "Write the model file here instead of printing it");
  import->add_option("--secrets", options->import.secrets,
                     "Write the credentials that stood in the model here, for `motley secret set`; mode 0600");

  AddSchemaCommand(*group, chosen, "model", ModelSchema);
}

}  // namespace motley::cli
