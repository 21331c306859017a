#pragma once

#include <memory>
#include <string>

#include "tools/motley/session.h"

namespace motley::cli {

/// Adds a word that commands stand under. `examples`: lines, shown below its help.
CLI::App* AddGroup(CLI::App& app, const std::string& name, const std::string& help, const std::string& examples);

/// Adds a command, which puts `action` into `chosen` when it is called; `chosen` outlives `group`.
CLI::App* AddCommand(CLI::App& group, Action& chosen, const std::string& name, const std::string& help,
                     const std::string& examples, Action action);

/// The same for an `order` that works with what the command's arguments put into `options`. Commands of a group may
/// share one: only one of them is called.
template <typename Options>
CLI::App* AddCommand(CLI::App& group, Action& chosen, const std::shared_ptr<Options>& options, const std::string& name,
                     const std::string& help, const std::string& examples,
                     Result<void> (*order)(Session&, const Options&)) {
  return AddCommand(group, chosen, name, help, examples,
                    [options, order](Session& session) { return order(session, *options); });
}

/// Adds `schema`, which prints the JSON Schema of the files that the group is about: "template", "variant", ...
void AddSchemaCommand(CLI::App& group, Action& chosen, const std::string& kind, std::string (*schema)());

}  // namespace motley::cli
