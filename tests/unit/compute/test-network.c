/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* NAT and isolated networks by bus calls, with libvirt's test driver behind, whose host lives as long as a connection to it. */

#include "compute-world.h"

#define LAB COMPUTE_NETWORK_PREFIX "/lab"
#define DESCRIPTION "{\"mode\":\"nat\",\"subnet\":\"10.213.7.0/24\"}"

static int teardown(void **state) {
        World *world = *state;
        virNetworkPtr lab = virNetworkLookupByName(world->driver, "lab");

        /* The connection that could undo it ends with the world. */
        if (lab) {
                (void) virNetworkDestroy(lab);
                (void) virNetworkUndefine(lab);
                virNetworkFree(lab);
        }
        return world_teardown(state);
}

/* Return: the error's name, or the object's path. */
static char *set_up(World *world, const char *name, const char *description) {
        _cleanup_message_ sd_bus_message *call = NULL, *reply = NULL;
        _cleanup_json_ json_t *object = json_loads(description, 0, NULL);
        const char *path;

        assert_non_null(object);
        assert_ok(sd_bus_message_new_method_call(world->pair.client, &call, NULL, COMPUTE_ROOT, COMPUTE_INTERFACE, "SetupNetwork"));
        assert_ok(sd_bus_message_append(call, "s", name));
        assert_ok(dict_append(call, object));
        assert_ok(sd_bus_message_append(call, "a{sv}", 0));
        reply = bus_pair_call(&world->pair, call);
        if (*reply_error(reply))
                return strdup(reply_error(reply));
        assert_ok(sd_bus_message_read(reply, "o", &path));
        return strdup(path);
}

static void assert_set_up(World *world, const char *name, const char *description, const char *want) {
        _cleanup_free_ char *got = set_up(world, name, description);

        assert_string_equal(got, want);
}

static void assert_called(World *world, const char *method, const char *want) {
        _cleanup_message_ sd_bus_message *reply = bus_pair_callf(&world->pair, LAB, COMPUTE_NETWORK_INTERFACE, method, "a{sv}", 0);

        assert_string_equal(reply_error(reply), want);
}

static void assert_lab(World *world, const char *property, const char *want) {
        _cleanup_free_ char *got = bus_pair_get_string(&world->pair, LAB, COMPUTE_NETWORK_INTERFACE, property);

        assert_string_equal(got, want);
}

static void wait_state(World *world, const char *want) {
        for (unsigned i = 0; i < WAIT_TRIES; i++) {
                const Network *network = networks_find(world->manager, "lab");

                if (streq(network ? network->active ? "active" : "failed" : "gone", want))
                        return;
                world_turn(world);
        }
        fail_msg("it does not become %s", want);
}

static virNetworkPtr driver_lab(World *world) {
        virNetworkPtr network = virNetworkLookupByName(world->driver, "lab");

        assert_non_null(network);
        return network;
}

static void assert_autostart(World *world, int want) {
        virNetworkPtr network = driver_lab(world);
        int autostart;

        assert_return_code(virNetworkGetAutostart(network, &autostart), 0);
        assert_int_equal(autostart, want);
        virNetworkFree(network);
}

static void test_life(void **state) {
        World *world = *state;

        assert_set_up(world, "lab", DESCRIPTION, LAB);
        assert_lab(world, "State", "active");
        assert_lab(world, "StateReason", "");
        assert_lab(world, "Mode", "nat");
        assert_lab(world, "Device", "lab");
        assert_lab(world, "Address", "10.213.7.1");
        assert_lab(world, "Dhcp", "10.213.7.2-10.213.7.254");
        assert_autostart(world, 1);
        assert_false(manager_is_idle(world->manager));

        assert_set_up(world, "lab", DESCRIPTION, LAB);
        assert_set_up(world, "lab", "{\"mode\":\"isolated\",\"subnet\":\"10.213.8.0/24\",\"dhcp\":\"none\"}", LAB);
        assert_lab(world, "State", "active");
        assert_lab(world, "Mode", "isolated");
        assert_lab(world, "Subnet", "10.213.8.0/24");
        assert_lab(world, "Dhcp", "none");
        assert_int_equal(networks_count(world->manager), 1);

        assert_called(world, "Remove", "");
        assert_called(world, "Remove", SD_BUS_ERROR_UNKNOWN_OBJECT);
        assert_null(virNetworkLookupByName(world->driver, "lab"));
}

static void test_refused(void **state) {
        World *world = *state;
        virNetworkPtr network = virNetworkLookupByName(world->driver, "default");
        _cleanup_free_ char *before = virNetworkGetXMLDesc(network, 0), *after = NULL;

        assert_set_up(world, "default", DESCRIPTION, RHV_ERROR_INVALID_ARGUMENT);
        assert_set_up(world, "lab", "{\"mode\":\"nat\",\"subnet\":\"192.168.0.0/16\"}", RHV_ERROR_INVALID_ARGUMENT);
        assert_set_up(world, "virbr0", "{\"mode\":\"isolated\"}", RHV_ERROR_ALREADY_EXISTS);
        assert_set_up(world, "lo", "{\"mode\":\"isolated\"}", RHV_ERROR_ALREADY_EXISTS);
        world->auth.answer = 0;
        assert_set_up(world, "lab", DESCRIPTION, RHV_ERROR_ACCESS_DENIED);
        assert_int_equal(networks_count(world->manager), 0);
        assert_null(virNetworkLookupByName(world->driver, "lab"));
        after = virNetworkGetXMLDesc(network, 0);
        assert_string_equal(before, after);
        virNetworkFree(network);
}

