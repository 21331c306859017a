#include <fmt/format.h>
#include <termios.h>
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <iostream>
#include <iterator>
#include <memory>

#include "common/files/files.h"
#include "tools/motley/command.h"
#include "tools/motley/table.h"
#include "tools/motley/times.h"

namespace motley::cli {
namespace {

constexpr std::uint64_t kMaxValueBytes = 64 * 1024;

struct SecretOptions {
  std::string name;
  std::string gateway;
  std::string file;
};

/// Keeps what is typed from being shown.
class WithoutEcho {
 public:
  WithoutEcho() {
    tcgetattr(STDIN_FILENO, &before_);
    termios silent = before_;
    silent.c_lflag &= ~static_cast<tcflag_t>(ECHO);
    tcsetattr(STDIN_FILENO, TCSANOW, &silent);
  }
  ~WithoutEcho() { tcsetattr(STDIN_FILENO, TCSANOW, &before_); }

 private:
  termios before_{};
};

// Never from the command line, which others can read in the list of processes.
Result<std::string> ReadValue(const SecretOptions& options) {
  std::string value;
  if (!options.file.empty()) {
    TRY_ASSIGN(value, ReadFile(options.file, kMaxValueBytes));
  } else if (isatty(STDIN_FILENO) != 0) {
    std::cerr << "Value of " << options.name << ": " << std::flush;
    const WithoutEcho silent;
    std::getline(std::cin, value);
    std::cerr << "\n";
  } else {
    value.assign(std::istreambuf_iterator<char>(std::cin), {});
  }
  // Editors and echo end a file with a line feed that nobody means. A key in PEM or OpenSSH's format needs its own.
  if (value.find('\n') + 1 == value.size()) value.pop_back();
  if (value.empty()) return Error{Code::kInvalid, "secret \"" + options.name + "\": the value is empty"};
  return value;
}

Result<void> Set(Session& session, const SecretOptions& options) {
  v1::SetSecretRequest request;
  TRY_ASSIGN(*request.mutable_value(), ReadValue(options));
  request.set_gateway(options.gateway);
  TRY_ASSIGN(ControllerApi * api, session.Api());
  TRY_ASSIGN(const v1::Secret secret, api->SetSecret(options.name, request));
  if (session.json()) return session.PrintJson(secret);
  session.terminal().Write(fmt::format("secret {} is set{}; it counts for plans that are enacted from now on\n",
                                       secret.name(),
                                       secret.gateway().empty() ? "" : " for gateway " + secret.gateway()));
  return {};
}

Result<void> List(Session& session) {
  TRY_ASSIGN(ControllerApi * api, session.Api());
  TRY_ASSIGN(const v1::SecretList list, api->ListSecrets());
  if (session.json()) return session.PrintJson(list);
  Table table({"NAME", "GATEWAY", "SET", "USED BY"});
  for (const v1::Secret& secret : list.secrets()) {
    table.AddRow({secret.name(), secret.gateway().empty() ? "all" : secret.gateway(),
                  Ago(secret.set_at(), Clock::now()), std::to_string(secret.used_by())});
  }
  session.terminal().Write(table.Render(session.terminal(), "no secrets; `motley secret set NAME` sets one"));
  return {};
}

Result<void> Remove(Session& session, const SecretOptions& options) {
  TRY_ASSIGN(ControllerApi * api, session.Api());
  TRY(api->RemoveSecret(options.name, options.gateway));
  if (!session.json()) session.terminal().Write(fmt::format("secret {} is removed\n", options.name));
  return {};
}

}  // namespace

void AddSecretCommands(CLI::App& app, Action& chosen) {
  CLI::App* group = AddGroup(app, "secret", "Passwords and keys, which models only refer to",
                             "  motley secret set db-password\n  motley secret list\n");
  auto options = std::make_shared<SecretOptions>();

  CLI::App* set =
      AddCommand(*group, chosen, options, "set", "Set a value, read from standard input or a file",
                 "  motley secret set db-password\n  motley secret set pi-key --file ~/.ssh/pi --gateway gw-1\n", Set);
  set->add_option("NAME", options->name, "Its name; models write ${secret.NAME}")->required();
  set->add_option("--gateway", options->gateway, "For this gateway only");
  set->add_option("--file", options->file, "File with the value; default: standard input");

  AddCommand(*group, chosen, "list", "List the secrets, without their values", "  motley secret list\n", List);

  CLI::App* remove = AddCommand(*group, chosen, options, "remove", "Remove a secret that nothing refers to",
                                "  motley secret remove db-password\n", Remove);
  remove->add_option("NAME", options->name, "Its name")->required();
  remove->add_option("--gateway", options->gateway, "The value of this gateway only");
}

}  // namespace motley::cli
