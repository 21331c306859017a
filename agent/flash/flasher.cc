#include "agent/flash/flasher.h"

#include "agent/flash/bootloader.h"
#include "agent/flash/espressif.h"
#include "agent/flash/smp_flasher.h"
#include "agent/flash/stk500v1.h"
#include "agent/flash/stk500v2.h"
#include "agent/flash/stm32.h"
#include "agent/flash/tool_flasher.h"

namespace motley::agent {

Result<void> Flasher::Check(const Image&, const BoardType&) const { return {}; }

Result<void> Flasher::Keep(SerialPort&, const BoardType&, const Image&) { return {}; }

std::unique_ptr<Flasher> CreateFlasher(FlashProtocol protocol) {
  switch (protocol) {
    case FlashProtocol::kStk500v1:
      return CreateBootloaderFlasher(CreateStk500v1);
    case FlashProtocol::kStk500v2:
      return CreateBootloaderFlasher(CreateStk500v2);
    case FlashProtocol::kStm32:
      return CreateBootloaderFlasher(CreateStm32);
    case FlashProtocol::kEspressif:
      return CreateEspressifFlasher();
    case FlashProtocol::kSmp:
      return std::make_unique<SmpFlasher>();
    case FlashProtocol::kTool:
      return CreateToolFlasher();
  }
  CHECK(false);
}

}  // namespace motley::agent
