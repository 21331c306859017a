// SPDX-License-Identifier: GPL-3.0-or-later
#include "tools/avrsim/board.h"

#include <fmt/format.h>
#include <poll.h>

#include <algorithm>
#include <charconv>
#include <cstdio>
#include <ctime>

#include "tools/boards/flash_file.h"

namespace motley::avrsim {
namespace {

using std::chrono::microseconds;
using std::chrono::milliseconds;
using std::chrono::nanoseconds;

/// How much simulated time a busy chip runs at once. Bounds the delay of its answers: about one byte time at 115200
/// while bytes flow, and rarer wake-ups at other times.
constexpr microseconds kFlowingSlice{80};
constexpr microseconds kQuietSlice{250};
constexpr milliseconds kFlowing{5};

/// How far behind wall time the chip may be and still catch up by running faster, which shortens its timeouts as others
/// see them. Beyond that the machine is overloaded and the time is given up.
constexpr milliseconds kMaxLag{20};

/// A sleeping or halted chip needs no look; this bounds what a missed event can cost.
constexpr milliseconds kLongestWait{200};

/// What a USB serial chip holds for the line; more stays with the client, which then has to wait.
constexpr std::size_t kInputBuffer = 64;

constexpr std::uint64_t kNanosecondsPerMicrosecond = 1000;
constexpr std::uint64_t kCyclesPerMicrosecond = Chip::kHz / 1'000'000;

std::string_view StateName(Chip::State state) {
  switch (state) {
    case Chip::State::kRunning:
      return "running";
    case Chip::State::kSleeping:
      return "sleeping";
    case Chip::State::kHalted:
      return "halted";
  }
  return "";
}

}  // namespace

Board::Board(Chip& chip, boards::Terminal& terminal, boards::ControlSocket& control)
    : chip_(chip), terminal_(terminal), control_(control), base_time_(Clock::now()), base_cycle_(chip.cycle()) {}

void Board::Run(int stop_fd) {
  while (!stopped_) {
    CatchUp();
    PassOutput();
    Wait(stop_fd);
  }
}

std::uint64_t Board::CycleAt(Clock::time_point time) const {
  const auto passed = std::chrono::duration_cast<nanoseconds>(time - base_time_).count();
  return base_cycle_ + static_cast<std::uint64_t>(passed) * kCyclesPerMicrosecond / kNanosecondsPerMicrosecond;
}

void Board::CatchUp() {
  const auto now = Clock::now();
  const std::uint64_t target = CycleAt(now);
  const std::uint64_t max_lag = kCyclesPerMicrosecond * microseconds(kMaxLag).count();
  if (chip_.state() == Chip::State::kRunning && target > chip_.cycle() + max_lag) {
    lost_ += nanoseconds((target - chip_.cycle()) * kNanosecondsPerMicrosecond / kCyclesPerMicrosecond);
    base_time_ = now;
    base_cycle_ = chip_.cycle();
    return;
  }
  chip_.RunUntil(target);
  LogWatchdog();
}

void Board::LogWatchdog() {
  if (chip_.counters().watchdog_resets == watchdog_resets_) return;
  watchdog_resets_ = chip_.counters().watchdog_resets;
  fmt::print(stderr, "reset by the watchdog before cycle {}, {} ms after the last byte came\n", chip_.cycle(),
             std::chrono::duration_cast<milliseconds>(Clock::now() - last_input_).count());
}

void Board::Wait(int stop_fd) {
  const auto now = Clock::now();
  const microseconds slice = now - last_byte_ < kFlowing ? kFlowingSlice : kQuietSlice;
  const std::uint64_t cycle = CycleAt(now);
  std::uint64_t next = cycle + kCyclesPerMicrosecond * microseconds(kLongestWait).count();
  if (const auto event = chip_.NextEvent()) next = std::min(next, *event);
  if (!chip_.output().empty()) next = std::min(next, chip_.output().front().due_cycle);
  next = std::max(next, cycle + kCyclesPerMicrosecond * slice.count());

  auto wait = nanoseconds((next - cycle) * kNanosecondsPerMicrosecond / kCyclesPerMicrosecond);
  if (const auto delivery = faults_.NextDelivery()) {
    wait = std::min(wait, std::max(nanoseconds(*delivery - now), nanoseconds(0)));
  }
  const timespec timeout{0, static_cast<long>(wait.count())};
  // A full input buffer or a closed port would be ready all the time.
  const bool want_data = terminal_.is_open() && InputRoom() > 0;
  pollfd fds[] = {{stop_fd, POLLIN, 0},
                  {control_.fd(), POLLIN, 0},
                  {terminal_.change_fd(), POLLIN, 0},
                  {want_data ? terminal_.data_fd() : -1, POLLIN, 0}};
  if (ppoll(fds, std::size(fds), &timeout, nullptr) <= 0) return;

  CatchUp();  // what came, came now
  stopped_ = fds[0].revents != 0;
  if (fds[2].revents != 0 || (fds[3].revents & POLLHUP) != 0) FollowTerminal();
  if (fds[3].revents & POLLIN) TakeInput();
  if (fds[1].revents != 0) {
    while (auto request = control_.Receive()) {
      FollowTerminal();  // who asks for the lines right after open() must see that open() has raised them
      control_.Reply(*request, Execute(request->text));
    }
  }
}

void Board::FollowTerminal() {
  const bool hang_up = terminal_.hangs_up_on_close();
  for (const boards::Terminal::Change change : terminal_.Update()) {
    if (change == boards::Terminal::Change::kClosed) {
      TakeInput();
      faults_.DropOutput();
      terminal_.DropOutput();
    }
    lines_.Follow(change, hang_up);
    ShowDtr("open");
  }
}

std::size_t Board::InputRoom() const {
  const std::size_t pending = chip_.pending_input();
  const std::size_t room = kInputBuffer - std::min(pending, kInputBuffer);
  const auto until = faults_.UntilCut();
  if (!until) return room;
  // What is on the line gets to the chip before the byte that cuts it off.
  if (*until == 0) return pending == 0 ? 1 : 0;
  return std::min<std::size_t>(room, *until);
}

void Board::TakeInput() {
  const std::size_t room = InputRoom();
  if (room == 0) return;
  const auto bytes = terminal_.Read(room);
  if (bytes.empty()) return;
  last_byte_ = last_input_ = Clock::now();
  const boards::SerialFormat format = ClientFormat();
  for (const std::uint8_t byte : bytes) {
    const boards::LineFaults::Arrival arrival = faults_.FromClient(byte);
    if (arrival.reset) Reset("reset-at");
    if (arrival.byte) chip_.Receive(*arrival.byte, format);
  }
}

void Board::PassOutput() {
  auto& output = chip_.output();
  const auto now = Clock::now();
  if (!output.empty() && output.front().due_cycle <= chip_.cycle()) {
    const boards::SerialFormat client = ClientFormat();
    for (; !output.empty() && output.front().due_cycle <= chip_.cycle(); output.pop_front()) {
      faults_.ToClient(boards::Heard(client, output.front().format, output.front().value), now);
    }
    last_byte_ = now;
  }
  const auto bytes = faults_.Deliver(now);
  if (!bytes.empty() && terminal_.is_open()) terminal_.Write(bytes);
}

boards::SerialFormat Board::ClientFormat() const { return {terminal_.baud(), lines_.parity()}; }

void Board::Reset(std::string_view why) {
  fmt::print(stderr, "reset by {} at cycle {}\n", why, chip_.cycle());
  chip_.Reset(Chip::ResetCause::kExternal);
}

void Board::ShowDtr(std::string_view why) {
  // A capacitor between DTR and the reset pin makes a pulse of the edge.
  if (lines_.dtr() && !shown_dtr_) Reset(why);
  shown_dtr_ = lines_.dtr();
}

std::string Board::Execute(std::string_view command) {
  const std::size_t space = command.find(' ');
  const std::string_view name = command.substr(0, space);
  const std::string_view argument = space == std::string_view::npos ? "" : command.substr(space + 1);
  if (auto answer = lines_.Execute(name, argument)) {
    ShowDtr("dtr");
    return *answer;
  }
  if (auto answer = faults_.Execute(name, argument)) return *answer;
  if (name == "stat") return Statistics();
  if (name == "dump") return Dump(argument);
  if (name == "temperature") return SetTemperature(argument);
  if (name == "fail-write") return SetWorn(argument);
  if (name == "reset") {
    Reset("button");
    return "ok";
  }
  return fmt::format(
      "error command \"{}\": unknown; there are reset, stat, dump FILE, temperature C, fail-write ADDRESS|off, {}, {}",
      command, boards::ModemLines::kCommands, boards::LineFaults::kCommands);
}

std::string Board::SetTemperature(std::string_view text) {
  double celsius = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), celsius);
  if (error != std::errc() || celsius < -40 || celsius > 125) {
    return fmt::format("error temperature \"{}\": give degrees Celsius from -40 to 125", text);
  }
  chip_.SetTemperature(celsius);
  return "ok";
}

