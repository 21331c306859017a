#include "agent/kinds/plugin.h"

#include <nlohmann/json.hpp>

#include "tests/agent/plugin/plugin_test_base.h"

namespace motley::agent {
namespace {

using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;
using ::testing::Pair;
using Match = Observed::Match;
using Json = nlohmann::json;
namespace fs = std::filesystem;

/// A plugin that keeps its config in a file, as a shell script. Every request is kept beside it.
constexpr const char* kKeeper = R"(#!/bin/sh
cd "$HOME" || exit 1
request=$(cat)
case $1 in
  describe)
    echo '{"protocol": 1, "name": "NAME", "version": "1", "config_schema": {"type": "object", "required": ["text"],
      "properties": {"text": {"type": "string"}}}, "deadlines": {"apply_ms": 1000} EXTRA}'
    exit ;;
  *) printf %s "$request" > "../../../$1.json" ;;
esac
case $1 in
  observe) if [ -e ../../../kept ]; then echo '{"found": "matches", "detail": "kept"}'; else echo '{"found": "missing"}'; fi ;;
  apply) printf %s "$request" > ../../../kept; echo NAME >> ../../../log; echo '{"ok": true}' ;;
  remove) rm -f ../../../kept; echo "no NAME" >> ../../../log; echo '{"ok": true}' ;;
  health) [ -e ../../../kept ] && echo '{"ok": true}' || echo '{"error": "nothing is kept"}' ;;
esac
)";

class PluginKindTest : public tests::PluginTestBase {
 protected:
  void Put(const std::string& file, const std::string& script, unsigned mode = 0755) {
    ASSERT_TRUE(WriteFileAtomically(plugins_ + "/" + file, script, mode));
  }
  void PutKeeper(const std::string& name, const std::string& extra = "") {
    std::string script = kKeeper;
    for (auto at = script.find("NAME"); at != std::string::npos; at = script.find("NAME", at))
      script.replace(at, 4, name);
    script.replace(script.find("EXTRA"), 5, extra);
    Put(name + ".sh", script);
  }
  /// A plugin that describes itself, and does `what` for every other verb.
  void PutOdd(const std::string& what) {
    Put("odd",
        "#!/bin/sh\nif [ $1 = describe ]; then echo '{\"protocol\": 1, \"name\": \"odd\", \"version\": \"1\", "
        "\"deadlines\": {\"apply_ms\": 500}}'; exit; fi\n" +
            what + "\n");
    Rescan();
  }
  std::string InState(const std::string& name) { return folder_ / "state/plugin-state/" + name; }
};

TEST_F(PluginKindTest, MakesAnExecutableAKind) {
  PutKeeper("keeper");
  EXPECT_THAT(kind_->Names(), IsEmpty());
  Rescan();
  EXPECT_THAT(kind_->Names(), ElementsAre("plugin:keeper"));
  EXPECT_THAT(kind_->Problems(), IsEmpty());
  const auto thing = Plugin("keeper", R"({"text": "hello"})");
  EXPECT_GOOD(kind_->Check(thing));
  EXPECT_EQ(Observe(*kind_, thing).match, Match::kMissing);
  EXPECT_GOOD(Apply(*kind_, thing));
  EXPECT_GOOD(Confirm(*kind_, thing));
  const auto observed = Observe(*kind_, thing);
  EXPECT_EQ(observed.match, Match::kMatches) << observed.detail;
  EXPECT_EQ(observed.state, v1::ReportedComponent::STATE_RUNNING);
  EXPECT_EQ(observed.detail, "kept");
  EXPECT_EQ(Observe(*kind_, Plugin("keeper", R"({"text": "other"})")).match, Match::kDiffers);
  fs::remove(folder_ / "state/kept");
  const auto drifted = Observe(*kind_, thing);
  EXPECT_EQ(drifted.match, Match::kDiffers);
  EXPECT_EQ(drifted.state, v1::ReportedComponent::STATE_MISSING);
  EXPECT_ERROR(Confirm(*kind_, thing), Code::kConflict,
               HasSubstr("component \"thing\": plugin \"keeper\": health: nothing is kept"));
  EXPECT_GOOD(Apply(*kind_, thing));
  EXPECT_GOOD(Remove(*kind_, thing));
  EXPECT_FALSE(fs::exists(folder_ / "state/kept"));
  EXPECT_EQ(Observe(*kind_, thing).match, Match::kMissing);
  EXPECT_TRUE(fs::exists(StateOf(thing))) << "it may still be gone back to";
  Commit(thing);
  EXPECT_FALSE(fs::exists(StateOf(thing)));
  EXPECT_FALSE(fs::exists(StateOf(thing) + ".pb"));
}

