/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * The definition of a VM or template as the engine would write it, so that it can be imported by one. Pure. Source of the format: ovirt-engine,
 * OvfWriter, OvfVmWriter, OvfReader.
 */

#include "volume-rules.h"

/*
 * definition: {id, name, description?, template?, template_id? and template_name? (of the template a VM is based on), cluster?, created? (seconds since 1970), cpus,
 * sockets?, cores?, threads?, memory (bytes), firmware?, lease_domain?, autostart?, disks: [{image, volume, name?, description?, bus, boot?, read_only?, shareable?}],
 * nics: [{id, network, mac?, model, link?}], snapshots?: [{id, name, description?, created?, disks: [{image, volume}], configuration?: a definition without snapshots}]}.
 * domain: of its disks. lists: the volumes of the domain's images; every volume below a disk's is written too, but a template's.
 * Where snapshots are told, the text has them and the present as the engine's; volumes say which of them they belong to. What the VM was at each is left out where the text
 * would be larger than OVF_BYTES_MAX, and where a disk of then is not on the domain.
 * Return: 0 with ret (new, UTF-8), -ENOMEM, or -EINVAL with InvalidArgument set where a disk's volume is not on the domain, LimitExceeded where the text is too large.
 */
int ovf_write(const json_t *definition, const char *domain, const VolumeList *lists, size_t n_lists, uint64_t now_sec, char **ret, sd_bus_error *error);

/*
 * The same with what an older text of the same VM says beyond it: elements, sections and devices that ovf_write() does not know are kept, in its snapshots too. Snapshots
 * that only the old text has stay while a volume is theirs; where the fresh text tells of none, all of them while it has the same volumes. old: foreign.
 * Return: 0 with ret (new); -ENOMEM; -EBADMSG where old cannot be read (then new stands alone).
 */
int ovf_merge(const char *fresh, const char *old, size_t old_size, char **ret);
