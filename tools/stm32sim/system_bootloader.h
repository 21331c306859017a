#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "tools/boards/rom.h"
#include "tools/stm32sim/flash_memory.h"
#include "tools/stm32sim/model.h"

namespace motley::stm32sim {

/// The bootloader in an STM32's system memory: what it answers, and what it does to flash. While flash is busy it does
/// not look at its receiver, which holds one byte; more are lost. One thread; as a Rom, it has no clock of its own.
/// Source: ST AN3155, USART protocol used in the STM32 bootloader.
class SystemBootloader {
 public:
  SystemBootloader(const Model& model, FlashMemory& flash) : model_(model), flash_(flash) {}

  void Start(Micros now);
  void Receive(std::uint8_t byte, boards::SerialFormat sender, Micros now);
  void Advance(Micros now);
  std::optional<Micros> NextEvent() const;
  std::vector<boards::SentByte> TakeOutput();
  boards::SerialFormat format() const { return format_; }

  /// How it has left, if it has.
  enum class Exit { kNone, kGo, kReset };
  Exit exit(Micros now) const { return now >= leaves_at_ ? exit_ : Exit::kNone; }

  bool is_protected() const { return protected_; }
  void SetProtected(bool on) { protected_ = on; }
  void SetId(std::uint16_t id) { id_ = id; }
  void SetMaxBaud(std::uint32_t baud) { max_baud_ = baud; }
  std::uint64_t refused() const { return refused_; }
  std::uint64_t overruns() const { return overruns_; }

 private:
  enum class Stage { kMeasure, kCommand, kAddress, kReadSize, kData, kPages };

  void Measure(std::uint8_t byte, boards::SerialFormat sender);
  void Take(std::uint8_t byte, Micros now);
  std::size_t Needed() const;
  void Expect(Stage stage);
  void Command(Micros now);
  bool Allows(std::uint8_t command) const;
  void Address(Micros now);
  void ReadSize();
  void Data(Micros now);
  void Pages(Micros now);
  bool IsMassErase() const;
  void Work();
  void Done(Micros now);
  void Leave(Exit exit, Micros now);
  void Answer(std::uint8_t byte) { output_.push_back({byte, format_}); }
  void Refuse();
  bool ChecksumHolds() const;

  const Model& model_;
  FlashMemory& flash_;
  Stage stage_ = Stage::kMeasure;
  Micros listens_from_{0};
  boards::SerialFormat format_;
  std::uint8_t command_ = 0;
  std::vector<std::uint8_t> input_;  // of this stage
  std::uint32_t offset_ = 0;
  bool works_ = false;
  std::optional<std::uint8_t> waiting_;  // in the receiver
  std::vector<boards::SentByte> output_;
  Exit exit_ = Exit::kNone;
  Micros leaves_at_{0};
  bool protected_ = false;
  std::uint16_t id_ = model_.id;
  std::uint32_t max_baud_ = model_.max_baud;
  std::uint64_t refused_ = 0;
  std::uint64_t overruns_ = 0;
};

}  // namespace motley::stm32sim