TEST_F(PluginKindTest, TellsAPluginAllAboutItsComponent) {
  PutKeeper("keeper");
  Rescan();
  auto thing = Plugin("keeper", R"({"text": "s3cret", "deep": {"list": [1, 2.5, null]}})");
  (*thing.component.mutable_properties())["owner"] = "ops";
  *thing.component.mutable_plugin()->add_artifacts() = Artifact("flow.json", "[]");
  thing.host.set_name("plc");
  thing.host.mutable_external()->set_address("10.0.0.7");
  thing.carrier.emplace();
  thing.carrier->set_name("node-red");
  thing.carrier->mutable_process();
  auto* port = thing.carrier->add_provided_ports();
  port->set_name("admin");
  port->set_number(1880);
  Seal(&thing);
  EXPECT_GOOD(Apply(*kind_, thing));
  const auto request = Json::parse(Text(folder_ / "state/apply.json"));
  const Json expected = {{"protocol", 1},
                         {"gateway", "gw-7"},
                         {"application", application_},
                         {"component", "thing"},
                         {"digest", thing.digest},
                         {"config", {{"text", "s3cret"}, {"deep", {{"list", {1, 2.5, nullptr}}}}}},
                         {"properties", {{"owner", "ops"}}},
                         {"artifacts", {{"flow.json", setup_.artifact(Sha256("[]"))}}},
                         {"host",
                          {{"name", "plc"},
                           {"type", "external"},
                           {"address", "10.0.0.7"},
                           {"properties", Json::object()},
                           {"ports", Json::object()}}},
                         {"carrier",
                          {{"name", "node-red"},
                           {"kind", "process"},
                           {"properties", Json::object()},
                           {"ports", {{"admin", {{"number", 1880}, {"protocol", "tcp"}}}}}}},
                         {"state_folder", StateOf(thing)}};
  EXPECT_EQ(request, expected) << request.dump(2);
  struct stat found {};
  ASSERT_EQ(stat((StateOf(thing) + ".pb").c_str(), &found), 0);
  EXPECT_EQ(found.st_mode & 07777, 0600u) << "there are secrets in it";
  ASSERT_EQ(stat(StateOf(thing).c_str(), &found), 0);
  EXPECT_EQ(found.st_mode & 07777, 0700u);
}

TEST_F(PluginKindTest, ChecksTheConfigByWhatThePluginDescribes) {
  PutKeeper("keeper");
  Rescan();
  EXPECT_ERROR(kind_->Check(Plugin("keeper", "")), Code::kInvalid,
               HasSubstr("component \"thing\": plugin \"keeper\": config.text: is missing"));
  EXPECT_ERROR(kind_->Check(Plugin("keeper", R"({"text": 1})")), Code::kInvalid, HasSubstr("is to be of type string"));
  EXPECT_ERROR(kind_->Check(Plugin("keeper", R"({"text": "a"b"})")), Code::kInvalid,
               HasSubstr("is no JSON once its secrets are filled in"));
  EXPECT_ERROR(Apply(*kind_, Plugin("keeper", R"({"text": 1})")), Code::kInvalid, HasSubstr("of type string"));
  auto absent = Plugin("keeper", R"({"text": "x"})");
  absent.component.mutable_plugin()->add_artifacts()->set_digest(Sha256("not there"));
  absent.component.mutable_plugin()->mutable_artifacts(0)->set_name("flow.json");
  EXPECT_ERROR(kind_->Check(absent), Code::kNotFound, HasSubstr("flow.json"));
}

TEST_F(PluginKindTest, SaysWherePluginsBelong) {
  Rescan();
  EXPECT_ERROR(kind_->Check(Plugin("ansible", "{}")), Code::kNotFound,
               AllOf(HasSubstr("this gateway has no plugin \"ansible\"; put it into "), HasSubstr(plugins_)));
}

TEST_F(PluginKindTest, SeesPluginsComeChangeAndGo) {
  Rescan();
  PutKeeper("keeper");
  Put("README", "no plugin\n", 0644);
  Put(".hidden", "#!/bin/sh\n");
  Rescan();
  EXPECT_THAT(kind_->Names(), ElementsAre("plugin:keeper"));
  PutKeeper("second");
  Put("keeper.sh", "#!/bin/sh\necho nonsense\n");
  Rescan();
  EXPECT_THAT(kind_->Names(), ElementsAre("plugin:second"));
  EXPECT_THAT(kind_->Problems(), ElementsAre(Pair("keeper", HasSubstr("is no JSON, it begins with: nonsense"))));
  EXPECT_ERROR(kind_->Check(Plugin("keeper", "{}")), Code::kInvalid, HasSubstr("is no JSON"));
  fs::remove(plugins_ + "/second.sh");
  PutKeeper("keeper");
  Rescan();
  EXPECT_THAT(kind_->Names(), ElementsAre("plugin:keeper"));
  const auto before = Text(folder_ / "state/describe.json");
  Rescan();
  EXPECT_THAT(kind_->Names(), ElementsAre("plugin:keeper"));
}

