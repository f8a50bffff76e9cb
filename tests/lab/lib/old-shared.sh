# SPDX-License-Identifier: LGPL-2.1-or-later
# shellcheck shell=bash disable=SC2154,SC2086
#
# A shared domain as an oVirt host leaves it behind: the lockspace and leases as Storage makes them (lab/leases-domain holds them against sanlock's and VDSM's own code), everything else
# as of the local one in old-domain.sh. Needs lib/assert, lib/storage.sh and lib/old-domain.sh.

# old_shared HOST PATH NETWORK [IO_TIMEOUT_SECONDS]: below a mount
old_shared() {
        local host=$1 path=$2 domain=$2/$OLD
        on "$host" sh -c "mkdir -p $path && chown 36:36 $path"
        storage_call "$host" CreateDomain 'sa{sv}a{sv}' $OLD 4 type s posix path s "$path" name s old io_timeout t $((${4:-3} * 1000000)) 0 >/dev/null
        domain_call "$host" $OLD Close 'a{sv}' 0
        on "$host" sh -c "mkdir /shared/made && mv $domain/dom_md /shared/made && rm -rf $domain"
        old_domain "$host" "$path" "$3"
        on "$host" sh -c "rm -rf $domain/dom_md && mv /shared/made/dom_md $domain && rmdir /shared/made
                cd $domain/images/$OLD_IMAGE && for v in $OLD_BASE $OLD_TOP; do truncate -s 1M \$v.lease && sanlock direct init -o 3 -r $OLD:\$v:\$PWD/\$v.lease:0 && chmod 660 \$v.lease; done
                cd ../$OLD_STORE && truncate -s 1M $OLD_TAR.lease && sanlock direct init -o 3 -r $OLD:$OLD_TAR:\$PWD/$OLD_TAR.lease:0 && chmod 660 $OLD_TAR.lease
                chown -R 36:36 $domain"
        old_metadata "$path" POSIXFS | on "$host" sh -c "cat >$domain/dom_md/metadata"
}
