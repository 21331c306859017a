#pragma once

#include <chrono>
#include <cstdint>
#include <string>
#include <vector>

#include "common/base/result.h"
#include "tools/boards/rom.h"

namespace motley::stm32sim {

using boards::Micros;

/// Of flash: the least that can be erased.
struct Sector {
  std::uint32_t offset;
  std::uint32_t bytes;
  Micros erase_time;
};

/// What distinguishes one STM32 from another.
struct Model {
  std::string name;
  std::uint16_t id;
  std::uint8_t bootloader_version;
  std::vector<std::uint8_t> commands;
  std::vector<Sector> sectors;
  Micros program_time;          ///< for `program_bytes`
  std::uint32_t program_bytes;  ///< written at once
  bool programs_only_erased;    ///< else bits that are 0 stay so
  Micros boot_time;             ///< from a reset until the bootloader listens
  std::uint32_t max_baud;       ///< that the bootloader can measure

  std::uint32_t flash_bytes() const { return sectors.back().offset + sectors.back().bytes; }
};

/// Errors: kInvalid (names the known ones).
Result<Model> FindModel(const std::string& name);

}  // namespace motley::stm32sim
