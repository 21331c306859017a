// Links: agent_flash agent_serial common_base

#include <cstdint>
#include <memory>
#include <vector>

#include "agent/flash/flasher.h"
#include "tests/fuzz/reply_port.h"

/// Whatever a bootloader answers, a flash ends, and where it succeeds the chip has said that it holds the image.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace motley;
  agent::BoardType board;
  board.name = "fuzzed";
  board.chip = "AVR";
  board.chip_ids = {0x1E9801};
  board.bauds = {115200};
  board.page_bytes = 256;
  board.application_end = 256 * board.page_bytes;
  board.sectors = {{0, 256, board.page_bytes}};
  // The larger one lets the chip check itself.
  for (const std::size_t bytes : {2 * board.page_bytes - 10, 11 * 1024 - 10u}) {
    const agent::Image image{{{0, std::vector<std::uint8_t>(bytes, 0x5A)}}};
    const std::vector<std::uint8_t> input(data, data + size);
    std::unique_ptr<agent::SerialPort> port = std::make_unique<tests::ReplyPort>(input);
    const auto flashed = agent::CreateFlasher(agent::FlashProtocol::kStk500v2)
                             ->Flash(port, board, {.image = image, .file = "", .known = nullptr, .progress = {}});
    CHECK(flashed || !flashed.error().message.empty());
    CHECK(!flashed || flashed->written_bytes + flashed->skipped_bytes == image.bytes());
  }
  return 0;
}
