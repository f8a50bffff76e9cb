#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""A user without any right, on a host with all five services. Runs on the host, with contract.py beside it.

    stranger.py contract [SEED]   looks at everything, and calls everything with what may come: right types, wrong types, garbage
    stranger.py refused [METHOD…] asks for every change (or those named) with arguments that are right: each must be refused by name
"""

import base64
import hashlib
import hmac
import json
import os
import pathlib
import random
import sys
import time

from gi.repository import Gio, GLib

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent))
import contract  # noqa: E402

SERVICES = ["Cluster", "Compute", "Fence", "Network", "Storage"]
INTERFACES = "/usr/share/dbus-1/interfaces"
CALL_MSEC = 20000
DENIED = "org.rhv.Error.AccessDenied"
# the service did not answer: it hangs, died, or lost its connection
DEAD = ("NoReply", "Disconnected", "ServiceUnknown", "NameHasNoOwner", "TimedOut", "Timeout")
NOBODY = "5a1d0c2e-7c0f-4a52-9b1e-00000000dead"

bus = Gio.bus_get_sync(Gio.BusType.SYSTEM)
complaints = []
calls = 0


def complain(text):
    complaints.append(text)
    print(text)


class Refusal(Exception):
    def __init__(self, error):
        self.name = Gio.DBusError.get_remote_error(error) or error.message
        text = error.message
        self.text = text.split(": ", 1)[-1] if text.startswith("GDBus.Error:") else text
        super().__init__(f"{self.name}: {self.text}")


def call(service, path, interface, method, body=None):
    global calls
    calls += 1
    fds = Gio.UnixFDList.new()
    if body is not None and "h" in body.get_type_string():
        descriptor = os.memfd_create("stranger")
        os.ftruncate(descriptor, 512 if "rhv.Fence" not in service else 0)
        fds.append(descriptor)
        os.close(descriptor)
    try:
        result, _ = bus.call_with_unix_fd_list_sync(service, path, interface, method, body, None, Gio.DBusCallFlags.NONE, CALL_MSEC, fds, None)
    except GLib.Error as error:
        refusal = Refusal(error)
        if bus.is_closed():
            sys.exit(f"the bus closed our connection after {path} {interface}.{method}: the test sent what no bus takes")
        if refusal.name.startswith("org.freedesktop.DBus.Error.") and refusal.name.endswith(DEAD):
            complain(f"{path} {interface}.{method}: {refusal}")
        raise refusal from None
    return result


def get_all(service, path, interface):
    return call(service, path, "org.freedesktop.DBus.Properties", "GetAll", GLib.Variant("(s)", (interface,))).unpack()[0]


def owner(name):
    return call("org.freedesktop.DBus", "/org/freedesktop/DBus", "org.freedesktop.DBus", "GetNameOwner", GLib.Variant("(s)", (name,))).unpack()[0]


def walk(service, path):
    text = call(service, path, "org.freedesktop.DBus.Introspectable", "Introspect").unpack()[0]
    yield path, text
    for node in contract.ElementTree.fromstring(text).findall("node"):
        yield from walk(service, f"{path.rstrip('/')}/{node.get('name')}")


def documented_actions():
    result = {}
    for path in sorted(pathlib.Path(INTERFACES).glob("org.rhv.*.xml")):
        result.update(contract.actions(path.read_text()))
    return result


# ---- contract ----

def dummy(signature, variant):
    """A value of the type; variant 0: empty and zero, 1: plausible, 2: large and odd."""
    head = signature[0]
    if head in "sog":
        if head == "o":
            return ["/", "/org/rhv", "/org/rhv/Compute/vm/x"][variant]
        if head == "g":
            return ["", "s", "a{sv}"][variant]
        return ["", NOBODY, "../" * 1000][variant]
    if head == "b":
        return variant > 0
    if head == "h":
        return 0
    if head == "d":
        return [0.0, 1.5, float("inf")][variant]
    if head in "ynqiuxt":
        return [0, 1, {"y": 255, "n": -32768, "q": 65535, "i": -2**31, "u": 2**32 - 1, "x": -2**63, "t": 2**64 - 1}[head]][variant]
    if head == "v":
        return GLib.Variant("s", "x")
    if signature.startswith("a{"):
        if variant == 0:
            return {}
        value = signature[3:-1]
        inner = GLib.Variant("x", -1) if value == "v" else dummy(value, 1)
        return {("name" if variant == 1 else "k" * 300 + str(i)): inner for i in range(1 if variant == 1 else 1100)}
    if head == "a":
        return [] if variant == 0 else [dummy(signature[1:], variant)] * (1 if variant == 1 else 2000)
    raise ValueError(signature)


def garbage(random_source, depth=0):
    """A random value of a random type."""
    kind = random_source.choice("sybnqiuxtdogv" + ("avd(" if depth < 4 else ""))
    if kind == "(":
        return GLib.Variant.new_tuple(*[garbage(random_source, depth + 1) for _ in range(random_source.randrange(1, 4))])
    if kind == "a":
        element = garbage(random_source, depth + 1)
        return GLib.Variant.new_array(element.get_type(), [element] * random_source.randrange(20))
    if kind == "v":
        return GLib.Variant("v", garbage(random_source, depth + 1) if depth < 20 else GLib.Variant("s", ""))
    if kind == "s":
        return GLib.Variant("s", "".join(chr(random_source.choice([random_source.randrange(1, 128), random_source.randrange(0x80, 0xd7ff)]))
                                         for _ in range(random_source.randrange(50))))
    return GLib.Variant(kind, dummy(kind, random_source.randrange(3)))


def nested(depth):
    """As deep as a bus lets through: it cuts off who sends more than 64 levels."""
    value = GLib.Variant("s", "deep")
    for _ in range(depth):
        value = GLib.Variant("a{sv}", {"x": value})
    return value


def wrong_bodies(signature, random_source):
    yield None
    for body in ("(i)", "(s)", "(as)", "(a{sv})", "(sss)", "(ssss)", "(ay)", "(v)", "(a{ss})", "(a{sa{sv}})"):
        if body != f"({signature})":
            types = contract_types(body[1:-1])
            yield GLib.Variant(body, tuple(dummy(t, 1) for t in types))
    yield GLib.Variant.new_tuple(nested(15))
    yield GLib.Variant.new_tuple(*[GLib.Variant("s", "x" * 100000)] * 8)
    for _ in range(10):
        yield GLib.Variant.new_tuple(*[garbage(random_source) for _ in range(random_source.randrange(1, 6))])


def contract_types(signature):
    types, rest = [], signature
    while rest:
        one = rest[0]
        if one == "a":
            end = 2 if rest[1] not in "{(a" else None
            if end is None:
                deep = 0
                for i, c in enumerate(rest):
                    deep += c in "{("
                    deep -= c in "})"
                    if deep == 0 and c not in "a":
                        end = i + 1
                        break
            one = rest[:end]
        types.append(one)
        rest = rest[len(one):]
    return types


def try_properties(service, path, interface, members):
    values = get_all(service, path, interface)
    for name, what in members.items():
        if what[0] != "property":
            continue
        if name not in values:
            complain(f"{path} {interface}.{name}: not in GetAll")
        call(service, path, "org.freedesktop.DBus.Properties", "Get", GLib.Variant("(ss)", (interface, name)))
        try:
            call(service, path, "org.freedesktop.DBus.Properties", "Set",
                 GLib.Variant("(ssv)", (interface, name, GLib.Variant("s", "x"))))
            complain(f"{path} {interface}.{name}: a stranger could set it")
        except Refusal:
            pass
    for bad in ("", "Nothing", "../x"):
        try:
            call(service, path, "org.freedesktop.DBus.Properties", "Get", GLib.Variant("(ss)", (interface, bad)))
            complain(f"{path} {interface}: has a property '{bad}'")
        except Refusal:
            pass


def try_method(service, path, interface, name, signature, action, random_source):
    where = f"{path} {interface}.{name}"
    types = contract_types(signature)
    for variant in range(3):
        body = GLib.Variant(f"({signature})", tuple(dummy(t, variant) for t in types)) if signature else None
        try:
            call(service, path, interface, name, body)
            if action != "read-only":
                complain(f"{where}: a stranger was not refused ({variant})")
        except Refusal as refusal:
            if not refusal.name.startswith("org.rhv.Error."):
                complain(f"{where}: {refusal}")
            if not refusal.text:
                complain(f"{where}: {refusal.name} without a word")
    for body in wrong_bodies(signature, random_source):
        if body is None and not signature or body is not None and body.get_type_string() == f"({signature})":
            continue
        try:
            call(service, path, interface, name, body)
            complain(f"{where}: took {body.get_type_string() if body else 'nothing'}")
        except Refusal:
            pass


def look_at_object(service, path, text, wanted, actions, random_source):
    found = contract.interfaces(text)
    for sentence in contract.differences(wanted, found, path):
        complain(sentence)
    for interface, members in found.items():
        try_properties(service, path, interface, members)
        for name, what in members.items():
            if what[0] == "method":
                signature = "".join(a[1] for a in what[1])
                try_method(service, path, interface, name, signature, actions.get((interface, name)), random_source)
        try:
            call(service, path, interface, "Nothing", None)
            complain(f"{path} {interface}: has a method Nothing")
        except Refusal:
            pass


def contract_mode(seed):
    print(f"seed {seed}")
    begun = time.monotonic()
    random_source = random.Random(seed)
    wanted, actions, seen = contract.contract(INTERFACES), documented_actions(), set()
    for word in SERVICES:
        service, root = f"org.rhv.{word}", f"/org/rhv/{word}"
        call(service, root, "org.freedesktop.DBus.Peer", "Ping")
        before = owner(service)
        call(service, root, "org.freedesktop.DBus.ObjectManager", "GetManagedObjects")
        for path, text in list(walk(service, root)):
            print(f"{time.monotonic() - begun:6.1f} s {path}")
            look_at_object(service, path, text, wanted, actions, random_source)
            seen |= contract.interfaces(text).keys()
        if owner(service) != before:
            complain(f"{service}: another process has the name now")
    for interface in sorted(wanted.keys() - seen):
        complain(f"no object with {interface} was there to be looked at")
    print(f"{calls} calls")


# ---- refused ----

def objects(service, interface):
    managed = call(service, "/" + service.replace(".", "/"), "org.freedesktop.DBus.ObjectManager", "GetManagedObjects").unpack()[0]
    return {path: interfaces[interface] for path, interfaces in sorted(managed.items()) if interface in interfaces}


def by_name(service, interface, name):
    return next((path, values) for path, values in objects(service, interface).items() if values["Name"] == name)


def requests():
    """{(interface, method): [(path, arguments)…]}: what would change something if root asked."""
    s = lambda **keys: {k: GLib.Variant(*v) for k, v in keys.items()}  # noqa: E731
    text, number = (lambda v: ("s", v)), (lambda v: ("t", v))
    cluster, compute, storage, network, fence = (f"org.rhv.{w}" for w in ("Cluster", "Compute", "Storage", "Network", "Fence"))
    find = lambda kind, name: by_name(cluster, f"{cluster}.{kind}", name)[0]  # noqa: E731
    root = {w: "/" + w.replace(".", "/") for w in (cluster, compute, storage, network, fence)}
    host = next(iter(objects(cluster, f"{cluster}.Host")))
    web1, idle1, db1 = (find("Vm", n) for n in ("web1", "idle1", "db1"))
    used = by_name(cluster, f"{cluster}.Disk", "used")[1]
    spare_path, spare = by_name(cluster, f"{cluster}.Disk", "spare")
    domain = by_name(storage, f"{storage}.Domain", "local1")[0]
    empty = by_name(storage, f"{storage}.Domain", "local2")[0]
    shared = by_name(storage, f"{storage}.Domain", "shared1")[0]
    isos = by_name(storage, f"{storage}.Domain", "isos1")[0]
    exports = by_name(storage, f"{storage}.Domain", "exports1")[0]
    guest = lambda name: by_name(compute, f"{compute}.Vm", name)[0]  # noqa: E731
    what = s(description=text("changed"))
    networks = {"mine": s(nic=text("eth2"))}
    device = s(agent=text("fence_dummy"))
    table = {
        (cluster, "CreateDataCenter"): [(root[cluster], (s(name=text("dc3")), {}))],
        (cluster, "CreateCluster"): [(root[cluster], (s(name=text("c3"), data_center=text("dc2")), {}))],
        (cluster, "CreateNetwork"): [(root[cluster], (s(name=text("green"), data_center=text("dc2")), {}))],
        (cluster, "CreateMacPool"): [(root[cluster], (s(name=text("macs3"), ranges=("as", ["56:70:00:00:00:00-56:70:00:00:00:0f"])), {}))],
        (cluster, "CreateVnicProfile"): [(root[cluster], (s(name=text("slow"), network=text("blue")), {}))],
        (cluster, "CreateStorageDomain"): [(root[cluster], (s(name=text("d3"), type=text("local"), path=text("/srv/three"), data_center=text("Default")), {}))],
        (cluster, "ImportStorageDomain"): [(root[cluster], (s(name=text("d4"), type=text("local"), path=text("/srv/four"), data_center=text("Default")), {}))],
        (cluster, "CreateDisk"): [(root[cluster], (s(name=text("disk3"), storage_domain=text("local1"), capacity=number(1 << 20)), {}))],
        (cluster, "CreateVm"): [(root[cluster], (s(name=text("vm3"), cluster=text("Default")), {}))],
        (f"{cluster}.Host", "SetupNetworks"): [(host, (networks, {}, {}))],
        (f"{cluster}.Host", "AttachNetwork"): [(host, ("blue", s(nic=text("eth1"))))],
        (f"{cluster}.Host", "DetachNetwork"): [(host, ("red", {}))],
        (f"{cluster}.Host", "Activate"): [(host, ({},))],
        (f"{cluster}.Host", "Maintenance"): [(host, ({},))],
        (f"{cluster}.Disk", "Upload"): [(spare_path, (0, s(size=number(512))))],
        (f"{cluster}.Disk", "Download"): [(spare_path, (0, {}))],
        (f"{cluster}.Disk", "Sparsify"): [(spare_path, ({},))],
        (f"{cluster}.Disk", "Extend"): [(spare_path, (1 << 30, {}))],
        (f"{cluster}.Disk", "Copy"): [(spare_path, (s(name=text("spare2")), {}))],
        (f"{cluster}.Disk", "Move"): [(spare_path, ("local2", {}))],
        (f"{cluster}.Vm", "CreateSnapshot"): [(db1, (s(name=text("mine")), {}))],
        (f"{cluster}.Vm", "Clone"): [(db1, (s(name=text("db2")), {}))],
        (f"{cluster}.Vm", "CreateTemplate"): [(db1, (s(name=text("model2")), {}))],
        (f"{cluster}.Template", "Update"): [(find("Template", "model"), (what, {}))],
        (f"{cluster}.Template", "CreateVm"): [(find("Template", "model"), (s(name=text("db3")), {}))],
        (f"{cluster}.Template", "Export"): [(find("Template", "model"), ("local1", {}))],
        (f"{cluster}.Vm", "Export"): [(db1, ("local1", {}))],
        (f"{cluster}.Template", "Remove"): [(find("Template", "model"), ({},))],
        (f"{cluster}.Snapshot", "Update"): [(find("Snapshot", "kept"), (what, {}))],
        (f"{cluster}.Snapshot", "Clone"): [(find("Snapshot", "kept"), (s(name=text("kept3")), {}))],
        (f"{cluster}.Snapshot", "Preview"): [(find("Snapshot", "kept"), ({},))],
        (f"{cluster}.Snapshot", "Remove"): [(find("Snapshot", "kept"), ({},))],
        (f"{cluster}.Snapshot", "Commit"): [(find("Snapshot", "seen"), ({},))],
        (f"{cluster}.Snapshot", "Undo"): [(find("Snapshot", "seen"), ({},))],
        (f"{cluster}.Vm", "Start"): [(db1, ({},))],
        (f"{cluster}.Vm", "Resume"): [(idle1, ({},))],
        (f"{cluster}.Vm", "AttachDisk"): [(db1, ("spare", {}))],
        (f"{cluster}.Vm", "DetachDisk"): [(db1, ("old", {}))],
        (f"{cluster}.Vm", "AddNic"): [(db1, (s(network=text("blue")), {}))],
        (f"{cluster}.Vm", "RemoveNic"): [(db1, (nic_of(db1), {}))],
        (f"{cluster}.Vm", "UpdateNic"): [(db1, (nic_of(db1), {}, {})), (idle1, (nic_of(idle1), {}, {}))],
        (compute, "CreateVm"): [(root[compute], (NOBODY, s(name=text("vm4"), cpus=("u", 1), memory=number(64 << 20)), {}))],
        (compute, "PrepareIncoming"): [(root[compute], (NOBODY, s(name=text("vm5"), cpus=("u", 1), memory=number(64 << 20)), {}))],
        (compute, "SetupNetwork"): [(root[compute], ("mine", s(mode=text("nat"), subnet=text("10.213.7.0/24")), {}))],
        (f"{compute}.Network", "Remove"): [(by_name(compute, f"{compute}.Network", "alone")[0], ({},))],
        (f"{compute}.Vm", "Migrate"): [(guest("idle1"), ([""], {}))],
        (f"{compute}.Vm", "OpenIncoming"): [(guest("web1"), ("libvirt", {}))],
        (f"{compute}.Vm", "Resume"): [(guest("idle1"), ({},))],
        (f"{compute}.Vm", "UpdateNic"): [(guest("idle1"), (s(id=text(nic_of(idle1)), network=text("red")), {}))],
        (f"{compute}.Vm", "ChangeCd"): [(guest("idle1"), ({}, {}))],
        (f"{cluster}.Vm", "ChangeCd"): [(web1, ("", {}))],
        (f"{compute}.Vm", "Forget"): [(guest("gone1"), ({},))],
        (fence, "Run"): [(root[fence], ("status", device, 0, {}))],
        (network, "SetupNetworks"): [(root[network], (networks, {}, {}))],
        (network, "SyncNetworks"): [(root[network], (["ovirtmgmt"], {}))],
        (network, "Confirm"): [(root[network], (confirmable(), {}))],
        (storage, "CreateDomain"): [(root[storage], (NOBODY, s(type=text("local"), path=text("/srv/five"), name=text("d5")), {}))],
        (f"{storage}.Iscsi", "DiscoverTargets"): [(root[storage], ("192.0.2.1", 0, {}))],
        (f"{storage}.Iscsi", "Login"): [(root[storage], ("iqn.2026-01.lab:x", "192.0.2.1:3260", 0, {}))],
        (f"{storage}.Iscsi", "Logout"): [(root[storage], ("iqn.2026-01.lab:x", "192.0.2.1:3260", {}))],
        (storage, "InspectForeign"): [(root[storage], (s(path=text("/srv/five")), {}))],
        (storage, "OpenDomain"): [(root[storage], (s(type=text("local"), path=text("/srv/five")), {}))],
        (f"{storage}.Domain", "CreateVolume"): [(domain, (NOBODY, NOBODY, s(capacity=number(1 << 20), format=text("raw"), allocation=text("sparse")), {}))],
        (f"{storage}.Domain", "DeleteImage"): [(domain, (spare["Image"], {}))],
        (f"{storage}.Domain", "DeleteVolume"): [(domain, (spare["Image"], spare["Volume"], {}))],
        (f"{storage}.Domain", "ExtendVolume"): [(domain, (spare["Image"], spare["Volume"], 1 << 30, {}))],
        (f"{storage}.Domain", "CopyVolume"): [(domain, (spare["Image"], spare["Volume"], s(image=text(NOBODY), volume=text(NOBODY), format=text("raw")), {}))],
        (f"{storage}.Domain", "MergeVolume"): [(domain, (spare["Image"], spare["Volume"], {}))],
        (f"{storage}.Domain", "SparsifyVolume"): [(domain, (spare["Image"], spare["Volume"], {}))],
        (f"{storage}.Domain", "ReduceVolume"): [(domain, (spare["Image"], spare["Volume"], {}))],
        (f"{storage}.Domain", "MeasureVolume"): [(domain, (spare["Image"], spare["Volume"], s(format=text("qcow2"))))],
        (f"{storage}.Domain", "Upload"): [(domain, (spare["Image"], spare["Volume"], 0, s(size=number(512))))],
        (f"{storage}.Domain", "Download"): [(domain, (spare["Image"], spare["Volume"], 0, {}))],
        (f"{storage}.Domain", "UploadFile"): [(isos, ("a.iso", 0, s(size=number(512))))],
        (f"{storage}.Domain", "PrepareFile"): [(isos, ("a.iso", s(user=text(NOBODY))))],
        (f"{storage}.Domain", "DeleteFile"): [(isos, ("a.iso", {}))],
        (f"{storage}.Domain", "PrepareImage"): [(domain, (spare["Image"], spare["Volume"], s(user=text(NOBODY))))],
        (f"{storage}.Domain", "TeardownImage"): [(domain, (used["Image"], s(user=text(NOBODY))))],
        (f"{storage}.Domain", "AddDevices"): [(shared, (["/dev/sdz"], s(lease=number(1))))],
        (f"{storage}.Domain", "Upgrade"): [(domain, (5, {}))],
        (f"{storage}.Domain", "Attach"): [(domain, ("5a1d0c2e-7c0f-4a52-9b1e-0c6f3f0d1e11", {}))],
        (f"{storage}.Domain", "Detach"): [(domain, ("5a1d0c2e-7c0f-4a52-9b1e-0c6f3f0d1e11", {}))],
        (f"{storage}.Domain", "Close"): [(empty, ({},))],
        (f"{storage}.Domain", "Destroy"): [(empty, ({},))],
        (f"{storage}.Lockspace", "Join"): [(shared, (1, {}))],
        (f"{storage}.Lockspace", "CreateLease"): [(shared, (NOBODY, s(lease=number(1))))],
        (f"{storage}.Lockspace", "DeleteLease"): [(shared, (NOBODY, s(lease=number(1))))],
        (f"{storage}.Domain", "WriteOvfStore"): [(domain, ({}, [], {}))],
        (f"{storage}.Domain", "WriteDefinition"): [(exports, (NOBODY, s(name=text("vm6"), cpus=("u", 1), memory=number(64 << 20)), {}))],
        (f"{storage}.Domain", "DeleteDefinition"): [(exports, (NOBODY, {}))],
        (f"{storage}.Lockspace", "ReleaseHost"): [(shared, (249, s(power_off_confirmed=("b", True))))],
        (f"{storage}.Lockspace", "RebuildLeases"): [(shared, (s(lease=number(1)),))],
    }
    for verb in ("Leave", "AcquireLease", "ReleaseLease"):
        table[(f"{storage}.Lockspace", verb)] = [(shared, ({},))]
    peer = next(iter(objects(cluster, f"{cluster}.Peer")))
    table[(cluster, "CreateJoinToken")] = [(root[cluster], ({},))]
    table[(cluster, "Join")] = [(root[cluster], (token_of_nobody(), {}))]
    table[(f"{cluster}.Peer", "RestartService")] = [(peer, ("cluster", {}))]
    table[(f"{cluster}.Peer", "MigrateVm")] = [(peer, (NOBODY, {}))]
    table[(f"{cluster}.Peer", "OpenConsole")] = [(peer, (NOBODY, {}))]
    table[(f"{cluster}.Peer", "OpenGraphics")] = [(peer, (NOBODY, {}))]
    table[(f"{cluster}.Peer", "DownloadVolume")] = [(peer, (NOBODY, NOBODY, NOBODY, {}))]
    table[(f"{cluster}.Peer", "Remove")] = [(peer, ({},))]
    table[(f"{cluster}.Peer", "OfferStream")] = [(peer, (0, {}))]
    table[(f"{cluster}.Peer", "OpenStream")] = [(peer, ("0" * 32, {}))]
    for kind, free in (("DataCenter", "dc4"), ("Cluster", "cluster2"), ("Network", "blue"), ("MacPool", "spare"), ("VnicProfile", "blue"), ("StorageDomain", "local2"), ("Disk", "spare"), ("Vm", "db1")):
        table[(f"{cluster}.{kind}", "Update")] = [(find(kind, free), (what, {}))]
        table[(f"{cluster}.{kind}", "Remove")] = [(find(kind, free), ({},))]
    local1 = find("StorageDomain", "local1")
    table[(f"{cluster}.StorageDomain", "ListUnregistered")] = [(local1, ({},))]
    table[(f"{cluster}.StorageDomain", "RegisterDisk")] = [(local1, (NOBODY, {}, {}))]
    table[(f"{cluster}.StorageDomain", "RegisterVm")] = [(local1, (NOBODY, {}, {}))]
    table[(f"{cluster}.StorageDomain", "RegisterTemplate")] = [(local1, (NOBODY, {}, {}))]
    table[(f"{cluster}.StorageDomain", "RemoveExported")] = [(local1, (NOBODY, {}))]
    table[(f"{cluster}.StorageDomain", "ImportVm")] = [(local1, (NOBODY, {}, {}))]
    table[(f"{cluster}.StorageDomain", "ImportTemplate")] = [(local1, (NOBODY, {}, {}))]
    table[(f"{cluster}.Host", "Update")] = [(host, (what, {}))]
    table[(f"{cluster}.Host", "Remove")] = [(host, ({},))]
    for verb in ("Shutdown", "Reboot", "PowerOff", "Pause", "OpenConsole", "OpenGraphics"):
        table[(f"{cluster}.Vm", verb)] = [(web1, ({},))]
        table[(f"{compute}.Vm", verb)] = [(guest("web1"), ({},))]
    for verb in ("Cancel", "Release"):
        table[("org.rhv.Job", verb)] = jobs(verb)
    return table


def token_of_nobody():
    """A token for joining that holds together, of a member that is not there."""
    secret, plain = bytes(32), lambda b: base64.urlsafe_b64encode(b).decode().rstrip("=")
    key = base64.b64encode(b"\0\0\0\x0bssh-ed25519\0\0\0\x20" + bytes(32)).decode()
    facts = {"a": "10.77.0.99", "e": int(time.time()) + 600, "h": NOBODY, "i": "0" * 16, "k": key, "p": 22, "s": plain(secret)}
    text = json.dumps(facts, separators=(",", ":"), sort_keys=True).encode()
    return f"rhv1.{plain(text)}.{hmac.new(secret, b'rhv-token-text' + bytes(1) + text, hashlib.sha256).hexdigest()[:16]}"


def nic_of(path):
    """The id of a VM's first NIC, by the property that lists them."""
    values = get_all("org.rhv.Cluster", path, "org.rhv.Cluster.Vm")
    nics = values.get("Nics") or values.get("Spec", {}).get("nics") or []
    return nics[0]["id"] if nics else NOBODY


