#include "tools/boards/usb_tree.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sched.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <fstream>
#include <system_error>

namespace motley::boards {
namespace {

namespace fs = std::filesystem;

constexpr char kClassFolder[] = "/sys/class/tty";

Error Failed(const std::string& what) {
  const int number = errno;
  return Error{number == EPERM || number == EACCES ? Code::kDenied : Code::kUnavailable,
               fmt::format("virtual boards: {}: {}{}", what, std::strerror(number),
                           number == EPERM ? "; run it as root, where mounting is allowed" : "")};
}

Error Failed(const std::string& what, const std::error_code& error) {
  errno = error.value();
  return Failed(what);
}

Result<void> Mount(const char* source, const fs::path& target, const char* type, unsigned long flags,
                   const char* data = nullptr) {
  if (mount(source, target.c_str(), type, flags, data) != 0) return Failed("mount on " + target.string());
  return {};
}

/// The same device node, in our /dev; one that the machine lacks is left out.
Result<void> CopyNode(const fs::path& original, const fs::path& copy) {
  struct stat status;
  if (stat(original.c_str(), &status) != 0) return {};
  fs::create_directories(copy.parent_path());
  if (mknod(copy.c_str(), status.st_mode, status.st_rdev) == 0) {
    chmod(copy.c_str(), status.st_mode & 07777);  // past the umask
    return {};
  }
  if (errno != EPERM) return Failed("mknod " + copy.string());
  std::ofstream{copy};  // where nodes can not be made, as in some containers
  return Mount(original.c_str(), copy, nullptr, MS_BIND);
}

Result<void> MakeDev(const fs::path& dev) {
  std::error_code error;
  fs::create_directories(dev, error);
  if (error) return Failed("folder " + dev.string(), error);
  TRY(Mount("tmpfs", dev, "tmpfs", MS_NOSUID, "mode=755"));
  for (const char* node : {"null", "zero", "full", "random", "urandom", "tty", "ptmx", "fuse", "net/tun", "kmsg"}) {
    TRY(CopyNode(fs::path("/dev") / node, dev / node));
  }
  for (const char* folder : {"pts", "shm", "mqueue"}) {
    if (!fs::is_directory(fs::path("/dev") / folder, error)) continue;
    fs::create_directory(dev / folder, error);
    TRY(Mount((fs::path("/dev") / folder).c_str(), dev / folder, nullptr, MS_BIND | MS_REC));
  }
  fs::create_symlink("/proc/self/fd", dev / "fd", error);
  fs::create_symlink("/proc/self/fd/0", dev / "stdin", error);
  fs::create_symlink("/proc/self/fd/1", dev / "stdout", error);
  fs::create_symlink("/proc/self/fd/2", dev / "stderr", error);
  return Mount(dev.c_str(), "/dev", nullptr, MS_MOVE);
}

fs::path UsbDevice(int port) { return fs::path(kClassFolder) / ".bus/usb1" / fmt::format("1-{}", port); }

void WriteAttribute(const fs::path& file, const std::string& value) { std::ofstream(file) << value << '\n'; }

/// What is mounted from here on is seen here only.
Result<void> StopPropagation() {
  if (mount("none", "/", nullptr, MS_REC | MS_PRIVATE, nullptr) == 0) return {};
  if (errno != EINVAL) return Failed("mount on /");
  // In a chroot the root is no mount; the two below which we mount something are.
  for (const char* folder : {"/sys", "/dev"}) TRY(Mount("none", folder, nullptr, MS_REC | MS_PRIVATE));
  return {};
}

}  // namespace

Result<UsbTree> UsbTree::Enter() {
  if (unshare(CLONE_NEWNS) != 0) return Failed("private mount namespace");
  TRY(StopPropagation());
  TRY(Mount("tmpfs", kClassFolder, "tmpfs", MS_NOSUID, "mode=755"));
  // Below what is private already: a mount can not be moved out of a shared one.
  TRY(MakeDev(fs::path(kClassFolder) / ".dev"));
  return UsbTree();
}

Result<void> UsbTree::Plug(const std::string& device, const std::string& terminal, int port,
                           const BoardOptions& board) {
  Unplug(device);
  const fs::path usb = UsbDevice(port);
  const fs::path interface = usb / fmt::format("1-{}:1.0", port);
  // cdc_acm hangs the tty below the interface, usb-serial below a port of its own.
  const bool acm = std::strcmp(board.type->device_prefix, "ttyACM") == 0;
  const fs::path parent = acm ? interface : interface / device;
  const fs::path tty = parent / "tty" / device;
  std::error_code error;
  fs::create_directories(tty, error);
  if (error) return Failed("folder " + tty.string(), error);
  WriteAttribute(usb / "busnum", "1");
  WriteAttribute(usb / "devnum", std::to_string(port + 1));
  WriteAttribute(usb / "idVendor", board.type->vendor_id);
  WriteAttribute(usb / "idProduct", board.type->product_id);
  WriteAttribute(usb / "serial", board.serial);
  WriteAttribute(usb / "manufacturer", board.type->manufacturer);
  WriteAttribute(usb / "product", board.type->product);
  WriteAttribute(usb / "bNumInterfaces", " 1");
  WriteAttribute(interface / "bInterfaceClass", acm ? "02" : "ff");
  if (!fs::exists(fs::symlink_status(tty / "device")))
    fs::create_symlink("../../../" + parent.filename().string(), tty / "device", error);
  if (error) return Failed("link " + (tty / "device").string(), error);
  // The node first: whoever finds the port in sysfs expects that it can be opened.
  fs::create_symlink(terminal, fs::path("/dev") / device, error);
  if (error) return Failed("device /dev/" + device, error);
  fs::create_symlink(fs::relative(tty, kClassFolder), fs::path(kClassFolder) / device, error);
  if (error) return Failed("port " + device, error);
  return {};
}

void UsbTree::Unplug(const std::string& device) {
  unlink((fs::path(kClassFolder) / device).c_str());
  unlink((fs::path("/dev") / device).c_str());
}

}  // namespace motley::boards
