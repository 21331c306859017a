#include "tools/boards/simulator.h"
#include "tools/stm32sim/chip.h"

int main(int argc, char** argv) {
  using namespace motley;
  return boards::RunRomBoard(argc, argv, [](const std::string& name) -> Result<std::unique_ptr<boards::Rom>> {
    TRY_ASSIGN(stm32sim::Model model, stm32sim::FindModel(name));
    return std::unique_ptr<boards::Rom>(std::make_unique<stm32sim::Chip>(std::move(model)));
  });
}
