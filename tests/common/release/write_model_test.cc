#include <gmock/gmock.h>
#include <google/protobuf/util/message_differencer.h>
#include <gtest/gtest.h>

#include <random>

#include "common/crypto/digest.h"
#include "common/model/model.h"
#include "common/release/model_file.h"

namespace motley {
namespace {

using google::protobuf::util::MessageDifferencer;
using testing::HasSubstr;
using testing::IsEmpty;

/// Sound models of every kind, filled by chance, with texts that YAML and parameters have a meaning for.
class RandomModels {
 public:
  explicit RandomModels(unsigned seed) : random_(seed) {}

  v1::DeploymentModel Next() {
    v1::DeploymentModel model;
    AddHosts(model);
    const int count = static_cast<int>(random_() % 12);
    for (int i = 0; i < count; ++i) AddComponent(model, i);
    for (int i = 1; i < count; ++i) AddLink(model, i);
    return model;
  }

 private:
  bool Chance() { return random_() % 2 == 0; }
  std::uint32_t Up(std::uint32_t most) { return static_cast<std::uint32_t>(random_() % most) + 1; }

  std::string Text() {
    static const std::vector<std::string> kPieces{
        "a",    "word", " ",           "\n", "\n\n", "\t",  ": ",     "#",    " #",     "\"",     "'",
        "\\",   "$",    "$$",          "${", "}",    "{",   "[",      "]",    ",",      "null",   "true",
        "~",    "0x1",  "1.5",         "-",  "- ",   "---", "...",    "%",    "@",      "`",      "|",
        ">",    "&a",   "*a",          "!",  "?",    "é",   "\u2028", "🙂", "\u0085", "\ufeff", "\x7f",
        "\x01", "\r\n", "${secret.a}", "=",  "<<",   "yes", "on",     "  \n"};
    std::string text;
    for (std::uint32_t i = random_() % 6; i > 0; --i) text += kPieces[random_() % kPieces.size()];
    return text;
  }
  std::string FullText() { return "x" + Text(); }

  v1::ArtifactRef Artifact() {
    v1::ArtifactRef artifact;
    artifact.set_digest(Sha256(std::to_string(random_() % 4)));
    artifact.set_size_bytes(random_() % 3);
    if (Chance()) artifact.set_name("file" + std::to_string(random_() % 3));
    return artifact;
  }

  void Fill(google::protobuf::Map<std::string, std::string>& map) {
    for (std::uint32_t i = random_() % 3; i > 0; --i) map["K" + std::to_string(i)] = Text();
    if (Chance()) map["odd: \"key\" \n${x}#"] = Text();
  }

  void AddHosts(v1::DeploymentModel& model) {
    v1::Host& pi = *model.add_hosts();
    pi.set_name("pi");
    pi.mutable_ssh()->set_address("pi.local");
    if (Chance()) pi.mutable_ssh()->set_port(Up(65535));
    pi.mutable_ssh()->set_user("motley");
    pi.mutable_ssh()->set_host_key("ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIGPwIpIZUE9RTFDEhUyDbJTxKPYbTI5Gk8RwkvWSb4Tn");
    pi.mutable_ssh()->set_private_key("${secret.key}");
    Fill(*pi.mutable_properties());
    v1::Host& engine = *model.add_hosts();
    engine.set_name("null");
    engine.mutable_container_engine();
    if (Chance()) engine.mutable_container_engine()->set_host("pi");
    if (Chance()) engine.mutable_container_engine()->set_socket("/run/x.sock");
    v1::Host& cloud = *model.add_hosts();
    cloud.set_name("1.0");
    cloud.mutable_external();
    if (Chance()) cloud.mutable_external()->set_address("example.org");
    AddPort(*cloud.add_provided_ports(), "api");
    for (int i = 0; i < 12; ++i) {
      v1::Host& board = *model.add_hosts();
      board.set_name("board" + std::to_string(i));
      board.mutable_mcu()->set_board("uno");
      if (Chance()) board.mutable_mcu()->set_serial_number("s" + std::to_string(i));
    }
  }

  void AddPort(v1::Port& port, const std::string& name) {
    port.set_name(name);
    if (Chance()) port.set_type(v1::Port::TYPE_COMMUNICATION);
    if (Chance()) port.set_protocol("tcp");
  }

