#include "agent/orders/device_orders.h"

#include <fmt/format.h>

#include "agent/flash/embedded_version.h"
#include "common/files/files.h"

namespace motley::agent {
namespace {

using std::chrono::milliseconds;

constexpr std::uint64_t kMaxImageBytes = 64 * 1024 * 1024;

/// Blocks; on a worker.
Result<Image> LoadImage(const std::string& path, const v1::FlashDevice& order, const BoardType& board) {
  const std::string& name = order.image().name();
  TRY_ASSIGN(const std::string content, ReadFile(path, kMaxImageBytes));
  TRY_ASSIGN(Image image, ParseImage(name, content, board.application_begin).While(name));
  TRY(CheckFits(image, board).While(name));
  TRY(CreateFlasher(board.protocol)->Check(image, board).While(name));
  const auto embedded = FindVersion(image);
  if (embedded && !order.version().empty() && embedded->version != order.version()) {
    return Error{Code::kInvalid,
                 fmt::format("{} says that it is {} {}, and version {} is asked for; give the image of "
                             "that version, or version {}",
                             name, embedded->firmware, embedded->version, order.version(), embedded->version)};
  }
  return image;
}

Result<void> CheckHello(const std::string& device, const std::string& version, const Hello& hello) {
  if (hello.version != version) {
    return Error{Code::kCorrupt, fmt::format("device {} says that it runs {} {}, and version {} was flashed", device,
                                             hello.firmware, hello.version, version)};
  }
  if (hello.self_test.empty() || hello.self_test == "ok") return {};
  return Error{Code::kCorrupt, fmt::format("the self-test of {} {} on device {} failed: it says selftest={}",
                                           hello.firmware, hello.version, device, hello.self_test)};
}

}  // namespace

struct DeviceOrders::Job {
  v1::FlashDevice order;
  Done done;
  /// Why the image has not come yet.
  std::string waiting;
  Handle fetch_timeout;
  const BoardType* board = nullptr;
  Image image;
  /// Of what was done.
  std::string text;
};

DeviceOrders::DeviceOrders(Loop& loop, Devices& devices, std::unique_ptr<ArtifactStore> images,
                           std::unique_ptr<Fetcher> fetcher, Options options)
    : loop_(loop),
      devices_(devices),
      images_(std::move(images)),
      fetcher_(std::move(fetcher)),
      options_(options),
      worker_(loop, "orders") {
  // What a killed agent left.
  images_->KeepOnly({});
}

Result<std::unique_ptr<DeviceOrders>> DeviceOrders::Create(Loop& loop, Devices& devices, const std::string& folder,
                                                           HttpClientOptions http) {
  TRY_ASSIGN(ArtifactStore opened, ArtifactStore::Open(folder));
  auto images = std::make_unique<ArtifactStore>(std::move(opened));
  auto fetcher = std::make_unique<HttpFetcher>(loop, *images, std::move(http));
  return std::make_unique<DeviceOrders>(loop, devices, std::move(images), std::move(fetcher), Options());
}

Result<v1::ReportedDevice> DeviceOrders::Ready(const std::string& device) const {
  std::string there;
  for (v1::ReportedDevice& known : devices_.Report()) {
    if (known.id() != device) {
      there += fmt::format("{}{} {}", there.empty() ? "" : ", ", known.board(), known.id());
    } else if (!known.present()) {
      return Error{Code::kUnavailable, "device " + device + " is not plugged in; plug it in and try again"};
    } else if (known.state() == v1::ReportedDevice::STATE_FLASHING || busy_.contains(device)) {
      return Error{Code::kConflict, "device " + device + " is being flashed; wait until that has ended"};
    } else {
      return std::move(known);
    }
  }
  return Error{Code::kNotFound,
               fmt::format("there is no device \"{}\"; there is {}", device, there.empty() ? "none" : there)};
}

void DeviceOrders::Reset(const std::string& device, Done done) {
  const auto ready = Ready(device);
  if (!ready) return done(ready.error());
  if (ready->state() == v1::ReportedDevice::STATE_BLOCKED) return done(Error{Code::kUnavailable, ready->detail()});
  busy_.insert(device);
  devices_.Restart(device);
  devices_.WaitForHello(device, options_.hello_patience, [this, device, done](const Result<Hello>& hello) {
    busy_.erase(device);
    if (hello) return done(fmt::format("reset; it says {} {}", hello->firmware, hello->version));
    if (hello.error().code != Code::kTimeout) return done(hello.error());
    // Not every firmware says hello.
    done("reset; " + hello.error().message);
  });
}

Result<const BoardType*> DeviceOrders::FreeBoard(const std::string& device) const {
  for (const v1::ReportedDevice& known : devices_.Report()) {
    if (known.id() != device) continue;
    if (!known.owner().empty()) {
      return Error{Code::kConflict,
                   fmt::format("device {} belongs to component {}, which would put its own image back; "
                               "flash it by a release of that application",
                               device, known.owner())};
    }
    if (const BoardType* board = devices_.catalogue().Find(known.board())) return board;
  }
  return Error{Code::kUnavailable, "device " + device + " is not there any more"};
}

void DeviceOrders::Flash(const v1::FlashDevice& order, Done done) {
  if (auto ready = Ready(order.device()); !ready) return done(ready.error());
  auto board = FreeBoard(order.device());
  if (!board) return done(board.error());
  auto job = std::make_shared<Job>();
  job->order = order;
  job->done = std::move(done);
  job->board = *board;
  busy_.insert(order.device());
  fetches_.push_back(job);
  job->fetch_timeout = loop_.After(options_.fetch_patience, [this, weak = std::weak_ptr<Job>(job)] {
    const JobPtr late = weak.lock();
    Fetched(late, Error{Code::kTimeout,
                        fmt::format("image {} did not come within {} s{}{}", late->order.image().name(),
                                    std::chrono::duration_cast<std::chrono::seconds>(options_.fetch_patience).count(),
                                    late->waiting.empty() ? "" : ": ", late->waiting)});
  });
  if (fetches_.size() == 1) FetchNext();
}

void DeviceOrders::FetchNext() {
  // Without images this only ends what is under way.
  if (fetches_.empty())
    return fetcher_->Fetch(
        {}, [](const std::string&) {}, [](const Result<void>&) {});
  const JobPtr job = fetches_.front();
  fetcher_->Fetch(
      {job->order.image()}, [job](const std::string& why) { job->waiting = why; },
      [this, job](const Result<void>& result) { Fetched(job, result); });
}

void DeviceOrders::Fetched(const JobPtr& job, const Result<void>& result) {
  job->fetch_timeout.Reset();
  const bool was_first = fetches_.front() == job;
  std::erase(fetches_, job);
  if (was_first) FetchNext();
  if (!result) return End(job, result.error());
  worker_.Run([path = images_->PathOf(job->order.image().digest()), order = job->order,
               board = job->board] { return LoadImage(path, order, *board); },
              [this, job](Result<Image> image) { Write(job, std::move(image)); });
}

void DeviceOrders::Write(const JobPtr& job, Result<Image> image) {
  if (!image) return End(job, image.error());
  const std::string& device = job->order.device();
  // A deployment may have taken it meanwhile.
  if (auto board = FreeBoard(device); !board) return End(job, board.error());
  job->image = *std::move(image);
  Devices::FlashOrder flash;
  flash.image = job->image;
  flash.file = images_->PathOf(job->order.image().digest());
  devices_.Flash(device, *job->board, std::move(flash), [this, job, began = loop_.Now()](Result<FlashReport> flashed) {
    if (!flashed) return End(job, std::move(flashed).While("flash device " + job->order.device()).error());
    const std::chrono::duration<double> time = loop_.Now() - began;
    job->text = fmt::format("flashed {} bytes in {:.1f} s", flashed->written_bytes, time.count());
    if (flashed->skipped_bytes > 0) job->text += fmt::format(", {} were there already", flashed->skipped_bytes);
    job->order.version().empty() ? End(job, job->text) : Confirm(job);
  });
}

void DeviceOrders::Confirm(const JobPtr& job) {
  devices_.WaitForHello(job->order.device(), options_.hello_patience, [this, job](const Result<Hello>& hello) {
    if (!hello) return End(job, Error{hello.error().code, job->text + ", but " + hello.error().message});
    if (auto right = CheckHello(job->order.device(), job->order.version(), *hello); !right) {
      return End(job, right.error());
    }
    job->text += fmt::format("; it says {} {}", hello->firmware, hello->version);
    Keep(job);
  });
}

void DeviceOrders::Keep(const JobPtr& job) {
  devices_.Keep(job->order.device(), *job->board, job->image, [this, job](const Result<void>& kept) {
    if (!kept) return End(job, kept.error().While("have device " + job->order.device() + " keep its image"));
    End(job, job->text);
  });
}

void DeviceOrders::End(const JobPtr& job, Result<std::string> result) {
  busy_.erase(job->order.device());
  if (busy_.empty()) images_->KeepOnly({});
  job->done(std::move(result));
}

}  // namespace motley::agent
