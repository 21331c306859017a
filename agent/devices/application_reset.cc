#include "agent/devices/application_reset.h"

namespace motley::agent {
namespace {

using std::chrono::milliseconds;
using std::chrono::steady_clock;

/// The capacitor of 100 nF must be empty before the edge.
constexpr milliseconds kDtrLow{50};
/// EN has 10 kOhm and up to 10 uF on some boards.
constexpr milliseconds kEnableLow{100};
/// NRST has 40 kOhm and 100 nF.
constexpr milliseconds kResetLow{20};

/// Holds the chip in reset with `reset`, then lets it go with both lines inactive: its own pull-ups choose the
/// application.
Result<void> Pulse(SerialPort& port, ModemLines reset, milliseconds hold) {
  TRY(port.SetModemLines(reset));
  TRY(DiscardUntil(port, steady_clock::now() + hold));
  return port.SetModemLines({.dtr = false, .rts = false});
}

}  // namespace

Result<void> StartApplication(SerialPort& port, ResetMethod method) {
  switch (method) {
    case ResetMethod::kDtr:
      return port.DiscardInput();
    case ResetMethod::kUsbJtag:
      // So that no wish is left to start into the ROM. Then the change alone resets, and what comes from there on is
      // kept.
      TRY(port.SetModemLines({.dtr = false, .rts = false}));
      TRY(port.SetModemLines({.dtr = false, .rts = true}));
      return port.SetModemLines({.dtr = false, .rts = false});
    case ResetMethod::kEspressif:
      return Pulse(port, {.dtr = false, .rts = true}, kEnableLow);
    case ResetMethod::kBoot0Rts:
      return Pulse(port, {.dtr = true, .rts = false}, kResetLow);
    case ResetMethod::kNone:
    case ResetMethod::kTouch1200:
      return {};
  }
  return {};
}

Result<void> PrepareToReopen(SerialPort& port, ResetMethod method) {
  if (method != ResetMethod::kDtr) return {};
  TRY(port.SetModemLines({.dtr = false, .rts = false}));
  TRY(DiscardUntil(port, steady_clock::now() + kDtrLow));
  return {};
}

}  // namespace motley::agent
