#include "agent/flash/touch1200.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <poll.h>
#include <sys/file.h>

#include <algorithm>
#include <cerrno>

#include "common/files/files.h"

namespace motley::agent {
namespace {

using std::chrono::milliseconds;
using std::chrono::steady_clock;

constexpr std::uint32_t kTouchBaud = 1200;
/// Caterina and the SAMD bootloader are there within 2 s; slow hubs take longer. Arduino's own tool waits as long.
constexpr milliseconds kReturnPatience{10'000};
constexpr milliseconds kLookInterval{50};

bool HasId(const std::vector<UsbId>& ids, const PortInfo& info) {
  return std::any_of(ids.begin(), ids.end(),
                     [&](const UsbId& id) { return id.vendor == info.usb_vendor && id.product == info.usb_product; });
}

bool IsThere(const std::vector<PortInfo>& ports, const std::string& name) {
  return std::any_of(ports.begin(), ports.end(), [&](const PortInfo& info) { return info.name == name; });
}

/// The folder of all ports is what is watched, so it is what is locked: by all processes that flash, until closed.
Result<UniqueFd> LockPorts() {
  UniqueFd folder(open("/dev", O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (!folder) return SystemError("open /dev", errno);
  while (flock(folder.get(), LOCK_EX) != 0) {
    if (errno != EINTR) return SystemError("lock /dev", errno);
  }
  return folder;
}

}  // namespace

std::optional<std::string> BootloaderPort(const std::vector<PortInfo>& before, const std::vector<PortInfo>& now,
                                          const std::string& touched, bool gone, const BoardType& board) {
  for (const PortInfo& info : now) {
    const bool known = std::find(before.begin(), before.end(), info) != before.end();
    const bool fits = board.bootloader_usb_ids.empty() || HasId(board.bootloader_usb_ids, info);
    if (!known && fits && info.IsUsb()) return info.name;
  }
  // Some come back as what they were.
  if (gone && board.bootloader_usb_ids.empty() && IsThere(now, touched)) return touched;
  return std::nullopt;
}

Result<std::string> Touch1200(std::unique_ptr<SerialPort>& port, SerialSystem& system, const BoardType& board) {
  const std::string name = port->name();
  TRY_ASSIGN(const UniqueFd lock, LockPorts());
  TRY_ASSIGN(const std::vector<PortInfo> before, system.List());
  const auto touched =
      std::find_if(before.begin(), before.end(), [&](const PortInfo& info) { return info.name == name; });
  if (touched != before.end() && HasId(board.bootloader_usb_ids, *touched)) {
    // It is in its bootloader, since its application is broken or somebody pressed reset twice.
    port.reset();
    return name;
  }
  TRY(port->SetFormat({kTouchBaud}).While("touch at 1200 baud"));
  TRY(port->SetModemLines({.dtr = false, .rts = false}).While("touch at 1200 baud"));
  port.reset();
  bool gone = false;
  for (const auto end = steady_clock::now() + kReturnPatience; steady_clock::now() < end;) {
    TRY_ASSIGN(const std::vector<PortInfo> now, system.List());
    gone |= !IsThere(now, name);
    if (const auto found = BootloaderPort(before, now, name, gone, board)) return *found;
    poll(nullptr, 0, static_cast<int>(kLookInterval.count()));
  }
  return Error{
      Code::kTimeout,
      fmt::format("{} was touched at 1200 baud, and no bootloader of a {} came within {} s; is it one? Press its "
                  "reset button twice, and flash again",
                  name, board.name, kReturnPatience.count() / 1000)};
}

}  // namespace motley::agent
