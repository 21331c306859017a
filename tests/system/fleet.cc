#include "tests/system/fleet.h"

#include <google/protobuf/util/json_util.h>
#include <signal.h>

#include <filesystem>
#include <fstream>
#include <iostream>
#include <sstream>

#include "common/crypto/digest.h"
#include "common/files/files.h"
#include "common/http/client.h"
#include "common/release/release.h"
#include "tests/support/wait.h"

namespace motley::tests {
namespace {

namespace fs = std::filesystem;
using std::chrono::milliseconds;
using std::chrono::seconds;

std::string Json(const google::protobuf::Message& message) {
  google::protobuf::util::JsonPrintOptions options;
  options.preserve_proto_field_names = true;
  std::string json;
  CHECK(google::protobuf::util::MessageToJsonString(message, &json, options).ok());
  return json;
}

template <typename Message>
Message Parse(const Result<std::string>& json) {
  if (!json) std::cerr << json.error().message << "\n";
  Message message;
  CHECK(google::protobuf::util::JsonStringToMessage(json.value(), &message).ok());
  return message;
}

std::string EnvironmentOf(const std::string& pid, const std::string& name) {
  std::ifstream file("/proc/" + pid + "/environ");
  std::string entry;
  while (std::getline(file, entry, '\0')) {
    if (entry.starts_with(name + "=")) return entry.substr(name.size() + 1);
  }
  return "";
}

std::vector<std::string> ProcessesOf(const std::string& folder) {
  std::vector<std::string> pids;
  std::error_code error;
  for (const auto& entry : fs::directory_iterator("/proc", error)) {
    std::ifstream file(entry.path() / "cmdline");
    std::stringstream text;
    text << file.rdbuf();
    if (text.str().find("motley-supervise") != std::string::npos && text.str().find(folder) != std::string::npos) {
      pids.push_back(entry.path().filename());
    }
  }
  return pids;
}

}  // namespace

// --- controller ---

TestController::TestController(std::string folder, std::string broker_url, std::vector<std::string> options)
    : folder_(std::move(folder)), broker_url_(std::move(broker_url)), options_(std::move(options)) {
  Start();
}

void TestController::Start() {
  std::vector<std::string> arguments{
      Built("motley-controller"), "--state", folder_, "--listen", listen_, "--broker", broker_url_};
  arguments.insert(arguments.end(), options_.begin(), options_.end());
  fs::remove(folder_ + "/controller.json");
  program_ = Program::Start({arguments, {}, folder_ + ".log"});
  const std::string file = folder_ + "/controller.json";
  if (!WaitFor([&] { return fs::exists(file); })) std::cerr << Output();
  const std::string json = *ReadFile(file, 4096);
  url_ = json.substr(json.find("http"), json.rfind('"') - json.find("http"));
  token_ = *ReadFile(folder_ + "/admin.token", 4096);
  token_ = token_.substr(0, token_.find('\n'));
  // The same port after a restart: agents know it.
  listen_ = url_.substr(url_.find("//") + 2);
}

void TestController::Stop() {
  program_->Signal(SIGTERM);
  CHECK(program_->Wait());
}

void TestController::Kill() { program_->Kill(); }

Result<std::string> TestController::Call(const std::string& method, const std::string& path, const std::string& json) {
  HttpClientOptions options;
  options.base_url = url_;
  options.bearer_token = token_;
  TRY_ASSIGN(const auto client, HttpClient::Create(options));
  return client->Call(method, path, json);
}

std::string TestController::AddGateway(const std::string& id, const std::map<std::string, std::string>& tags) {
  v1::AddGatewayRequest request;
  request.set_id(id);
  for (const auto& [name, value] : tags) (*request.mutable_tags())[name] = value;
  return Parse<v1::AddGatewayReply>(Call("POST", "/v1/gateways", Json(request))).enrolment_token();
}

v1::Gateway TestController::Gateway(const std::string& id) {
  return Parse<v1::Gateway>(Call("GET", "/v1/gateways/" + id));
}

v1::TelemetryPage TestController::Telemetry(const std::string& id, const std::string& query) {
  return Parse<v1::TelemetryPage>(Call("GET", "/v1/gateways/" + id + "/telemetry?" + query));
}

Result<v1::Release> TestController::Push(const std::string& yaml, const std::string& folder) {
  TRY_ASSIGN(const ReleaseDraft draft, ParseReleaseFile("release.yaml", yaml));
  HttpClientOptions options;
  options.base_url = url_;
  options.bearer_token = token_;
  TRY_ASSIGN(const auto client, HttpClient::Create(options));
  std::map<std::string, v1::ArtifactRef> refs;
  for (const LocalArtifact& artifact : draft.files) {
    const std::string file = artifact.file.front() == '/' ? artifact.file : folder + "/" + artifact.file;
    TRY_ASSIGN(const std::string digest, Sha256File(file));
    TRY(client->Upload("/v1/artifacts/" + digest + "?name=" + UrlEscape(fs::path(file).filename().string()), file,
                       [](std::uint64_t) {}));
    refs[artifact.name].set_digest(digest);
    refs[artifact.name].set_size_bytes(fs::file_size(file));
  }
  TRY_ASSIGN(const v1::Release release, CompleteRelease(draft, refs));
  TRY(client->Call("POST", "/v1/releases", Json(release)));
  return release;
}

v1::Plan TestController::Propose(const std::string& application, const std::string& version) {
  v1::ProposePlanRequest request;
  request.set_application(application);
  request.set_version(version);
  return Parse<v1::Plan>(Call("POST", "/v1/plans", Json(request)));
}

v1::Plan TestController::Roll(const std::string& application, const std::string& version) {
  const std::string path = "/v1/plans/" + std::to_string(Propose(application, version).id());
  CHECK(Call("POST", path + "/approve").has_value());
  return Parse<v1::Plan>(Call("POST", path + "/enact"));
}

// --- boards ---

TestBoards::TestBoards(const std::vector<std::string>& boards) {
  std::vector<std::string> arguments{Built("with-boards"), "--dir", folder_.path()};
  for (const std::string& board : boards) arguments.insert(arguments.end(), {"--board", board});
  arguments.insert(arguments.end(), {"--", "sh", "-c", "echo $$ >" + (folder_ / "holder") + "; exec sleep infinity"});
  program_ = Program::Start({arguments, {}, folder_ / "log"});
  CHECK(WaitFor([this] {
    const auto pid = ReadFile(folder_ / "holder", 64);
    if (pid) holder_pid_ = pid->substr(0, pid->find('\n'));
    // While the shell becomes `sleep`, its environment reads as empty.
    bool whole = !holder_pid_.empty();
    for (const char* name : {"LD_PRELOAD", "MOTLEY_MODEM_DIR", "MOTLEY_BOARDS_DIR"}) {
      if (whole) environment_[name] = EnvironmentOf(holder_pid_, name);
      whole = whole && !environment_[name].empty();
    }
    return whole;
  }));
}

TestBoards::~TestBoards() {
  // So that it ends what it started.
  program_->Signal(SIGTERM);
  program_->Wait();
}

std::vector<std::string> TestBoards::prefix() const {
  return {"nsenter", "--mount", "--root", "--target", holder_pid_, "--"};
}

std::string TestBoards::Control(const std::vector<std::string>& arguments) const {
  std::vector<std::string> command{Built("board-ctl"), folder_.path()};
  command.insert(command.end(), arguments.begin(), arguments.end());
  return RunProgram(command).output;
}

// --- agent ---

TestAgent::TestAgent(Options options) : options_(std::move(options)) {}

TestAgent::~TestAgent() {
  if (program_) program_->Kill();
  for (const std::string& pid : ProcessesOf(folder_.path())) kill(std::stoi(pid), SIGKILL);
}

void TestAgent::Start(const std::map<std::string, std::string>& environment) {
  std::vector<std::string> arguments = options_.prefix;
  std::map<std::string, std::string> variables;
  if (options_.boards != nullptr) {
    for (const std::string& word : options_.boards->prefix()) arguments.push_back(word);
    variables = options_.boards->environment();
  }
  for (const auto& [name, value] : environment) {
    std::string& variable = variables[name];
    variable = name == "LD_PRELOAD" && !variable.empty() ? variable + ":" + value : value;
  }
  arguments.insert(arguments.end(), {Built("motley-agent"), "--state", folder_.path() + "/state", "--controller",
                                     options_.controller_url, "--token", options_.token});
  arguments.insert(arguments.end(), options_.arguments.begin(), options_.arguments.end());
  program_ = Program::Start({arguments, variables, folder_ / "log"});
}

void TestAgent::Stop() {
  program_->Signal(SIGTERM);
  CHECK(program_->Wait());
}

void TestAgent::Kill() { program_->Kill(); }

std::string TestAgent::Output() const { return program_->Output(); }

// --- waiting ---

bool WaitForGateway(TestController& controller, const std::string& id,
                    const std::function<bool(const v1::Gateway&)>& condition, milliseconds patience) {
  v1::Gateway last;
  const bool holds = WaitFor(
      [&] {
        last = controller.Gateway(id);
        return condition(last);
      },
      patience);
  if (!holds) std::cerr << last.DebugString();
  return holds;
}

bool WaitForVersion(TestController& controller, const std::string& id, const std::string& version,
                    milliseconds patience) {
  return WaitForGateway(
      controller, id,
      [&](const v1::Gateway& gateway) {
        return gateway.in_sync() && gateway.reported().applications_size() == 1 &&
               gateway.reported().applications(0).version() == version;
      },
      patience);
}

std::string FirmwareFile(const std::string& name) {
  return (fs::path(Built("x")).parent_path().parent_path() / "firmware" / name).string();
}

}  // namespace motley::tests
