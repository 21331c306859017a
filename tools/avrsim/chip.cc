// SPDX-License-Identifier: GPL-3.0-or-later
#include "tools/avrsim/chip.h"

#include <algorithm>
#include <cstdarg>
#include <cstdio>
#include <cstring>
#include <limits>
#include <vector>

extern "C" {
#include <avr_adc.h>
#include <avr_flash.h>
#include <avr_ioport.h>
#include <avr_uart.h>
#include <sim_avr.h>
#include <sim_cycle_timers.h>
#include <sim_io.h>
#include <sim_irq.h>
}

namespace motley::avrsim {
namespace {

constexpr std::uint32_t kBitsPerByte = 10;  // start, eight data, stop

constexpr ChipModel kModels[] = {
    {"atmega328p", 32'768, 'B', 5, true},
    {"atmega2560", 262'144, 'B', 7, false},
};

/// ATmega328P and ATmega2560 datasheets, "Flash Write (Page Erase, Page Write, ...) by SPM": 3.7 to 4.5 ms.
constexpr std::uint32_t kPageMicroseconds = 4000;

/// Two in the receive buffer and one in the shift register.
constexpr std::size_t kReceiverDepth = 3;

/// UCSRnC: UPM1:0 choose the parity.
constexpr int kParityShift = 4;

void LogProblem(avr_t*, const int level, const char* format, va_list arguments) {
  if (level > LOG_ERROR) return;
  std::fputs("simavr: ", stderr);
  std::vfprintf(stderr, format, arguments);
}

void DoNotSleep(avr_t*, avr_cycle_count_t) {}  // whoever calls RunUntil keeps the pace

}  // namespace

struct Chip::Module {
  avr_io_t io;  // first: simavr hands a pointer to it back
  Chip* chip;
};

struct Chip::Hooks {
  static Chip& From(void* chip) { return *static_cast<Chip*>(chip); }

  static avr_cycle_count_t Stop(avr_t*, avr_cycle_count_t, void*) { return 0; }

  static avr_cycle_count_t ByteArrives(avr_t*, avr_cycle_count_t when, void* param) {
    Chip& chip = From(param);
    const boards::LineByte byte = chip.input_.front();
    chip.input_.pop_front();
    chip.Deliver(byte);
    return chip.input_.empty() ? 0 : when + CyclesOnLine(chip.input_.front());
  }

  static avr_cycle_count_t CyclesOnLine(const boards::LineByte& byte) {
    return std::uint64_t{kHz} * kBitsPerByte / std::max<std::uint32_t>(byte.format.baud, 1);
  }

  static avr_cycle_count_t PageDone(avr_t* avr, avr_cycle_count_t, void* param) {
    avr_regbit_clear(avr, From(param).self_programming_->selfprgen);
    return 0;
  }

  static void ByteSent(avr_irq_t*, std::uint32_t value, void* param) {
    Chip& chip = From(param);
    // simavr reckons with a parity bit that is not there; it reads this field after the call.
    chip.uart_->cycles_per_byte = chip.CyclesPerBit() * kBitsPerByte;
    std::uint64_t start = chip.avr_->cycle;
    if (!chip.output_.empty()) start = std::max(start, chip.output_.back().due_cycle);
    chip.output_.push_back({static_cast<std::uint8_t>(value), chip.format(), start + chip.uart_->cycles_per_byte});
    ++chip.counters_.sent;
  }

  static void LedChanged(avr_irq_t*, std::uint32_t, void* param) { ++From(param).counters_.led_edges; }

  /// simavr performs a page erase or write in no time, and a write as if the page were erased: lets it, puts back the
  /// bits that were clear, and then keeps SPMEN set for as long as silicon does.
  static int SelfProgram(avr_io_t* io, std::uint32_t control, void* argument) {
    if (control != AVR_IOCTL_FLASH_SPM) return -1;
    Chip& chip = *reinterpret_cast<Module*>(io)->chip;
    const avr_flash_t& flash = *chip.self_programming_;
    const bool page = avr_regbit_get(io->avr, flash.selfprgen) &&
                      (avr_regbit_get(io->avr, flash.pgers) || avr_regbit_get(io->avr, flash.pgwrt));
    const std::span<std::uint8_t> target =
        avr_regbit_get(io->avr, flash.pgwrt) ? chip.PageAtZ() : chip.flash().first(0);
    const std::vector<std::uint8_t> before(target.begin(), target.end());
    const std::uint8_t worn = chip.worn_ ? chip.flash()[*chip.worn_] : std::uint8_t{0};
    int result = -1;
    for (avr_io_t* next = io->next; next != nullptr && result == -1; next = next->next) {
      if (next->ioctl != nullptr) result = next->ioctl(next, control, argument);
    }
    for (std::size_t i = 0; i < before.size(); ++i) target[i] &= before[i];
    if (chip.worn_) chip.flash()[*chip.worn_] = worn;
    if (page) {
      avr_regbit_set(io->avr, flash.selfprgen);
      avr_cycle_timer_register_usec(io->avr, kPageMicroseconds, PageDone, &chip);
    }
    return result;
  }

  /// Runs in every reset, the watchdog's too, after simavr has dropped all timers.
  static void AfterReset(avr_io_t* io) {
    Chip& chip = *reinterpret_cast<Module*>(io)->chip;
    if (!chip.resetting_) ++chip.counters_.watchdog_resets;
    io->avr->run_cycle_limit = std::numeric_limits<std::int32_t>::max();  // else timers are looked at after each cycle
    if (!chip.input_.empty()) {
      avr_cycle_timer_register(io->avr, CyclesOnLine(chip.input_.front()), ByteArrives, &chip);
    }
  }
};

Result<const ChipModel*> FindChipModel(const std::string& name) {
  for (const ChipModel& model : kModels) {
    if (name == model.name) return &model;
  }
  return Error{Code::kInvalid, "chip \"" + name + "\": unknown; there are atmega328p and atmega2560"};
}

Chip::Chip(const ChipModel& model) : model_(model) {}

Result<std::unique_ptr<Chip>> Chip::Create(const ChipModel& model, std::uint32_t boot_address) {
  avr_global_logger_set(LogProblem);
  std::unique_ptr<Chip> chip(new Chip(model));
  avr_t* avr = chip->avr_ = avr_make_mcu_by_name(model.name);
  if (avr == nullptr) {
    return Error{Code::kInternal, "chip \"" + std::string(model.name) + "\": unknown to this libsimavr; install 1.6"};
  }
  avr_init(avr);
  avr->frequency = kHz;
  avr->reset_pc = boot_address;
  avr->sleep = DoNotSleep;
  for (avr_io_t* io = avr->io_port; io != nullptr; io = io->next) {
    if (std::strcmp(io->kind, "uart") == 0 && reinterpret_cast<avr_uart_t*>(io)->name == '0') {
      chip->uart_ = reinterpret_cast<avr_uart_t*>(io);
    }
    if (std::strcmp(io->kind, "flash") == 0) chip->self_programming_ = reinterpret_cast<avr_flash_t*>(io);
  }
  CHECK(chip->uart_ != nullptr && chip->self_programming_ != nullptr);
  chip->uart_->flags = 0;  // neither prints lines nor sleeps on its own

  chip->module_ = std::make_unique<Module>();
  chip->module_->chip = chip.get();
  chip->module_->io = {};
  chip->module_->io.kind = "motley";
  chip->module_->io.reset = Hooks::AfterReset;
  chip->module_->io.ioctl = Hooks::SelfProgram;
  avr_register_io(avr, &chip->module_->io);  // to the front of the list: asked before simavr's own

  avr_irq_register_notify(avr_io_getirq(avr, AVR_IOCTL_UART_GETIRQ('0'), UART_IRQ_OUTPUT), Hooks::ByteSent, chip.get());
  avr_irq_register_notify(avr_io_getirq(avr, AVR_IOCTL_IOPORT_GETIRQ(model.led_port), model.led_pin), Hooks::LedChanged,
                          chip.get());
  return chip;
}

Chip::~Chip() {
  if (avr_ != nullptr) avr_terminate(avr_);
}

std::span<std::uint8_t> Chip::flash() { return {avr_->flash, model_.flash_bytes}; }

std::span<std::uint8_t> Chip::PageAtZ() {
  std::size_t address = avr_->data[R_ZL] | avr_->data[R_ZH] << 8;
  if (avr_->rampz != 0) address |= std::size_t{avr_->data[avr_->rampz]} << 16;
  const std::size_t size = self_programming_->spm_pagesize;
  return flash().subspan(address % flash().size() / size * size, size);
}

void Chip::Reset(ResetCause cause) {
  input_.clear();
  output_.clear();
  resetting_ = true;
  avr_reset(avr_);
  resetting_ = false;
  avr_regbit_set(avr_, cause == ResetCause::kExternal ? avr_->reset_flags.extrf : avr_->reset_flags.porf);
  ++counters_.resets;
}

void Chip::RunUntil(std::uint64_t cycle) {
  if (state() != State::kHalted && cycle > avr_->cycle) {
    avr_cycle_timer_register(avr_, cycle - avr_->cycle, Hooks::Stop, this);
    while (avr_->cycle < cycle && state() != State::kHalted) avr_run(avr_);
    avr_cycle_timer_cancel(avr_, Hooks::Stop, this);  // it is due, but was not looked at yet
  }
  if (state() == State::kHalted) {
    input_.clear();  // nobody listens
    avr_->cycle = std::max<std::uint64_t>(avr_->cycle, cycle);
  }
}

std::uint64_t Chip::cycle() const { return avr_->cycle; }

Chip::State Chip::state() const {
  switch (avr_->state) {
    case cpu_Running:
      return State::kRunning;
    case cpu_Sleeping:
      return State::kSleeping;
    default:
      return State::kHalted;
  }
}

std::optional<std::uint64_t> Chip::NextEvent() const {
  if (state() == State::kHalted) return std::nullopt;
  if (state() == State::kRunning) return avr_->cycle;
  if (avr_->cycle_timers.timer == nullptr) return std::nullopt;
  return avr_->cycle_timers.timer->when;
}

void Chip::Receive(std::uint8_t value, boards::SerialFormat format) {
  input_.push_back({value, format});
  if (input_.size() == 1) avr_cycle_timer_register(avr_, Hooks::CyclesOnLine(input_.front()), Hooks::ByteArrives, this);
}

void Chip::Deliver(const boards::LineByte& byte) {
  std::uint32_t value = byte.value;
  if (!boards::Understands(format(), byte.format)) {
    // What a receiver makes of foreign bit times is arbitrary; wrong bits and a missing stop bit are typical.
    value = (value ^ 0xa5) | UART_INPUT_FE;
    ++counters_.garbled;
  }
  const uart_fifo_t& fifo = uart_->input;
  const std::size_t unread = (fifo.write + uart_fifo_fifo_size - fifo.read) % uart_fifo_fifo_size;
  if (unread >= kReceiverDepth) {
    avr_regbit_set(avr_, uart_->dor);
    ++counters_.overruns;
    return;
  }
  ++counters_.received;
  // The byte is complete now, while simavr would announce it one byte time after it is handed over.
  uart_->cycles_per_byte = 1;
  avr_raise_irq(avr_io_getirq(avr_, AVR_IOCTL_UART_GETIRQ('0'), UART_IRQ_INPUT), value);
  uart_->cycles_per_byte = CyclesPerBit() * kBitsPerByte;
}

std::uint32_t Chip::CyclesPerBit() const {
  const std::uint32_t divisor = avr_regbit_get(avr_, uart_->ubrrl) | avr_regbit_get(avr_, uart_->ubrrh) << 8;
  return (divisor + 1) * (avr_regbit_get(avr_, uart_->u2x) ? 8 : 16);
}

boards::SerialFormat Chip::format() const {
  const int parity = avr_->data[uart_->r_ucsrc] >> kParityShift & 3;
  return {kHz / CyclesPerBit(), parity == 2   ? boards::Parity::kEven
                                : parity == 3 ? boards::Parity::kOdd
                                              : boards::Parity::kNone};
}

void Chip::SetTemperature(double celsius) {
  if (!model_.measures_itself) return;
  // Datasheet, table "Temperature vs. Sensor Output Voltage": 314 mV at 25 degrees, 242 mV at -45, 380 mV at 85.
  const double millivolts = 314 + (celsius - 25) * (380 - 242) / 130.0;
  avr_raise_irq(avr_io_getirq(avr_, AVR_IOCTL_ADC_GETIRQ, ADC_IRQ_TEMP), static_cast<std::uint32_t>(millivolts + 0.5));
}

std::uint32_t Chip::program_counter() const { return avr_->pc; }

}  // namespace motley::avrsim
