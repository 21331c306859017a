#include "agent/flash/avr_reset.h"

namespace motley::agent {
namespace {

using std::chrono::milliseconds;
using std::chrono::steady_clock;

/// The capacitor of 100 nF must be empty before the edge.
constexpr milliseconds kDtrLow{50};
/// Until the chip's clock runs and its receiver is on; with the slowest fuses 65 ms.
constexpr milliseconds kStart{70};

}  // namespace

Result<void> ResetAvr(SerialPort& port) {
  TRY(port.SetModemLines({.dtr = false, .rts = false}));
  TRY(DiscardUntil(port, steady_clock::now() + kDtrLow));
  TRY(port.SetModemLines({.dtr = true, .rts = true}));
  TRY(DiscardUntil(port, steady_clock::now() + kStart));
  return {};
}

}  // namespace motley::agent
