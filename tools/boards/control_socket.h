#pragma once

#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "common/base/result.h"

namespace motley::boards {

/// A Unix datagram socket on which others ask in one datagram and get the answer in one.
class ControlSocket {
 public:
  struct Request {
    std::string text;
    std::string sender;  ///< the address to answer to, as the kernel gave it
  };

  /// Listens at `path`, in place of whatever was there, until the object goes.
  ///
  /// Errors: kInvalid (the path is longer than a socket address), kUnavailable (the folder is missing or not writable).
  static Result<std::unique_ptr<ControlSocket>> Listen(const std::filesystem::path& path);
  ~ControlSocket();
  ControlSocket(const ControlSocket&) = delete;
  ControlSocket& operator=(const ControlSocket&) = delete;

  int fd() const { return fd_; }
  const std::filesystem::path& path() const { return path_; }
  /// The next request, if there is one.
  std::optional<Request> Receive();
  /// A sender that has no address or has gone gets nothing.
  void Reply(const Request& request, std::string_view text);

  /// Sends `text` to the socket at `path` and waits up to two seconds for the answer.
  ///
  /// Errors: kNotFound (nobody listens there), kTimeout, kInvalid (as Listen).
  static Result<std::string> Ask(const std::filesystem::path& path, std::string_view text);

 private:
  ControlSocket(int fd, std::filesystem::path path) : fd_(fd), path_(std::move(path)) {}

  const int fd_;
  const std::filesystem::path path_;
};

}  // namespace motley::boards
