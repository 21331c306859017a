// Links: agent_flash agent_serial common_base

#include <cstdint>
#include <memory>
#include <vector>

#include "agent/flash/flasher.h"
#include "tests/fuzz/reply_port.h"

/// Whatever a bootloader answers, a flash ends, and where it succeeds the chip has said that it holds the image.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace motley;
  constexpr std::uint32_t kFlash = 0x0800'0000;
  agent::BoardType board;
  board.name = "fuzzed";
  board.chip = "STM32";
  board.chip_ids = {0x410};
  board.bauds = {115200};
  // The first byte says how it is reset, and so how it is started.
  board.reset = size > 0 && data[0] % 2 == 1 ? agent::ResetMethod::kNone : agent::ResetMethod::kBoot0Rts;
  board.page_bytes = 256;
  board.application_begin = kFlash;
  board.sectors = {{kFlash, 4, 256}, {kFlash + 1024, 1, 512}};
  board.application_end = kFlash + 1536;
  const agent::Image image{{{kFlash, std::vector<std::uint8_t>(300, 0x5A)}}};
  const std::vector<std::uint8_t> input(data + (size > 0 ? 1 : 0), data + size);
  std::unique_ptr<agent::SerialPort> port = std::make_unique<tests::ReplyPort>(input);
  const auto flashed = agent::CreateFlasher(agent::FlashProtocol::kStm32)
                           ->Flash(port, board, {.image = image, .file = "", .known = nullptr, .progress = {}});
  CHECK(flashed || !flashed.error().message.empty());
  CHECK(!flashed || flashed->written_bytes + flashed->skipped_bytes == image.bytes());
  return 0;
}
