#include "tools/swarm/progress.h"

#include <fmt/format.h>
#include <unistd.h>

#include <cstdio>

namespace motley::swarm {
namespace {

constexpr std::chrono::milliseconds kLook{100};
constexpr std::chrono::seconds kLine{1};

}  // namespace

Progress::Progress(Loop& loop, const Swarm& swarm)
    : loop_(loop),
      swarm_(swarm),
      terminal_(isatty(STDERR_FILENO) == 1),
      start_(loop.Now()),
      next_line_(loop.Now() + kLine) {
  timer_ = loop_.After(kLook, [this] { Look(); });
}

Progress::~Progress() {
  if (terminal_) std::fputs("\n", stderr);
}

void Progress::Look() {
  timer_ = loop_.After(kLook, [this] { Look(); });
  if (there_ && loop_.Now() < next_line_) return;
  const Figures figures = swarm_.Count();
  SayWhenThere(figures);
  if (loop_.Now() < next_line_) return;
  next_line_ = loop_.Now() + kLine;
  std::string text = figures.Text();
  if (text == shown_) return;
  // \r and "erase to the end of the line" of ECMA-48.
  fmt::print(stderr, "{}{}{}", terminal_ ? "\r" : "", text, terminal_ ? "\x1b[K" : "\n");
  std::fflush(stderr);
  shown_ = std::move(text);
}

void Progress::SayWhenThere(const Figures& figures) {
  const double seconds = std::chrono::duration<double>(loop_.Now() - start_).count();
  if (!enrolled_ && figures.enrolled == figures.gateways) {
    enrolled_ = true;
    enrol_seconds_ = seconds;
  }
  if (there_ || figures.gateways == 0 || figures.acknowledged < figures.gateways) return;
  there_ = true;
  fmt::print(stderr, "{}{} gateways: enrolled after {:.1f} s, connected and acknowledged after {:.1f} s; {:.0f} MiB\n",
             terminal_ ? "\r" : "", figures.gateways, enrol_seconds_, seconds, figures.resident_mib);
}

}  // namespace motley::swarm
