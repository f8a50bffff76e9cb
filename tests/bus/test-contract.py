#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""test-contract.py SERVICE PROGRAM: does the program introspect to exactly dbus/org.rhv.SERVICE.xml?

Twice: what --introspect prints (all interfaces), and what the running service says on a bus of this test's own, of every object it has, with
none of its backends there. And it must be on the bus at once, backends or not.
"""

import os
import pathlib
import shutil
import subprocess
import sys
import tempfile
import time

TOP = pathlib.Path(__file__).resolve().parents[2]
sys.path.insert(0, str(TOP / "tests/lib"))
import contract  # noqa: E402

NAME_SECONDS = 10  # from start to the name; on a busy machine
BUS = """<!DOCTYPE busconfig PUBLIC "-//freedesktop//DTD D-Bus Bus Configuration 1.0//EN"
 "http://www.freedesktop.org/standards/dbus/1.0/busconfig.dtd">
<busconfig><type>system</type><listen>unix:path={directory}/bus</listen><auth>EXTERNAL</auth>
<policy context="default"><allow send_destination="*" eavesdrop="true"/><allow eavesdrop="true"/><allow own="*"/><allow user="*"/></policy>
</busconfig>
"""


def wait_until(condition, what, process):
    end = time.monotonic() + NAME_SECONDS
    while not condition():
        if process.poll() is not None:
            sys.exit(f"{what}: ended with {process.returncode}")
        if time.monotonic() > end:
            sys.exit(f"{what}: not within {NAME_SECONDS} s")
        time.sleep(0.02)


class Bus:
    def __init__(self, directory):
        self.address = f"unix:path={directory}/bus"
        config = pathlib.Path(directory, "bus.conf")
        config.write_text(BUS.format(directory=directory))
        self.process = subprocess.Popen(["dbus-daemon", f"--config-file={config}", "--nofork", "--nopidfile"], stderr=subprocess.DEVNULL)
        wait_until(pathlib.Path(directory, "bus").exists, "dbus-daemon", self.process)

    def call(self, destination, path, method, *arguments):
        result = subprocess.run(["dbus-send", f"--bus={self.address}", "--print-reply=literal", "--reply-timeout=10000", f"--dest={destination}", path,
                                 method, *arguments], capture_output=True, text=True)
        if result.returncode != 0:
            raise RuntimeError(f"{method} of {path}: {result.stderr.strip()}")
        return result.stdout.strip()

    def has_owner(self, name):
        return self.call("org.freedesktop.DBus", "/org/freedesktop/DBus", "org.freedesktop.DBus.NameHasOwner", f"string:{name}").endswith("true")

    def introspect(self, name, path):
        return self.call(name, path, "org.freedesktop.DBus.Introspectable.Introspect")


def start(program, directory, bus):
    environment = dict(os.environ, DBUS_SYSTEM_BUS_ADDRESS=bus.address)
    for variable in ("STATE", "RUNTIME", "CACHE"):
        place = pathlib.Path(directory, variable.lower())
        place.mkdir()
        environment[f"{variable}_DIRECTORY"] = str(place)
    environment.pop("NOTIFY_SOCKET", None)
    return subprocess.Popen([program, "--idle-seconds=0"], env=environment)


def walk(bus, name, path):
    """(path, introspection) of the object and all below it."""
    text = bus.introspect(name, path)
    yield path, text
    for node in contract.ElementTree.fromstring(text).findall("node"):
        yield from walk(bus, name, f"{path.rstrip('/')}/{node.get('name')}")


def check_running(service, program, wanted, directory):
    name, root = f"org.rhv.{service}", f"/org/rhv/{service}"
    bus = Bus(directory)
    process = start(program, directory, bus)
    try:
        wait_until(lambda: bus.has_owner(name), program, process)
        said, seen = [], set()
        for path, text in walk(bus, name, root):
            found = contract.interfaces(text)
            seen |= found.keys()
            said += contract.differences(wanted, found, path)
        if name not in seen:
            said.append(f"{root} has no interface {name}")
        if process.poll() is not None:
            said.append(f"{program} ended with {process.returncode}")
        return said
    finally:
        process.terminate()
        try:
            process.wait(10)
        except subprocess.TimeoutExpired:
            process.kill()
        bus.process.kill()
        bus.process.wait()


def main():
    service, program = sys.argv[1:]
    wanted = contract.contract(TOP / "dbus")
    text = subprocess.run([program, "--introspect"], check=True, capture_output=True, text=True, timeout=10).stdout
    printed = contract.interfaces(text)
    said = contract.differences(wanted, printed, "--introspect")
    own = contract.interfaces((TOP / "dbus" / f"org.rhv.{service}.xml").read_text())
    said += [f"--introspect: {name} of the interface file is not there" for name in sorted(own.keys() - printed.keys())]
    if contract.PRIVILEGED in text:
        said.append("--introspect: a method is closed to all but root, before polkit could be asked")

    directory = tempfile.mkdtemp(prefix="rhv-contract-")
    try:
        said += check_running(service, program, wanted, directory)
    finally:
        shutil.rmtree(directory)
    if said:
        sys.exit("\n".join(said))
    print(f"{len(printed)} interfaces, {sum(map(len, printed.values()))} members")


main()
