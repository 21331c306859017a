#pragma once

#include <cstdint>
#include <deque>
#include <optional>
#include <string>
#include <string_view>

#include "tools/smpsim/image_server.h"
#include "tools/smpsim/smp_frame.h"

namespace motley::smpsim {

/// What an application of Zephyr with MCUmgr answers on its serial port. It serves one request after another; further
/// ones wait in its buffers, of which one is for the answer. What finds no buffer is lost. One thread; as a Rom, it has
/// no clock of its own.
/// Source: Zephyr Project, "SMP Protocol Specification", "SMP Transport Specification", "Default / OS Management
/// Group".
class SmpServer {
 public:
  explicit SmpServer(Flash& flash) : flash_(flash), images_(flash) {}

  static constexpr char kCommands[] =
      "buffers SIZE COUNT|unknown, protocol 1|2, overrun on|off, refuse GROUP CODE|off, check on|off";

  void Start();
  void Receive(std::uint8_t byte, Micros now);
  void Advance(Micros now);
  /// Other than those of flash.
  std::optional<Micros> NextEvent() const { return reset_at_; }
  bool WantsReset(Micros now) const { return reset_at_ && now >= *reset_at_; }
  std::string TakeOutput();

  ImageServer& images() { return images_; }
  const ImageServer& images() const { return images_; }
  /// Carries out one of the commands: "ok" or "error <why>"; nothing when it is none of them.
  std::optional<std::string> Execute(std::string_view command);
  std::string Statistics() const;

 private:
  void TakeLine(Micros now);
  void Serve(Micros now);
  std::optional<SmpRefusal> Begin(const SmpPacket& request, Micros now);
  void Answer(const SmpPacket& request, std::optional<SmpRefusal> refusal);
  std::string SetBuffers(std::string_view argument);
  std::string SetRefusal(std::string_view argument);

  Flash& flash_;
  ImageServer images_;
  std::string line_;
  FrameReader reader_;
  std::deque<SmpPacket> waiting_;
  std::optional<SmpPacket> served_;
  std::string output_;
  std::optional<Micros> reset_at_;

  // Zephyr's defaults for CONFIG_MCUMGR_TRANSPORT_NETBUF_SIZE and _COUNT.
  std::size_t buffer_bytes_ = 384;
  std::size_t buffers_ = 4;
  bool says_buffers_ = true;
  std::uint8_t protocol_ = 2;
  bool overruns_ = false;
  std::uint64_t requests_ = 0;
  std::uint64_t lost_requests_ = 0;
  std::uint64_t lost_bytes_ = 0;
};

}  // namespace motley::smpsim
