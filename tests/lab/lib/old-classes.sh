# SPDX-License-Identifier: LGPL-2.1-or-later
# shellcheck shell=bash
#
# ISO and export domains as oVirt hosts leave them behind, of version 0 and made with plain tools and none of ours. Source it after "assert".

EXPORT=8edc7efd-247c-4edb-bef0-1e95d4416d0e
EXPORT_VM=eeeeeeee-0000-4000-8000-000000000011
EXPORT_TEMPLATE=eeeeeeee-0000-4000-8000-000000000012
EXPORT_IMAGE=aaaaaaaa-0000-4000-8000-000000000011
EXPORT_BASE=bbbbbbbb-0000-4000-8000-000000000011
EXPORT_TOP=bbbbbbbb-0000-4000-8000-000000000012
EXPORT_GOLDEN=aaaaaaaa-0000-4000-8000-000000000013
EXPORT_SHARED=bbbbbbbb-0000-4000-8000-000000000013

# old_class_domain HOST PATH ID CLASS POOLS: its tree and metadata with their seal
old_class_domain() {
        local host=$1 path=$2 id=$3 lines
        lines=$(printf '%s\n' "CLASS=$4" DESCRIPTION=old IOOPTIMEOUTSEC=10 LEASERETRIES=3 LEASETIMESEC=60 LOCKPOLICY= LOCKRENEWALINTERVALSEC=5 \
                "POOL_UUID=$5" "REMOTE_PATH=$path" ROLE=Regular "SDUUID=$id" TYPE=LOCALFS VERSION=0)
        on "$host" mkdir -p "$path/$id/dom_md" "$path/$id/images"
        on "$host" sh -c "cd $path/$id/dom_md && : >ids && : >leases && truncate -s 16M inbox outbox && chmod 660 ids leases inbox outbox"
        { echo "$lines"; echo "_SHA_CKSUM=$(tr -d '\n' <<<"$lines" | sha1sum | cut -d' ' -f1)"; } | on "$host" sh -c "cat >$path/$id/dom_md/metadata"
}

# old_class_owners HOST PATH: everything belongs to VDSM
old_class_owners() { on "$1" sh -c "find $2/*/images -type f ! -name '*.meta' -exec chmod 660 {} +; chown -R 36:36 $2; chmod 755 $2"; }

# export_meta IMAGE VOLUME BYTES FORMAT ROLE PARENT ALIAS: a volume's metadata of that version
export_meta() {
        printf '%s\n' "DOMAIN=$EXPORT" "CTIME=1363000000" "FORMAT=$4" DISKTYPE=2 LEGALITY=LEGAL "SIZE=$(($3 / 512))" "VOLTYPE=$5" \
                "DESCRIPTION={\"DiskAlias\":\"$7\",\"DiskDescription\":\"\"}" "IMAGE=$1" "PUUID=$6" MTIME=0 POOL_UUID= TYPE=SPARSE EOF
}

# export_domain HOST PATH NETWORK: the guest image as a VM's chain of two layers, and as a template
export_domain() {
        local host=$1 path=$2 network=$3 shared blank=00000000-0000-0000-0000-000000000000 size images=$2/$EXPORT/images vms=$2/$EXPORT/master/vms
        shared=$(lab path shared)
        old_class_domain "$host" "$path" $EXPORT Backup 11111111-2222-4333-8444-555555555555
        on "$host" mkdir -p "$images/$EXPORT_IMAGE" "$images/$EXPORT_GOLDEN" "$vms/$EXPORT_VM" "$vms/$EXPORT_TEMPLATE" "$path/$EXPORT/master/tasks"
        cp "$(lab path guest)/guest.qcow2" "$shared/guest.qcow2"
        on "$host" sh -c "cd $images/$EXPORT_IMAGE && qemu-img convert -O raw /shared/guest.qcow2 $EXPORT_BASE &&
                qemu-img create -q -f qcow2 -o compat=0.10 -b $EXPORT_BASE -F raw $EXPORT_TOP && cp $EXPORT_BASE ../$EXPORT_GOLDEN/$EXPORT_SHARED"
        size=$(on "$host" stat -c %s "$images/$EXPORT_IMAGE/$EXPORT_BASE")
        export_meta $EXPORT_IMAGE $EXPORT_BASE "$size" RAW INTERNAL $blank web1_Disk1 | on "$host" sh -c "cat >$images/$EXPORT_IMAGE/$EXPORT_BASE.meta"
        export_meta $EXPORT_IMAGE $EXPORT_TOP "$size" COW LEAF $EXPORT_BASE web1_Disk1 | on "$host" sh -c "cat >$images/$EXPORT_IMAGE/$EXPORT_TOP.meta"
        export_meta $EXPORT_GOLDEN $EXPORT_SHARED "$size" RAW SHARED $blank golden | on "$host" sh -c "cat >$images/$EXPORT_GOLDEN/$EXPORT_SHARED.meta"
        sed "s/web1 é/web1/; s/aaaaaaaa-0000-4000-8000-000000000001/$EXPORT_IMAGE/g; s/bbbbbbbb-0000-4000-8000-000000000001/$EXPORT_TOP/g; s/eeeeeeee-0000-4000-8000-000000000001/$EXPORT_VM/g
                s/2048/128/g; s/>2<\/rasd:num_of_sockets/>1<\/rasd:num_of_sockets/; s/>2<\/rasd:cpu_per_socket/>1<\/rasd:cpu_per_socket/
                s/>ovirtmgmt<\/rasd:Connection/>$network<\/rasd:Connection/; s/VirtIO_SCSI/VirtIO/" \
                "$RHV_TOP/tests/fixture/data/storage/engine-vm.ovf" >"$shared/vm.ovf"
        sed "s/<Name>web1</<TemplateType>TEMPLATE<\/TemplateType><Name>golden</; s/$EXPORT_IMAGE/$EXPORT_GOLDEN/g; s/$EXPORT_TOP/$EXPORT_SHARED/g; s/$EXPORT_VM/$EXPORT_TEMPLATE/g" \
                "$shared/vm.ovf" >"$shared/template.ovf"
        on "$host" sh -c "cp /shared/vm.ovf $vms/$EXPORT_VM/$EXPORT_VM.ovf; cp /shared/template.ovf $vms/$EXPORT_TEMPLATE/$EXPORT_TEMPLATE.ovf"
        old_class_owners "$host" "$path"
}
