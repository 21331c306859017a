#include "tools/boards/terminal.h"

#include <asm/termbits.h>  // termios2, for any speed; it and <termios.h> exclude each other
#include <fcntl.h>
#include <fmt/format.h>
#include <poll.h>
#include <stdlib.h>
#include <sys/inotify.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <cerrno>
#include <chrono>
#include <cstring>
#include <iterator>

namespace motley::boards {
namespace {

Error Failed(const char* what) {
  return Error{Code::kUnavailable, fmt::format("pseudo terminal: {}: {}", what, std::strerror(errno))};
}

/// How long a client takes between being counted and being announced, on a machine that is overloaded.
constexpr std::chrono::milliseconds kHalfDone{5};

/// As a serial port that nobody has configured, but raw: an echo of what the firmware says would confuse it.
bool MakeRaw(int slave) {
  termios2 settings{};
  if (ioctl(slave, TCGETS2, &settings) != 0) return false;
  settings.c_iflag = 0;
  settings.c_oflag = 0;
  settings.c_lflag = 0;
  settings.c_cflag = CS8 | CREAD | CLOCAL | HUPCL | B9600;
  settings.c_ispeed = settings.c_ospeed = 9600;
  return ioctl(slave, TCSETS2, &settings) == 0;
}

}  // namespace

Result<std::unique_ptr<Terminal>> Terminal::Create() {
  const int master = posix_openpt(O_RDWR | O_NOCTTY | O_CLOEXEC | O_NONBLOCK);
  if (master < 0) return Failed("posix_openpt");
  char path[64];
  unsigned number = 0;
  if (grantpt(master) != 0 || unlockpt(master) != 0 || ptsname_r(master, path, sizeof path) != 0 ||
      ioctl(master, TIOCGPTN, &number) != 0) {
    Error error = Failed("unlockpt");
    close(master);
    return error;
  }
  const int slave = open(path, O_RDWR | O_NOCTTY | O_CLOEXEC);
  const bool raw = slave >= 0 && MakeRaw(slave);
  if (slave >= 0) close(slave);  // a master without a client reports POLLHUP only after a first one was there
  const int inotify = inotify_init1(IN_NONBLOCK | IN_CLOEXEC);
  if (!raw || inotify < 0 || inotify_add_watch(inotify, path, IN_OPEN | IN_CLOSE) < 0) {
    Error error = Failed(path);
    close(master);
    if (inotify >= 0) close(inotify);
    return error;
  }
  return std::unique_ptr<Terminal>(new Terminal(master, inotify, path, static_cast<int>(number)));
}

Terminal::Terminal(int master, int inotify, std::string path, int number)
    : master_(master), inotify_(inotify), path_(std::move(path)), number_(number) {}

Terminal::~Terminal() {
  close(inotify_);
  close(master_);
}

bool Terminal::HasClient() const {
  pollfd master{master_, POLLIN, 0};
  poll(&master, 1, 0);
  return (master.revents & POLLHUP) == 0;
}

void Terminal::ReadEvents(std::vector<Change>& changes) {
  alignas(inotify_event) char buffer[4096];
  ssize_t size;
  while ((size = read(inotify_, buffer, sizeof buffer)) > 0) {
    for (ssize_t at = 0; at < size;) {
      const auto* event = reinterpret_cast<const inotify_event*>(buffer + at);
      at += static_cast<ssize_t>(sizeof *event + event->len);
      if (event->mask & IN_OPEN) {
        if (clients_++ == 0) changes.push_back(Change::kOpened);
      } else if ((event->mask & IN_CLOSE) && clients_ > 0) {
        if (--clients_ == 0) changes.push_back(Change::kClosed);
      }
    }
  }
}

std::vector<Terminal::Change> Terminal::Update() {
  std::vector<Change> changes;
  ReadEvents(changes);
  // The event of an opening follows the opening, that of a closing precedes it: where count and terminal differ, the
  // other half comes at once. The count is wrong for good where the kernel merged two equal events into one.
  while (clients_ == 0 && HasClient()) {
    pollfd next[] = {{inotify_, POLLIN, 0}, {master_, 0, 0}};  // a hang-up is always reported
    if (poll(next, std::size(next), kHalfDone.count()) == 0) {
      clients_ = 1;
      if (changes.empty()) {
        changes.push_back(Change::kOpened);
      } else {
        changes.pop_back();  // it was not the last client that went
      }
    }
    ReadEvents(changes);
  }
  if (clients_ > 0 && !HasClient()) {
    ReadEvents(changes);
    if (clients_ > 0 && !HasClient()) {
      clients_ = 0;
      changes.push_back(Change::kClosed);
    }
  }
  return changes;
}

std::vector<std::uint8_t> Terminal::Read(std::size_t limit) {
  std::vector<std::uint8_t> bytes(limit);
  const ssize_t size = read(master_, bytes.data(), bytes.size());
  bytes.resize(size > 0 ? static_cast<std::size_t>(size) : 0);
  return bytes;
}

void Terminal::Write(std::span<const std::uint8_t> bytes) {
  if (write(master_, bytes.data(), bytes.size()) < 0 && errno != EAGAIN && errno != EIO) std::perror(path_.c_str());
}

void Terminal::DropOutput() { ioctl(master_, TCFLSH, TCOFLUSH); }

std::uint32_t Terminal::baud() const {
  termios2 settings{};  // on a master these are the slave's
  return ioctl(master_, TCGETS2, &settings) == 0 ? settings.c_ospeed : 0;
}

bool Terminal::hangs_up_on_close() const {
  termios2 settings{};
  return ioctl(master_, TCGETS2, &settings) != 0 || (settings.c_cflag & HUPCL) != 0;
}

}  // namespace motley::boards
