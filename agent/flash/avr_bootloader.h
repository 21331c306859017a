#pragma once

#include <vector>

#include "agent/flash/bootloader.h"

namespace motley::agent {

/// What bootloaders of AVRs have in common: they read flash back no faster than they take it. So a large program's
/// first page is held back, and in its place is written one that lets the chip check all of it (SelfCheckPage); then
/// the first page follows. Where the chip does not answer rightly, all is read. Until the first page is there, the
/// board does nothing at all, rather than run half a program.
class AvrBootloader : public Bootloader {
 public:
  Result<void> Connect() final;
  bool ErasesInWrite() const final { return true; }
  bool WritesBestFromStart(std::uint32_t changed, std::uint32_t more) const final;
  Result<void> Write(std::uint32_t address, std::span<const std::uint8_t> bytes, const BytesDone& done) final;
  Result<std::optional<Difference>> Compare(std::uint32_t address, std::span<const std::uint8_t> expected,
                                            const BytesDone& done) final;

 protected:
  AvrBootloader(SerialPort& port, const BoardType& board) : port_(port), board_(board) {}

  /// Resets into the bootloader. Errors: kTimeout.
  virtual Result<void> Begin() = 0;
  virtual Result<std::uint32_t> ReadSignature() = 0;
  virtual Result<void> EnterProgramming() = 0;
  /// Whole pages.
  virtual Result<void> WritePages(std::uint32_t address, std::span<const std::uint8_t> bytes,
                                  const BytesDone& done) = 0;
  /// As much as one command can: at most 256 bytes.
  virtual Result<std::vector<std::uint8_t>> Read(std::uint32_t address, std::size_t size) = 0;

  SerialPort& port_;
  const BoardType& board_;

 private:
  bool CanCheckItself() const;
  Result<bool> ChecksItself(std::span<const std::uint8_t> content);
  Result<std::optional<Difference>> ReadBack(std::uint32_t address, std::span<const std::uint8_t> expected,
                                             const BytesDone& done);

  std::uint32_t signature_ = 0;
  /// Not written yet.
  std::vector<std::uint8_t> first_page_;
};

}  // namespace motley::agent
