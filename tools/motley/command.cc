#include "tools/motley/command.h"

#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <utility>

namespace motley::cli {
namespace {

CLI::App* AddWord(CLI::App& app, const std::string& name, const std::string& help, const std::string& examples) {
  CLI::App* word = app.add_subcommand(name, help);
  word->footer("Examples:\n" + examples);
  return word;
}

}  // namespace

CLI::App* AddGroup(CLI::App& app, const std::string& name, const std::string& help, const std::string& examples) {
  CLI::App* group = AddWord(app, name, help, examples);
  group->require_subcommand(1);
  return group;
}

CLI::App* AddCommand(CLI::App& group, Action& chosen, const std::string& name, const std::string& help,
                     const std::string& examples, Action action) {
  CLI::App* command = AddWord(group, name, help, examples);
  command->callback([&chosen, action = std::move(action)] { chosen = action; });
  return command;
}

void AddSchemaCommand(CLI::App& group, Action& chosen, const std::string& kind, std::string (*schema)()) {
  AddCommand(group, chosen, "schema", fmt::format("Print the JSON Schema of {} files, for editors", kind),
             fmt::format("  motley {0} schema > {0}.schema.json\n", kind), [schema](Session& session) {
               session.terminal().Write(schema());
               return Result<void>();
             });
}

}  // namespace motley::cli
