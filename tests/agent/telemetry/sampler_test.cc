#include "agent/telemetry/sampler.h"

#include <gmock/gmock.h>
#include <unistd.h>

#include <optional>

#include "common/files/files.h"
#include "tests/support/folder.h"
#include "tests/support/program.h"
#include "tests/support/wait.h"

namespace motley::agent {
namespace {

// A /proc of files.
class SamplerTest : public ::testing::Test {
 protected:
  void Write(const std::string& name, const std::string& text) {
    const std::string path = folder_ / "proc/" + name;
    ASSERT_TRUE(MakeFolder(path.substr(0, path.rfind('/'))));
    ASSERT_TRUE(WriteFileAtomically(path, text, 0644));
  }
  // `ticks` are user time.
  void Process(int pid, const std::string& name, int parent, int group, int ticks, int pages) {
    Write(std::to_string(pid) + "/stat", Stat(pid, name, parent, group, ticks, pages));
  }
  static std::string Stat(int pid, const std::string& name, int parent, int group, int ticks, int pages) {
    return std::to_string(pid) + " (" + name + ") S " + std::to_string(parent) + " " + std::to_string(group) +
           " 1 0 -1 4194560 10 0 0 0 " + std::to_string(ticks) + " 0 0 0 20 0 1 0 100 9000 " + std::to_string(pages) +
           " 18446744073709551615 1 1 0 0 0\n";
  }
  std::optional<double> Value(const std::string& source, const std::string& metric) {
    for (const auto& sample : samples_) {
      if (sample.source() == source && sample.metric() == metric) return sample.value();
    }
    return std::nullopt;
  }
  void Measure(std::int64_t now_ms, const std::vector<MeasuredProgram>& programs = {}) {
    samples_ = sampler_.Measure(now_ms * 1000, now_ms, programs);
  }

