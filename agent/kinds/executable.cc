#include <elf.h>
#include <sys/utsname.h>

#include <cstring>
#include <string>

#include "agent/kinds/process.h"

namespace motley::agent {
namespace {

struct Machine {
  std::string_view kernel;  // uname's name
  int native;
  int compatible;  // 32-bit programs that such kernels run
};

constexpr Machine kMachines[] = {
    {"x86_64", EM_X86_64, EM_386}, {"aarch64", EM_AARCH64, EM_ARM}, {"armv7l", EM_ARM, EM_ARM},
    {"armv6l", EM_ARM, EM_ARM},    {"i686", EM_386, EM_386},        {"riscv64", EM_RISCV, EM_RISCV},
};

std::string_view MachineName(int machine) {
  switch (machine) {
    case EM_X86_64:
      return "amd64";
    case EM_386:
      return "i386";
    case EM_AARCH64:
      return "arm64";
    case EM_ARM:
      return "arm";
    case EM_RISCV:
      return "riscv64";
    default:
      return "another architecture";
  }
}

}  // namespace

Result<void> CheckExecutable(std::string_view head, std::string_view name) {
  if (head.starts_with("#!")) return {};
  const std::string quoted = "\"" + std::string(name) + "\"";
  if (!head.starts_with(std::string_view(ELFMAG, SELFMAG)) || head.size() < sizeof(Elf32_Ehdr)) {
    return Error{Code::kInvalid, quoted + " is no program: it starts neither as an ELF file nor with \"#!\""};
  }
  // e_machine has the same place in both classes; all that we know of are little-endian.
  Elf32_Ehdr header;
  std::memcpy(&header, head.data(), sizeof header);
  utsname system{};
  uname(&system);
  for (const auto& machine : kMachines) {
    if (machine.kernel != system.machine) continue;
    if (header.e_machine == machine.native || header.e_machine == machine.compatible) return {};
    return Error{Code::kInvalid, quoted + " is a program for " + std::string(MachineName(header.e_machine)) +
                                     ", and this machine is " + std::string(MachineName(machine.native)) +
                                     "; give the variant an artifact for it"};
  }
  return {};
}

}  // namespace motley::agent
