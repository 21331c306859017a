#include <errno.h>
#include <fcntl.h>
#include <fmt/format.h>
#include <libserialport.h>
#include <linux/serial.h>
#include <poll.h>
#include <sys/file.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <algorithm>
#include <cstring>

#include "agent/serial/port.h"
#include "agent/serial/port_holder.h"

namespace motley::agent {
namespace {

using std::chrono::steady_clock;

struct PortDeleter {
  void operator()(sp_port* port) const {
    sp_close(port);  // says "not open" when it is not: nothing to do about it
    sp_free_port(port);
  }
};
using PortPointer = std::unique_ptr<sp_port, PortDeleter>;

int PollTimeout(Deadline deadline) {
  const auto left = std::chrono::ceil<std::chrono::milliseconds>(deadline - steady_clock::now());
  return static_cast<int>(std::clamp<std::int64_t>(left.count(), 0, 3'600'000));
}

Error Gone(const std::string& name, int error_number) {
  return {Code::kUnavailable,
          fmt::format("serial port {} is gone ({}): was the board unplugged?", name, std::strerror(error_number))};
}

Error InUse(const std::string& name, const std::optional<PortHolder>& holder) {
  if (!holder) {
    return {Code::kConflict,
            fmt::format("serial port {} is in use by another program: close it (fuser {} names it)", name, name)};
  }
  return {Code::kConflict, fmt::format("serial port {} is in use by {} (pid {}): close that program first", name,
                                       holder->program, holder->pid)};
}

class LibSerialPort : public SerialPort {
 public:
  LibSerialPort(PortPointer port, std::string name, int fd) : port_(std::move(port)), name_(std::move(name)), fd_(fd) {}

  const std::string& name() const override { return name_; }
  int fd() const override { return fd_; }

  // The library's own blocking calls use select, which fails on descriptors above 1023; its nonblocking ones cost
  // nothing over read and write but hide errno.
  Result<std::size_t> Read(std::span<std::uint8_t> buffer, Deadline deadline) override {
    for (;;) {
      const ssize_t got = ::read(fd_, buffer.data(), buffer.size());
      if (got > 0) return static_cast<std::size_t>(got);
      if (got < 0 && errno == EINTR) continue;
      if (got < 0 && errno != EAGAIN) return Gone(name_, errno);
      TRY_ASSIGN(const short events, Wait(POLLIN, deadline));
      if (events == 0) return Error{Code::kTimeout, fmt::format("nothing came from {} in time", name_)};
      // A terminal that hung up reads as empty for ever.
      if ((events & POLLIN) == 0 || (got == 0 && (events & POLLHUP) != 0)) return Gone(name_, EIO);
    }
  }

  Result<void> Write(std::span<const std::uint8_t> data, Deadline deadline) override {
    while (!data.empty()) {
      const ssize_t put = ::write(fd_, data.data(), data.size());
      if (put >= 0) {
        data = data.subspan(put);
        continue;
      }
      if (errno == EINTR) continue;
      if (errno != EAGAIN) return Gone(name_, errno);
      TRY_ASSIGN(const short events, Wait(POLLOUT, deadline));
      if (events == 0) return Error{Code::kTimeout, fmt::format("{} does not take data any more", name_)};
      if ((events & POLLOUT) == 0) return Gone(name_, EIO);
    }
    return {};
  }

  Result<void> SetFormat(SerialFormat format) override {
    const bool even = format.parity == Parity::kEven;
    if (sp_set_baudrate(port_.get(), static_cast<int>(format.baud)) == SP_OK &&
        sp_set_parity(port_.get(), even ? SP_PARITY_EVEN : SP_PARITY_NONE) == SP_OK) {
      return {};
    }
    return Error{Code::kInvalid,
                 fmt::format("serial port {} can not do {} baud 8{}1", name_, format.baud, even ? 'E' : 'N')};
  }

  Result<void> SetModemLines(ModemLines lines) override {
    if (sp_set_dtr(port_.get(), lines.dtr ? SP_DTR_ON : SP_DTR_OFF) != SP_OK) return Gone(name_, errno);
    if (sp_set_rts(port_.get(), lines.rts ? SP_RTS_ON : SP_RTS_OFF) != SP_OK) return Gone(name_, errno);
    return {};
  }

  Result<void> DiscardInput() override {
    if (sp_flush(port_.get(), SP_BUF_INPUT) != SP_OK) return Gone(name_, errno);
    return {};
  }

 private:
  /// What of `events` and of the error events has come; 0 at the deadline.
  Result<short> Wait(short events, Deadline deadline) {
    pollfd entry{fd_, events, 0};
    for (;;) {
      const int ready = ::poll(&entry, 1, PollTimeout(deadline));
      if (ready >= 0) return ready == 0 ? short{0} : entry.revents;
      if (errno != EINTR) return Gone(name_, errno);
    }
  }

