#include "tools/smpsim/flash.h"

#include <algorithm>
#include <utility>

#include "common/base/result.h"

namespace motley::smpsim {
namespace {

constexpr Micros kEraseTime{85'000};
constexpr Micros kWordTime{41};
constexpr std::size_t kWordBytes = 4;

}  // namespace

void Flash::BeginErase(std::uint32_t offset, Micros now) {
  CHECK(offset % kSectorBytes == 0 && offset < bytes_.size());
  Begin({{}, offset, {}}, kEraseTime, now);
}

void Flash::BeginProgram(std::uint32_t offset, std::vector<std::uint8_t> bytes, Micros now) {
  CHECK(!bytes.empty() && offset + bytes.size() <= bytes_.size());
  const auto words = static_cast<std::int64_t>((bytes.size() + kWordBytes - 1) / kWordBytes);
  Begin({{}, offset, std::move(bytes)}, kWordTime * words, now);
}

void Flash::Begin(Work work, Micros time, Micros now) {
  const std::size_t size = work.program.empty() ? kSectorBytes : work.program.size();
  if (!timed_ && work_.empty()) return Do(work, size);
  work.due = (work_.empty() ? now : work_.back().due) + time;
  work_.push_back(std::move(work));
}

std::optional<Micros> Flash::NextEvent() const {
  if (work_.empty()) return std::nullopt;
  return work_.front().due;
}

void Flash::Advance(Micros now) {
  for (; !work_.empty() && work_.front().due <= now; work_.pop_front()) {
    const Work& work = work_.front();
    Do(work, work.program.empty() ? kSectorBytes : work.program.size());
  }
}

void Flash::Abort() {
  if (!work_.empty()) {
    const Work& work = work_.front();
    Do(work, (work.program.empty() ? kSectorBytes : work.program.size()) / 2);
  }
  work_.clear();
}

void Flash::Do(const Work& work, std::size_t bytes) {
  if (work.program.empty()) {
    std::fill_n(bytes_.begin() + work.offset, bytes, std::uint8_t{0xFF});
    ++erased_sectors_;
    return;
  }
  for (std::size_t i = 0; i < bytes; ++i) {
    if (broken_ != work.offset + i) bytes_[work.offset + i] &= work.program[i];
  }
  programmed_bytes_ += bytes;
}

}  // namespace motley::smpsim
