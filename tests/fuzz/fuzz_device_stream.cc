// Links: agent_devices common_base

#include <cstdint>
#include <string>
#include <vector>

#include "agent/devices/frames.h"
#include "common/base/result.h"

/// Whatever a board sends, whole or byte by byte: the same lines and messages, each line printable and bounded.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using motley::agent::DeviceStream;
  std::vector<std::string> heard[2];
  for (const std::size_t piece : {std::size_t{1}, std::max<std::size_t>(size, 1)}) {
    auto& now = heard[piece == 1 ? 0 : 1];
    DeviceStream stream;
    const DeviceStream::Sink sink{
        [&](std::string line) {
          CHECK(!line.empty() && line.size() <= motley::agent::LineSplitter::kMaxLineBytes);
          now.push_back(std::move(line));
        },
        [&](const motley::v1::DeviceMessage& message) { now.push_back(message.SerializeAsString()); }};
    for (std::size_t at = 0; at < size; at += piece) stream.Add({data + at, std::min(piece, size - at)}, sink);
  }
  CHECK(size <= 1 || heard[0] == heard[1]);
  return 0;
}
