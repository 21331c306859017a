#include "tools/boards/rom_board.h"

#include <fmt/format.h>
#include <poll.h>

#include <algorithm>
#include <ctime>
#include <iterator>

#include "common/base/result.h"
#include "tools/boards/flash_file.h"

namespace motley::boards {
namespace {

/// What a USB serial chip holds for the line; more stays with the client, which then has to wait.
constexpr std::size_t kInputBuffer = 64;
constexpr std::size_t kUnlimitedInputBuffer = 4096;

/// While bytes flow the board looks after the line once in so many byte times: fewer than the buffer holds, so that the
/// line never runs dry, and not more often than a USB serial chip passes data on.
constexpr int kBytesInBatch = 16;
constexpr Micros kShortestBatch{80};
constexpr Micros kLongestBatch{500};

/// When to look after bytes under way: with the last one, but not later than `batch` from now.
template <typename Queue>
std::optional<Micros> WakeFor(const Queue& queue, Micros now, Micros batch) {
  if (queue.empty()) return std::nullopt;
  return std::min(queue.back().due, std::max(queue.front().due, now + batch));
}

void TakeEarlier(std::optional<Micros>& next, std::optional<Micros> candidate) {
  if (candidate) next = std::min(next.value_or(*candidate), *candidate);
}

}  // namespace

RomBoard::RomBoard(Rom& rom, Terminal& terminal, ControlSocket& control, Pace pace)
    : rom_(rom), terminal_(terminal), control_(control), start_(Clock::now()), pace_(pace) {
  rom_.PowerOn(Micros(0));
  CollectOutput(Micros(0));
}

void RomBoard::Run(int stop_fd) {
  while (!stopped_) {
    CatchUp();
    Wait(stop_fd);
  }
}

Micros RomBoard::Now() const { return std::chrono::duration_cast<Micros>(Clock::now() - start_); }

Micros RomBoard::TimeOnLine(const SerialFormat& format) const {
  if (pace_ == Pace::kUnlimited || format.baud == 0) return Micros(0);
  return Micros(BitsPerByte(format) * std::uint64_t{1'000'000} / format.baud);
}

std::size_t RomBoard::InputLimit() const { return pace_ == Pace::kWire ? kInputBuffer : kUnlimitedInputBuffer; }

Micros RomBoard::CatchUp() {
  const Micros now = Now();
  while (!input_.empty() && input_.front().due <= now) {
    const OnLine input = input_.front();
    input_.pop_front();
    AdvanceTo(input.due);
    TakeByte(input);
  }
  AdvanceTo(now);
  PassOutput(now);
  return now;
}

void RomBoard::AdvanceTo(Micros now) {
  for (auto event = rom_.NextEvent(); event && *event <= now; event = rom_.NextEvent()) {
    const Micros time = std::max(*event, last_);
    rom_.Advance(time);
    last_ = time;
    CollectOutput(time);
    const auto following = rom_.NextEvent();
    CHECK(!following || *following > time);
  }
  last_ = std::max(last_, now);
}

void RomBoard::TakeByte(const OnLine& input) {
  ++received_;
  const LineFaults::Arrival arrival = faults_.FromClient(input.byte.value);
  if (arrival.reset) {
    fmt::print(stderr, "reset by reset-at with byte {} from the client\n", received_);
    rom_.Reset(input.due);
  } else if (arrival.byte) {
    rom_.Receive(*arrival.byte, input.byte.format, input.due);
  }
  CollectOutput(input.due);
}

void RomBoard::CollectOutput(Micros now) {
  if (rom_.resets() != resets_) {
    resets_ = rom_.resets();
    output_.clear();
  }
  for (const SentByte& byte : rom_.TakeOutput()) {
    const Micros begin = output_.empty() ? now : std::max(now, output_.back().due);
    output_.push_back({byte, begin + TimeOnLine(byte.format)});
    ++sent_;
  }
}

void RomBoard::PassOutput(Micros now) {
  const auto time = TimeAt(now);
  if (!output_.empty() && output_.front().due <= now) {
    const SerialFormat client = ClientFormat();
    for (; !output_.empty() && output_.front().due <= now; output_.pop_front()) {
      const SentByte& byte = output_.front().byte;
      if (terminal_.is_open() && !Understands(client, byte.format)) ++garbled_;
      faults_.ToClient(Heard(client, byte.format, byte.value), time);
    }
  }
  const auto bytes = faults_.Deliver(time);
  if (!bytes.empty() && terminal_.is_open()) terminal_.Write(bytes);
}

Micros RomBoard::Batch(const SerialFormat& format) const {
  return std::clamp(TimeOnLine(format) * kBytesInBatch, kShortestBatch, kLongestBatch);
}

std::optional<Micros> RomBoard::NextWake(Micros now) const {
  std::optional<Micros> next = rom_.NextEvent();
  if (!input_.empty()) TakeEarlier(next, WakeFor(input_, now, Batch(input_.front().byte.format)));
  if (!output_.empty()) TakeEarlier(next, WakeFor(output_, now, Batch(output_.front().byte.format)));
  // A microsecond is up where Deliver() looks at whole ones.
  if (const auto delivery = faults_.NextDelivery()) {
    TakeEarlier(next, std::chrono::ceil<Micros>(*delivery - start_));
  }
  return next;
}

void RomBoard::Wait(int stop_fd) {
  const Micros now = Now();
  timespec timeout{};
  const auto next = NextWake(now);
  if (next && *next > now) {
    const auto seconds = std::chrono::floor<std::chrono::seconds>(*next - now);
    timeout = {seconds.count(), std::chrono::nanoseconds(*next - now - seconds).count()};
  }
  // A full input buffer or a closed port would be ready all the time.
  const bool want_data = terminal_.is_open() && input_.size() <= InputLimit() / 2;
  pollfd fds[] = {{stop_fd, POLLIN, 0},
                  {control_.fd(), POLLIN, 0},
                  {terminal_.change_fd(), POLLIN, 0},
                  {want_data ? terminal_.data_fd() : -1, POLLIN, 0}};
  if (ppoll(fds, std::size(fds), next ? &timeout : nullptr, nullptr) <= 0) return;

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

void RomBoard::FollowTerminal() {
  const bool hang_up = terminal_.hangs_up_on_close();
  for (const Terminal::Change change : terminal_.Update()) {
    if (change == Terminal::Change::kClosed) {
      TakeInput();
      faults_.DropOutput();
      terminal_.DropOutput();
    }
    lines_.Follow(change, hang_up);
    ShowLines();
  }
}

void RomBoard::ShowLines() {
  if (lines_.dtr() == shown_dtr_ && lines_.rts() == shown_rts_) return;
  shown_dtr_ = lines_.dtr();
  shown_rts_ = lines_.rts();
  const Micros now = CatchUp();
  rom_.SetLines(shown_dtr_, shown_rts_, now);
  CollectOutput(now);
}

void RomBoard::TakeInput() {
  if (input_.size() >= InputLimit()) return;
  const auto bytes = terminal_.Read(InputLimit() - input_.size());
  const SerialFormat format = ClientFormat();
  Micros due = std::max(Now(), input_.empty() ? Micros(0) : input_.back().due);
  for (const std::uint8_t byte : bytes) {
    due += TimeOnLine(format);
    input_.push_back({{byte, format}, due});
  }
}

std::string RomBoard::Execute(std::string_view command) {
  const std::size_t space = command.find(' ');
  const std::string_view name = command.substr(0, space);
  const std::string_view argument = space == std::string_view::npos ? "" : command.substr(space + 1);
  const Micros now = CatchUp();
  if (auto answer = lines_.Execute(name, argument)) {
    ShowLines();
    return *answer;
  }
  if (auto answer = faults_.Execute(name, argument)) return *answer;
  if (name == "stat") return Statistics();
  if (name == "dump") return Dump(argument);
  if (name == "pace" && (argument == "on" || argument == "off")) {
    pace_ = argument == "on" ? Pace::kWire : Pace::kUnlimited;
    return "ok";
  }
  if (name == "reset") {
    fmt::print(stderr, "reset by button\n");
    rom_.Reset(now);
    CollectOutput(now);
    return "ok";
  }
  auto answer = rom_.Execute(command, now);
  CollectOutput(now);
  if (answer) return *answer;
  const std::string own = rom_.Commands();
  return fmt::format("error command \"{}\": unknown; there are reset, stat, dump FILE, pace on|off, {}, {}{}{}",
                     command, ModemLines::kCommands, LineFaults::kCommands, own.empty() ? "" : ", ", own);
}

std::string RomBoard::Dump(std::string_view path) {
  if (path.empty()) return "error dump: give the file to write";
  if (auto saved = SaveFlashFile(path, rom_.flash()); !saved) return "error " + saved.error().message;
  return "ok";
}

std::string RomBoard::Statistics() {
  const std::string own = rom_.Statistics();
  return fmt::format(
      "ok received={} sent={} garbled_output={} resets={} open={:d} dtr={:d} rts={:d} client_baud={} board_baud={} "
      "pace={} {}{}{}",
      received_, sent_, garbled_, resets_, terminal_.is_open(), lines_.dtr(), lines_.rts(), terminal_.baud(),
      rom_.format().baud, pace_ == Pace::kWire ? "on" : "off", faults_.Statistics(), own.empty() ? "" : " ", own);
}

}  // namespace motley::boards
