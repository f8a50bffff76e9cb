#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""A manual page for each interface file of dbus/.

    interface-man.py XML VERSION > org.rhv.Compute.5
    interface-man.py --check XML...     every member has its text; exit status 1 otherwise

The text of a member is the XML comment in front of it, "Name: what it does ... Errors: ... Since: 0.1".
"""

import re
import sys
import xml.etree.ElementTree as ET

ACTION = "org.rhv.Action"
EMITS = "org.freedesktop.DBus.Property.EmitsChangedSignal"


def parse(path):
    parser = ET.XMLParser(target=ET.TreeBuilder(insert_comments=True))
    return ET.parse(path, parser).getroot()


def file_comment(path):
    """What stands in front of <node>: all comments but the licence."""
    with open(path, encoding="utf-8") as file:
        head = file.read().split("<node", 1)[0]
    comments = re.findall(r"<!--(.*?)-->", head, re.S)
    return "\n".join(c for c in comments if "SPDX-License-Identifier" not in c)


def with_comments(element):
    """(child, text of the comment in front of it) for each child that is not a comment."""
    comment = None
    for child in element:
        if child.tag is ET.Comment:
            comment = child.text
        else:
            yield child, comment
            comment = None


def escape(text):
    text = text.replace("\\", "\\e").replace("-", "\\-").replace("'", "\\(aq")
    return "\\&" + text if text.startswith(".") else text


def paragraphs(text):
    """Lines joined to paragraphs; a line that ends a sentence or a list's head ends a paragraph."""
    result, current = [], []
    for line in text.strip().splitlines():
        line = line.strip()
        if not line:
            if current:
                result.append(" ".join(current))
                current = []
            continue
        if re.match(r"(Errors|Since|Details)\b[^:]*:", line) and current:
            result.append(" ".join(current))
            current = []
        current.append(line)
        if line[-1] in ".:;":
            result.append(" ".join(current))
            current = []
    if current:
        result.append(" ".join(current))
    return result


def member_text(name, comment):
    text = (comment or "").strip()
    return text[len(name) + 1:].strip() if text.startswith(name + ":") else text


def annotation(element, name):
    for child in element.findall("annotation"):
        if child.get("name") == name:
            return child.get("value")
    return None


def arguments(element, direction):
    found = [a for a in element.findall("arg") if a.get("direction", direction) == direction]
    return ", ".join("%s %s" % (a.get("type"), a.get("name")) for a in found)


def heading(element):
    name = element.get("name")
    if element.tag == "property":
        return "%s %s" % (element.get("type"), name)
    if element.tag == "signal":
        return "%s(%s)" % (name, arguments(element, "out"))
    out = arguments(element, "out")
    return "%s(%s)%s" % (name, arguments(element, "in"), " \u2192 " + out if out else "")


def write_member(out, element, comment):
    out.append(".TP")
    out.append(".B " + escape(heading(element)))
    body = paragraphs(member_text(element.get("name"), comment)) or ["Not documented."]
    for i, paragraph in enumerate(body):
        if i > 0:
            out.append(".br")
        out.append(escape(paragraph))
    action = annotation(element, ACTION)
    if action:
        out.append(".br")
        out.append("polkit action: " + escape("none (read only)" if action == "read-only" else action) + ".")
    emits = annotation(element, EMITS)
    if emits == "const":
        out.append(".br")
        out.append("Never changes.")
    elif emits == "false":
        out.append(".br")
        out.append("Changes are not announced.")


def write_interface(out, interface, comment):
    out.append(".SH INTERFACE " + escape(interface.get("name")))
    for paragraph in paragraphs(member_text(interface.get("name"), comment)):
        out.append(escape(paragraph))
        out.append(".PP")
    for tag, title in (("method", "Methods"), ("signal", "Signals"), ("property", "Properties")):
        members = [(m, c) for m, c in with_comments(interface) if m.tag == tag]
        if members:
            out.append(".SS " + title)
        for member, text in members:
            write_member(out, member, text)


def page(path, version):
    name = re.sub(r"\.xml$", "", path.rsplit("/", 1)[-1])
    node = parse(path)
    out = ['.\\" Made from %s.xml by interface-man.py.' % name,
           '.TH "%s" 5 "" "RHV %s" "Interfaces of RHV"' % (name, version),
           ".SH NAME",
           "%s \\- D\\-Bus interfaces" % escape(name),
           ".SH DESCRIPTION"]
    for paragraph in paragraphs(file_comment(path)):
        out.append(escape(paragraph))
        out.append(".PP")
    out.append("Types are D\\-Bus signatures: s string, b boolean, t unsigned integer (bytes; microseconds where it is a time),"
               " u unsigned integer, d number, o object path, h file descriptor, a{sv} dictionary."
               " A dictionary with a key that is not documented is refused.")
    for interface, comment in with_comments(node):
        if interface.tag == "interface":
            write_interface(out, interface, comment)
    out.append(".SH SEE ALSO")
    out.append("rhvctl(1), busctl(1), the interface file in /usr/share/dbus\\-1/interfaces")
    return "\n".join(out) + "\n"


def check(paths):
    missing = []
    for path in paths:
        for interface in parse(path).findall("interface"):
            for member, comment in with_comments(interface):
                if member.tag in ("method", "signal", "property") and not member_text(member.get("name"), comment):
                    missing.append("%s: %s.%s has no text" % (path, interface.get("name"), member.get("name")))
    for line in missing:
        print(line, file=sys.stderr)
    return 1 if missing else 0


if __name__ == "__main__":
    if sys.argv[1] == "--check":
        sys.exit(check(sys.argv[2:]))
    sys.stdout.reconfigure(encoding="utf-8")
    sys.stdout.write(page(sys.argv[1], sys.argv[2]))
