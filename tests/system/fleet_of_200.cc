#include "tests/system/fleet_of_200.h"

#include <google/protobuf/struct.pb.h>
#include <google/protobuf/util/json_util.h>

#include <algorithm>
#include <csignal>
#include <fstream>
#include <iostream>
#include <sstream>

#include "tests/support/wait.h"
#include "tools/swarm/control.h"

namespace motley::tests {
namespace {

constexpr std::chrono::seconds kPatience{60};

template <typename Message>
Message Ask(TestController& controller, const std::string& method, const std::string& path,
            const std::string& body = "") {
  const auto json = controller.Call(method, path, body);
  if (!json) std::cerr << method << " " << path << ": " << json.error().message << "\n";
  Message message;
  CHECK(google::protobuf::util::JsonStringToMessage(json.value(), &message).ok());
  return message;
}

}  // namespace

TestSwarm::TestSwarm(const TestController& controller, std::uint32_t gateways, std::vector<std::string> options) {
  std::vector<std::string> arguments{Built("motley-swarm"),
                                     "--state",
                                     controller.folder(),
                                     "--gateways",
                                     std::to_string(gateways),
                                     "--seed",
                                     "7",
                                     "--control",
                                     folder_ / "control"};
  arguments.insert(arguments.end(), options.begin(), options.end());
  program_ = Program::Start({arguments, {}, folder_ / "log"});
  const bool there = WaitFor(
      [&] {
        const auto answer = swarm::Tell(folder_ / "control", "stat");
        return answer && Figure("acknowledged") == gateways;
      },
      kPatience);
  if (!there) std::cerr << Output();
  CHECK(there);
}

TestSwarm::~TestSwarm() {
  program_->Signal(SIGTERM);
  program_->Wait();
}

std::string TestSwarm::Tell(const std::string& order) const {
  const auto answer = swarm::Tell(folder_ / "control", order);
  if (!answer) std::cerr << order << ": " << answer.error().message << "\n" << Output();
  return answer.value();
}

std::uint64_t TestSwarm::Figure(const std::string& name) const {
  google::protobuf::Struct figures;
  CHECK(google::protobuf::util::JsonStringToMessage(Tell("stat"), &figures).ok());
  return static_cast<std::uint64_t>(figures.fields().at(name).number_value());
}

bool TestSwarm::WaitForFigure(const std::string& name, const std::function<bool(std::uint64_t)>& holds) const {
  const bool came = WaitFor([&] { return holds(Figure(name)); }, kPatience);
  if (!came) std::cerr << name << ": " << Tell("stat") << "\n" << Output();
  return came;
}

bool Member::HasBoard(const std::string& type) const {
  const auto& boards = gateway.reported().context().boards();
  return std::any_of(boards.begin(), boards.end(), [&](const v1::Board& board) { return board.type() == type; });
}

std::string Member::running() const {
  const auto& applications = gateway.reported().applications();
  return applications.empty() ? "" : applications[0].variant();
}

std::string Member::version() const {
  const auto& applications = gateway.reported().applications();
  return applications.empty() ? "" : applications[0].version();
}

bool IsConnected(TestController& controller) {
  return Ask<v1::FleetStatus>(controller, "GET", "/v1/status").broker_connected();
}

Members MembersOf(TestController& controller) {
  Members members;
  const auto list = Ask<v1::GatewayList>(controller, "GET", "/v1/gateways");
  for (const v1::Gateway& gateway : list.gateways()) members[gateway.id()] = {gateway};
  return members;
}

v1::Plan PlanOf(TestController& controller, std::uint64_t id) {
  return Ask<v1::Plan>(controller, "GET", "/v1/plans/" + std::to_string(id));
}

std::vector<v1::Plan> PlansOf(TestController& controller) {
  const auto list = Ask<v1::PlanList>(controller, "GET", "/v1/plans");
  return {list.plans().begin(), list.plans().end()};
}

v1::Plan Propose(TestController& controller, const std::string& version) {
  return Ask<v1::Plan>(controller, "POST", "/v1/plans", R"({"application":"fleet","version":")" + version + R"("})");
}

void ApproveAndEnact(TestController& controller, std::uint64_t plan) {
  for (const char* step : {"/approve", "/enact"}) {
    Ask<v1::Plan>(controller, "POST", "/v1/plans/" + std::to_string(plan) + step);
  }
}

std::map<std::string, std::string> VariantsOf(const v1::Plan& plan) {
  std::map<std::string, std::string> variants;
  for (const v1::Assignment& assignment : plan.assignments()) {
    if (!assignment.variant().empty()) variants[assignment.gateway()] = assignment.variant();
  }
  return variants;
}

Members WaitForFleet(TestController& controller, const std::function<bool(const Members&)>& holds) {
  Members members;
  const bool came = WaitFor(
      [&] {
        members = MembersOf(controller);
        return holds(members);
      },
      kPatience);
  if (!came) {
    for (const auto& [name, member] : members) std::cerr << member.gateway.ShortDebugString() << "\n";
    std::cerr << controller.Output();
  }
  CHECK(came);
  return members;
}

std::set<std::string> MovedSince(const Members& before, const Members& now) {
  std::set<std::string> moved;
  for (const auto& [name, member] : now) {
    const auto earlier = before.find(name);
    if (earlier == before.end() || earlier->second.revision() != member.revision()) moved.insert(name);
  }
  return moved;
}

std::uint64_t UnreadBytes(int port) {
  // /proc/net/tcp: sl, local address, remote address, state, "tx_queue:rx_queue", ..., all in hexadecimal (proc(5)).
  std::ifstream file("/proc/net/tcp");
  std::ostringstream local;
  local << "0100007F:" << std::hex << std::uppercase << port;
  std::uint64_t bytes = 0;
  std::string line;
  while (std::getline(file, line)) {
    std::istringstream fields(line);
    std::string number, address, remote, state, queues;
    fields >> number >> address >> remote >> state >> queues;
    if (address != local.str() || state == "0A") continue;
    bytes += std::stoull(queues.substr(queues.find(':') + 1), nullptr, 16);
  }
  return bytes;
}

}  // namespace motley::tests