  tests::TemporaryFolder folder_;
  Sampler sampler_{folder_.path(), folder_.path()};
  std::vector<v1::Sample> samples_;
  const double tick_ms_ = 1000.0 / static_cast<double>(sysconf(_SC_CLK_TCK));
  const double page_ = static_cast<double>(sysconf(_SC_PAGESIZE));
};

TEST_F(SamplerTest, MeasuresTheGateway) {
  Write("stat", "cpu  100 0 100 700 100 0 0 0 50 0\ncpu0 1 2 3\n");
  Write("meminfo", "MemTotal:  1000 kB\nMemFree:   100 kB\nMemAvailable:   400 kB\n");
  Write("loadavg", "0.52 0.58 0.59 1/467 12345\n");
  Write("uptime", "350735.47 234388.90\n");
  Measure(1000);
  EXPECT_EQ(Value("gateway", "cpu_percent"), std::nullopt);
  EXPECT_EQ(Value("gateway", "memory_used_bytes"), 600 * 1024);
  EXPECT_EQ(Value("gateway", "memory_total_bytes"), 1000 * 1024);
  EXPECT_EQ(Value("gateway", "load_1m"), 0.52);
  EXPECT_EQ(Value("gateway", "uptime_seconds"), 350735.47);
  EXPECT_GT(Value("gateway", "disk_total_bytes"), 0);
  EXPECT_LE(Value("gateway", "disk_used_bytes"), Value("gateway", "disk_total_bytes"));
  // 100 ticks busy, 300 idle or waiting for the disk.
  Write("stat", "cpu  150 0 130 900 200 10 10 0 90 0\ncpu0 1 2 3\n");
  Measure(2000);
  EXPECT_EQ(Value("gateway", "cpu_percent"), 25);
  EXPECT_EQ(samples_[0].time_us(), 2000000);
}

TEST_F(SamplerTest, MeasuresTheAgent) {
  Write("self/stat", Stat(77, "motley-agent", 1, 77, 100, 5000));
  Write("self/smaps_rollup", "7f-ff ---p 00000000 00:00 0 [rollup]\nRss:  9000 kB\nPss:  6000 kB\nPss_Anon: 7 kB\n");
  Measure(1000);
  EXPECT_EQ(Value("agent", "memory_bytes"), 6000 * 1024);
  EXPECT_EQ(Value("agent", "cpu_percent"), std::nullopt);
  Write("self/stat", Stat(77, "motley-agent", 1, 77, 120, 5000));
  Measure(11000);
  EXPECT_DOUBLE_EQ(Value("agent", "cpu_percent").value(), 100.0 * 20 * tick_ms_ / 10000);
}

TEST_F(SamplerTest, AddsUpAComponentsDescendantsAndItsGroup) {
  Process(100, "supervise", 1, 100, 1000, 1000);
  Process(200, "web server) S 1", 100, 200, 10, 4);  // the program
  Process(201, "worker", 200, 200, 10, 2);
  Process(202, "own group", 201, 202, 10, 1);
  Process(203, "orphan", 100, 200, 10, 8);
  Process(300, "other", 100, 300, 500, 500);
  Write("self/stat", "");
  const std::vector<MeasuredProgram> programs = {{"component:shop/web", 200, 3}};
  Measure(1000, programs);
  EXPECT_EQ(Value("component:shop/web", "memory_bytes"), 15 * page_);
  EXPECT_EQ(Value("component:shop/web", "restarts"), 3);
  EXPECT_EQ(Value("component:shop/web", "cpu_percent"), std::nullopt);
  Process(202, "own group", 201, 202, 40, 1);
  Measure(2000, programs);
  EXPECT_DOUBLE_EQ(Value("component:shop/web", "cpu_percent").value(), 100.0 * 30 * tick_ms_ / 1000);
}

TEST_F(SamplerTest, TellsComponentsApart) {
  Process(200, "web", 1, 200, 10, 4);
  Process(300, "db", 1, 300, 10, 7);
  Process(301, "db child", 300, 300, 10, 1);
  Measure(1000, {{"component:a/web", 200, 0}, {"component:a/db", 300, 1}, {"component:a/job", 0, 2}});
  EXPECT_EQ(Value("component:a/web", "memory_bytes"), 4 * page_);
  EXPECT_EQ(Value("component:a/db", "memory_bytes"), 8 * page_);
  EXPECT_EQ(Value("component:a/job", "memory_bytes"), std::nullopt);
  EXPECT_EQ(Value("component:a/job", "restarts"), 2);
}

TEST_F(SamplerTest, StartsAnewWhenAProgramWasRestarted) {
  Process(200, "web", 1, 200, 5000, 4);
  Measure(1000, {{"component:a/web", 200, 0}});
  Process(210, "web", 1, 210, 10, 4);
  Measure(2000, {{"component:a/web", 210, 1}});
  EXPECT_EQ(Value("component:a/web", "cpu_percent"), std::nullopt);
  Process(210, "web", 1, 210, 60, 4);
  Measure(3000, {{"component:a/web", 210, 1}});
  EXPECT_DOUBLE_EQ(Value("component:a/web", "cpu_percent").value(), 100.0 * 50 * tick_ms_ / 1000);
}

TEST_F(SamplerTest, NeverReportsLessThanNothing) {
  Process(200, "web", 1, 200, 10, 4);
  Process(201, "child", 200, 200, 500, 4);
  Measure(1000, {{"component:a/web", 200, 0}});
  ASSERT_EQ(unlink((folder_ / "proc/201/stat").c_str()), 0);
  Measure(2000, {{"component:a/web", 200, 0}});
  EXPECT_EQ(Value("component:a/web", "cpu_percent"), 0);
}

TEST_F(SamplerTest, LeavesOutWhatCanNotBeRead) {
  Write("meminfo", "MemTotal:  1000 kB\n");
  Write("stat", "intr 1 2 3\n");
  Write("200/stat", "200 (cut off) S 1");
  Measure(1000, {{"component:a/web", 200, 0}});
  EXPECT_EQ(Value("gateway", "memory_used_bytes"), std::nullopt);
  EXPECT_EQ(Value("gateway", "load_1m"), std::nullopt);
  EXPECT_EQ(Value("agent", "memory_bytes"), std::nullopt);
  EXPECT_EQ(Value("component:a/web", "memory_bytes"), std::nullopt);
}

TEST(Sampler, MeasuresThisVeryMachine) {
  Sampler sampler("", "/");
  const auto program = tests::Program::Start({{"/bin/sh", "-c", "while :; do :; done"}, {}, ""});
  std::map<std::string, double> values;
  std::int64_t now_ms = 1000;
  EXPECT_TRUE(tests::WaitFor([&] {
    for (const auto& sample : sampler.Measure(1, now_ms, {{"component:a/loop", program->pid(), 0}})) {
      values[sample.source() + " " + sample.metric()] = sample.value();
    }
    now_ms += 10;
    return values["component:a/loop cpu_percent"] > 0;
  }));
  EXPECT_GT(values["component:a/loop memory_bytes"], 0);
  EXPECT_GT(values["agent memory_bytes"], 0);
  EXPECT_GT(values["gateway memory_total_bytes"], values["gateway memory_used_bytes"]);
  EXPECT_GT(values["gateway uptime_seconds"], 0);
  EXPECT_TRUE(values.contains("gateway cpu_percent"));
}

}  // namespace
}  // namespace motley::agent
