#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <string>

#include "tools/motley/session.h"

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
  CLI::App* completion = app.add_subcommand("completion", "Print a completion script for a shell");
  completion->require_subcommand(1);
  completion->footer("Example:\n  motley completion bash > /etc/bash_completion.d/motley\n");
  CLI::App* bash = completion->add_subcommand("bash", "For bash");
  bash->footer("Example:\n  motley completion bash > /etc/bash_completion.d/motley\n");
  bash->callback([&chosen, &app] {
    std::string paths, cases;
    Collect(app, app, "", paths, cases);
    chosen = [script = fmt::format(kScript, fmt::arg("paths", paths), fmt::arg("cases", cases))](Session& session) {
      session.terminal().Write(script);
      return Result<void>();
    };
  });
}

}  // namespace motley::cli
