#include <libudev.h>
#include <unistd.h>

#include <cstring>

#include "agent/devices/hotplug.h"

namespace motley::agent {
namespace {

struct Unref {
  void operator()(udev* object) const { udev_unref(object); }
  void operator()(udev_monitor* object) const { udev_monitor_unref(object); }
  void operator()(udev_device* object) const { udev_device_unref(object); }
};
using Context = std::unique_ptr<udev, Unref>;
using Monitor = std::unique_ptr<udev_monitor, Unref>;

class UdevHotplug final : public Hotplug {
 public:
  UdevHotplug(Context context, Monitor monitor, std::string control)
      : context_(std::move(context)), monitor_(std::move(monitor)), control_(std::move(control)) {}

  int fd() const override { return udev_monitor_get_fd(monitor_.get()); }

  bool Take() override {
    bool any = false;
    // The kernel may have dropped events when too many came: then there is an error and no device, and the next scan
    // finds what they were.
    while (std::unique_ptr<udev_device, Unref> device{udev_monitor_receive_device(monitor_.get())}) any = true;
    return any;
  }

  bool Works() const override { return ::access(control_.c_str(), F_OK) == 0; }

 private:
  const Context context_;
  const Monitor monitor_;
  const std::string control_;
};

}  // namespace

Result<std::unique_ptr<Hotplug>> CreateUdevHotplug(const std::string& control) {
  Context context(udev_new());
  // "udev" and not "kernel": when its rules have been applied, so that names and permissions are right.
  Monitor monitor(context ? udev_monitor_new_from_netlink(context.get(), "udev") : nullptr);
  if (!monitor || udev_monitor_filter_add_match_subsystem_devtype(monitor.get(), "tty", nullptr) < 0 ||
      udev_monitor_enable_receiving(monitor.get()) < 0) {
    return Error{Code::kUnavailable, std::string("udev's events can not be heard (") + std::strerror(errno) +
                                         "): boards are looked for every few seconds instead"};
  }
  return std::unique_ptr<Hotplug>(std::make_unique<UdevHotplug>(std::move(context), std::move(monitor), control));
}

}  // namespace motley::agent
