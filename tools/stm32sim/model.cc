#include "tools/stm32sim/model.h"

#include <fmt/format.h>

namespace motley::stm32sim {
namespace {

using std::chrono::milliseconds;

constexpr std::uint32_t kKib = 1024;

/// AN3155, table 2, with Erase as older ones have it, or Extended Erase; without write protection.
std::vector<std::uint8_t> Commands(std::uint8_t erase) {
  return {0x00, 0x01, 0x02, 0x11, 0x21, 0x31, erase, 0x82, 0x92};
}

void Add(Model& model, int count, std::uint32_t bytes, Micros erase_time) {
  for (int i = 0; i < count; ++i) {
    const std::uint32_t offset = model.sectors.empty() ? 0 : model.flash_bytes();
    model.sectors.push_back({offset, bytes, erase_time});
  }
}

/// AN2606: id 0x410, version 2.2. Datasheet DS5319, table 28: 52.5 us for a halfword, 20 to 40 ms for a page.
Model Stm32F103() {
  Model model{"stm32f103", 0x410, 0x22, Commands(0x43), {}, Micros(53), 2, true, milliseconds(2), 460'800};
  Add(model, 128, kKib, milliseconds(30));
  return model;
}

/// AN2606: id 0x433, version 3.1. Datasheet DS10086, table 42: at 8 bits a write, which the bootloader uses: 16 us for
/// one, 400 ms for 16 KiB, 1.2 s for 64 KiB, 2 s for 128 KiB.
Model Stm32F401() {
  Model model{"stm32f401", 0x433, 0x31, Commands(0x44), {}, Micros(16), 1, false, milliseconds(75), 460'800};
  Add(model, 4, 16 * kKib, milliseconds(400));
  Add(model, 1, 64 * kKib, milliseconds(1200));
  Add(model, 3, 128 * kKib, milliseconds(2000));
  return model;
}

}  // namespace

Result<Model> FindModel(const std::string& name) {
  for (Model (*make)() : {Stm32F103, Stm32F401}) {
    Model model = make();
    if (model.name == name) return model;
  }
  return Error{Code::kInvalid, fmt::format("model \"{}\": unknown; there are stm32f103 and stm32f401", name)};
}

}  // namespace motley::stm32sim
