#include "agent/devices/application_reset.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace motley::agent {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

/// A port that nothing comes from, and that keeps what its lines were set to: "DTR", "RTS", "DTR RTS", "none".
class LinePort final : public SerialPort {
 public:
  const std::string& name() const override { return name_; }
  int fd() const override { return -1; }
  Result<std::size_t> Read(std::span<std::uint8_t>, Deadline) override { return Error{Code::kTimeout, "nothing came"}; }
  Result<void> Write(std::span<const std::uint8_t>, Deadline) override { return {}; }
  Result<void> SetFormat(SerialFormat) override { return {}; }
  Result<void> SetModemLines(ModemLines lines) override {
    lines_.push_back(lines.dtr ? lines.rts ? "DTR RTS" : "DTR" : lines.rts ? "RTS" : "none");
    return {};
  }
  Result<void> DiscardInput() override { return {}; }

  const std::vector<std::string>& lines() const { return lines_; }

 private:
  const std::string name_ = "/dev/ttyACM0";
  std::vector<std::string> lines_;
};

std::vector<std::string> LinesOf(ResetMethod method) {
  LinePort port;
  EXPECT_TRUE(StartApplication(port, method).has_value());
  return port.lines();
}

TEST(StartApplication, MovesTheLinesThatTheBoardIsResetBy) {
  EXPECT_THAT(LinesOf(ResetMethod::kEspressif), ElementsAre("RTS", "none"));
  EXPECT_THAT(LinesOf(ResetMethod::kBoot0Rts), ElementsAre("DTR", "none"));
  for (const ResetMethod method : {ResetMethod::kNone, ResetMethod::kDtr, ResetMethod::kTouch1200}) {
    EXPECT_THAT(LinesOf(method), IsEmpty());
  }
}

TEST(StartApplication, TakesBackThatAChipOnUsbIsToStartItsRom) {
  EXPECT_THAT(LinesOf(ResetMethod::kUsbJtag), ElementsAre("none", "RTS", "none"));
}

}  // namespace
}  // namespace motley::agent
