#include "common/mqtt/envelope.h"

#include <gtest/gtest.h>

#include "common/mqtt/topics.h"
#include "motley/v1/desired.pb.h"
#include "motley/v1/envelope.pb.h"
#include "motley/v1/reported.pb.h"

namespace motley {
namespace {

TEST(Envelope, GivesBackWhatWasSealed) {
  v1::DesiredState sent;
  sent.set_gateway("gw-1");
  sent.set_revision(7);
  v1::DesiredState received;
  ASSERT_TRUE(Unseal(Seal(sent), received).has_value());
  EXPECT_EQ(received.SerializeAsString(), sent.SerializeAsString());
}

TEST(Envelope, RefusesAMessageOfAnotherType) {
  v1::Presence presence;
  presence.set_online(true);
  v1::DesiredState received;
  const auto result = Unseal(Seal(presence), received);
  ASSERT_FALSE(result.has_value());
  EXPECT_EQ(result.error().message, "an envelope of type \"Presence\", where a DesiredState was expected");
}

TEST(Envelope, RefusesGarbage) {
  v1::DesiredState received;
  EXPECT_EQ(Unseal("\xff\xfe garbage", received).error().code, Code::kInvalid);
  v1::Envelope envelope;
  envelope.set_type("DesiredState");
  envelope.set_payload("\xff\xff\xff");
  EXPECT_EQ(Unseal(envelope.SerializeAsString(), received).error().message, "the payload is not a DesiredState");
}

TEST(Envelope, RefusesWhatIsOverTheLimitBeforeReadingIt) {
  v1::DesiredState received;
  const auto result = Unseal(std::string(kMaxMessageBytes + 1, 'x'), received);
  EXPECT_EQ(result.error().message, "DesiredState of 1048577 bytes is over the limit of 1048576");
}

TEST(Topics, AreReadAsTheyAreWritten) {
  const auto parts = ParseTopic("plant", TopicOf("plant", "gw-1", Channel::kTelemetry));
  ASSERT_TRUE(parts.has_value());
  EXPECT_EQ(parts->gateway, "gw-1");
  EXPECT_EQ(parts->channel, Channel::kTelemetry);
}

TEST(Topics, OfOtherFleetsAndFormsAreNotOurs) {
  for (const char* topic : {"motley/v1/other/gw/desired", "motley/v1/plant/desired", "motley/v1/plant//desired",
                            "motley/v1/plant/gw/nothing", "motley/v1/plant/gw/desired/more", "", "plant"}) {
    EXPECT_FALSE(ParseTopic("plant", topic).has_value()) << topic;
  }
}

}  // namespace
}  // namespace motley
