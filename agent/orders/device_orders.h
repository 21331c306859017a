#pragma once

#include <chrono>
#include <deque>
#include <functional>
#include <memory>
#include <set>
#include <string>

#include "agent/artifact/fetcher.h"
#include "agent/artifact/store.h"
#include "agent/devices/devices.h"
#include "common/http/client.h"
#include "common/loop/loop.h"
#include "common/loop/worker.h"
#include "motley/v1/desired.pb.h"

namespace motley::agent {

/// What people order of single devices: to start anew, and to be flashed by hand where no deployed component has the
/// device. Loop thread only.
class DeviceOrders {
 public:
  /// What was done, for people.
  using Done = std::function<void(Result<std::string>)>;
  struct Options {
    /// For the image to come.
    std::chrono::milliseconds fetch_patience{5 * 60'000};
    /// For the hello after a flash or a reset.
    std::chrono::milliseconds hello_patience{10'000};
  };

  /// Images are in `images` while they are needed; nothing else is there. `devices` outlives the object.
  DeviceOrders(Loop& loop, Devices& devices, std::unique_ptr<ArtifactStore> images, std::unique_ptr<Fetcher> fetcher,
               Options options);
  /// With a store in `folder`, and a fetcher that gets from the controller.
  static Result<std::unique_ptr<DeviceOrders>> Create(Loop& loop, Devices& devices, const std::string& folder,
                                                      HttpClientOptions http);

  /// Waits for the hello that follows, and says if none came.
  /// Errors: kNotFound (says which devices there are), kUnavailable (unplugged, or its port is in use), kConflict (it
  /// is being flashed).
  void Reset(const std::string& device, Done done);

  /// Fetches and checks the image, and flashes it. Where `order` has a version, the device must say it in its hello,
  /// and then keeps the image (Flasher::Keep). Errors: as Reset, kConflict also where a component has the device; those
  /// of Fetcher (kTimeout: it did not come in time), of reading and checking images, of Devices::Flash, WaitForHello
  /// and Keep; kCorrupt (another version runs, or its self-test failed).
  void Flash(const v1::FlashDevice& order, Done done);

 private:
  struct Job;
  using JobPtr = std::shared_ptr<Job>;
  /// What is known of a device that may be worked on.
  Result<v1::ReportedDevice> Ready(const std::string& device) const;
  Result<const BoardType*> FreeBoard(const std::string& device) const;
  void FetchNext();
  void Fetched(const JobPtr& job, const Result<void>& result);
  void Write(const JobPtr& job, Result<Image> image);
  void Confirm(const JobPtr& job);
  void Keep(const JobPtr& job);
  void End(const JobPtr& job, Result<std::string> result);

  Loop& loop_;
  Devices& devices_;
  const std::unique_ptr<ArtifactStore> images_;
  const std::unique_ptr<Fetcher> fetcher_;
  const Options options_;
  /// Devices that an order is under way for.
  std::set<std::string> busy_;
  /// Images to fetch, one after another. The first is under way.
  std::deque<JobPtr> fetches_;
  Worker worker_;
};

}  // namespace motley::agent
