#pragma once

#include <functional>
#include <map>
#include <memory>
#include <string>
#include <string_view>

#include "common/base/result.h"
#include "common/files/files.h"
#include "common/loop/loop.h"

namespace motley::swarm {

/// Takes lines on a Unix stream socket and on standard input, and answers each. Loop thread only.
class Control {
 public:
  /// One line, without its end; the answer may have several.
  using Handler = std::function<std::string(const std::string& line)>;

  /// `path` may be empty: then only standard input is read. A socket that nobody listens on any more is replaced.
  /// Errors: kInvalid (path too long), kConflict (somebody listens there), kUnavailable.
  static Result<std::unique_ptr<Control>> Create(Loop& loop, std::string path, Handler handler);
  ~Control();

 private:
  struct Peer {
    UniqueFd owned;
    int in = -1;
    int out = -1;
    std::string text;
    Handle watch;
  };

  Control(Loop& loop, std::string path, Handler handler);
  void ReadStandardInput();
  void Accept();
  void Add(UniqueFd owned, int in, int out);
  void Read(int in);

  Loop& loop_;
  const std::string path_;
  const Handler handler_;
  UniqueFd listener_;
  Handle accepting_;
  std::map<int, Peer> peers_;
  /// Ends peers outside of their own callbacks.
  std::map<int, Handle> ending_;
};

/// Sends one line to the socket at `path`: the answer. Blocks for at most 10 s. Errors: kNotFound (nobody listens),
/// kTimeout, kInvalid (path; what the swarm answers as an error).
Result<std::string> Tell(const std::string& path, const std::string& line);

}  // namespace motley::swarm
