# SPDX-License-Identifier: LGPL-2.1-or-later
# shellcheck shell=bash
#
# For the tests of org.rhv.Storage: calls on the host's bus, with busctl from outside. Needs lib/assert.

STORAGE=/org/rhv/Storage
FD_CALL=${RHV_BUILD:-$RHV_TOP/build}/tests/fixture/fd-call

# storage_path ID: the object of a domain
storage_path() { echo "$STORAGE/domain/$(sed 's/-/_2d/g; s/^\([0-9]\)/_3\1/' <<<"$1")"; }

# storage_call HOST METHOD SIGNATURE ARGUMENT...
storage_call() { local host=$1; shift; bus "$host" --timeout=120 call org.rhv.Storage $STORAGE org.rhv.Storage "$@"; } # a volume group is made by twenty commands

# domain_call HOST DOMAIN METHOD SIGNATURE ARGUMENT...
domain_call() {
        local host=$1 domain=$2
        shift 2
        bus "$host" call org.rhv.Storage "$(storage_path "$domain")" org.rhv.Storage.Domain "$@"
}

# domain_get HOST DOMAIN PROPERTY
domain_get() {
        bus "$1" --json=short get-property org.rhv.Storage "$(storage_path "$2")" org.rhv.Storage.Domain "$3" | jq -r .data
}

# storage_fd HOST DOMAIN Upload|Download IMAGE VOLUME [KEY=VALUE...]: with standard input or output; prints the job
storage_fd() {
        local host=$1 domain=$2 method=$3
        shift 3
        "$FD_CALL" "$(lab bus "$host")" org.rhv.Storage "$(storage_path "$domain")" org.rhv.Storage.Domain "$method" 'ssha{sv}' "$@"
}

# upload HOST DOMAIN IMAGE VOLUME [KEY=VALUE...] <FILE: prints the job's path (fd-call says it on standard error)
upload() { local host=$1 domain=$2; shift 2; storage_fd "$host" "$domain" Upload "$@" 2>&1; }

# job_get HOST JOB PROPERTY
job_get() { bus "$1" --json=short get-property org.rhv.Storage "$2" org.rhv.Job "$3" | jq -r .data; }

job_ended() { case "$(job_get "$1" "$2" State)" in done | failed | aborted) ;; *) return 1 ;; esac; }

# job_wait HOST JOB: waits for the end; prints "done", or the state and the error's name
job_wait() {
        wait_until 60 job_ended "$1" "$2"
        local state
        state=$(job_get "$1" "$2" State)
        if [ "$state" = "done" ]; then
                echo "done"
        else
                job_get "$1" "$2" ErrorMessage >&2
                echo "$state $(job_get "$1" "$2" ErrorName)"
        fi
}

# job_of 'o "/path"': the path
job_of() { local path=${1#o \"}; echo "${path%\"}"; }

# volume_create HOST DOMAIN IMAGE VOLUME FORMAT CAPACITY [KEY SIGNATURE VALUE]...: prints how the job ended
volume_create() {
        local host=$1 domain=$2 image=$3 volume=$4 format=$5 capacity=$6
        shift 6
        local job
        job=$(domain_call "$host" "$domain" CreateVolume 'ssa{sv}a{sv}' "$image" "$volume" $((2 + $# / 3)) \
                format s "$format" capacity t "$capacity" "$@" 0)
        job_wait "$host" "$(job_of "$job")"
}

# volume_get HOST DOMAIN IMAGE KEY: of the image's only volume
volume_get() {
        bus "$1" --json=short call org.rhv.Storage "$(storage_path "$2")" org.rhv.Storage.Domain GetVolumes s "$3" |
                jq -r ".data[0][0].$4.data"
}

# image_delete HOST DOMAIN IMAGE: prints how the job ended
image_delete() { job_wait "$1" "$(job_of "$(domain_call "$1" "$2" DeleteImage 'sa{sv}' "$3" 0)")"; }

# storage_main_pid HOST
storage_main_pid() { on "$1" systemctl show -P MainPID rhv-storage.service; }
