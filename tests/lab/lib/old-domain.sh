# SPDX-License-Identifier: LGPL-2.1-or-later
# shellcheck shell=bash
#
# A local storage domain as an oVirt host leaves it behind, made with plain tools and none of ours. Source it after "assert".

OLD=8edc7efd-247c-4edb-bef0-1e95d4416d00
OLD_POOL=11111111-2222-4333-8444-555555555555
OLD_VM=eeeeeeee-0000-4000-8000-000000000001
OLD_IMAGE=aaaaaaaa-0000-4000-8000-000000000001
OLD_BASE=bbbbbbbb-0000-4000-8000-000000000001
OLD_TOP=bbbbbbbb-0000-4000-8000-000000000002
OLD_STORE=aaaaaaaa-0000-4000-8000-00000000000f
OLD_TAR=bbbbbbbb-0000-4000-8000-00000000000f

# old_meta IMAGE VOLUME CAPACITY FORMAT ROLE PARENT TYPE DESCRIPTION: a volume's metadata
old_meta() {
        printf '%s\n' "CAP=$3" CTIME=1663000000 "DESCRIPTION=$8" "DISKTYPE=$7" "DOMAIN=$OLD" "FORMAT=$4" GEN=0 "IMAGE=$1" LEGALITY=LEGAL \
                "PUUID=$6" SEQ=1 TYPE=SPARSE "VOLTYPE=$5" EOF
}

# old_metadata PATH [TYPE]: the domain's, attached to a data center, with its seal
old_metadata() {
        local lines
        lines=$(printf '%s\n' ALIGNMENT=1048576 BLOCK_SIZE=512 CLASS=Data DESCRIPTION=old IOOPTIMEOUTSEC=10 LEASERETRIES=3 LEASETIMESEC=60 \
                LOCKPOLICY= LOCKRENEWALINTERVALSEC=5 MASTER_VERSION=1 POOL_DESCRIPTION=dc "POOL_DOMAINS=$OLD:Active" POOL_SPM_ID=-1 POOL_SPM_LVER=-1 \
                "POOL_UUID=$OLD_POOL" "REMOTE_PATH=$1" ROLE=Master "SDUUID=$OLD" "TYPE=${2:-LOCALFS}" VERSION=5)
        echo "$lines"
        echo "_SHA_CKSUM=$(tr -d '\n' <<<"$lines" | sha1sum | cut -d' ' -f1)"
}

# old_domain HOST PATH NETWORK: the guest image as the base of a chain of two layers, and a definition of its VM with a NIC on NETWORK
old_domain() {
        local host=$1 path=$2 network=$3 shared domain blank=00000000-0000-0000-0000-000000000000 size store
        shared=$(lab path shared)
        domain=$path/$OLD
        sed "s/web1 é/web1/; s/\/bbbbbbbb-0000-4000-8000-000000000001/\/$OLD_TOP/g; s/2048/128/g; s/>2<\/rasd:num_of_sockets/>1<\/rasd:num_of_sockets/; s/>2<\/rasd:cpu_per_socket/>1<\/rasd:cpu_per_socket/
                s/>ovirtmgmt<\/rasd:Connection/>$network<\/rasd:Connection/; s/VirtIO_SCSI/VirtIO/" \
                "$RHV_TOP/tests/fixture/data/storage/engine-vm.ovf" >"$shared/$OLD_VM.ovf"
        cp "$(lab path guest)/guest.qcow2" "$shared/guest.qcow2"
        on "$host" mkdir -p "$domain/dom_md" "$domain/images/$OLD_IMAGE" "$domain/images/$OLD_STORE" "$domain/master/vms" "$domain/master/tasks"
        on "$host" sh -c "cd $domain/dom_md && : >ids && : >leases && truncate -s 16M inbox outbox && chmod 660 ids leases inbox outbox"
        old_metadata "$path" | on "$host" sh -c "cat >$domain/dom_md/metadata"
        on "$host" sh -c "cd $domain/images/$OLD_IMAGE && qemu-img convert -O raw /shared/guest.qcow2 $OLD_BASE &&
                qemu-img create -q -f qcow2 -o compat=1.1 -b $OLD_BASE -F raw $OLD_TOP"
        size=$(on "$host" stat -c %s "$domain/images/$OLD_IMAGE/$OLD_BASE")
        old_meta $OLD_IMAGE $OLD_BASE "$size" RAW INTERNAL $blank DATA '{"DiskAlias":"web1_Disk1","DiskDescription":""}' |
                on "$host" sh -c "cat >$domain/images/$OLD_IMAGE/$OLD_BASE.meta"
        old_meta $OLD_IMAGE $OLD_TOP "$size" COW LEAF $OLD_BASE DATA '{"DiskAlias":"web1_Disk1","DiskDescription":""}' |
                on "$host" sh -c "cat >$domain/images/$OLD_IMAGE/$OLD_TOP.meta"
        on "$host" tar -C /shared -cf "$domain/images/$OLD_STORE/$OLD_TAR" "$OLD_VM.ovf"
        store=$(on "$host" stat -c %s "$domain/images/$OLD_STORE/$OLD_TAR")
        old_meta $OLD_STORE $OLD_TAR 134217728 RAW LEAF $blank OVFS \
                '{"Updated":true,"Last Updated":"Tue Sep 27 12:11:43 UTC 2022","Storage Domains":[{"uuid":"'$OLD'"}],"Disk Description":"OVF_STORE","Size":'"$store"'}' |
                on "$host" sh -c "cat >$domain/images/$OLD_STORE/$OLD_TAR.meta"
        on "$host" sh -c "chmod 660 $domain/images/*/*; chmod 644 $domain/images/*/*.meta; chown -R 36:36 $path; chmod 755 $path"
}
