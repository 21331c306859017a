#pragma once

#include <chrono>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "agent/devices/hotplug.h"
#include "agent/devices/lines.h"
#include "agent/devices/speech.h"
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
  /// A number that it measured, or how much of what it said was dropped or wrong: dropped_lines, dropped_readings,
  /// broken_frames and refused_values, each the sum since the agent's start.
  std::function<void(const std::string& device, const std::string& metric, double value)> reading =
      [](const std::string&, const std::string&, double) {};
  /// For people: something is wrong with what it says.
  std::function<void(const std::string& device, const std::string& text)> trouble = [](const std::string&,
                                                                                       const std::string&) {};
};

/// The boards on the serial ports: finds them, holds their ports, listens to them, and flashes them. A board is known
/// by its USB serial number, whatever its port; one that has none by its port. Loop thread only: what blocks is done on
/// a worker for each board.
///
/// Whenever a port is opened the board starts its application anew, where its type says how that is done, so that a
/// hello follows.
class Devices {
 public:
  struct Options {
    std::chrono::milliseconds scan_interval{2000};
    /// Where hotplug works. It may have lost an event.
    std::chrono::milliseconds rare_scan_interval{30'000};
    /// A board with native USB has so long to come back after a flash or a reset.
    std::chrono::milliseconds return_patience{5000};
    /// Null: boards are found by scanning alone. Outlives the object.
    Hotplug* hotplug = nullptr;
    /// Of each board.
    Speech::Limits limits;
  };
  /// `catalogue` outlives the object.
  Devices(Loop& loop, SerialSystem& system, const BoardCatalogue& catalogue, DeviceEvents events, Options options);
  ~Devices();

  /// Looks for boards now, and from then on whenever one comes or goes. `done` is called when the first look is over.
  void Start(std::function<void()> done);

  const BoardCatalogue& catalogue() const { return catalogue_; }
  std::vector<v1::Board> Boards() const;
  /// All that were seen since the start or are assigned, also those that are unplugged.
  std::vector<v1::ReportedDevice> Report() const;

  /// Whose a board is; for the report.
  struct Assignment {
    std::string board;
    /// "application/component".
    std::string owner;
    /// Of what was verified in it last; empty where that is not known.
    std::string image_digest;
    bool operator==(const Assignment&) const = default;
  };
  void Assign(const std::string& device, Assignment assignment);
  void Unassign(const std::string& device);

  /// The device that a model means. Errors: kNotFound (no such board is plugged in; says which are), kConflict (several
  /// of the type; says their serial numbers).
  Result<std::string> Find(const v1::McuHost& host) const;
  /// The same, once it is plugged in. Errors: as Find, after `patience` in vain.
  void WaitForBoard(const v1::McuHost& host, std::chrono::milliseconds patience,
                    std::function<void(Result<std::string>)> done);
  std::string PortOf(const std::string& device) const;

  /// What the application said that runs since the board's last reset, if it has spoken.
  std::optional<Hello> HelloOf(const std::string& device) const;
  /// Waits for the hello of the application that runs since the board's last reset; it may have been said already. A
  /// board that vanishes after a flash or a reset and comes back is waited for too.
  /// Errors: kTimeout (nothing, or something else: the message says what), kUnavailable (unplugged, or its port is in
  /// use).
  void WaitForHello(const std::string& device, std::chrono::milliseconds patience,
                    std::function<void(Result<Hello>)> done);
  /// Counts the starts of its application that nobody asked for from `duration` ago to `duration` from now, after the
  /// last start that somebody did ask for: a board that crashes at once may have done so before this call.
  /// Errors: kUnavailable (unplugged at the end of it).
  void CountStarts(const std::string& device, std::chrono::milliseconds duration,
                   std::function<void(Result<std::uint32_t>)> done);
  /// Starts of its application that nobody asked for, since it was plugged in.
  std::uint32_t RestartsOf(const std::string& device) const;
  /// Whether it starts again and again by itself.
  bool InCrashLoop(const std::string& device) const;

  /// Has the board start anew, so that it says hello if it can. Does nothing while the port is not open or a flash is
  /// under way.
  void Restart(const std::string& device);

  /// What FlashJob is, with its own copies.
  struct FlashOrder {
    Image image;
    std::string file;
    std::optional<Image> known;
  };
  /// Flashes and listens again. Errors: those of Flasher::Flash and of opening the port, kConflict (a flash is under
  /// way).
  void Flash(const std::string& device, const BoardType& board, FlashOrder order,
             std::function<void(Result<FlashReport>)> done);
  /// Has the board keep the application that runs (Flasher::Keep). Errors: those of Flasher::Keep, kUnavailable,
  /// kConflict.
  void Keep(const std::string& device, const BoardType& board, Image image, std::function<void(Result<void>)> done);

 private:
  struct Device;
  struct HelloWaiter;
  struct BoardWaiter {
    v1::McuHost host;
    std::function<void(Result<std::string>)> done;
    Handle timeout;
  };
  struct FlashOutcome;
  using PortResult = Result<std::unique_ptr<SerialPort>>;
  using Ports = std::map<std::string, const PortInfo*>;

  // devices.cc: what comes and goes.
  void Scan(std::function<void()> done);
  void ScanSoon();
  std::chrono::milliseconds ScanPause() const;
  void Scanned(const Result<std::vector<PortInfo>>& found);
  bool Gone(const Ports& there);
  bool Came(const Ports& there);
  void Plug(const std::string& id, const PortInfo& info);
  void Unplug(Device& device);
  void Vanished(Device& device);
  bool Returns(const Device& device) const;
  void SettleBoardWaiters();

  // listening.cc: what boards say.
  void Open(Device& device);
  void Opened(const std::string& id, PortResult port);
  void Listen(Device& device);
  void Read(Device& device);
  void SaidHello(Device& device, const Hello& hello);
  void TellCounts(Device& device);
  void Settle(Device& device);
  void StartsAnew(Device& device);

  // flashing.cc
  Result<Device*> Idle(const std::string& id);
  std::unique_ptr<SerialPort> TakePort(Device& device);
  FlashOutcome FlashNow(std::unique_ptr<SerialPort> port, const std::string& name, const BoardType& board,
                        const FlashOrder& order);
  void Flashed(const std::string& id, FlashOutcome outcome, const std::function<void(Result<FlashReport>)>& done);

  Loop& loop_;
  SerialSystem& system_;
  const BoardCatalogue& catalogue_;
  const DeviceEvents events_;
  const Options options_;
  std::map<std::string, std::unique_ptr<Device>> devices_;
  std::map<std::string, Assignment> assignments_;
  std::map<int, BoardWaiter> board_waiters_;
  int next_board_waiter_ = 0;
  bool scanning_ = false;
  /// A scan is due in a moment.
  bool scan_soon_ = false;
  bool scan_failed_ = false;
  Handle hotplug_watch_;
  Handle scan_timer_;
  Worker scanner_;
};

}  // namespace motley::agent
