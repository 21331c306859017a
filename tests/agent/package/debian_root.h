#pragma once

#include <gtest/gtest.h>
#include <sys/stat.h>

#include <filesystem>
#include <map>
#include <string>
#include <vector>

#include "common/crypto/digest.h"
#include "common/files/files.h"
#include "tests/agent/supervise/small_disk.h"
#include "tests/support/program.h"

namespace motley::tests {

/// A Debian system of its own in a folder, with a repository of packages made here as its only source. What is
/// installed on the machine is neither read nor touched.
class DebianRoot {
 public:
  struct Package {
    std::string name;
    std::string version;
    /// Further lines of its control file.
    std::string fields;
    /// Its script after the installation; empty: none.
    std::string postinst;
    /// Of its one file, /usr/share/<name>/content.
    std::string content = "x";
    /// Of its configuration file /etc/<name>.conf; empty: none.
    std::string configuration;
  };

  DebianRoot() {
    for (const std::string folder : {"var/lib/dpkg/info", "var/lib/dpkg/updates", "var/lib/apt/lists/partial", "bin",
                                     "var/cache/apt/archives/partial", "etc/apt/apt.conf.d", "etc/apt/preferences.d",
                                     "etc/apt/trusted.gpg.d", "var/log/apt", "tmp"}) {
      EXPECT_TRUE(MakeFolder(root() + "/" + folder));
    }
    EXPECT_TRUE(MakeFolder(In("repository")));
    Write(root() + "/var/lib/dpkg/status", "");
    Write(root() + "/var/lib/dpkg/available", "");
    Write(root() + "/etc/apt/sources.list", "deb [trusted=yes] file:" + In("repository ./\n"));
    // What scripts of packages run in.
    std::filesystem::copy_file("/usr/bin/busybox", root() + "/bin/busybox");
    for (const std::string applet : {"sh", "sleep", "touch", "rm"}) {
      std::filesystem::create_symlink("busybox", root() + "/bin/" + applet);
    }
    Publish();
  }

  std::string root() const { return In("root"); }
  /// apt-get reads the machine's configuration unless told otherwise; it keeps what it downloads.
  std::vector<std::string> AptOptions() const {
    return {"-o", "Dir::Etc::main=/dev/null", "-o", "APT::Sandbox::User=root", "-o", "Acquire::Languages=none"};
  }

  /// Builds the file of a package; its path.
  std::string Build(const Package& package) {
    const auto tree = In("build/" + package.name);
    std::filesystem::remove_all(tree);
    Write(tree + "/usr/share/" + package.name + "/content", package.content);
    Write(tree + "/DEBIAN/control",
          "Package: " + package.name + "\nVersion: " + package.version +
              "\nArchitecture: all\nMaintainer: Test <test@example.org>\nDescription: test\n" + package.fields);
    if (!package.postinst.empty()) {
      Write(tree + "/DEBIAN/postinst", "#!/bin/sh\n" + package.postinst + "\n");
      chmod((tree + "/DEBIAN/postinst").c_str(), 0755);
    }
    if (!package.configuration.empty()) {
      Write(tree + "/etc/" + package.name + ".conf", package.configuration);
      Write(tree + "/DEBIAN/conffiles", "/etc/" + package.name + ".conf\n");
    }
    auto path = In("build/" + package.name + "_" + package.version + "_all.deb");
    const auto built = RunProgram({"dpkg-deb", "--root-owner-group", "-Znone", "--build", tree, path});
    EXPECT_EQ(built.exit_code, 0) << built.output;
    return path;
  }

  /// Builds a package and puts it into the repository.
  void Offer(const Package& package) {
    const auto built = Build(package);
    const auto file = std::filesystem::path(built).filename().string();
    std::filesystem::rename(built, In("repository/" + file));
    const auto fields = RunProgram({"dpkg-deb", "-f", In("repository/" + file)});
    const auto path = In("repository/" + file);
    index_[file] = fields.output + "Filename: ./" + file +
                   "\nSize: " + std::to_string(std::filesystem::file_size(path)) +
                   "\nSHA256: " + Sha256File(path)->substr(7) + "\n\n";
    Publish();
  }
  void Withdraw(const std::string& name, const std::string& version) {
    const auto file = name + "_" + version + "_all.deb";
    std::filesystem::remove(In("repository/" + file));
    index_.erase(file);
    Publish();
  }

  /// apt-get by hand, as an administrator of this system.
  void AptGet(const std::vector<std::string>& arguments) const {
    std::vector<std::string> all = {"apt-get",
                                    "-y",
                                    "-qq",
                                    "-o",
                                    "Dir=" + root(),
                                    "-o",
                                    "Dir::State::status=" + root() + "/var/lib/dpkg/status",
                                    "-o",
                                    "Dpkg::Options::=--root=" + root(),
                                    "-o",
                                    "Dpkg::Options::=--log=" + root() + "/var/log/dpkg.log"};
    const auto options = AptOptions();
    all.insert(all.end(), options.begin(), options.end());
    all.insert(all.end(), arguments.begin(), arguments.end());
    const auto finished = RunProgram(all, {{"DEBIAN_FRONTEND", "noninteractive"}});
    EXPECT_EQ(finished.exit_code, 0) << finished.output;
  }

  /// "app 1.0 installed, tiny 2.0 config-files": everything that dpkg knows.
  std::string Installed() const {
    const auto finished = RunProgram({"dpkg-query", "--admindir=" + root() + "/var/lib/dpkg", "-W", "-f",
                                      "${Package} ${Version} ${db:Status-Status}, "});
    auto text = finished.exit_code == 0 ? finished.output : "";
    return text.substr(0, text.size() - std::min<std::size_t>(text.size(), 2));
  }
  std::string Content(const std::string& package) const {
    const auto text = ReadFile(root() + "/usr/share/" + package + "/content", 1 << 20);
    return text ? *text : "(none)";
  }

 private:
  static void Write(const std::string& path, const std::string& text) {
    ASSERT_TRUE(MakeFolder(std::filesystem::path(path).parent_path().string()));
    ASSERT_TRUE(WriteFileAtomically(path, text, 0644));
  }
  void Publish() {
    std::string text;
    for (const auto& [file, entry] : index_) text += entry;
    Write(In("repository/Packages"), text.empty() ? "\n" : text);
  }

  std::string In(const std::string& name) const { return disk_.path() + "/" + name; }

  /// In memory: dpkg syncs every file.
  SmallDisk disk_{64 << 20};
  std::map<std::string, std::string> index_;
};

}  // namespace motley::tests
