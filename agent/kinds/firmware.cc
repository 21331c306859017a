#include "agent/kinds/firmware.h"

#include <fmt/format.h>

#include "agent/flash/catalogue.h"
#include "agent/flash/embedded_version.h"
#include "agent/flash/image.h"
#include "common/files/files.h"

namespace motley::agent {
namespace {

using std::chrono::milliseconds;

constexpr std::uint64_t kMaxImageBytes = 64 * 1024 * 1024;
constexpr std::uint32_t kDefaultHelloMs = 5000;
constexpr std::uint32_t kDefaultProbationMs = 2000;
/// Applying and confirming may take 15 minutes each, in which a large image must be written too.
constexpr milliseconds kMaxWait{10 * 60'000};

milliseconds HelloPatience(const Instance& instance) {
  const std::uint32_t given = instance.component.firmware().hello_ms();
  return milliseconds(given == 0 ? kDefaultHelloMs : given);
}

milliseconds ProbationOf(const Instance& instance) {
  const v1::FirmwareSpec& firmware = instance.component.firmware();
  return milliseconds(firmware.has_probation_ms() ? firmware.probation_ms() : kDefaultProbationMs);
}

milliseconds AbsentPatience(const Instance& instance) {
  return milliseconds(instance.component.firmware().absent_ms());
}

Result<Image> LoadImage(const FlashedImage& image, const ArtifactPath& artifact) {
  TRY_ASSIGN(const std::string content, ReadFile(artifact(image.digest()), kMaxImageBytes));
  return ParseImage(image.name(), content, image.address());
}

Result<void> CheckWaits(const Instance& instance, const BoardType& board) {
  const milliseconds wait = AbsentPatience(instance);
  const milliseconds confirm = board.start_time + HelloPatience(instance) + ProbationOf(instance);
  if (wait + confirm <= kMaxWait) return {};
  return Error{Code::kInvalid,
               fmt::format("absent_ms, hello_ms and probation_ms are {} s together, and a deployment waits for {} s at "
                           "most; make them shorter",
                           std::chrono::ceil<std::chrono::seconds>(wait + confirm).count(),
                           std::chrono::duration_cast<std::chrono::seconds>(kMaxWait).count())};
}

/// Whether a hello is the one that was hoped for after a flash.
Result<void> CheckHello(const std::string& device, const v1::FirmwareSpec& firmware, const Hello& hello) {
  if (hello.version != firmware.version()) {
    return Error{Code::kCorrupt, fmt::format("board {} says that it runs version {}, and {} was flashed", device,
                                             hello.version, firmware.version())};
  }
  if (!firmware.self_test() || hello.self_test == "ok") return {};
  if (hello.self_test.empty()) {
    return Error{Code::kCorrupt, fmt::format("board {} says nothing of its self-test in its hello, and selftest=ok is "
                                             "asked for; have it say that, or leave out self_test",
                                             device)};
  }
  return Error{Code::kCorrupt,
               fmt::format("the self-test of board {} failed: it says selftest={} where ok is asked for", device,
                           hello.self_test)};
}

}  // namespace

FirmwareKind::FirmwareKind(Loop& loop, Devices& devices, const std::string& state_folder, ArtifactPath artifact)
    : loop_(loop),
      devices_(devices),
      records_(state_folder + "/devices"),
      artifact_(std::move(artifact)),
      worker_(loop, "firmware") {
  for (const FirmwareRecord& record : records_.All()) Tell(record);
}

/// For the report.
void FirmwareKind::Tell(const FirmwareRecord& record) {
  // Records of earlier agents do not say which device they are of.
  if (record.device().empty()) return;
  devices_.Assign(record.device(), {record.board(), record.owner(), record.verified().digest()});
}

Result<const BoardType*> FirmwareKind::BoardOf(const Instance& instance) const {
  const std::string& name = instance.host.mcu().board();
  if (const BoardType* board = devices_.catalogue().Find(name)) return board;
  return Error{Code::kInvalid, "no type of board \"" + name + "\" is known; known are " + devices_.catalogue().Names()};
}

Result<void> FirmwareKind::Check(const Instance& instance) {
  TRY_ASSIGN(const BoardType* board, BoardOf(instance));
  TRY(CheckWaits(instance, *board));
  TRY_ASSIGN(const Image image, LoadImage(WantedImage(instance, *board), artifact_));
  const std::string& name = instance.component.firmware().image().name();
  TRY(CheckFits(image, *board).While(name));
  TRY(CheckVersion(image, instance.component.firmware().version()).While(name));
  return CreateFlasher(board->protocol)->Check(image, *board).While(name);
}

void FirmwareKind::Observe(const Instance& instance, std::function<void(Observed)> done) {
  auto device = devices_.Find(instance.host.mcu());
  std::optional<Observed> seen;
  if (!device) {
    seen = Observed{.match = Observed::Match::kUnknown,
                    .state = v1::ReportedComponent::STATE_UNKNOWN,
                    .detail = device.error().message};
  } else {
    seen = SeenByRecord(records_.Load(*device), instance);
  }
  if (seen) {
    loop_.Post([seen = *seen, done] { done(seen); });
    return;
  }
  AskBoard(*device, instance,
           [this, id = *device, instance, done](const Result<Hello>& hello) { done(Judge(id, instance, hello)); });
}

Observed FirmwareKind::Judge(const std::string& device, const Instance& instance, const Result<Hello>& hello) const {
  Observed seen{.match = Observed::Match::kMatches,
                .state = v1::ReportedComponent::STATE_RUNNING,
                .restarts = devices_.RestartsOf(device)};
  const std::string place = "on board " + device + " at " + devices_.PortOf(device);
  if (!hello) {
    const bool gone = hello.error().code == Code::kUnavailable;
    seen.match = gone ? Observed::Match::kUnknown : Observed::Match::kDiffers;
    seen.state = v1::ReportedComponent::STATE_UNKNOWN;
    seen.detail = hello.error().message;
  } else if (hello->version != instance.component.firmware().version()) {
    seen.match = Observed::Match::kDiffers;
    seen.state = v1::ReportedComponent::STATE_MISSING;
    seen.detail = fmt::format("version {} runs {}", hello->version, place);
  } else if (devices_.InCrashLoop(device)) {
    seen.state = v1::ReportedComponent::STATE_UNHEALTHY;
    seen.detail = fmt::format("{} {} {} crashes: it has started {} times by itself", hello->firmware, hello->version,
                              place, seen.restarts);
  } else {
    seen.detail = fmt::format("{} {} {}", hello->firmware, hello->version, place);
  }
  return seen;
}

void FirmwareKind::AskBoard(const std::string& device, const Instance& instance,
                            std::function<void(Result<Hello>)> done) {
  const milliseconds patience = HelloPatience(instance);
  devices_.WaitForHello(device, patience, [this, device, patience, done = std::move(done)](const Result<Hello>& hello) {
    if (hello || hello.error().code != Code::kTimeout) return done(hello);
    // A hung application is helped by a reset, which costs less than another flash.
    devices_.Restart(device);
    devices_.WaitForHello(device, patience, done);
  });
}

void FirmwareKind::Apply(const Instance& instance, Done done) {
  const auto board = BoardOf(instance);
  if (!board) return loop_.Post([error = board.error(), done] { done(error); });
  devices_.WaitForBoard(instance.host.mcu(), AbsentPatience(instance),
                        [this, board = *board, instance, done](const Result<std::string>& device) {
                          device ? Flash(*device, *board, instance, done) : done(device.error());
                        });
}

void FirmwareKind::Flash(const std::string& device, const BoardType& board, const Instance& instance, Done done) {
  const std::optional<Hello> hello = devices_.HelloOf(device);
  auto prepare = [records = records_, artifact = artifact_, device, &board, instance,
                  says = hello ? hello->version : ""]() -> Result<Devices::FlashOrder> {
    const FlashedImage wanted = WantedImage(instance, board);
    Devices::FlashOrder order;
    TRY_ASSIGN(order.image, LoadImage(wanted, artifact));
    order.file = artifact(wanted.digest());
    // Where it is not in the store any more, the flash compares.
    if (const auto known = KnownContent(records.Load(device), says)) {
      if (auto image = LoadImage(*known, artifact)) order.known = *std::move(image);
    }
    TRY(records.MarkWriting(device, board, instance));
    return order;
  };
  // The first byte is sent when the record is on the disk, not before.
  worker_.Run(prepare, [this, device, &board, instance, done](Result<Devices::FlashOrder> order) {
    if (!order) return done(std::move(order).error());
    devices_.Assign(device, {board.name, instance.Key(), ""});
    devices_.Flash(
        device, board, *std::move(order), [this, device, &board, instance, done](Result<FlashReport> flashed) {
          if (!flashed) return done(std::move(flashed).While("flash board " + device).error());
          const FlashedImage image = WantedImage(instance, board);
          devices_.Assign(device, {board.name, instance.Key(), image.digest()});
          worker_.Run([records = records_, device, image] { return records.MarkVerified(device, image); }, done);
        });
  });
}

void FirmwareKind::Confirm(const Instance& instance, Done done) {
  ConfirmUntil(instance, loop_.Now() + AbsentPatience(instance), std::move(done));
}

/// A board that is pulled meanwhile starts over when it is plugged in again, until `absent_until`.
void FirmwareKind::ConfirmUntil(const Instance& instance, std::chrono::steady_clock::time_point absent_until,
                                Done done) {
  const auto left = std::chrono::ceil<milliseconds>(absent_until - loop_.Now());
  const Done again = [this, instance, absent_until, done](const Result<void>& result) {
    const bool pulled = !result && result.error().code == Code::kUnavailable && !devices_.Find(instance.host.mcu());
    if (!pulled || loop_.Now() >= absent_until) return done(result);
    ConfirmUntil(instance, absent_until, done);
  };
  const auto board = BoardOf(instance);
  if (!board) return loop_.Post([error = board.error(), done] { done(error); });
  const milliseconds patience = (*board)->start_time + HelloPatience(instance);
  devices_.WaitForBoard(instance.host.mcu(), left, [=, this](const Result<std::string>& device) {
    if (!device) return done(device.error());
    devices_.WaitForHello(*device, patience, [this, id = *device, instance, again](const Result<Hello>& hello) {
      if (!hello) return again(hello.error());
      auto right = CheckHello(id, instance.component.firmware(), *hello);
      right ? Probation(id, instance, again) : again(right);
    });
  });
}

void FirmwareKind::Probation(const std::string& device, const Instance& instance, Done done) {
  const milliseconds probation = ProbationOf(instance);
  devices_.CountStarts(device, probation,
                       [this, device, instance, probation, done](const Result<std::uint32_t>& starts) {
                         if (!starts) return done(starts.error());
                         if (*starts == 0) return Keep(device, instance, done);
                         done(Error{Code::kCorrupt, fmt::format("board {} crashes: it started {} times within {} ms",
                                                                device, *starts + 1, probation.count())});
                       });
}

void FirmwareKind::Keep(const std::string& device, const Instance& instance, Done done) {
  const auto board = BoardOf(instance);
  if (!board) return done(board.error());
  const auto load = [artifact = artifact_, image = WantedImage(instance, **board)] {
    return LoadImage(image, artifact);
  };
  worker_.Run(load, [this, device, board = *board, done](Result<Image> image) {
    if (!image) return done(image.error());
    devices_.Keep(device, *board, *std::move(image), [this, device, done](const Result<void>& kept) {
      if (!kept) return done(kept.error().While("have board " + device + " keep its image"));
      worker_.Run([records = records_, device] { return records.MarkGood(device); }, done);
    });
  });
}

void FirmwareKind::Remove(const Instance& instance, Done done) {
  worker_.Run([records = records_, key = instance.Key()] { return records.DeleteOf(key); },
              [this, done = std::move(done)](const Result<std::vector<std::string>>& devices) {
                if (!devices) return done(devices.error());
                for (const std::string& device : *devices) devices_.Unassign(device);
                done({});
              });
}

}  // namespace motley::agent