  void AddCapability(v1::Port& port) {
    v1::Capability& capability = *port.add_capabilities();
    capability.set_name(FullText());
    switch (random_() % 3) {
      case 0:
        capability.mutable_security()->set_control_id(Chance() ? capability.name() : Text());
        capability.mutable_security()->set_description(Text());
        break;
      case 1:
        capability.mutable_hardware()->set_path(Text());
        if (Chance()) capability.mutable_hardware()->set_permissions("rw");
        break;
      default:
        capability.mutable_software()->set_version(Text());
    }
  }

  void AddComponent(v1::DeploymentModel& model, int number) {
    v1::Component& component = *model.add_components();
    component.set_name("c" + std::to_string(number));
    AddPort(*component.add_provided_ports(), "out");
    if (Chance()) component.mutable_provided_ports(0)->set_number(static_cast<std::uint32_t>(1000 + number));
    if (Chance()) AddCapability(*component.mutable_provided_ports(0));
    v1::Port& in = *component.add_required_ports();
    AddPort(in, "in");
    in.set_mandatory(number > 0 && Chance());
    v1::Port& execution = *component.add_required_ports();
    execution.set_name("run");
    execution.set_type(v1::Port::TYPE_EXECUTION);
    Fill(*component.mutable_properties());
    if (number > 0 && Chance())
      component.add_depends_on("c" + std::to_string(random_() % static_cast<unsigned>(number)));
    if (number > 0 && Chance()) component.add_follows("c" + std::to_string(random_() % static_cast<unsigned>(number)));
    if (Chance()) component.mutable_resources()->set_memory_mb(Up(8));
    if (Chance()) AddHealth(*component.mutable_health());
    AddKind(component, number);
    const bool runs = component.has_process() || component.has_script();
    if ((runs || component.has_container()) && Chance()) AddLimits(*component.mutable_limits());
    if (runs && component.host().empty() && Chance()) component.set_user("www-data");
  }

  void AddLimits(v1::Limits& limits) {
    if (Chance()) limits.set_memory_mb(Up(100) + 8);
    if (Chance()) limits.set_cpu_millis(Up(4'096'000));
    if (Chance()) limits.set_pids(Up(1000));
    if (Chance()) limits.set_disk_mb(Up(1000));
  }

  void AddHealth(v1::HealthCheck& health) {
    switch (random_() % 4) {
      case 0:
        health.mutable_http()->set_url("http://127.0.0.1:80/x?y=${secret.a}");
        if (Chance()) health.mutable_http()->set_status(204);
        break;
      case 1:
        health.mutable_tcp()->set_port(Up(65535));
        if (Chance()) health.mutable_tcp()->set_address("::1");
        break;
      case 2:
        if (Chance()) {
          health.mutable_script()->set_content(FullText());
        } else {
          *health.mutable_script()->mutable_artifact() = Artifact();
        }
        health.mutable_script()->set_endpoint(Text());
        break;
      default:
        health.set_interval_ms(Up(1000));
        health.set_retries(Up(1000));
    }
  }

