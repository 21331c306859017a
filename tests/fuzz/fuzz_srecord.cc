// Links: agent_flash agent_serial common_base

#include <cstdint>
#include <string_view>

#include "agent/flash/srecord.h"
#include "tests/fuzz/image_checks.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  motley::tests::CheckImage(motley::agent::ParseSRecords({reinterpret_cast<const char*>(data), size}));
  return 0;
}
