#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <vector>

#include "agent/flash/flasher.h"
#include "tests/fuzz/reply_port.h"

namespace motley::tests {

/// Whatever a bootloader answers, a flash ends, and where it succeeds the chip has said that it holds the image.
inline void FlashAnswered(agent::FlashProtocol protocol, std::uint32_t chip_id, std::uint32_t page_bytes,
                          std::span<const std::uint8_t> answers) {
  agent::BoardType board;
  board.name = "fuzzed";
  board.chip = "AVR";
  board.chip_ids = {chip_id};
  board.bauds = {115200};
  board.page_bytes = page_bytes;
  board.application_end = 256 * page_bytes;
  board.sectors = {{0, 256, page_bytes}};
  // The larger one lets the chip check itself.
  for (const std::size_t bytes : {2 * page_bytes - 10, 11 * 1024 - 10u}) {
    const agent::Image image{{{0, std::vector<std::uint8_t>(bytes, 0x5A)}}};
    const std::vector<std::uint8_t> input(answers.begin(), answers.end());
    std::unique_ptr<agent::SerialPort> port = std::make_unique<ReplyPort>(input);
    const auto flashed = agent::CreateFlasher(protocol)->Flash(
        port, board, {.image = image, .file = "", .known = nullptr, .progress = {}});
    CHECK(flashed || !flashed.error().message.empty());
    CHECK(!flashed || flashed->written_bytes + flashed->skipped_bytes == image.bytes());
  }
}

}  // namespace motley::tests
