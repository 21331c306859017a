#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "tools/boards/text_image.h"
#include "tools/espsim/model.h"

namespace motley::espsim {

/// An application for `model` of `image.size_bytes`, a multiple of 16, in Espressif's format: header, one segment,
/// which is a TextImage, and checksum. The prefix is ours. A changed page changes nothing outside of it. Source:
/// Espressif, esptool documentation, "Firmware Image Format".
std::vector<std::uint8_t> MakeFirmwareImage(const Model& model, boards::TextImage image);

/// The content of the segments of the application that `flash` begins with; empty when it has none that is whole, which
/// the second bootloader would not start.
std::span<const std::uint8_t> SegmentsOf(const Model& model, std::span<const std::uint8_t> flash);

}  // namespace motley::espsim