std::string Board::SetWorn(std::string_view text) {
  if (text == "off") {
    chip_.SetWorn(std::nullopt);
    return "ok";
  }
  const bool hex = text.starts_with("0x");
  const std::string_view digits = hex ? text.substr(2) : text;
  std::uint32_t address = 0;
  const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), address, hex ? 16 : 10);
  if (error != std::errc() || end != digits.data() + digits.size() || address >= chip_.flash().size()) {
    return fmt::format("error fail-write \"{}\": give an address in flash, such as 0x1000, or off", text);
  }
  chip_.SetWorn(address);
  return "ok";
}

std::string Board::Dump(std::string_view path) const {
  if (path.empty()) return "error dump: give the file to write";
  if (auto saved = boards::SaveFlashFile(path, chip_.flash()); !saved) return "error " + saved.error().message;
  return "ok";
}

std::string Board::Statistics() const {
  const Chip::Counters& counters = chip_.counters();
  return fmt::format(
      "ok state={} pc={:#06x} simulated_ms={} received={} sent={} overruns={} garbled={} resets={} "
      "watchdog_resets={} led_edges={} lost_ms={} open={:d} dtr={:d} rts={:d} client_baud={} board_baud={} {}",
      StateName(chip_.state()), chip_.program_counter(), chip_.cycle() / (Chip::kHz / 1000), counters.received,
      counters.sent, counters.overruns, counters.garbled, counters.resets, counters.watchdog_resets, counters.led_edges,
      std::chrono::duration_cast<milliseconds>(lost_).count(), terminal_.is_open(), lines_.dtr(), lines_.rts(),
      terminal_.baud(), chip_.format().baud, faults_.Statistics());
}

}  // namespace motley::avrsim
