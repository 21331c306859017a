#include "common/assign/divenact.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "common/assign/solve.h"

namespace motley::assign {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

std::string Fleet(std::string_view deployments, std::string_view devices) {
  return "deployments:\n" + std::string(deployments) + "devices:\n" + std::string(devices);
}

std::vector<std::int32_t> OptionsOf(const GatewayClass& gateway_class) {
  std::vector<std::int32_t> options;
  for (const Option& option : gateway_class.options) options.push_back(option.variant);
  return options;
}

constexpr const char* kDeployments =
    "  far: {vsn: release, comm_lvl: 3, compu_lvl: 2, dp_acc: acc_none, intlmodule: cloud}\n"
    "  near: {vsn: development, comm_lvl: 1, compu_lvl: 3, dp_acc: tpu, intlmodule: edge}\n"
    "  either: {vsn: preview, comm_lvl: 2, compu_lvl: 2, dp_acc: acc_none, intlmodule: flexible}\n";

TEST(DivEnact, KnowsWhatFits) {
  const auto fits = [](const std::string& device) {
    const auto fleet = ReadDivEnact(Fleet(kDeployments, "  d: {" + device + "}\n")).value();
    return OptionsOf(fleet.problem.classes[0]);
  };
  EXPECT_THAT(fits("env: staging, network: wifi, powersource: fixed, dv_acc: acc_none"), ElementsAre(0, 1, 2));
  EXPECT_THAT(fits("env: production, network: wifi, powersource: fixed, dv_acc: tpu"), ElementsAre(0, 2));
  EXPECT_THAT(fits("env: staging, network: 4g, powersource: ac, dv_acc: tpu"), ElementsAre(1, 2));
  EXPECT_THAT(fits("env: staging, network: 4g, powersource: ac, dv_acc: gpu"), ElementsAre(2));
  EXPECT_THAT(fits("env: staging, network: 3g, powersource: ac, dv_acc: acc_none"), ElementsAre(2));
  EXPECT_THAT(fits("env: staging, network: wifi, powersource: battery, dv_acc: tpu"), IsEmpty());
}

TEST(DivEnact, WeighsAsItsAuthorsDo) {
  std::string devices;
  for (int i = 0; i < 10; ++i) {
    devices += "  p" + std::to_string(i) + ": {env: production, network: wifi, powersource: fixed, dv_acc: tpu}\n";
  }
  devices += "  s: {env: staging, network: wifi, powersource: battery, dv_acc: tpu}\n";
  const auto fleet = ReadDivEnact(Fleet(kDeployments, devices)).value();
  ASSERT_EQ(fleet.problem.classes.size(), 2u);
  EXPECT_EQ(fleet.gateways[0].size(), 10u);
  const auto solution = Solve(fleet.problem).value();
  // The staging gateway gets nothing (200), nobody runs the development variant (30, and 1 for its share), preview is
  // on exactly 3 of 10 and above the 2 of its share.
  EXPECT_EQ(solution.cost, 231);
  EXPECT_EQ(solution.unassigned[0], 1);
  EXPECT_EQ(solution.gateways_by_variant[2], 3);
  EXPECT_EQ(Solve(fleet.problem, {}, Method::kZ3)->cost, 231);
}

TEST(DivEnact, TakesTheLastOfEqualKeys) {
  const std::string device = "env: production, network: wifi, powersource: fixed, dv_acc: tpu";
  const auto fleet =
      ReadDivEnact("deployments:\n" + Fleet(kDeployments, "  d: {" + device + "}\n  d: {" + device + "}\n")).value();
  EXPECT_EQ(fleet.problem.variants.size(), 3u);
  EXPECT_THAT(fleet.gateways[0], ElementsAre("d"));
}

TEST(DivEnact, SaysWhatItCanNotRead) {
  const auto message = [](const std::string& text) { return ReadDivEnact(text).error().message; };
  EXPECT_THAT(message("{"), HasSubstr("no YAML"));
  EXPECT_THAT(message("[]"), HasSubstr("it must be a map"));
  EXPECT_THAT(message("devices: {}"), HasSubstr("the map \"deployments\" is missing"));
  EXPECT_THAT(message(Fleet(kDeployments, "  d: {env: staging}\n")),
              HasSubstr("\"d\": the field \"network\" is missing"));
  EXPECT_THAT(message(Fleet("  v: {vsn: beta, intlmodule: edge}\n", "  d: {}\n")),
              HasSubstr("\"v\": vsn is \"beta\"; it must be one of release, preview, development (line 2)"));
}

}  // namespace
}  // namespace motley::assign