def confirmable():
    """The id of a set-up of Network that waits for Confirm."""
    for values in objects("org.rhv.Network", "org.rhv.Job").values():
        if values["State"] == "running":
            return values["Id"]
    return NOBODY


def jobs(verb):
    ended = ("done", "failed", "aborted")
    for word in SERVICES:
        for path, values in objects(f"org.rhv.{word}", "org.rhv.Job").items():
            if (values["State"] in ended) == (verb == "Release") and (verb == "Release" or values["Cancelable"]):
                return [(path, None)]
    return []


def signature_of(interface, method, wanted):
    return "".join(a[1] for a in wanted[interface][method][1])


def state_of_the_world():
    """Everything a stranger could have changed."""
    world = {}
    for word in SERVICES:
        service = f"org.rhv.{word}"
        for path, interfaces in call(service, f"/org/rhv/{word}", "org.freedesktop.DBus.ObjectManager", "GetManagedObjects").unpack()[0].items():
            if "/job/" not in path:
                world[path] = {k: str(v) for values in interfaces.values() for k, v in values.items()
                               if k in ("Name", "Description", "State", "Spec", "Addresses", "Master", "Path", "Disks", "Nics")}
    return world


# Not now: what can be asked only in a state that keeps others from being asked; the test makes the state and names the method.
LATER = {"org.rhv.Network.Confirm"}
# The one host of a test never removes itself, whoever asks.
OTHERWISE = {"org.rhv.Cluster.Host.Remove": "org.rhv.Error.InvalidState"}


