#include "tests/tools/motley/fake_controller.h"

#include <httplib.h>

#include <deque>
#include <fstream>
#include <mutex>
#include <thread>
#include <utility>

namespace motley::tests {

struct FakeController::Server {
  httplib::Server http;
  int port = 0;
  std::thread thread;
  // Of answers and requests: the server's threads serve them.
  std::mutex mutex;
  std::map<std::string, std::deque<std::pair<int, std::string>>> answers;
  std::vector<Request> requests;

  void Serve(const httplib::Request& request, httplib::Response& response) {
    const std::lock_guard lock(mutex);
    const std::string line = request.method + " " + request.target;
    requests.push_back({line, request.get_header_value("Authorization"), request.body});
    const auto found = answers.find(line);
    if (found == answers.end()) {
      response.status = 404;
      response.set_content(R"({"code": "not_found", "message": "the test has no answer to )" + line + "\"}",
                           "application/json");
      return;
    }
    auto& prepared = found->second;
    response.status = prepared.front().first;
    response.set_content(prepared.front().second, "application/json");
    if (prepared.size() > 1) prepared.pop_front();
  }
};

FakeController::FakeController() : server_(std::make_unique<Server>()) {
  const auto serve = [server = server_.get()](const httplib::Request& request, httplib::Response& response) {
    server->Serve(request, response);
  };
  // "HEAD" is served by the GET handler.
  server_->http.Get(".*", serve).Post(".*", serve).Put(".*", serve).Delete(".*", serve);
  server_->port = server_->http.bind_to_any_port("127.0.0.1");
  server_->thread = std::thread([server = server_.get()] { server->http.listen_after_bind(); });
  std::ofstream(folder_ / "controller.json") << R"({"url": ")" << url() << "\"}\n";
  std::ofstream(folder_ / "admin.token") << "the-token\n";
}

FakeController::~FakeController() {
  while (!server_->http.is_running()) std::this_thread::yield();
  server_->http.stop();
  server_->thread.join();
}

void FakeController::Answer(const std::string& line, int status, const std::string& body) {
  const std::lock_guard lock(server_->mutex);
  server_->answers[line].emplace_back(status, body);
}

Finished FakeController::Run(std::vector<std::string> arguments, std::map<std::string, std::string> environment) {
  arguments.insert(arguments.begin(), Built("motley"));
  std::map<std::string, std::string> all = {{"MOTLEY_STATE", folder_.path()}, {"MOTLEY_CONTROLLER", ""},
                                            {"MOTLEY_TOKEN_FILE", ""},        {"MOTLEY_CA_FILE", ""},
                                            {"XDG_STATE_HOME", ""},           {"HOME", folder_ / "home"}};
  for (auto& [name, value] : environment) all[name] = value;
  return RunProgram(std::move(arguments), std::move(all));
}

const std::vector<FakeController::Request>& FakeController::requests() const { return server_->requests; }

std::vector<std::string> FakeController::lines() const {
  std::vector<std::string> lines;
  for (const Request& request : server_->requests) lines.push_back(request.line);
  return lines;
}

std::string FakeController::url() const { return "http://127.0.0.1:" + std::to_string(server_->port); }

}  // namespace motley::tests
