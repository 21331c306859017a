#include "agent/serial/port.h"

#include <fmt/format.h>

#include <algorithm>

namespace motley::agent {

Result<void> ReadExactly(SerialPort& port, std::span<std::uint8_t> buffer, Deadline deadline) {
  std::size_t filled = 0;
  while (filled < buffer.size()) {
    Result<std::size_t> got = port.Read(buffer.subspan(filled), deadline);
    if (!got && got.error().code == Code::kTimeout) {
      return Error{Code::kTimeout,
                   fmt::format("{} of {} bytes came from {} in time", filled, buffer.size(), port.name())};
    }
    if (!got) return std::move(got).error();
    filled += *got;
  }
  return {};
}

Result<std::size_t> DiscardUntil(SerialPort& port, Deadline until) {
  std::size_t discarded = 0;
  std::uint8_t buffer[256];
  for (;;) {
    Result<std::size_t> got = port.Read(buffer, until);
    if (!got && got.error().code == Code::kTimeout) return discarded;
    if (!got) return std::move(got).error();
    discarded += *got;
    // A talkative board may keep the port readable for ever.
    if (std::chrono::steady_clock::now() >= until) return discarded;
  }
}

}  // namespace motley::agent
