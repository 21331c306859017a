// Links: agent_flash agent_serial common_base

#include "tests/fuzz/stk500_reply.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  motley::tests::FlashAnswered(motley::agent::FlashProtocol::kStk500v1, 0x1E950F, 128, {data, size});
  return 0;
}
