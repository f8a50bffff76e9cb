#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""Guests for libvirt's test driver.

test-guests.py N        a <node> file for test:///FILE with N running guests
test-guests.py N each   one <domain> a line
"""
import sys
import uuid

SPACE = uuid.UUID("6f1d6c0e-0000-4000-8000-000000000000")


def domain(number):
    identifier = uuid.uuid5(SPACE, str(number))
    return (
        f"<domain type='test'><name>guest{number}</name><uuid>{identifier}</uuid>"
        "<memory unit='KiB'>524288</memory><vcpu>2</vcpu><os><type arch='x86_64'>hvm</type></os>"
        "<devices>"
        "<disk type='file' device='disk'><source file='/guest.img'/><target dev='vda' bus='virtio'/></disk>"
        f"<interface type='bridge'><mac address='56:6f:00:00:{number >> 8 & 255:02x}:{number & 255:02x}'/>"
        "<source bridge='br0'/><model type='virtio'/></interface>"
        "</devices></domain>"
    )


def main():
    count = int(sys.argv[1])
    if len(sys.argv) > 2 and sys.argv[2] == "each":
        for number in range(count):
            print(domain(number))
        return
    print("<node>")
    for number in range(count):
        print(domain(number))
    print("<cpu><mhz>2000</mhz><model>test</model><active>2</active><nodes>1</nodes><sockets>1</sockets>"
          "<cores>2</cores><threads>1</threads></cpu><memory>8192000</memory></node>")


if __name__ == "__main__":
    main()
