#include <fmt/format.h>

#include "tools/boards/simulator.h"
#include "tools/smpsim/chip.h"

int main(int argc, char** argv) {
  using namespace motley;
  return boards::RunRomBoard(argc, argv, [](const std::string& name) -> Result<std::unique_ptr<boards::Rom>> {
    if (name == "nrf52840") return std::unique_ptr<boards::Rom>(std::make_unique<smpsim::Chip>());
    return Error{Code::kInvalid, fmt::format("model \"{}\": unknown; there is nrf52840", name)};
  });
}
