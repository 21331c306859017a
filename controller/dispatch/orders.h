#pragma once

#include <deque>
#include <functional>
#include <string>
#include <string_view>

#include "common/loop/loop.h"
#include "motley/v1/api.pb.h"
#include "motley/v1/desired.pb.h"
#include "motley/v1/reported.pb.h"

namespace motley::controller {

/// What gateways were told to do with devices, and how it ended. A flash may take minutes, so that nobody waits for it
/// here: whoever gave an order asks for it again. Loop thread only.
class Orders {
 public:
  /// Sends a command to a gateway and gives its id.
  using SendCommand = std::function<Result<std::string>(const std::string& gateway, v1::Command command)>;
  Orders(Loop& loop, SendCommand send) : loop_(loop), send_(std::move(send)) {}

  /// Errors: those of sending a command.
  Result<v1::DeviceOrder> Reset(const std::string& gateway, const std::string& device);
  /// `request.image` is whole. Errors: as Reset.
  Result<v1::DeviceOrder> Flash(const std::string& gateway, const std::string& device,
                                const v1::FlashDeviceRequest& request);
  /// Errors: kNotFound (no such order, or it is too long ago).
  Result<v1::DeviceOrder> Find(const std::string& gateway, const std::string& id) const;

  /// Whether it is the answer to an order. It may come when the order counts as failed since its gateway was gone.
  bool OnReply(const v1::LogReply& reply);
  /// Nothing comes from this gateway for now: its orders failed for `why` ("has gone offline") as far as is known.
  void OnGone(const std::string& gateway, std::string_view why);

 private:
  struct Entry {
    v1::DeviceOrder order;
    bool answered = false;
    Handle deadline;
    Handle end;
  };
  Result<v1::DeviceOrder> Give(const std::string& gateway, const std::string& device, v1::Command command);
  Entry* FindEntry(std::string_view id);
  void Forget(std::string id);

  Loop& loop_;
  const SendCommand send_;
  /// The oldest first.
  std::deque<Entry> entries_;
};

}  // namespace motley::controller