  PortPointer port_;
  std::string name_;
  int fd_;
};

std::string OrEmpty(const char* text) { return text == nullptr ? std::string() : std::string(text); }

class LibSerialPortSystem : public SerialSystem {
 public:
  Result<std::vector<PortInfo>> List() override {
    sp_port** ports = nullptr;
    if (sp_list_ports(&ports) != SP_OK) {
      return Error{Code::kUnavailable,
                   fmt::format("can not list serial ports ({}): is /sys mounted?", std::strerror(errno))};
    }
    std::vector<PortInfo> found;
    for (sp_port** port = ports; *port != nullptr; ++port) {
      PortInfo info{.name = OrEmpty(sp_get_port_name(*port))};
      int vendor = 0;
      int product = 0;
      if (sp_get_port_transport(*port) == SP_TRANSPORT_USB &&
          sp_get_port_usb_vid_pid(*port, &vendor, &product) == SP_OK) {
        info.usb_vendor = static_cast<std::uint32_t>(vendor);
        info.usb_product = static_cast<std::uint32_t>(product);
        info.serial_number = OrEmpty(sp_get_port_usb_serial(*port));
      }
      found.push_back(std::move(info));
    }
    sp_free_port_list(ports);
    return found;
  }

  Result<std::unique_ptr<SerialPort>> Open(const std::string& name, std::uint32_t baud) override {
    if (::access(name.c_str(), F_OK) != 0) return NoSuchPort(name);
    sp_port* raw = nullptr;
    if (sp_get_port_by_name(name.c_str(), &raw) != SP_OK) return NoSuchPort(name);
    PortPointer port(raw);
    // Before opening, which would reset the board under whoever uses it without a lock.
    if (const auto holder = FindPortHolder(name, -1)) return InUse(name, holder);
    if (sp_open(port.get(), SP_MODE_READ_WRITE) != SP_OK) return OpenError(name, sp_last_error_code());
    int fd = -1;
    CHECK(sp_get_port_handle(port.get(), &fd) == SP_OK);
    TRY(TakeForUs(name, fd));
    TRY(Configure(port.get(), name, fd, baud));
    return std::unique_ptr<SerialPort>(std::make_unique<LibSerialPort>(std::move(port), name, fd));
  }

 private:
  /// Two locks: flock holds among programs that ask for it, root included; TIOCEXCL stops those that do not ask.
  static Result<void> TakeForUs(const std::string& name, int fd) {
    if (::flock(fd, LOCK_EX | LOCK_NB) != 0) return InUse(name, FindPortHolder(name, fd));
    if (::ioctl(fd, TIOCEXCL) != 0) return Gone(name, errno);
    return {};
  }

  static Result<void> Configure(sp_port* port, const std::string& name, int fd, std::uint32_t baud) {
    if (sp_set_baudrate(port, static_cast<int>(baud)) != SP_OK || sp_set_bits(port, 8) != SP_OK ||
        sp_set_parity(port, SP_PARITY_NONE) != SP_OK || sp_set_stopbits(port, 1) != SP_OK ||
        sp_set_flowcontrol(port, SP_FLOWCONTROL_NONE) != SP_OK) {
      return Error{Code::kInvalid, fmt::format("serial port {} can not do {} baud 8N1", name, baud)};
    }
    // USB adapters (FTDI) hold short answers back for 16 ms otherwise. Not every driver knows this: no matter.
    serial_struct settings;
    if (::ioctl(fd, TIOCGSERIAL, &settings) == 0) {
      settings.flags |= ASYNC_LOW_LATENCY;
      static_cast<void>(::ioctl(fd, TIOCSSERIAL, &settings));
    }
    return {};
  }

  Error NoSuchPort(const std::string& name) {
    std::string there;
    if (const auto ports = List()) {
      for (const PortInfo& port : *ports) there += (there.empty() ? "" : ", ") + port.name;
    }
    return {Code::kNotFound,
            fmt::format("no serial port {}; there are: {}", name, there.empty() ? "none (is it plugged in?)" : there)};
  }

  Error OpenError(const std::string& name, int error_number) {
    switch (error_number) {
      case EACCES:
      case EPERM:
        return {
            Code::kDenied,
            fmt::format("no permission to open {}: add the user to the group dialout (adduser USER dialout)", name)};
      case EBUSY:
        return InUse(name, FindPortHolder(name, -1));
      case ENOENT:
      case ENODEV:
      case ENXIO:
        return NoSuchPort(name);
      default:
        return {Code::kUnavailable, fmt::format("can not open {}: {}", name, std::strerror(error_number))};
    }
  }
};

}  // namespace

std::unique_ptr<SerialSystem> CreateSerialSystem() { return std::make_unique<LibSerialPortSystem>(); }

}  // namespace motley::agent
