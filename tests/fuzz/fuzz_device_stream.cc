// Links: agent_devices common_base

#include <cmath>
#include <cstdint>
#include <string>
#include <vector>

#include "agent/devices/frames.h"
#include "agent/devices/speech.h"
#include "common/base/result.h"

/// Whatever a board sends, whole or byte by byte: the same lines and messages, each line printable and bounded;
/// and what is told of it is within its limits, with names and numbers that are some.
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

  using motley::agent::Speech;
  Speech speech({.lines_a_second = 20, .readings_a_second = 20});
  int lines = 0, readings = 0;
  speech.Add(
      {data, size}, Speech::Time(std::chrono::seconds(10)),
      {.hello = [](const motley::agent::Hello& hello) { CHECK(!hello.firmware.empty() && !hello.version.empty()); },
       .line = [&](const std::string& line) { CHECK(++lines <= 20 && line.find('\n') == line.npos); },
       .reading =
           [&](const std::string& metric, double value) {
             CHECK(++readings <= 20 && motley::agent::IsMetricName(metric) && std::isfinite(value));
           }});
  return 0;
}
