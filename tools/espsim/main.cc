#include "tools/boards/simulator.h"
#include "tools/espsim/chip.h"

int main(int argc, char** argv) {
  using namespace motley;
  return boards::RunRomBoard(argc, argv, [](const std::string& name) -> Result<std::unique_ptr<boards::Rom>> {
    TRY_ASSIGN(espsim::Model model, espsim::FindModel(name));
    return std::unique_ptr<boards::Rom>(std::make_unique<espsim::Chip>(std::move(model)));
  });
}
