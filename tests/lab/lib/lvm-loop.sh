# SPDX-License-Identifier: LGPL-2.1-or-later
# shellcheck shell=bash
#
# Block domains in hosts without device mapper: a LUN that all hosts see, and LVM with loop devices in place of mapped ones (lvm-shim). What activation
# really does is shown in the machine lab. Needs lib/assert.

# lun_make NAME SIZE: a disk that all hosts see; prints its device. The lab takes it away.
lun_make() {
        local file loop
        file=$(lab path shared)/$1.lun
        truncate -s "$2" "$file"
        loop=$(losetup --show -f "$file")
        echo "$loop $1.lun 0" >> "$(lab path shared)/.loops"
        echo "$loop"
}

# lun_grow DEVICE NAME SIZE
lun_grow() {
        truncate -s "$3" "$(lab path shared)/$2.lun"
        losetup -c "$1"
}

# lvm_ready HOST: LVM works there as far as it can
lvm_ready() {
        local command unit
        lab put "$1" "$SUITE_LAB/lib/lvm-shim" /usr/local/sbin/lvm-shim
        on "$1" chmod 755 /usr/local/sbin/lvm-shim
        for command in lvs vgs pvs lvchange vgchange lvcreate lvremove lvextend lvreduce pvcreate pvchange pvresize vgcreate vgremove vgextend; do
                on "$1" ln -sf lvm-shim "/usr/local/sbin/$command"
        done
        # the host's udevd sees every loop device of the machine change, and gives it an owner
        on "$1" sh -c 'mkdir -p /run/udev/rules.d && echo "KERNEL==\"loop*\", OWNER=\"36\", GROUP=\"36\", MODE=\"0660\"" > /run/udev/rules.d/90-lab.rules && udevadm control --reload'
        # the shim's volumes are not the device mapper's
        for unit in rhv-upload- rhv-data-block- rhv-transfer-block-; do
                on "$1" sh -c "mkdir -p /run/systemd/system/$unit.service.d && printf '[Service]\nDeviceAllow=block-loop rw\n' > /run/systemd/system/$unit.service.d/lab.conf"
        done
        on "$1" systemctl daemon-reload
}
