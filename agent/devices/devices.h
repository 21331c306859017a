#pragma once

#include <chrono>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "agent/devices/lines.h"
#include "agent/flash/catalogue.h"
#include "agent/flash/flasher.h"
#include "agent/serial/port.h"
#include "common/loop/loop.h"
#include "common/loop/worker.h"
#include "motley/v1/fleet.pb.h"
#include "motley/v1/model.pb.h"
#include "motley/v1/reported.pb.h"

namespace motley::agent {

/// What the boards say. Loop thread.
struct DeviceEvents {
  /// Boards came or went: the context is another.
  std::function<void()> boards_changed;
  /// Something that the report says of a device changed: its hello, or that it is there.
  std::function<void()> changed;
  std::function<void(const std::string& device, const std::string& line)> line;
  /// `came` false: it was unplugged.
  std::function<void(const std::string& device, const std::string& board, const std::string& port, bool came)> plugged;
};

/// The boards on the serial ports: finds them, holds their ports, listens to them, and flashes them. A board is known
/// by its USB serial number, whatever its port; one that has none by its port. Loop thread only: what blocks is done on
/// a worker for each board.
///
/// Opening a port resets boards of the Arduino family, so that a hello follows.
class Devices {
 public:
  struct Options {
    std::chrono::milliseconds scan_interval{2000};
    /// Lines a second from one board; more are counted and dropped.
    int max_lines_a_second = 100;
  };
  /// `catalogue` outlives the object.
  Devices(Loop& loop, SerialSystem& system, const BoardCatalogue& catalogue, DeviceEvents events, Options options);
  ~Devices();

  /// Looks for boards now, and from then on from time to time. `done` is called when the first look is over.
  void Start(std::function<void()> done);

  const BoardCatalogue& catalogue() const { return catalogue_; }
  std::vector<v1::Board> Boards() const;
  /// All that were seen since the start, also those that are unplugged.
  std::vector<v1::ReportedDevice> Report() const;

  /// The device that a model means. Errors: kNotFound (no such board is plugged in; says which are), kConflict (several
  /// of the type; says their serial numbers).
  Result<std::string> Find(const v1::McuHost& host) const;
  std::string PortOf(const std::string& device) const;

  /// Waits for the hello of the application that runs since the board's last reset; it may have been said already.
  /// Errors: kTimeout (nothing, or something else: the message says what), kUnavailable (unplugged).
  void WaitForHello(const std::string& device, std::chrono::milliseconds patience,
                    std::function<void(Result<Hello>)> done);

  /// Has the board start anew, so that it says hello if it can. Does nothing while the port is not open or a flash is
  /// under way.
  void Restart(const std::string& device);

  /// What FlashJob is, with its own copies.
  struct FlashOrder {
    Image image;
    std::string file;
    std::optional<Image> known;
  };
  /// Flashes and listens again. Errors: those of Flasher::Flash and of opening the port.
  void Flash(const std::string& device, const BoardType& board, FlashOrder order,
             std::function<void(Result<FlashReport>)> done);

 private:
  struct Device;
  struct Waiter;
  using PortResult = Result<std::unique_ptr<SerialPort>>;

  void Scan(std::function<void()> done);
  void Scanned(const Result<std::vector<PortInfo>>& found);
  void Plug(const std::string& id, const PortInfo& info);
  void Unplug(Device& device);
  void Open(Device& device);
  void Opened(const std::string& id, PortResult port);
  void Listen(Device& device);
  void Read(Device& device);
  void Line(Device& device, std::string line);
  void Settle(Device& device);
  void Flashed(const std::string& id, Result<FlashReport> result, std::unique_ptr<SerialPort> port,
               const std::function<void(Result<FlashReport>)>& done);

  Loop& loop_;
  SerialSystem& system_;
  const BoardCatalogue& catalogue_;
  const DeviceEvents events_;
  const Options options_;
  std::map<std::string, std::unique_ptr<Device>> devices_;
  bool scan_failed_ = false;
  Handle scan_timer_;
  Worker scanner_;
};

}  // namespace motley::agent
