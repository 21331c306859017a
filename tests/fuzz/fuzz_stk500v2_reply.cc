// Links: agent_flash agent_serial common_base

#include "tests/fuzz/stk500_reply.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  motley::tests::FlashAnswered(motley::agent::FlashProtocol::kStk500v2, 0x1E9801, 256, {data, size});
  return 0;
}
