/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * The whole of Compute on a socketpair, with libvirt's own test driver behind it and a small Storage at the client's end, by bus calls
 * alone. The driver's "default" host lives as long as a connection to it does, so a test that keeps one can play a restart.
 */

#include <libvirt/libvirt.h>

#include "bus-error.h"
#include "bus-pair.h"
#include "dict.h"
#include "fake-auth.h"
#include "fixture.h"
#include "manager.h"

#define VM "cccccccc-0000-4000-8000-000000000001"
#define JOB "dddddddd-0000-4000-8000-000000000001"
#define DOMAIN "bbbbbbbb-0000-4000-8000-000000000001"
#define DISK1 "aaaaaaaa-0000-4000-8000-000000000001"
#define DISK2 "aaaaaaaa-0000-4000-8000-000000000002"
#define WAIT_TRIES 1000

#define SMALL "{\"name\":\"web1\",\"cpus\":1,\"memory\":134217728}"
#define WITH_DISKS                                                                                                        \
        "{\"name\":\"web1\",\"cpus\":1,\"memory\":134217728,\"disks\":[{\"id\":\"" DISK1 "\",\"domain\":\"" DOMAIN "\",\"volume\":\"" DISK1 \
        "\"},{\"id\":\"" DISK2 "\",\"domain\":\"" DOMAIN "\",\"volume\":\"" DISK2 "\"}]}"

typedef struct World {
        BusPair pair;
        FakeAuth auth;
        Daemon daemon;
        Manager *manager;
        virConnectPtr driver; /* keeps the driver's host, and plays the administrator */
        char base[32], directory[64]; /* ours, and in it the service's, beside which guests arrive */
        /* the fake Storage */
        unsigned prepared, torn_down;
        char refuse[UUID_STRING_MAX]; /* this image is refused */
        bool storage_fails;
        char obstruct[160]; /* a directory to make, in the way of a record, when the second image is prepared */
        char last_user[UUID_STRING_MAX];
        unsigned changed; /* PropertiesChanged of State seen */
} World;

void world_turn(World *world);
void world_wait_ready(World *world);
void world_begin(World *world, const char *uri);
void world_end(World *world);
int world_setup(void **state);
int world_teardown(void **state);
/* CreateVm with a description in JSON. Return: the error's name, or the job's path. */
char *create_with(World *world, const char *id, const char *description, const char *options);
char *create(World *world, const char *description);
void assert_vm(World *world, const char *property, const char *want);
void wait_vm(World *world, const char *property, const char *want);
/* Waits for a job's end. Return: its state, "failed" with the error's name behind it. */
const char *job_end(World *world, const char *path);
/* A method of the guest with a{sv} only. Return: the error's name, "" or a job's path. */
char *vm_call(World *world, const char *method, const char *options);
void assert_call(World *world, const char *method, const char *options, const char *want);
void assert_create(World *world, const char *description, const char *want);
size_t count_objects(World *world);
void started(World *world, const char *description);
/* PrepareIncoming. Return: the error's name, or the job's path; the paths are in ret_paths, one a line. */
char *prepare_incoming(World *world, const char *description, char ret_paths[static 256]);
void assert_open_incoming(World *world, const char *channel, const char *want);
