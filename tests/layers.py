#!/usr/bin/env python3
"""Checks the rules that keep the layers apart; run by CTest. Usage: layers.py SOURCE_DIR"""
import pathlib
import re
import sys

root = pathlib.Path(sys.argv[1])
top_folders = ["proto", "common", "controller", "agent", "tools", "tests"]
# What each folder may include from, beside itself and the generated messages.
may_include = {
    "common": set(),
    "controller": {"common"},
    "agent": {"common"},
    "tools": {"common"},
    "tests": {"common", "controller", "agent", "tools"},
}
# A C library, or one whose headers are slow or intrusive, is named by the files of one module.
owners = {
    r"sqlite3\.h": ["common/sql/database.cc"],
    r"mqtt/": ["common/mqtt/connection.cc"],
    r"openssl/": ["common/crypto/"],
    r"libserialport\.h": ["agent/serial/"],
    r"libudev\.h": ["agent/devices/hotplug_udev.cc"],
    r"httplib\.h": ["common/http/", "agent/kinds/docker_engine.cc"],
    r"boost/beast": ["controller/api/"],
    r"boost/asio": ["common/loop/loop.cc", "controller/api/"],
    r"nlohmann/": ["common/genesis/", "common/release/", "agent/flash/smp", "agent/kinds/", "tools/motley/"],
    r"archive(_entry)?\.h": ["agent/unpack/archive_source.cc"],
    r"zlib\.h": ["agent/flash/deflate.cc", "tools/espsim/inflater.cc"],
    r"lemon/": ["common/assign/"],
    r"Cbc|Coin|Osi|Clp|coin/": ["common/assign/"],
    r"z3(\+\+)?\.h": ["common/assign/"],
    r"yaml-cpp/": ["common/assign/divenact.cc", "common/release/", "controller/daemon/", "tools/motley/"],
    r"spdlog/": ["common/log/"],
    r"sim_avr\.h|avr_": ["tools/avrsim/"],
}
# Modules that decide: no I/O, no threads, no clocks.
deciders = [
    "common/assign/",
    "common/fleet/",
    "controller/assign/",
    "common/selector/",
    "common/model/",
    "agent/reconcile/plan",
    "agent/reconcile/phase",
    "agent/reconcile/report",
]
forbidden_in_deciders = re.compile(
    r"<(thread|mutex|fstream|filesystem|sys/\w+\.h|unistd\.h|fcntl\.h|chrono)>|common/(sql|mqtt|http|files|loop)/")

include = re.compile(r'^\s*#\s*include\s*(?:"([^"]+)"|<([^>]+)>)', re.M)
problems = []


def check(path):
    name = path.relative_to(root).as_posix()
    folder = name.split("/")[0]
    text = path.read_text()
    for quoted, angled in include.findall(text):
        target = quoted or angled
        where = f"{name}: includes {target}"
        first = target.split("/")[0]
        if quoted and first in may_include and first != folder and first not in may_include[folder]:
            problems.append(f"{where}: {folder} may include only {sorted(may_include[folder]) or 'itself'}")
        if quoted and first not in top_folders + ["motley"] and folder != "tools":
            problems.append(f"{where}: includes are written from the repository root")
        for pattern, allowed in owners.items():
            if folder != "tests" and re.match(pattern, target) and not any(name.startswith(a) for a in allowed):
                problems.append(f"{where}: only {', '.join(allowed)} may")
        if any(name.startswith(d) for d in deciders):
            if forbidden_in_deciders.search(f"<{target}>" if angled else target):
                problems.append(f"{where}: this module only decides; effects belong elsewhere")
    if path.suffix == ".h" and "#pragma once" not in text:
        problems.append(f"{name}: no #pragma once")
    if re.search(r"(util|helper|misc|manager)", path.stem) or path.stem.startswith("common_"):
        problems.append(f"{name}: the name says nothing about what is in it")


files = [p for top in top_folders for p in sorted((root / top).rglob("*")) if p.suffix in (".h", ".cc")]
for file in files:
    check(file)
for problem in problems:
    print(problem)
print(f"{len(files)} files, {len(problems)} problems")
sys.exit(1 if problems or not files else 0)
