#include "agent/flash/smp_flasher.h"

#include <fmt/format.h>

#include <algorithm>

#include "agent/flash/mcuboot_image.h"
#include "agent/flash/smp_client.h"

namespace motley::agent {
namespace {

using std::chrono::milliseconds;
using std::chrono::steady_clock;

/// To read what a device has, of a second each, until MCUboot has swapped two images of 472 KiB: three times 118
/// sectors, which take 85 ms to erase and 42 ms to write each (nRF52840 product specification).
constexpr int kSwapTries = 60;
/// The application goes on for 250 ms after it was asked to reset (CONFIG_MCUMGR_GRP_OS_RESET_MS), and would answer as
/// if it had not been.
constexpr milliseconds kResetDelay{500};
/// One image may wait to be started, and then to go back.
constexpr int kMaxRestarts = 3;

bool Holds(const SmpSlot& slot, const McubootImage& image) {
  // The hash alone stands at the end of a slot, where one may be left from an image that is half overwritten; the
  // version is at its beginning.
  return slot.version == image.version &&
         std::equal(slot.hash.begin(), slot.hash.end(), image.hash.begin(), image.hash.end());
}

template <typename Condition>
const SmpSlot* Find(const std::vector<SmpSlot>& slots, Condition condition) {
  const auto found = std::find_if(slots.begin(), slots.end(), condition);
  return found == slots.end() ? nullptr : &*found;
}

/// One session with a device.
class Session {
 public:
  Session(SerialPort& port, const McubootImage& image) : port_(port), client_(port), image_(image) {}

  Result<FlashReport> Flash(const FlashProgress& progress) {
    const auto size = static_cast<std::uint32_t>(image_.bytes.size());
    TRY_ASSIGN(const Found found, Settle());
    FlashReport report{.written_bytes = 0, .skipped_bytes = size};
    if (found == Found::kNowhere) {
      TRY(Upload(progress));
      report = {.written_bytes = size, .skipped_bytes = 0};
    }
    if (found == Found::kNowhere || found == Found::kInSlot) TRY(client_.Test(image_.hash));
    TRY(client_.Reset());
    return report;
  }

 private:
  enum class Found {
    kKept,     ///< it runs, and is kept
    kPending,  ///< it will be started at the next reset
    kInSlot,   ///< it ran a moment ago, and is in the other slot now
    kNowhere,
  };

  /// Brings the device to where it runs what it keeps, and the other slot may be written: one that was left on the way
  /// does not allow that. A slot that only seems to hold the image is not trusted: it may be half overwritten, and the
  /// device does not check that.
  Result<Found> Settle() {
    bool ran = false;
    TRY_ASSIGN(std::vector<SmpSlot> slots, client_.ReadSlots());
    for (int restarts = 0;; ++restarts) {
      const SmpSlot* active = Find(slots, [](const SmpSlot& slot) { return slot.active; });
      if (active == nullptr) {
        return Error{Code::kCorrupt, fmt::format("the device on {} says of no image that it runs", port_.name())};
      }
      const SmpSlot* pending = Find(slots, [](const SmpSlot& slot) { return slot.pending && !slot.active; });
      if (active->confirmed && pending == nullptr) {
        if (Holds(*active, image_)) return Found::kKept;
        return ran && Find(slots, [&](const SmpSlot& slot) { return Holds(slot, image_); }) != nullptr
                   ? Found::kInSlot
                   : Found::kNowhere;
      }
      if (pending != nullptr && Holds(*pending, image_)) return Found::kPending;
      if (restarts == kMaxRestarts) {
        return Error{Code::kCorrupt, fmt::format("the device on {} keeps no image, whatever it is reset; confirm one "
                                                 "with another client of MCUmgr, or flash it by its debugger",
                                                 port_.name())};
      }
      ran = ran || Holds(*active, image_);
      TRY_ASSIGN(slots, Restart());
    }
  }

  /// Until the application answers again. Errors: kTimeout.
  Result<std::vector<SmpSlot>> Restart() {
    TRY(client_.Reset());
    TRY(DiscardUntil(port_, steady_clock::now() + kResetDelay));
    return client_.ReadSlots(kSwapTries);
  }

  Result<void> Upload(const FlashProgress& progress) {
    TRY(client_.Upload(image_.bytes, [&](std::uint32_t sent) {
      if (progress) progress(sent, static_cast<std::uint32_t>(image_.bytes.size()));
    }));
    TRY_ASSIGN(const std::vector<SmpSlot> slots, client_.ReadSlots());
    if (Find(slots, [&](const SmpSlot& slot) { return !slot.active && Holds(slot, image_); }) != nullptr) return {};
    return Error{Code::kCorrupt,
                 fmt::format("verify: the device on {} does not have the image in its slot that was uploaded; its "
                             "flash may be worn out",
                             port_.name())};
  }

  SerialPort& port_;
  SmpClient client_;
  const McubootImage& image_;
};

}  // namespace

Result<void> SmpFlasher::Check(const Image& image, const BoardType&) const {
  auto parsed = ParseMcubootImage(image);
  if (!parsed) return std::move(parsed).error();
  return {};
}

Result<FlashReport> SmpFlasher::Flash(std::unique_ptr<SerialPort>& port, const BoardType& board, const FlashJob& job) {
  TRY(CheckFits(job.image, board));
  TRY_ASSIGN(const McubootImage image, ParseMcubootImage(job.image));
  TRY(port->SetFormat({board.bauds.front()}));
  return Session(*port, image).Flash(job.progress);
}

Result<void> SmpFlasher::Keep(SerialPort& port, const BoardType& board, const Image& image) {
  TRY_ASSIGN(const McubootImage wanted, ParseMcubootImage(image));
  TRY(port.SetFormat({board.bauds.front()}));
  SmpClient client(port);
  const auto runs = [&](const SmpSlot& slot) { return slot.active && Holds(slot, wanted); };
  TRY_ASSIGN(std::vector<SmpSlot> slots, client.ReadSlots());
  const SmpSlot* slot = Find(slots, runs);
  if (slot == nullptr) {
    // To confirm it now would have it started again.
    return Error{Code::kCorrupt,
                 fmt::format("the device on {} does not run version {} any more: it has been reset, and "
                             "went back to the image before",
                             port.name(), wanted.version)};
  }
  if (slot->confirmed) return {};
  TRY(client.Confirm(wanted.hash));
  TRY_ASSIGN(slots, client.ReadSlots());
  slot = Find(slots, runs);
  if (slot != nullptr && slot->confirmed) return {};
  return Error{Code::kCorrupt, fmt::format("the device on {} does not say that it keeps version {}; it will go back to "
                                           "the image before",
                                           port.name(), wanted.version)};
}

}  // namespace motley::agent
