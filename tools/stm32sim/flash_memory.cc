#include "tools/stm32sim/flash_memory.h"

#include <algorithm>

namespace motley::stm32sim {

FlashMemory::FlashMemory(const Model& model) : model_(model), bytes_(model.flash_bytes(), 0xFF) {}

void FlashMemory::BeginErase(std::size_t sector, Micros now) {
  const Sector& what = model_.sectors[sector];
  Begin({{}, what.offset, what.bytes, {}}, what.erase_time, now);
}

void FlashMemory::BeginProgram(std::uint32_t offset, std::span<const std::uint8_t> bytes, Micros now) {
  const auto steps = static_cast<std::int64_t>(bytes.size() / model_.program_bytes);
  Begin({{}, offset, 0, {bytes.begin(), bytes.end()}}, model_.program_time * steps, now);
}

void FlashMemory::Begin(Work work, Micros time, Micros now) {
  work.due = (work_.empty() ? now : work_.back().due) + time;
  work_.push_back(std::move(work));
}

std::optional<Micros> FlashMemory::NextEvent() const {
  if (work_.empty()) return std::nullopt;
  return work_.front().due;
}

void FlashMemory::Advance(Micros now) {
  for (; !work_.empty() && work_.front().due <= now; work_.pop_front()) {
    const Work& work = work_.front();
    if (work.erase_bytes == 0) {
      Program(work.offset, work.program);
    } else {
      std::fill_n(bytes_.begin() + work.offset, work.erase_bytes, 0xFF);
      ++erased_sectors_;
    }
  }
}

void FlashMemory::Abort() {
  if (!work_.empty()) {
    const Work& work = work_.front();
    if (work.erase_bytes == 0) {
      Program(work.offset, std::span(work.program).first(work.program.size() / 2));
    } else {
      // Cells that are half erased read as anything.
      for (std::uint32_t i = 0; i < work.erase_bytes; ++i) bytes_[work.offset + i] |= static_cast<std::uint8_t>(i * 37);
    }
  }
  work_.clear();
}

void FlashMemory::Program(std::uint32_t offset, std::span<const std::uint8_t> bytes) {
  for (std::size_t at = 0; at < bytes.size(); at += model_.program_bytes) {
    const auto place = bytes_.begin() + static_cast<std::ptrdiff_t>(offset + at);
    const auto piece = bytes.subspan(at, model_.program_bytes);
    const bool erased =
        std::all_of(place, place + model_.program_bytes, [](std::uint8_t byte) { return byte == 0xFF; });
    const bool zero = std::all_of(piece.begin(), piece.end(), [](std::uint8_t byte) { return byte == 0; });
    // Reference manual RM0008, PGERR: what is not erased is not programmed, except to all zeros.
    if (model_.programs_only_erased && !erased && !zero) continue;
    for (std::size_t i = 0; i < piece.size(); ++i) {
      if (broken_ != offset + at + i) place[static_cast<std::ptrdiff_t>(i)] &= piece[i];
    }
    programmed_bytes_ += piece.size();
  }
}

}  // namespace motley::stm32sim
