/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "schema.h"

/*
 * A name is unique in its scope: clusters, hosts and domains everywhere; networks and VMs in a data center; disks on a domain.
 * References are foreign keys without cascades: what is in use cannot be removed by any path, also not by a mistake of ours.
 * vm.data_center repeats what the cluster says, held equal by a composite key, so that the unique index can see it.
 */
static const char migration_1[] =
        "CREATE TABLE setting (key TEXT NOT NULL PRIMARY KEY, value TEXT NOT NULL) STRICT;"
        "CREATE TABLE data_center ("
        "  id TEXT NOT NULL PRIMARY KEY, name TEXT NOT NULL UNIQUE,"
        "  spec TEXT NOT NULL CHECK (json_valid(spec))) STRICT;"
        "CREATE TABLE cluster ("
        "  id TEXT NOT NULL PRIMARY KEY, name TEXT NOT NULL UNIQUE,"
        "  data_center TEXT NOT NULL REFERENCES data_center (id),"
        "  spec TEXT NOT NULL CHECK (json_valid(spec)), UNIQUE (id, data_center)) STRICT;"
        "CREATE TABLE host ("
        "  id TEXT NOT NULL PRIMARY KEY, name TEXT NOT NULL UNIQUE,"
        "  cluster TEXT NOT NULL REFERENCES cluster (id),"
        "  spec TEXT NOT NULL CHECK (json_valid(spec))) STRICT;"
        "CREATE TABLE network ("
        "  id TEXT NOT NULL PRIMARY KEY, name TEXT NOT NULL,"
        "  data_center TEXT NOT NULL REFERENCES data_center (id),"
        "  spec TEXT NOT NULL CHECK (json_valid(spec)), UNIQUE (data_center, name)) STRICT;"
        "CREATE TABLE storage_domain ("
        "  id TEXT NOT NULL PRIMARY KEY, name TEXT NOT NULL UNIQUE,"
        "  data_center TEXT NOT NULL REFERENCES data_center (id),"
        "  state TEXT NOT NULL CHECK (state IN ('creating', 'attached', 'removing')),"
        "  spec TEXT NOT NULL CHECK (json_valid(spec))) STRICT;"
        "CREATE TABLE disk ("
        "  id TEXT NOT NULL PRIMARY KEY, name TEXT NOT NULL,"
        "  storage_domain TEXT NOT NULL REFERENCES storage_domain (id),"
        "  state TEXT NOT NULL CHECK (state IN ('ok', 'locked', 'illegal')),"
        "  spec TEXT NOT NULL CHECK (json_valid(spec)), UNIQUE (storage_domain, name)) STRICT;"
        "CREATE TABLE vm ("
        "  id TEXT NOT NULL PRIMARY KEY, name TEXT NOT NULL,"
        "  cluster TEXT NOT NULL, data_center TEXT NOT NULL,"
        "  autostart INTEGER NOT NULL CHECK (autostart IN (0, 1)),"
        "  spec TEXT NOT NULL CHECK (json_valid(spec)), UNIQUE (data_center, name),"
        "  FOREIGN KEY (cluster, data_center) REFERENCES cluster (id, data_center)) STRICT;"
        "CREATE TABLE vm_disk ("
        "  vm TEXT NOT NULL REFERENCES vm (id), id TEXT NOT NULL REFERENCES disk (id),"
        "  spec TEXT NOT NULL CHECK (json_valid(spec)), PRIMARY KEY (vm, id)) STRICT;"
        "CREATE INDEX vm_disk_by_disk ON vm_disk (id);"
        "CREATE TABLE vm_nic ("
        "  vm TEXT NOT NULL REFERENCES vm (id), id TEXT NOT NULL UNIQUE,"
        "  network TEXT NOT NULL REFERENCES network (id), mac TEXT NOT NULL UNIQUE,"
        "  spec TEXT NOT NULL CHECK (json_valid(spec)), PRIMARY KEY (vm, id)) STRICT;"
        "CREATE INDEX vm_nic_by_network ON vm_nic (network);"
        "CREATE TABLE vm_address ("
        "  vm TEXT NOT NULL REFERENCES vm (id), device TEXT NOT NULL,"
        "  address TEXT NOT NULL CHECK (json_valid(address)), PRIMARY KEY (vm, device)) STRICT;"
        "CREATE TABLE vm_run ("
        "  vm TEXT NOT NULL PRIMARY KEY REFERENCES vm (id), boot TEXT NOT NULL) STRICT;"
        "CREATE TABLE event ("
        "  id INTEGER NOT NULL PRIMARY KEY, time INTEGER NOT NULL, severity TEXT NOT NULL, code TEXT NOT NULL,"
        "  message TEXT NOT NULL, user TEXT NOT NULL, uid INTEGER NOT NULL, correlation TEXT NOT NULL,"
        "  objects TEXT NOT NULL CHECK (json_valid(objects))) STRICT;"
        "CREATE TABLE request ("
        "  id TEXT NOT NULL PRIMARY KEY, time INTEGER NOT NULL, request TEXT NOT NULL,"
        "  outcome TEXT NOT NULL CHECK (json_valid(outcome))) STRICT;"
        "CREATE INDEX request_by_time ON request (time);"
        "CREATE TABLE change_log (seq INTEGER NOT NULL PRIMARY KEY, time INTEGER NOT NULL,"
        "  request TEXT NOT NULL, changeset BLOB NOT NULL) STRICT;";