/* A foreign network of a name that we could use: left alone, and not shown. */
static void test_foreign(void **state) {
        World *world = *state;
        virNetworkPtr network = virNetworkDefineXML(world->driver, "<network><name>lab</name><bridge name='lab'/></network>");

        assert_non_null(network);
        virNetworkFree(network);
        assert_set_up(world, "lab", "{\"mode\":\"isolated\"}", RHV_ERROR_ALREADY_EXISTS);
        assert_int_equal(networks_count(world->manager), 0);
}

/* Somebody stops it, starts it and takes it away behind our back. */
static void test_events(void **state) {
        World *world = *state;
        virNetworkPtr network;

        assert_set_up(world, "lab", DESCRIPTION, LAB);
        network = driver_lab(world);
        assert_return_code(virNetworkDestroy(network), 0);
        wait_state(world, "failed");
        assert_lab(world, "StateReason", "libvirt has stopped it");
        assert_return_code(virNetworkCreate(network), 0);
        wait_state(world, "active");
        assert_return_code(virNetworkDestroy(network), 0);
        wait_state(world, "failed");
        assert_set_up(world, "lab", DESCRIPTION, LAB);
        assert_lab(world, "State", "active");
        assert_return_code(virNetworkDestroy(network), 0);
        assert_return_code(virNetworkUndefine(network), 0);
        wait_state(world, "gone");
        virNetworkFree(network);
}

/* Killed between defining and starting: the next process finishes. */
static void test_restart(void **state) {
        World *world = *state;
        virNetworkPtr network;

        assert_set_up(world, "lab", DESCRIPTION, LAB);
        world_end(world);
        network = driver_lab(world);
        assert_return_code(virNetworkDestroy(network), 0);
        assert_return_code(virNetworkSetAutostart(network, 0), 0);
        virNetworkFree(network);
        world_begin(world, "test:///default");
        wait_state(world, "active");
        assert_autostart(world, 1);
}

/* What the process before had asked libvirt for comes true only now. */
static void test_late(void **state) {
        World *world = *state;
        virNetworkPtr network;

        assert_set_up(world, "lab", DESCRIPTION, LAB);
        network = driver_lab(world);
        {
                _cleanup_free_ char *xml = virNetworkGetXMLDesc(network, 0);

                assert_non_null(xml);
                assert_return_code(virNetworkDestroy(network), 0);
                assert_return_code(virNetworkUndefine(network), 0);
                virNetworkFree(network);
                wait_state(world, "gone");
                network = virNetworkDefineXML(world->driver, xml);
                assert_non_null(network);
                virNetworkFree(network);
        }
        wait_state(world, "active");
        assert_autostart(world, 1);
}

/* The second is read after the first: both are answered, and one network is there. */
static void test_at_once(void **state) {
        World *world = *state;
        _cleanup_message_ sd_bus_message *call = NULL;
        _cleanup_json_ json_t *object = json_loads(DESCRIPTION, 0, NULL);

        assert_ok(sd_bus_message_new_method_call(world->pair.client, &call, NULL, COMPUTE_ROOT, COMPUTE_INTERFACE, "SetupNetwork"));
        assert_ok(sd_bus_message_append(call, "s", "lab"));
        assert_ok(dict_append(call, object));
        assert_ok(sd_bus_message_append(call, "a{sv}", 0));
        assert_ok(sd_bus_send(world->pair.client, call, NULL));
        assert_set_up(world, "lab", DESCRIPTION, LAB);
        assert_lab(world, "State", "active");
        assert_int_equal(networks_count(world->manager), 1);
}

static void test_leaving(void **state) {
        World *world = *state;
        _cleanup_json_ json_t *on_it = json_loads("{\"nics\":[{\"network\":\"red\"},{\"network\":\"x\",\"bridge\":\"lab\"}]}", 0, NULL);
        _cleanup_json_ json_t *elsewhere = json_loads("{\"nics\":[{\"network\":\"red\"}]}", 0, NULL);
        _cleanup_error_ sd_bus_error error = SD_BUS_ERROR_NULL;

        assert_ok(networks_check_leave(world->manager, "web1", on_it, NULL));
        assert_set_up(world, "lab", DESCRIPTION, LAB);
        assert_true(networks_check_leave(world->manager, "web1", on_it, &error) < 0);
        assert_string_equal(error.name, RHV_ERROR_NOT_SUPPORTED);
        assert_ok(networks_check_leave(world->manager, "web1", elsewhere, NULL));
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, world_setup, teardown)
int main(void) {
        const struct CMUnitTest tests[] = {
                TEST(test_life), TEST(test_refused), TEST(test_foreign), TEST(test_events), TEST(test_restart), TEST(test_late), TEST(test_at_once), TEST(test_leaving),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