TEST_F(PluginKindTest, AsksAPluginAgainWhoseProgramWasMissing) {
  Put("picky", "#!/bin/sh\n[ -e " + folder_ / "program" +
                   " ] || { echo 'install the program' >&2; exit 1; }\n"
                   "echo '{\"protocol\": 1, \"name\": \"picky\", \"version\": \"1\"}'\n");
  Rescan();
  EXPECT_THAT(kind_->Problems(), ElementsAre(Pair("picky", HasSubstr("its last words: install the program"))));
  ASSERT_TRUE(WriteFileAtomically(folder_ / "program", "", 0644));
  Rescan();
  EXPECT_THAT(kind_->Names(), ElementsAre("plugin:picky"));
}

TEST_F(PluginKindTest, RunsNothingThatOthersCouldHaveWritten) {
  struct Row {
    std::string why;
    std::function<void(const std::string&)> spoil;
  };
  const Row rows[] = {
      {"can be written by others", [](const std::string& path) { chmod(path.c_str(), 0757); }},
      {"can be written by others", [](const std::string& path) { chmod(path.c_str(), 0775); }},
      {"belongs to user 12", [](const std::string& path) { ASSERT_EQ(chown(path.c_str(), 12, 0), 0); }},
      {"can not be executed", [](const std::string& path) { chmod(path.c_str(), 0644); }},
      {"can be written by others", [this](const std::string&) { chmod(plugins_.c_str(), 0777); }},
      {"have one name", [this](const std::string&) { Put("keeper.py", "#!/bin/sh\n"); }},
  };
  for (const auto& row : rows) {
    PutKeeper("keeper");
    Rescan();
    ASSERT_THAT(kind_->Names(), ElementsAre("plugin:keeper"));
    row.spoil(plugins_ + "/keeper.sh");
    Rescan();
    EXPECT_THAT(kind_->Names(), IsEmpty()) << row.why;
    EXPECT_ERROR(kind_->Check(Plugin("keeper", R"({"text": ""})")), Code::kInvalid, HasSubstr(row.why));
    chmod(plugins_.c_str(), 0755);
    fs::remove(plugins_ + "/keeper.sh");
    fs::remove(plugins_ + "/keeper.py");
  }
}

TEST_F(PluginKindTest, TakesTheFirstOfTwoFoldersThatHaveOne) {
  auto options = Options();
  options.folders = {folder_ / "not-there", plugins_, folder_ / "more"};
  ASSERT_TRUE(MakeFolder(folder_ / "more"));
  ASSERT_TRUE(WriteFileAtomically(folder_ / "more/keeper", "#!/bin/sh\necho nonsense\n", 0755));
  PutKeeper("keeper");
  kind_ = std::make_unique<PluginKind>(*loop_, setup_, options);
  Rescan();
  EXPECT_THAT(kind_->Names(), ElementsAre("plugin:keeper"));
}

TEST_F(PluginKindTest, NamesThePluginInEveryWayThatItCanFail) {
  struct Row {
    std::string script;
    Code code;
    std::string why;
  };
  const Row rows[] = {
      {"echo '{\"error\": \"no route\", \"retry\": true}'", Code::kUnavailable, "apply: no route"},
      {"echo '{\"error\": \"bad flow\"}'; exit 3", Code::kConflict, "apply: bad flow"},
      {"echo 'it broke' >&2; exit 3", Code::kUnavailable, "it ended with exit code 3; its last words: it broke"},
      {"exit 4", Code::kUnavailable, "it ended with exit code 4; it wrote nothing"},
      {"kill -9 $$", Code::kUnavailable, "exit code 137"},
      {"echo done", Code::kInvalid, "is no JSON, it begins with: done"},
      {"exit 0", Code::kInvalid, "it answered nothing"},
      {"echo half; echo waiting >&2; sleep 60", Code::kTimeout, "it did not end within 500 ms and was ended; its last"},
      {"yes", Code::kInvalid, "it wrote more than 1048576 bytes"},
      {"ulimit -t; exit 5", Code::kUnavailable, "its last words: 1"},
      {"dd if=/dev/zero of=/dev/null bs=3000000000 count=1; exit 6", Code::kUnavailable, "memory exhausted"},
  };
  for (const auto& row : rows) {
    PutOdd(row.script);
    const auto odd = Plugin("odd", "{}");
    EXPECT_ERROR(Apply(*kind_, odd), row.code, AllOf(HasSubstr("plugin \"odd\": apply: "), HasSubstr(row.why)));
    EXPECT_THAT(Observe(*kind_, odd).detail, HasSubstr("was cut off, or failed"));
  }
}

