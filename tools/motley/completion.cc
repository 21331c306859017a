#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <string>

#include "tools/motley/command.h"

namespace motley::cli {
namespace {

constexpr std::string_view kScript = R"(# bash completion for motley; made by `motley completion bash`
_motley() {{
  local path="" word
  for word in "${{COMP_WORDS[@]:1:COMP_CWORD-1}}"; do
    case "$path $word" in
      {paths}) path="$path $word" ;;
    esac
  done
  local words=""
  case "$path" in
{cases}  esac
  COMPREPLY=()
  if [[ -n $words ]]; then
    mapfile -t COMPREPLY < <(compgen -W "$words" -- "${{COMP_WORDS[COMP_CWORD]}}")
  fi
}}
complete -o bashdefault -o default -F _motley motley
)";

// What may follow `command`: its commands and long options, and those of the program, which are allowed everywhere.
std::string WordsAfter(const CLI::App& command, const CLI::App& program) {
  std::string words;
  for (const CLI::App* child : command.get_subcommands([](const CLI::App*) { return true; }))
    words += child->get_name() + " ";
  for (const CLI::App* app : {&command, &program}) {
    for (const CLI::Option* option : app->get_options()) {
      for (const std::string& name : option->get_lnames()) words += "--" + name + " ";
    }
    if (&command == &program) break;
  }
  return words;
}

void Collect(const CLI::App& command, const CLI::App& program, const std::string& path, std::string& paths,
             std::string& cases) {
  cases += fmt::format("    \"{}\") words=\"{}\" ;;\n", path, WordsAfter(command, program));
  for (const CLI::App* child : command.get_subcommands([](const CLI::App*) { return true; })) {
    const std::string inner = path + " " + child->get_name();
    paths += fmt::format("{}\"{}\"", paths.empty() ? "" : " | ", inner);
    Collect(*child, program, inner, paths, cases);
  }
}

}  // namespace

void AddCompletionCommand(CLI::App& app, Action& chosen) {
  CLI::App* completion = AddGroup(app, "completion", "Print a completion script for a shell",
                                  "  motley completion bash > /etc/bash_completion.d/motley\n");
  AddCommand(*completion, chosen, "bash", "For bash", "  motley completion bash > /etc/bash_completion.d/motley\n",
             [&app](Session& session) {
               std::string paths, cases;
               Collect(app, app, "", paths, cases);
               session.terminal().Write(fmt::format(kScript, fmt::arg("paths", paths), fmt::arg("cases", cases)));
               return Result<void>();
             });
}

}  // namespace motley::cli
