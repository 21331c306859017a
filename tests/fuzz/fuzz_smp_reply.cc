// Links: agent_flash agent_serial common_base tests_support

#include <cstdint>
#include <memory>
#include <vector>

#include "agent/flash/flasher.h"
#include "tests/fuzz/reply_port.h"
#include "tests/support/mcuboot_image.h"

/// Whatever a device answers, a flash and the keeping of its image end, and a flash that succeeds wrote all or nothing.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace motley;
  agent::BoardType board;
  board.name = "fuzzed";
  board.chip = "nRF52840";
  board.bauds = {115200};
  board.page_bytes = 4096;
  board.application_end = 16 * board.page_bytes;
  board.sectors = {{0, 16, board.page_bytes}};
  const agent::Image image{{{0, tests::MakeMcubootImage("1.1.0", std::string(400, 'Z'))}}};
  const std::vector<std::uint8_t> input(data, data + size);
  std::unique_ptr<agent::SerialPort> port = std::make_unique<tests::ReplyPort>(input);
  const auto flasher = agent::CreateFlasher(agent::FlashProtocol::kSmp);
  const auto flashed = flasher->Flash(port, board, {.image = image, .file = "", .known = nullptr, .progress = {}});
  CHECK(flashed || !flashed.error().message.empty());
  CHECK(!flashed || flashed->written_bytes + flashed->skipped_bytes == image.bytes());
  const auto kept = flasher->Keep(*port, board, image);
  CHECK(kept || !kept.error().message.empty());
  return 0;
}