TEST_F(PluginKindTest, LeavesNothingOfAPluginRunning) {
  PutOdd("sleep 600 & echo $! >" + folder_ / "pid" + "; sleep 600");
  EXPECT_ERROR(Apply(*kind_, Plugin("odd", "{}")), Code::kTimeout, HasSubstr("did not end"));
  const auto pid = static_cast<pid_t>(std::stoi(Text(folder_ / "pid")));
  EXPECT_TRUE(tests::WaitFor([&] { return kill(pid, 0) != 0; }));
}

TEST_F(PluginKindTest, LetsPluginsGainNoPrivileges) {
  PutOdd("grep NoNewPrivs /proc/self/status >&2; exit 1");
  EXPECT_ERROR(Apply(*kind_, Plugin("odd", "{}")), Code::kUnavailable, HasSubstr("NoNewPrivs:\t1"));
}

TEST_F(PluginKindTest, ShowsNoConfigInItsCommandLineOrEnvironment) {
  PutOdd("tr '\\0' ' ' </proc/self/cmdline >&2; env | tr '\\n' ' ' >&2; exit 1");
  EXPECT_ERROR(Apply(*kind_, Plugin("odd", R"({"password": "s3cret"})")), Code::kUnavailable, Not(HasSubstr("s3cret")));
}

TEST_F(PluginKindTest, LetsThePluginThatPutItThereTakeItAway) {
  PutKeeper("one");
  PutKeeper("two");
  Rescan();
  EXPECT_GOOD(Apply(*kind_, Plugin("one", R"({"text": "1"})")));
  EXPECT_EQ(Observe(*kind_, Plugin("two", R"({"text": "2"})")).match, Match::kDiffers);
  EXPECT_GOOD(Apply(*kind_, Plugin("two", R"({"text": "2"})")));
  EXPECT_EQ(Text(folder_ / "state/log"), "one\nno one\ntwo\n");
  EXPECT_EQ(Json::parse(Text(folder_ / "state/remove.json"))["config"]["text"], "1");
  fs::remove(plugins_ + "/two.sh");
  Rescan();
  EXPECT_ERROR(Apply(*kind_, Plugin("one", R"({"text": "1"})")), Code::kNotFound,
               HasSubstr("the plugin \"two\", which put this here, is not there any more; put it back"));
  EXPECT_EQ(Observe(*kind_, Plugin("two", R"({"text": "2"})")).match, Match::kUnknown);
}

TEST_F(PluginKindTest, LooksAtWhatMatchesNoMoreOftenThanThePluginWants) {
  PutKeeper("keeper", R"(, "observe_interval_ms": 3600000)");
  Rescan();
  const auto thing = Plugin("keeper", R"({"text": "x"})");
  EXPECT_GOOD(Apply(*kind_, thing));
  EXPECT_EQ(Observe(*kind_, thing).match, Match::kMatches);
  fs::remove(folder_ / "state/kept");
  EXPECT_EQ(Observe(*kind_, thing).match, Match::kMatches);
  EXPECT_EQ(Observe(*kind_, Plugin("keeper", R"({"text": "y"})")).match, Match::kDiffers);
  EXPECT_ERROR(Confirm(*kind_, thing), Code::kConflict, HasSubstr("nothing is kept"));
  EXPECT_EQ(Observe(*kind_, thing).match, Match::kDiffers) << "a confirmation that fails is a reason to look";
}

TEST_F(PluginKindTest, KeepsNoPluginWaitingForAnother) {
  PutKeeper("keeper");
  PutOdd("while [ ! -e " + folder_ / "go" + " ]; do sleep 0.01; done; exit 1");
  std::optional<Result<void>> slow;
  auto odd = Plugin("odd", "{}");
  odd.component.set_name("slow");
  kind_->Remove(odd, [](const Result<void>&) {});
  kind_->Confirm(odd, [&](Result<void> result) { slow = std::move(result); });
  EXPECT_GOOD(Apply(*kind_, Plugin("keeper", R"({"text": "x"})")));
  EXPECT_FALSE(slow.has_value());
  ASSERT_TRUE(WriteFileAtomically(folder_ / "go", "", 0644));
  EXPECT_TRUE(tests::RunUntil(*loop_, [&] { return slow.has_value(); }));
}

}  // namespace
}  // namespace motley::agent
