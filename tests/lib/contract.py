# SPDX-License-Identifier: LGPL-2.1-or-later
"""What the interface files in dbus/ say, in a form that can be compared with what a service says of itself.

Order, comments and org.rhv.* annotations do not count; names, types, argument names and directions, access and change signals do.
"""

import pathlib
import xml.etree.ElementTree as ElementTree

EMITS = "org.freedesktop.DBus.Property.EmitsChangedSignal"
PRIVILEGED = "org.freedesktop.systemd1.Privileged"
ACTION = "org.rhv.Action"


def annotations(element):
    return {a.get("name"): a.get("value") for a in element.findall("annotation")}


def arguments(element, default):
    return tuple((a.get("direction") or default, a.get("type"), a.get("name")) for a in element.findall("arg"))


def member(element, inherited_emits):
    notes = {k: v for k, v in annotations(element).items() if not k.startswith("org.rhv.")}
    emits = notes.pop(EMITS, inherited_emits)
    rest = tuple(sorted(notes.items()))
    if element.tag == "property":
        return (element.tag, element.get("type"), element.get("access"), emits, rest)
    if element.tag == "signal":
        # the direction of a signal's argument may be said or not: it is always out
        return (element.tag, tuple((t, n) for _, t, n in arguments(element, "out")), rest)
    # ins and outs each keep their order; how they are interleaved means nothing
    args = arguments(element, "in")
    return (element.tag, tuple(a for a in args if a[0] == "in"), tuple(a for a in args if a[0] == "out"), rest)


def interfaces(text):
    """{interface: {member name: what it is}} of all org.rhv interfaces in an introspection document, of nested nodes too."""
    result = {}
    for interface in ElementTree.fromstring(text).iter("interface"):
        name = interface.get("name")
        if not name.startswith("org.rhv."):
            continue
        emits = annotations(interface).get(EMITS, "true")
        members = result.setdefault(name, {})
        for element in interface:
            if element.tag in ("method", "signal", "property"):
                members[element.get("name")] = member(element, emits)
    return result


def actions(text):
    """{(interface, method): action} as annotated."""
    return {(i.get("name"), m.get("name")): annotations(m).get(ACTION)
            for i in ElementTree.fromstring(text).iter("interface") for m in i.findall("method")}


def contract(directory):
    """All interface files of a directory together."""
    result = {}
    for path in sorted(pathlib.Path(directory).glob("org.rhv.*.xml")):
        result.update(interfaces(path.read_text()))
    return result


def differences(wanted, got, where):
    """Sentences on how the interfaces of `got` differ from those of the same names in `wanted`."""
    said = []
    for name, members in sorted(got.items()):
        if name not in wanted:
            said.append(f"{where}: {name} is in no interface file")
            continue
        for m in sorted(members.keys() - wanted[name].keys()):
            said.append(f"{where}: {name}.{m} is not in the interface file")
        for m in sorted(wanted[name].keys() - members.keys()):
            said.append(f"{where}: {name}.{m} of the interface file is not there")
        for m in sorted(wanted[name].keys() & members.keys()):
            if wanted[name][m] != members[m]:
                said.append(f"{where}: {name}.{m} is {members[m]}, in the interface file {wanted[name][m]}")
    return said
