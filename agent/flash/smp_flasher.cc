#include "agent/flash/smp_flasher.h"

#include <fmt/format.h>

#include <algorithm>

#include "agent/flash/mcuboot_image.h"
#include "agent/flash/smp_client.h"

namespace motley::agent {
namespace {

using std::chrono::milliseconds;
using std::chrono::steady_clock;

/// Of a chip with 1 MiB of flash: 512 KiB are swapped at about 4 KiB in 0.2 s.
constexpr milliseconds kSwapPatience{60'000};

const SmpSlot* Find(const std::vector<SmpSlot>& slots, const McubootImage& image) {
  const auto found = std::find_if(slots.begin(), slots.end(), [&](const SmpSlot& slot) {
    return std::equal(slot.hash.begin(), slot.hash.end(), image.hash.begin(), image.hash.end());
  });
  return found == slots.end() ? nullptr : &*found;
}

/// After a reset, when the application answers again. Errors: kTimeout.
Result<std::vector<SmpSlot>> WaitForSlots(SmpClient& client) {
  for (const auto end = steady_clock::now() + kSwapPatience;;) {
    auto slots = client.ReadSlots();
    if (slots || slots.error().code != Code::kTimeout || steady_clock::now() > end) return slots;
  }
}

Result<void> Upload(SmpClient& client, const McubootImage& image, const FlashProgress& progress) {
  const auto size = static_cast<std::uint32_t>(image.bytes.size());
  TRY(client.Upload(image.bytes, [&](std::uint32_t sent) {
    if (progress) progress(sent, size);
  }));
  TRY_ASSIGN(const std::vector<SmpSlot> slots, client.ReadSlots());
  if (Find(slots, image) != nullptr) return {};
  return Error{Code::kCorrupt,
               "verify: the device has another image in its slot than was uploaded; its flash may be worn out"};
}

}  // namespace

Result<void> SmpFlasher::Check(const Image& image, const BoardType&) const {
  auto parsed = ParseMcubootImage(image);
  if (!parsed) return std::move(parsed).error();
  return {};
}

Result<FlashReport> SmpFlasher::Flash(std::unique_ptr<SerialPort>& port, const BoardType& board, const FlashJob& job) {
  TRY(CheckFits(job.image, board));
  TRY_ASSIGN(const McubootImage image, ParseMcubootImage(job.image));
  const auto size = static_cast<std::uint32_t>(image.bytes.size());
  TRY(port->SetFormat({board.bauds.front()}));
  SmpClient client(*port);
  TRY_ASSIGN(std::vector<SmpSlot> slots, client.ReadSlots());
  const SmpSlot* slot = Find(slots, image);
  if (slot != nullptr && slot->active && !slot->confirmed) {
    // It was started once and never kept: a reset brings the one before back, and then this one can be started again.
    TRY(client.Reset());
    TRY_ASSIGN(slots, WaitForSlots(client));
    slot = Find(slots, image);
  }
  FlashReport report{.written_bytes = 0, .skipped_bytes = size};
  if (slot == nullptr) {
    TRY(Upload(client, image, job.progress));
    report = {.written_bytes = size, .skipped_bytes = 0};
  }
  if (slot == nullptr || !slot->active) TRY(client.Test(image.hash));
  TRY(client.Reset());
  return report;
}

Result<void> SmpFlasher::Keep(SerialPort& port, const BoardType&, const Image& image) {
  TRY_ASSIGN(const McubootImage wanted, ParseMcubootImage(image));
  SmpClient client(port);
  TRY(client.Confirm(wanted.hash));
  TRY_ASSIGN(const std::vector<SmpSlot> slots, client.ReadSlots());
  const SmpSlot* slot = Find(slots, wanted);
  if (slot != nullptr && slot->active && slot->confirmed) return {};
  return Error{Code::kCorrupt,
               "the device does not say that it keeps the new image; it will go back to the one before"};
}

}  // namespace motley::agent
