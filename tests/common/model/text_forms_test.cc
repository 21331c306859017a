#include "common/model/text_forms.h"

#include <gtest/gtest.h>

#include "common/model/json_object.h"

namespace motley {
namespace {

struct Form {
  const char* name;
  bool (*is)(std::string_view);
  std::vector<std::string> good;
  std::vector<std::string> bad;
};

const std::string kKey = "AAAAC3NzaC1lZDI1NTE5AAAAIGPwIpIZUE9RTFDEhUyDbJTxKPYbTI5Gk8RwkvWSb4Tn";

TEST(TextForms, TellGoodFromBad) {
  const std::vector<Form> forms{
      {"path",
       IsNormalisedPath,
       {"/a", "/a/b.c", "/..a"},
       {"", "/", "a", "/a/", "/a//b", "/a/./b", "/a/..", std::string("/a\0b", 4), "/" + std::string(4095, 'a')}},
      {"address", IsAddress, {"pi", "pi.local", "10.0.0.1", "fe80::1%eth0"}, {"", "-pi", "a b", "a/b", "a;b"}},
      {"ip", IsIpAddress, {"10.0.0.1", "::1", "::"}, {"", "home", "dead", "1.2.3.4/8"}},
      {"account", IsAccount, {"root", "www-data", "0", "4294967294"}, {"", "-1", "a b", "4294967295", "99999999999"}},
      {"user", IsUserName, {"root", "_apt", "www-data", "samba$", "a.b"}, {"", "-x", "a b", "$", "a$b", "a:b", ".a"}},
      {"url",
       IsHttpUrl,
       {"http://x", "https://x:1/y?z#w", "http://[::1]:80/", "http://u:p@x/", "http://127.0.0.1:65535"},
       {"", "x", "ftp://x", "http://", "http:///x", "http://x:", "http://x:0", "http://x:65536", "http://x y",
        "http://[::1", "http://-x"}},
      {"host key",
       IsHostKey,
       {"ssh-ed25519 " + kKey},
       {"", "ssh-ed25519", kKey, "ssh-ed25519 " + kKey + " comment", "ssh-rsa " + kKey, "ssh-dss " + kKey,
        "host ssh-ed25519 " + kKey, "ssh-ed25519 " + kKey + "\nx", "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5"}},
      {"secret",
       IsSecretReference,
       {"${secret.a}", "${secret.a-b.c}"},
       {"", "${secret.}", "${secret.A}", "x${secret.a}", "${secret.a}${secret.b}", "${a}"}},
      {"package", IsPackageName, {"jq", "libstdc++6", "7zip"}, {"", "j", "-x", "Jq", "a_b", "a b"}},
      {"package version", IsPackageVersion, {"1", "1:2.36-9+deb12u4", "0~rc1"}, {"", "a", "1 2", "1_2"}},
      {"file name", IsFileName, {"", "a", "..a"}, {".", "..", "a/b", "/", std::string("a\0", 2)}},
      {"JSON object",
       IsJsonObject,
       {"{}", " { } ", R"({"a":1,"b":[true,null,-1.5e+3,"\u00e9\n"],"c":{"d":[]}})"},
       {"", "[]", "1", "{", "{}x", "{a:1}", "{'a':1}", "{\"a\":}", "{\"a\":1,}", "{\"a\":01}", "{\"a\":1.}",
        "{\"a\":\"\\x\"}", "{\"a\":\"\n\"}", "{\"a\" 1}", "{\"a\":[1,]}", "{\"a\":tru}"}},
  };
  for (const Form& form : forms) {
    for (const std::string& text : form.good) EXPECT_TRUE(form.is(text)) << form.name << ": " << text;
    for (const std::string& text : form.bad) EXPECT_FALSE(form.is(text)) << form.name << ": " << text;
  }
}

TEST(TextForms, AreReadToALimitedDepth) {
  const auto nested = [](int depth) {
    return "{\"a\":" + std::string(static_cast<std::size_t>(depth), '[') +
           std::string(static_cast<std::size_t>(depth), ']') + "}";
  };
  EXPECT_TRUE(IsJsonObject(nested(64)));
  EXPECT_FALSE(IsJsonObject(nested(65)));
  EXPECT_FALSE(IsJsonObject(nested(100'000)));
}

TEST(TextForms, FindReferencesThatAreNone) {
  EXPECT_FALSE(FindBadSecretReference("a ${secret.b} ${other} $"));
  EXPECT_EQ(*FindBadSecretReference("${secret.a} ${secret.B} x"), "${secret.B}");
  EXPECT_EQ(*FindBadSecretReference("x${secret.a"), "${secret.a");
}

}  // namespace
}  // namespace motley
