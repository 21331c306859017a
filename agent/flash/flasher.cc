#include "agent/flash/flasher.h"

#include "agent/flash/stk500v1.h"

namespace motley::agent {

std::unique_ptr<Flasher> CreateFlasher(FlashProtocol protocol) {
  switch (protocol) {
    case FlashProtocol::kStk500v1:
      return std::make_unique<Stk500v1>();
  }
  CHECK(false);
}

}  // namespace motley::agent