/* A snapshot is of one VM; which volumes hold it stands in its spec, beside what the VM was like. So with a template. */
static const char migration_2[] =
        "CREATE TABLE snapshot ("
        "  id TEXT NOT NULL PRIMARY KEY, name TEXT NOT NULL, vm TEXT NOT NULL REFERENCES vm (id),"
        "  state TEXT NOT NULL CHECK (state IN ('locked', 'ok', 'previewed', 'broken')),"
        "  spec TEXT NOT NULL CHECK (json_valid(spec)), UNIQUE (vm, name)) STRICT;"
        "CREATE TABLE template ("
        "  id TEXT NOT NULL PRIMARY KEY, name TEXT NOT NULL, cluster TEXT NOT NULL, data_center TEXT NOT NULL,"
        "  state TEXT NOT NULL CHECK (state IN ('locked', 'ok', 'illegal')),"
        "  spec TEXT NOT NULL CHECK (json_valid(spec)), UNIQUE (data_center, name),"
        "  FOREIGN KEY (cluster, data_center) REFERENCES cluster (id, data_center)) STRICT;";

/* Pools of addresses. One may allow that an address is given twice, so it is no longer unique by the table: the plan sees to it. */
static const char migration_3[] =
        "CREATE TABLE mac_pool ("
        "  id TEXT NOT NULL PRIMARY KEY, name TEXT NOT NULL UNIQUE,"
        "  spec TEXT NOT NULL CHECK (json_valid(spec))) STRICT;"
        "CREATE TABLE vm_nic_3 ("
        "  vm TEXT NOT NULL REFERENCES vm (id), id TEXT NOT NULL UNIQUE,"
        "  network TEXT NOT NULL REFERENCES network (id), mac TEXT NOT NULL,"
        "  spec TEXT NOT NULL CHECK (json_valid(spec)), PRIMARY KEY (vm, id)) STRICT;"
        "INSERT INTO vm_nic_3 SELECT vm, id, network, mac, spec FROM vm_nic ORDER BY rowid;"
        "DROP TABLE vm_nic;"
        "ALTER TABLE vm_nic_3 RENAME TO vm_nic;"
        "CREATE INDEX vm_nic_by_network ON vm_nic (network);";

/* Which profile a NIC has stands in its spec: NICs of before have none. */
static const char migration_4[] =
        "CREATE TABLE vnic_profile ("
        "  id TEXT NOT NULL PRIMARY KEY, name TEXT NOT NULL, network TEXT NOT NULL REFERENCES network (id),"
        "  spec TEXT NOT NULL CHECK (json_valid(spec)), UNIQUE (network, name)) STRICT;";

const char *const schema_migrations[] = { migration_1, migration_2, migration_3, migration_4 };
const int schema_version = ELEMENTSOF(schema_migrations);

const SchemaTable schema_tables[] = {
        { "setting", 1, { "key", "value" } },
        { "mac_pool", 1, { "id", "name", "spec" } },
        { "data_center", 1, { "id", "name", "spec" } },
        { "cluster", 1, { "id", "name", "data_center", "spec" } },
        { "host", 1, { "id", "name", "cluster", "spec" } },
        { "network", 1, { "id", "name", "data_center", "spec" } },
        { "vnic_profile", 1, { "id", "name", "network", "spec" } },
        { "storage_domain", 1, { "id", "name", "data_center", "state", "spec" } },
        { "disk", 1, { "id", "name", "storage_domain", "state", "spec" } },
        { "vm", 1, { "id", "name", "cluster", "data_center", "autostart", "spec" } },
        { "snapshot", 1, { "id", "name", "vm", "state", "spec" } },
        { "template", 1, { "id", "name", "cluster", "data_center", "state", "spec" } },
        { "vm_disk", 2, { "vm", "id", "spec" } },
        { "vm_nic", 2, { "vm", "id", "network", "mac", "spec" } },
        { "vm_address", 2, { "vm", "device", "address" } },
        { "vm_run", 1, { "vm", "boot" } },
        { "event", 1, { "id", "time", "severity", "code", "message", "user", "uid", "correlation", "objects" } },
        { "request", 1, { "id", "time", "request", "outcome" } },
        { NULL },
};

const SchemaTable *schema_table(const char *name) {
        for (const SchemaTable *table = schema_tables; table->name; table++)
                if (streq(table->name, name))
                        return table;
        return NULL;
}
