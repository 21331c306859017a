// Links: agent_flash agent_serial common_base

#include <cstdint>
#include <memory>
#include <utility>
#include <vector>

#include "agent/flash/flasher.h"
#include "tests/fuzz/reply_port.h"

/// Whatever a ROM answers, a flash ends, and where it succeeds the chip has said that it holds the image.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace motley;
  agent::BoardType board;
  board.name = "fuzzed";
  board.protocol = agent::FlashProtocol::kEspressif;
  board.bauds = {115200, 460800};
  board.reset = agent::ResetMethod::kNone;  // else each of its resets takes its time
  board.page_bytes = 4096;
  board.application_end = 1 << 20;
  const std::pair<const char*, std::uint32_t> chips[] = {
      {"ESP32", 0x00F01D83}, {"ESP8266", 0xFFF0C101}, {"ESP32-C3", 5}};
  for (const auto& [chip, id] : chips) {
    board.chip = chip;
    board.chip_ids = {id};
    board.sectors = {board.chip != "ESP8266" ? agent::SectorRun{0, 256, 4096} : agent::SectorRun{0, 128, 8192}};
    const agent::Image image{{{0, std::vector<std::uint8_t>(8192 - 10, 0x5A)}}};
    std::unique_ptr<agent::SerialPort> port =
        std::make_unique<tests::ReplyPort>(std::span<const std::uint8_t>(data, size));
    const auto flashed = agent::CreateFlasher(board.protocol)
                             ->Flash(port, board, {.image = image, .file = "", .known = nullptr, .progress = {}});
    CHECK(flashed || !flashed.error().message.empty());
    CHECK(!flashed || flashed->written_bytes + flashed->skipped_bytes == image.bytes());
  }
  return 0;
}
