#include "controller/daemon/config.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>

#include "tests/support/folder.h"

namespace motley::controller {
namespace {

using testing::AllOf;
using testing::HasSubstr;

class ConfigTest : public testing::Test {
 protected:
  /// What was said on standard error is in `said_`.
  std::optional<Config> Read(std::vector<std::string> flags) {
    std::vector<const char*> arguments{"motley-controller", "--state", folder_.path().c_str()};
    for (const std::string& flag : flags) arguments.push_back(flag.c_str());
    testing::internal::CaptureStderr();
    auto config = ReadConfig(static_cast<int>(arguments.size()), arguments.data(), &exit_code_);
    said_ = testing::internal::GetCapturedStderr();
    return config;
  }

  std::string File(const std::string& content) {
    const std::string path = folder_ / "controller.yaml";
    std::ofstream(path) << content;
    return path;
  }

  tests::TemporaryFolder folder_;
  int exit_code_ = -1;
  std::string said_;
};

TEST_F(ConfigTest, HasSafeDefaults) {
  const auto config = Read({});
  ASSERT_TRUE(config) << said_;
  EXPECT_EQ(config->state_folder, folder_.path());
  EXPECT_EQ(config->listen_address, "127.0.0.1");
  EXPECT_EQ(config->listen_port, 8470);
  EXPECT_EQ(config->broker_url, "mqtt://127.0.0.1:1883");
  EXPECT_EQ(config->public_broker_url, "mqtt://127.0.0.1:1883");
  EXPECT_EQ(config->fleet, "default");
  EXPECT_EQ(config->telemetry_retention, std::chrono::hours(168));
  EXPECT_EQ(config->artifact_limit_bytes, 2147483648U);
  EXPECT_EQ(config->housekeeping_every, std::chrono::hours(24));
  EXPECT_EQ(config->artifact_grace, std::chrono::hours(168));
  EXPECT_EQ(config->releases_kept, 0U);
  EXPECT_EQ(config->plan_retention, std::chrono::hours(90 * 24));
  EXPECT_EQ(config->plans_kept, 1000U);
}

TEST_F(ConfigTest, UnderstandsEachFlag) {
  std::ofstream(folder_ / "password") << "hush\n";
  const auto config = Read({"--listen",
                            "[::1]:0",
                            "--broker",
                            "mqtts://broker.example:8883",
                            "--broker-user",
                            "motley",
                            "--broker-password-file",
                            folder_ / "password",
                            "--broker-ca",
                            "/ca.pem",
                            "--public-broker",
                            "mqtts://10.0.0.1:8883",
                            "--fleet",
                            "north",
                            "--telemetry-retention",
                            "12h",
                            "--housekeeping-every",
                            "0h",
                            "--artifact-grace",
                            "2h",
                            "--releases-kept",
                            "20",
                            "--plan-retention",
                            "1d",
                            "--plans-kept",
                            "50",
                            "--artifact-limit",
                            "500MiB",
                            "--tls-certificate",
                            "c.pem",
                            "--tls-key",
                            "k.pem"});
  ASSERT_TRUE(config) << said_;
  EXPECT_EQ(config->listen_address, "::1");
  EXPECT_EQ(config->listen_port, 0);
  EXPECT_EQ(config->broker_url, "mqtts://broker.example:8883");
  EXPECT_EQ(config->broker_user, "motley");
  EXPECT_EQ(config->broker_password, "hush");
  EXPECT_EQ(config->broker_ca_file, "/ca.pem");
  EXPECT_EQ(config->public_broker_url, "mqtts://10.0.0.1:8883");
  EXPECT_EQ(config->fleet, "north");
  EXPECT_EQ(config->telemetry_retention, std::chrono::hours(12));
  EXPECT_EQ(config->artifact_limit_bytes, 500U * 1024 * 1024);
  EXPECT_EQ(config->housekeeping_every, std::chrono::hours(0));
  EXPECT_EQ(config->artifact_grace, std::chrono::hours(2));
  EXPECT_EQ(config->releases_kept, 20U);
  EXPECT_EQ(config->plan_retention, std::chrono::hours(24));
  EXPECT_EQ(config->plans_kept, 50U);
  EXPECT_EQ(config->certificate_file, "c.pem");
  EXPECT_EQ(config->key_file, "k.pem");
}

TEST_F(ConfigTest, TakesFromTheFileWhatNoFlagSays) {
  const auto config = Read(
      {"--config", File("fleet: north\nlisten: 127.0.0.1:1\ntelemetry-retention: 2d\n"), "--listen", "127.0.0.1:2"});
  ASSERT_TRUE(config) << said_;
  EXPECT_EQ(config->fleet, "north");
  EXPECT_EQ(config->listen_port, 2);
  EXPECT_EQ(config->telemetry_retention, std::chrono::hours(48));
}

TEST_F(ConfigTest, NamesTheLineOfAMistakeInTheFile) {
  struct Case {
    std::string content;
    std::string line;
    std::string says;
  };
  for (const Case& mistake :
       {Case{"fleet: a\n\nflet: b\n", ":3:", "unknown option \"flet\""},
        Case{"config: x\n", ":1:", "unknown option \"config\""},
        Case{"fleet: a\nfleet: b\n", ":2:", "is in line 1 already"}, Case{"fleet: [a]\n", ":1:", "takes one value"},
        Case{"\ntelemetry-retention: soon\n", ":2:", "telemetry-retention"}, Case{"fleet: a\n  x: {\n", ":", ""},
        Case{"- a\n", "", "not a map"}}) {
    EXPECT_FALSE(Read({"--config", File(mistake.content)})) << mistake.content;
    EXPECT_EQ(exit_code_, 2);
    EXPECT_THAT(said_, AllOf(HasSubstr("controller.yaml" + mistake.line), HasSubstr(mistake.says))) << mistake.content;
  }
}

TEST_F(ConfigTest, NamesAFileThatIsNotThere) {
  EXPECT_FALSE(Read({"--config", "/nowhere.yaml"}));
  EXPECT_THAT(said_, HasSubstr("/nowhere.yaml"));
}

TEST_F(ConfigTest, RefusesWhatIsUnsafeOrWrong) {
  struct Case {
    std::vector<std::string> flags;
    std::string says;
  };
  for (const Case& mistake :
       {Case{{"--broker", "mqtt://broker.example:1883"}, "without TLS"},
        Case{{"--broker", "mqtts://broker.example:8883"}, "without credentials"},
        Case{{"--broker", "mqtt://127.0.0.1:1883", "--broker-ca", "/ca.pem"}, "--broker-ca"},
        Case{{"--broker", "127.0.0.1:1883"}, "mqtt://HOST:PORT"},
        Case{{"--broker", "mqtt://127.0.0.1"}, "mqtt://HOST:PORT"},
        Case{{"--public-broker", "x"}, "--public-broker \"x\""}, Case{{"--listen", "8470"}, "--listen \"8470\""},
        Case{{"--listen", "127.0.0.1:70000"}, "127.0.0.1:70000"}, Case{{"--fleet", "My Fleet"}, "My Fleet"},
        Case{{"--artifact-limit", "much"}, "artifact-limit"},
        Case{{"--telemetry-retention", "7"}, "telemetry-retention"}, Case{{"--artifact-grace", "0h"}, "artifact-grace"},
        Case{{"--plans-kept", "0"}, "plans-kept"}, Case{{"--no-such-flag"}, "--no-such-flag"}}) {
    EXPECT_FALSE(Read(mistake.flags)) << mistake.says;
    EXPECT_EQ(exit_code_, 2);
    EXPECT_THAT(said_, HasSubstr(mistake.says));
  }
}

}  // namespace
}  // namespace motley::controller
