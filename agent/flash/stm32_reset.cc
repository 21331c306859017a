#include "agent/flash/stm32_reset.h"

namespace motley::agent {
namespace {

using std::chrono::milliseconds;
using std::chrono::steady_clock;

/// The capacitor at NRST (100 nF) is charged over the chip's 40 kOhm: 4 ms; a USB adapter may delay each change by 1
/// ms.
constexpr milliseconds kHold{20};
/// AN2606, "bootloader startup timings": some chips look for an external clock first, and a byte that comes half makes
/// them measure a wrong baud rate.
constexpr milliseconds kStart{100};

}  // namespace

Result<void> ResetStm32(SerialPort& port, Stm32Boot boot) {
  const bool boot0 = boot == Stm32Boot::kSystemMemory;
  TRY(port.SetModemLines({.dtr = true, .rts = boot0}));
  TRY(DiscardUntil(port, steady_clock::now() + kHold));
  TRY(port.SetModemLines({.dtr = false, .rts = boot0}));
  if (boot0) TRY(DiscardUntil(port, steady_clock::now() + kStart));
  return {};
}

}  // namespace motley::agent
