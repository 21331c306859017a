#include <fmt/format.h>

#include <algorithm>

#include "agent/flash/bootloader.h"
#include "agent/flash/sectors.h"

namespace motley::agent {
namespace {

/// Noise on the line spoils a run in a while, and seldom two; a worn chip spoils each.
constexpr int kRuns = 2;
/// Of the sectors that `known` says will change, so many are compared before it is relied on.
constexpr std::size_t kSamples = 2;

bool MayBeNoise(const Error& error) { return error.code == Code::kCorrupt || error.code == Code::kTimeout; }

Error Differs(const Bootloader::Difference& difference, std::span<const std::uint8_t> wanted, std::uint32_t start,
              const std::string& port) {
  const std::string found =
      difference.found ? fmt::format("0x{:02X} was read back", *difference.found) : "its checksum is another";
  return {Code::kCorrupt,
          fmt::format("verify: 0x{:02X} was written at 0x{:04X} of {} and {}; the chip's flash may be worn out",
                      wanted[difference.address - start], difference.address, port, found)};
}

/// One flash of one board.
class Run {
 public:
  Run(Bootloader& bootloader, const BoardType& board, const FlashJob& job, std::string port)
      : bootloader_(bootloader), board_(board), job_(job), port_(std::move(port)) {}

  /// `known` may be null.
  Result<FlashReport> Flash(const Image* known) {
    TRY(bootloader_.Connect());
    const std::vector<Sector> all = SectorsOf(job_.image, board_);
    std::vector<Sector> changed;
    TRY_ASSIGN(const bool relied_on, ChangedByKnown(all, known, changed));
    if (!relied_on && bootloader_.ComparesSamples()) changed = all;
    if (!relied_on && !bootloader_.ComparesSamples()) {
      TRY_ASSIGN(changed, ChangedByComparing(all));
    }
    if (!changed.empty()) AddWhatLiesBefore(all, changed);
    FlashReport report;
    for (const Sector& sector : all) report.skipped_bytes += sector.used;
    const std::vector<Block> blocks = BlocksOf(changed, job_.image);
    total_ = done_ = 0;
    for (const Block& block : blocks) total_ += 2 * static_cast<std::uint32_t>(block.bytes.size());
    for (const Block& block : blocks) TRY(Write(block));
    for (const Block& block : blocks) TRY(Verify(block));
    for (const Sector& sector : changed) report.written_bytes += sector.used;
    report.skipped_bytes -= report.written_bytes;
    TRY(bootloader_.Start(board_.application_begin).While("start the application"));
    return report;
  }

 private:
  /// False when nothing is known, or what is known proves wrong.
  Result<bool> ChangedByKnown(const std::vector<Sector>& all, const Image* known, std::vector<Sector>& changed) {
    if (known == nullptr) return false;
    for (const Sector& sector : all) {
      if (ContentOf(*known, sector.address, sector.bytes) != ContentOf(job_.image, sector.address, sector.bytes)) {
        changed.push_back(sector);
      }
    }
    if (changed.empty()) return false;  // the board does not do what it should with this image, so it is looked at
    for (const std::size_t sample : {std::size_t{0}, changed.size() - 1}) {
      const Sector& sector = changed[sample];
      TRY_ASSIGN(const bool equal, Holds(sector, *known));
      if (!equal) {
        changed.clear();
        return false;
      }
      if (changed.size() < kSamples) break;
    }
    return true;
  }

  Result<std::vector<Sector>> ChangedByComparing(const std::vector<Sector>& all) {
    std::vector<Sector> changed;
    for (const Sector& sector : all) {
      const bool look = changed.empty() || bootloader_.ComparesFast();
      bool equal = false;
      if (look) {
        TRY_ASSIGN(equal, Holds(sector, job_.image));
      }
      if (!equal) changed.push_back(sector);
    }
    return changed;
  }

  void AddWhatLiesBefore(const std::vector<Sector>& all, std::vector<Sector>& changed) const {
    std::vector<Sector> from_start = SectorsUpTo(changed.back(), all, board_);
    std::uint32_t changed_bytes = 0, bytes = 0;
    for (const Sector& sector : changed) changed_bytes += sector.bytes;
    for (const Sector& sector : from_start) bytes += sector.bytes;
    const bool no_gap = std::all_of(from_start.begin(), from_start.end(), [](const Sector& s) { return s.used > 0; });
    if (bootloader_.ErasesFromStart() ||
        (no_gap && bootloader_.WritesBestFromStart(changed_bytes, bytes - changed_bytes))) {
      changed = std::move(from_start);
    }
  }

  Result<bool> Holds(const Sector& sector, const Image& image) {
    const auto content = ContentOf(image, sector.address, sector.bytes);
    TRY_ASSIGN(const auto difference, bootloader_.Compare(sector.address, content, [](std::uint32_t) {}));
    return !difference;
  }

  Result<void> Write(const Block& block) {
    const auto size = static_cast<std::uint32_t>(block.bytes.size());
    if (!bootloader_.ErasesInWrite()) TRY(bootloader_.Erase(block.address, size));
    for (const Block& piece :
         bootloader_.ErasesInWrite() ? std::vector{block} : WithoutErased(block, board_.page_bytes)) {
      TRY(bootloader_.Write(piece.address, piece.bytes, [this](std::uint32_t bytes) { Done(bytes); }));
    }
    return {};
  }

  Result<void> Verify(const Block& block) {
    TRY_ASSIGN(const auto difference,
               bootloader_.Compare(block.address, block.bytes, [this](std::uint32_t bytes) { Done(bytes); }));
    if (difference) return Differs(*difference, block.bytes, block.address, port_);
    return {};
  }

  void Done(std::uint32_t bytes) {
    done_ = std::min(done_ + bytes, total_);
    if (job_.progress) job_.progress(done_, total_);
  }

  Bootloader& bootloader_;
  const BoardType& board_;
  const FlashJob& job_;
  const std::string port_;
  std::uint32_t done_ = 0;
  std::uint32_t total_ = 0;
};

class BootloaderFlasher final : public Flasher {
 public:
  explicit BootloaderFlasher(CreateBootloader create) : create_(create) {}

  Result<FlashReport> Flash(std::unique_ptr<SerialPort>& port, const BoardType& board, const FlashJob& job) override {
    TRY(CheckFits(job.image, board));
    const auto bootloader = create_(*port, board);
    for (int run = 1;; ++run) {
      // After a run that went wrong, nothing is known any more.
      auto flashed = Run(*bootloader, board, job, port->name()).Flash(run == 1 ? job.known : nullptr);
      if (flashed || !MayBeNoise(flashed.error()) || run == kRuns) return flashed;
    }
  }

 private:
  const CreateBootloader create_;
};

}  // namespace

Result<void> Bootloader::Erase(std::uint32_t, std::uint32_t) { return {}; }

std::unique_ptr<Flasher> CreateBootloaderFlasher(CreateBootloader create) {
  return std::make_unique<BootloaderFlasher>(create);
}

}  // namespace motley::agent
