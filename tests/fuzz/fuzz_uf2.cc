// Links: agent_flash agent_serial common_base

#include <cstdint>
#include <string_view>

#include "agent/flash/uf2.h"
#include "tests/fuzz/image_checks.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  motley::tests::CheckImage(motley::agent::ParseUf2({reinterpret_cast<const char*>(data), size}));
  return 0;
}