def refused_mode(only):
    wanted, actions, table = contract.contract(INTERFACES), documented_actions(), requests()
    before, n = state_of_the_world(), 0
    for (interface, method), action in sorted(actions.items()):
        name = f"{interface}.{method}"
        if action == "read-only" or (name not in only if only else name in LATER):
            continue
        if not table.get((interface, method)):
            complain(f"{interface}.{method}: nobody tried it as a stranger")
            continue
        for path, arguments in table[(interface, method)]:
            service = ".".join(path.split("/")[1:4])
            signature = signature_of(interface, method, wanted)
            body = GLib.Variant(f"({signature})", arguments) if signature else None
            n += 1
            try:
                call(service, path, interface, method, body)
                complain(f"{path} {interface}.{method}: a stranger was not refused")
            except Refusal as refusal:
                if name in OTHERWISE and refusal.name == OTHERWISE[name]:
                    continue
                if refusal.name != DENIED or action not in refusal.text:
                    complain(f"{path} {interface}.{method}: wanted {DENIED} for {action}, got {refusal}")
    after = state_of_the_world()
    for path in sorted(before.keys() | after.keys()):
        if before.get(path) != after.get(path):
            complain(f"{path} changed: {before.get(path)} -> {after.get(path)}")
    print(f"{n} changes asked for, of {len([a for a in actions.values() if a != 'read-only'])} methods")


if sys.argv[1] == "contract":
    contract_mode(int(sys.argv[2]) if len(sys.argv) > 2 else random.randrange(1 << 32))
else:
    refused_mode(set(sys.argv[2:]))
sys.exit(1 if complaints else 0)
