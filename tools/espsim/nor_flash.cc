#include "tools/espsim/nor_flash.h"

#include <algorithm>
#include <utility>

namespace motley::espsim {
namespace {

constexpr Micros kSectorErase{45'000};
constexpr Micros kBlockErase{150'000};
constexpr Micros kPageProgram{700};

}  // namespace

NorFlash::NorFlash() : bytes_(kFlashBytes, 0xFF) {}

void NorFlash::BeginErase(std::uint32_t address, std::uint32_t size, Micros now) {
  const std::uint32_t end = address + size;
  for (std::uint32_t at = address / kSector * kSector; at < end;) {
    const bool whole_block = at % kBlock == 0 && end - at >= kBlock;
    const std::uint32_t bytes = whole_block ? kBlock : kSector;
    Begin({.due = now, .address = at, .erase_bytes = bytes, .program = {}}, whole_block ? kBlockErase : kSectorErase,
          now);
    at += bytes;
  }
}

void NorFlash::BeginProgram(std::uint32_t address, std::span<const std::uint8_t> bytes, Micros now) {
  while (!bytes.empty()) {
    const std::size_t size = std::min<std::size_t>(bytes.size(), kPage - address % kPage);
    const auto page = bytes.first(size);
    Begin({.due = now, .address = address, .erase_bytes = 0, .program = {page.begin(), page.end()}}, kPageProgram, now);
    bytes = bytes.subspan(size);
    address += static_cast<std::uint32_t>(size);
  }
}

void NorFlash::BeginWait(Micros time, Micros now) {
  Begin({.due = now, .address = 0, .erase_bytes = 0, .program = {}}, time, now);
}

void NorFlash::Begin(Work work, Micros time, Micros now) {
  const Micros begin = work_.empty() ? now : work_.back().due;
  work.due = begin + (timed_ ? time : Micros(0));
  work_.push_back(std::move(work));
}

std::optional<Micros> NorFlash::NextEvent() const {
  if (work_.empty()) return std::nullopt;
  return work_.front().due;
}

void NorFlash::Advance(Micros now) {
  for (; !work_.empty() && work_.front().due <= now; work_.pop_front()) {
    const Work& work = work_.front();
    Do(work.address, work.erase_bytes, work.program);
  }
}

void NorFlash::Abort() {
  if (!work_.empty()) {
    const Work& work = work_.front();
    Do(work.address, work.erase_bytes / 2, std::span(work.program).first(work.program.size() / 2));
  }
  work_.clear();
}

void NorFlash::Do(std::uint32_t address, std::uint32_t erase_bytes, std::span<const std::uint8_t> program) {
  std::fill_n(bytes_.begin() + address, erase_bytes, 0xFF);
  erased_bytes_ += erase_bytes;
  for (std::size_t i = 0; i < program.size(); ++i) {
    if (address + i != broken_) bytes_[address + i] &= program[i];
  }
  programmed_bytes_ += program.size();
}

}  // namespace motley::espsim