  void AddKind(v1::Component& component, int number) {
    const std::string path = "/srv/" + std::to_string(number);
    switch (random_() % 8) {
      case 0: {
        v1::ProcessSpec& process = *component.mutable_process();
        if (Chance()) *process.mutable_artifact() = Artifact();
        process.add_command(FullText());
        for (std::uint32_t i = random_() % 4; i > 0; --i) process.add_command(Text());
        if (Chance()) process.set_restart(v1::ProcessSpec::RESTART_ON_FAILURE);
        if (Chance()) component.set_host("pi");
        break;
      }
      case 1:
        component.mutable_file()->set_path(path);
        component.mutable_file()->set_content(Text());
        if (Chance()) component.mutable_file()->set_mode(Up(07777));
        if (Chance()) component.mutable_file()->set_owner("www-data");
        if (Chance()) component.mutable_file()->set_group(std::to_string(Up(1000)));
        break;
      case 2:
        component.mutable_script()->set_apply(FullText());
        component.mutable_script()->set_undo(Text());
        if (number > 0 && Chance()) component.set_host("pi");
        break;
      case 3:
        component.set_host("board" + std::to_string(number));
        *component.mutable_firmware()->mutable_image() = Artifact();
        component.mutable_firmware()->set_version(FullText());
        break;
      case 4:
        AddContainer(*component.mutable_container(), number);
        if (Chance()) component.set_host("null");
        break;
      case 5:
        *component.mutable_archive()->mutable_archive() = Artifact();
        component.mutable_archive()->set_path(path);
        break;
      case 6:
        component.mutable_package()->set_package("libstdc++6");
        if (Chance()) component.mutable_package()->set_version("1:2.0~rc1");
        if (Chance()) *component.mutable_package()->mutable_deb() = Artifact();
        break;
      default:
        component.mutable_plugin()->set_plugin("ansible");
        component.mutable_plugin()->set_config(
            Chance() ? "{}"
                     : R"({"a":[1,-2.5,true,null,"1","true","$${x}","${secret.a}",{},[]],"b: #":{"c":"\n x\n"}})");
        if (Chance()) *component.mutable_plugin()->add_artifacts() = Artifact();
    }
  }

  void AddContainer(v1::ContainerSpec& container, int number) {
    container.set_image("docker.io/library/nginx:1.25");
    if (Chance()) *container.mutable_archive() = Artifact();
    for (std::uint32_t i = random_() % 3; i > 0; --i) container.add_command(Text());
    if (Chance()) container.add_entrypoint(FullText());
    Fill(*container.mutable_labels());
    v1::PortBinding& port = *container.add_ports();
    port.set_host_port(static_cast<std::uint32_t>(2000 + number));
    port.set_container_port(Up(65535));
    if (Chance()) port.set_host_address(Chance() ? "::1" : "127.0.0.1");
    if (Chance()) port.set_protocol(Chance() ? "udp" : "tcp");
    v1::Mount& mount = *container.add_mounts();
    mount.set_source(Chance() ? "volume" : Chance() ? "/a:b" : "/$${x}");
    mount.set_target("/m");
    mount.set_read_only(Chance());
    v1::DeviceMapping& device = *container.add_devices();
    device.set_path_on_host("/dev/x");
    if (Chance()) device.set_path_in_container("/dev/y");
    if (Chance()) device.set_permissions("rw");
  }

  void AddLink(v1::DeploymentModel& model, int number) {
    v1::Link& link = *model.add_links();
    link.set_from("c" + std::to_string(number - 1) + "/out");
    link.set_to("c" + std::to_string(number) + "/in");
    link.set_name(Chance() ? link.from() + "->" + link.to() : "link: " + std::to_string(number));
    link.set_follow(Chance());
    link.set_deployer(Chance());
  }

  std::mt19937 random_;
};

TEST(WriteModelFile, IsReadBackAsTheSameModel) {
  RandomModels models(7);
  for (int round = 0; round < 300; ++round) {
    const v1::DeploymentModel model = models.Next();
    ASSERT_THAT(ProblemsOf(model), IsEmpty()) << model.DebugString();
    const std::string text = WriteModelFile(model);
    const auto read = ParseModelFile("m.yaml", text);
    ASSERT_TRUE(read.has_value()) << read.error().message << "\n" << text;
    ASSERT_THAT(read->problems, IsEmpty());
    std::string difference;
    MessageDifferencer differencer;
    differencer.ReportDifferencesToString(&difference);
    ASSERT_TRUE(differencer.Compare(model, read->model)) << difference << "\n" << text;
    ASSERT_EQ(WriteModelFile(read->model), text);
  }
}

TEST(WriteModelFile, IsForPeople) {
  v1::DeploymentModel model;
  v1::Component& component = *model.add_components();
  component.set_name("web");
  component.mutable_container()->set_image("docker.io/library/nginx:1.25");
  component.mutable_container()->add_command("--port");
  component.mutable_container()->add_command("80");
  component.mutable_container()->add_ports()->set_host_port(8080);
  component.mutable_container()->mutable_ports(0)->set_container_port(80);
  v1::Component& setup = *model.add_components();
  setup.set_name("setup");
  setup.mutable_script()->set_apply("set -e\nid web || useradd web\n");
  EXPECT_EQ(WriteModelFile(model), R"(components:
  web:
    kind: container
    image: "docker.io/library/nginx:1.25"
    command: ["--port", "80"]
    ports: ["8080:80"]
  setup:
    kind: script
    apply: |
      set -e
      id web || useradd web
)");
}

}  // namespace
}  // namespace motley
