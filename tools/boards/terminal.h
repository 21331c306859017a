#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "common/base/result.h"

namespace motley::boards {

/// The USB side of a board: a pseudo terminal whose slave is what the computer opens.
class Terminal {
 public:
  enum class Change {
    kOpened,  ///< the first client came
    kClosed,  ///< the last client went
  };

  /// Errors: kUnavailable (no pseudo terminal or inotify watch left).
  static Result<std::unique_ptr<Terminal>> Create();
  ~Terminal();
  Terminal(const Terminal&) = delete;
  Terminal& operator=(const Terminal&) = delete;

  /// "/dev/pts/7".
  const std::string& path() const { return path_; }
  int number() const { return number_; }
  /// Readable when data came or the last client went. Not to be polled while !is_open(): it would always be ready.
  int data_fd() const { return master_; }
  /// Readable when a client came or went.
  int change_fd() const { return inotify_; }

  /// What has happened since the last call, in order. Can block for 5 ms.
  ///
  /// Two clients that go within microseconds of each other, just before a third one comes, can look like one.
  std::vector<Change> Update();
  bool is_open() const { return clients_ > 0; }

  /// Takes up to `limit` bytes that the client wrote.
  std::vector<std::uint8_t> Read(std::size_t limit);
  /// What the client does not make room for is lost, as on a serial port.
  void Write(std::span<const std::uint8_t> bytes);
  /// Drops what the client has not read.
  void DropOutput();

  /// The client's line speed; 0 means that it hung up.
  std::uint32_t baud() const;
  /// Whether the last close lowers the modem lines.
  bool hangs_up_on_close() const;

 private:
  Terminal(int master, int inotify, std::string path, int number);
  bool HasClient() const;
  void ReadEvents(std::vector<Change>& changes);

  const int master_;
  const int inotify_;
  const std::string path_;
  const int number_;
  int clients_ = 0;  // as the events tell
};

}  // namespace motley::boards
