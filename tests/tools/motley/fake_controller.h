#pragma once

#include <map>
#include <memory>
#include <string>
#include <vector>

#include "tests/support/folder.h"
#include "tests/support/program.h"

namespace motley::tests {

/// A controller that gives prepared answers, and a folder like the state folder of a real one.
class FakeController {
 public:
  struct Request {
    /// "GET /v1/status", query included.
    std::string line;
    std::string authorization;
    std::string body;
  };

  FakeController();
  ~FakeController();

  /// Before the first Run. A further answer to the same line is for the next such request; the last one stays.
  void Answer(const std::string& line, int status, const std::string& body);

  /// Runs `motley` with nothing in its environment that says where a controller is but the state folder.
  Finished Run(std::vector<std::string> arguments, std::map<std::string, std::string> environment = {});
  /// What came so far; ask between two Runs.
  const std::vector<Request>& requests() const;
  /// The lines of `requests`.
  std::vector<std::string> lines() const;
  std::string url() const;
  const TemporaryFolder& folder() const { return folder_; }

 private:
  struct Server;
  TemporaryFolder folder_;
  std::unique_ptr<Server> server_;
};

}  // namespace motley::tests
