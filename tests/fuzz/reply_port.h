#pragma once

#include <algorithm>
#include <cstdint>
#include <span>
#include <string>

#include "agent/serial/port.h"

namespace motley::tests {

/// A serial port behind which is what a fuzzer makes up: each message to it is answered by the next piece of the input,
/// which is a size in two bytes, low first, and as many bytes. Does not wait.
class ReplyPort final : public agent::SerialPort {
 public:
  explicit ReplyPort(std::span<const std::uint8_t> input) : input_(input) {}

  const std::string& name() const override { return name_; }
  int fd() const override { return -1; }

  Result<std::size_t> Read(std::span<std::uint8_t> buffer, agent::Deadline) override {
    if (reply_.empty()) return Error{Code::kTimeout, "nothing came"};
    const std::size_t size = std::min(buffer.size(), reply_.size());
    std::copy_n(reply_.begin(), size, buffer.begin());
    reply_ = reply_.subspan(size);
    return size;
  }

  Result<void> Write(std::span<const std::uint8_t>, agent::Deadline) override {
    if (input_.size() < 2) return {};
    const std::size_t size = std::min<std::size_t>(input_[0] | input_[1] << 8, input_.size() - 2);
    reply_ = input_.subspan(2, size);
    input_ = input_.subspan(2 + size);
    return {};
  }

  Result<void> SetFormat(agent::SerialFormat) override { return {}; }
  Result<void> SetModemLines(agent::ModemLines) override { return {}; }
  Result<void> DiscardInput() override {
    reply_ = {};
    return {};
  }

 private:
  const std::string name_ = "/dev/ttyFUZZ";
  std::span<const std::uint8_t> input_;
  std::span<const std::uint8_t> reply_;
};

}  // namespace motley::tests
