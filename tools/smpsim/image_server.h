#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "tools/smpsim/cbor.h"
#include "tools/smpsim/flash.h"
#include "tools/smpsim/slots.h"

namespace motley::smpsim {

/// Why a request is refused.
struct SmpRefusal {
  std::uint16_t group;  ///< whose code it is; 0: one of MCUmgr's own
  std::uint16_t code;
};

/// MCUmgr's image group, as Zephyr serves it on an nRF52840: an upload erases sector by sector as it goes, and goes on
/// where it was cut off for as long as the application runs. Each request begins its work in flash, and is answered
/// when that is done. Source: Zephyr Project, "Application/software image management group".
class ImageServer {
 public:
  enum Command : std::uint8_t { kState = 0, kUpload = 1, kErase = 5 };

  explicit ImageServer(Flash& flash) : flash_(flash) {}

  /// The application starts: no upload is going on.
  void Start() { upload_.reset(); }
  using Request = std::map<std::string, CborValue>;
  /// Nothing: begun.
  std::optional<SmpRefusal> Begin(std::uint8_t command, bool write, const Request& request, Micros now);
  /// Writes the answer's entries to `answer`, when flash is not busy.
  void Finish(std::uint8_t command, CborWriter& answer);

  /// Whether an upload's checksum is compared at its end.
  void SetChecks(bool checks) { checks_ = checks; }
  /// Nothing: as it should be. Otherwise what each upload is refused with.
  void SetRefusal(std::optional<SmpRefusal> refusal) { refusal_ = refusal; }
  std::uint64_t uploads() const { return uploads_; }
  std::uint64_t resumes() const { return resumes_; }
  /// "slot0=1.0.0,active,confirmed slot1=1.1.0,pending": what it would answer.
  std::string StateText() const;

 private:
  struct Upload {
    std::uint32_t size;
    Bytes sha;
    std::uint32_t offset;
    std::uint32_t erased_to;  ///< sectors before are
  };
  struct Flags {
    bool active, confirmed, pending, permanent;
  };

  Flags FlagsOf(int slot) const;
  std::optional<SmpRefusal> BeginState(const Request& request, Micros now);
  std::optional<SmpRefusal> BeginUpload(const Request& request, Micros now);
  std::optional<SmpRefusal> BeginErase(Micros now);
  std::optional<SmpRefusal> OpenUpload(const Request& request, std::uint32_t size, std::span<const std::uint8_t> data);
  void EraseUpTo(std::uint32_t end, Micros now);
  void SetPending(bool permanent, Micros now);
  void WriteFlag(int slot, std::uint32_t offset, Micros now);

  Flash& flash_;
  bool checks_ = true;
  std::optional<SmpRefusal> refusal_;
  std::optional<Upload> upload_;
  std::uint32_t answer_offset_ = 0;
  std::optional<Upload> finished_;
  std::uint64_t uploads_ = 0;
  std::uint64_t resumes_ = 0;
};

}  // namespace motley::smpsim
