#include "tests/agent/flash/faulty_port.h"

#include <signal.h>
#include <unistd.h>

namespace motley::tests {
namespace {

class FaultyPort final : public agent::SerialPort {
 public:
  FaultyPort(std::unique_ptr<agent::SerialPort> port, LineFault& fault) : port_(std::move(port)), fault_(fault) {}

  const std::string& name() const override { return port_->name(); }
  int fd() const override { return port_->fd(); }

  Result<std::size_t> Read(std::span<std::uint8_t> buffer, agent::Deadline deadline) override {
    if (IsCut()) return Gone();
    return port_->Read(buffer, deadline);
  }
  Result<void> Write(std::span<const std::uint8_t> data, agent::Deadline deadline) override {
    ++fault_.sent;
    if (fault_.what == LineFault::What::kKill && fault_.sent == fault_.message) kill(getpid(), SIGKILL);
    if (IsCut()) return Gone();
    return port_->Write(data, deadline);
  }
  Result<void> SetFormat(agent::SerialFormat format) override {
    if (IsCut()) return Gone();
    return port_->SetFormat(format);
  }
  Result<void> SetModemLines(agent::ModemLines lines) override {
    if (IsCut()) return Gone();
    return port_->SetModemLines(lines);
  }
  Result<void> DiscardInput() override {
    if (IsCut()) return Gone();
    return port_->DiscardInput();
  }

 private:
  bool IsCut() const { return fault_.what == LineFault::What::kCut && fault_.sent >= fault_.message; }
  Error Gone() const { return {Code::kUnavailable, "serial port " + name() + " is gone: was the board unplugged?"}; }

  const std::unique_ptr<agent::SerialPort> port_;
  LineFault& fault_;
};

}  // namespace

std::unique_ptr<agent::SerialPort> WithFault(std::unique_ptr<agent::SerialPort> port, LineFault& fault) {
  return std::make_unique<FaultyPort>(std::move(port), fault);
}

}  // namespace motley::tests
