// What a program finds and does with serial ports through libserialport, for the tests of the virtual boards.

#include <fcntl.h>
#include <fmt/format.h>
#include <libserialport.h>
#include <poll.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <chrono>
#include <cstring>
#include <string>
#include <thread>

namespace {

constexpr char kUsage[] =
    "usage: port_probe list              one line a port: name vid:pid serial\n"
    "       port_probe hello SERIAL      opens the board's port and prints the line that starts with hello\n"
    "       port_probe lines SERIAL      opens it, lowers and raises DTR and RTS, prints what it reads back\n"
    "       port_probe reopen SERIAL     closes and opens it again and again, counts how often DTR or RTS stayed low\n"
    "       port_probe parity SERIAL     opens it, sets 8E1, prints what it reads back\n"
    "       port_probe hang-up SERIAL    opens it, says so, and waits until the port is gone\n"
    "       port_probe plain             what a pseudo terminal without a board answers to TIOCMGET\n";

std::string Text(const char* text) { return text == nullptr ? "-" : text; }

int List() {
  sp_port** ports = nullptr;
  if (sp_list_ports(&ports) != SP_OK) return 1;
  for (int i = 0; ports[i] != nullptr; ++i) {
    int vendor = 0;
    int product = 0;
    sp_get_port_usb_vid_pid(ports[i], &vendor, &product);
    fmt::print("{} {:04x}:{:04x} {}\n", sp_get_port_name(ports[i]), vendor, product,
               Text(sp_get_port_usb_serial(ports[i])));
  }
  sp_free_port_list(ports);
  return 0;
}

/// The port of the board `serial`, open at 115200 8N1; null when there is none.
sp_port* Open(const std::string& serial) {
  sp_port** ports = nullptr;
  sp_port* found = nullptr;
  if (sp_list_ports(&ports) != SP_OK) return nullptr;
  for (int i = 0; ports[i] != nullptr && found == nullptr; ++i) {
    if (Text(sp_get_port_usb_serial(ports[i])) == serial) sp_copy_port(ports[i], &found);
  }
  sp_free_port_list(ports);
  if (found == nullptr) {
    fmt::print("no board {}\n", serial);
  } else if (sp_open(found, SP_MODE_READ_WRITE) != SP_OK || sp_set_baudrate(found, 115200) != SP_OK) {
    fmt::print("can not open {}: {}\n", sp_get_port_name(found), sp_last_error_message());
    sp_free_port(found);
    found = nullptr;
  }
  return found;
}

int Hello(sp_port* port) {
  const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(10);
  std::string line;
  while (std::chrono::steady_clock::now() < deadline) {
    char character;
    if (sp_blocking_read_next(port, &character, 1, 500) != 1) continue;
    if (character != '\n') {
      line += character;
      continue;
    }
    if (line.rfind("hello", 0) == 0) {
      fmt::print("{}\n", line);
      return 0;
    }
    line.clear();
  }
  fmt::print("no hello\n");
  return 1;
}

int Lines(sp_port* port) {
  const int fd = [&] {
    int handle = -1;
    sp_get_port_handle(port, &handle);
    return handle;
  }();
  const auto print = [&](const char* when) {
    int bits = 0;
    const int result = ioctl(fd, TIOCMGET, &bits);
    fmt::print("{}: result={} dtr={:d} rts={:d}\n", when, result, (bits & TIOCM_DTR) != 0, (bits & TIOCM_RTS) != 0);
  };
  print("open");
  sp_set_dtr(port, SP_DTR_OFF);
  print("dtr off");
  sp_set_rts(port, SP_RTS_OFF);
  print("rts off");
  sp_set_dtr(port, SP_DTR_ON);
  print("dtr on");
  return 0;
}

/// Threads that have nothing to do with the port use its descriptor's number as soon as it is free.
int Reopen(sp_port* port) {
  constexpr int kRounds = 300;
  static constexpr int kBoth = TIOCM_DTR | TIOCM_RTS;
  std::atomic<bool> over = false;
  std::atomic<int> strangers = 0;
  std::thread other([&] {
    while (!over) {
      int bits = 0;
      const int fd = open("/dev/null", O_RDWR);
      if (ioctl(fd, TIOCMGET, &bits) == 0) ++strangers;
      close(fd);
    }
  });
  int low = 0;
  for (int i = 0; i < kRounds; ++i) {
    sp_close(port);
    const int fd = open(sp_get_port_name(port), O_RDWR | O_NOCTTY);
    int bits = 0;
    if (ioctl(fd, TIOCMGET, &bits) != 0 || (bits & kBoth) != kBoth) ++low;
    if (ioctl(fd, TIOCMBIC, &kBoth) != 0) ++low;
    close(fd);
    if (sp_open(port, SP_MODE_READ_WRITE) != SP_OK) ++low;
  }
  over = true;
  other.join();
  fmt::print("low={} strangers={}\n", low, strangers.load());
  return low == 0 && strangers == 0 ? 0 : 1;
}

int ParityOf(sp_port* port) {
  sp_port_config* config = nullptr;
  sp_new_config(&config);
  sp_parity parity = SP_PARITY_INVALID;
  const bool done = sp_set_parity(port, SP_PARITY_EVEN) == SP_OK && sp_get_config(port, config) == SP_OK &&
                    sp_get_config_parity(config, &parity) == SP_OK;
  sp_free_config(config);
  fmt::print("parity {}\n", !done ? "failed" : parity == SP_PARITY_EVEN ? "even" : "lost");
  return done ? 0 : 1;
}

int HangUp(sp_port* port) {
  int fd = -1;
  sp_get_port_handle(port, &fd);
  fmt::print("open\n");
  fflush(stdout);
  const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(10);
  while (std::chrono::steady_clock::now() < deadline) {
    pollfd state{fd, 0, 0};
    if (poll(&state, 1, 1000) > 0 && (state.revents & POLLHUP) != 0) {
      fmt::print("gone\n");
      return 0;
    }
  }
  return 1;
}

int Plain() {
  const int master = posix_openpt(O_RDWR | O_NOCTTY);
  grantpt(master);
  unlockpt(master);
  const int slave = open(ptsname(master), O_RDWR | O_NOCTTY);
  int bits = 0;
  const int result = ioctl(slave, TIOCMGET, &bits);
  fmt::print("plain: result={} {}\n", result, result == 0 ? "" : std::strerror(errno));
  return 0;
}

int Main(int argc, char** argv) {
  const std::string what = argc > 1 ? argv[1] : "";
  if (what == "list") return List();
  if (what == "plain") return Plain();
  if (argc != 3) {
    fmt::print(stderr, "{}", kUsage);
    return 2;
  }
  sp_port* port = Open(argv[2]);
  if (port == nullptr) return 1;
  const int result = what == "hello"    ? Hello(port)
                     : what == "lines"  ? Lines(port)
                     : what == "reopen" ? Reopen(port)
                     : what == "parity" ? ParityOf(port)
                                        : HangUp(port);
  sp_close(port);
  sp_free_port(port);
  return result;
}

}  // namespace

int main(int argc, char** argv) { return Main(argc, argv); }
