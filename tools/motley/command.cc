#include "tools/motley/command.h"

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

}  // namespace motley::cli
