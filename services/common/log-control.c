/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "log-control.h"

#include "log.h"

static const char *const levels[] = {
        [LOG_EMERG] = "emerg",     [LOG_ALERT] = "alert",   [LOG_CRIT] = "crit", [LOG_ERR] = "err",
        [LOG_WARNING] = "warning", [LOG_NOTICE] = "notice", [LOG_INFO] = "info", [LOG_DEBUG] = "debug",
};

static const char *identifier;

int log_level_from_string(const char *word) {
        for (size_t i = 0; i < ELEMENTSOF(levels); i++)
                if (streq(levels[i], word))
                        return (int)i;
        return -EINVAL;
}

const char *log_level_to_string(int level) {
        return level >= 0 && level < (int)ELEMENTSOF(levels) ? levels[level] : NULL;
}

static int property_get(sd_bus *bus, const char *path, const char *interface, const char *property,
                        sd_bus_message *reply, void *userdata, sd_bus_error *error) {
        const char *value = streq(property, "LogLevel")    ? log_level_to_string(log_get_level())
                            : streq(property, "LogTarget") ? log_get_target()
                                                           : identifier;

        return sd_bus_message_append(reply, "s", value);
}

static int property_set_level(sd_bus *bus, const char *path, const char *interface, const char *property,
                              sd_bus_message *value, void *userdata, sd_bus_error *error) {
        const char *word;
        int r, level;

        r = sd_bus_message_read(value, "s", &word);
        if (r < 0)
                return r;
        level = log_level_from_string(word);
        if (level < 0)
                return sd_bus_error_setf(error, SD_BUS_ERROR_INVALID_ARGS, "'%s' is not a log level", word);

        log_set_level(level);
        return 0;
}

/* The target follows how we were started; asking for another one is refused rather than ignored. */
static int property_set_target(sd_bus *bus, const char *path, const char *interface, const char *property,
                               sd_bus_message *value, void *userdata, sd_bus_error *error) {
        const char *word;
        int r;

        r = sd_bus_message_read(value, "s", &word);
        if (r < 0)
                return r;
        if (!streq(word, log_get_target()))
                return sd_bus_error_setf(error, SD_BUS_ERROR_NOT_SUPPORTED, "The log target is '%s' and stays so",
                                         log_get_target());
        return 0;
}

/* No UNPRIVILEGED flag: sd-bus itself lets only uid 0 set them. */
static const sd_bus_vtable log_control_vtable[] = {
        SD_BUS_VTABLE_START(0),
        SD_BUS_WRITABLE_PROPERTY("LogLevel", "s", property_get, property_set_level, 0, 0),
        SD_BUS_WRITABLE_PROPERTY("LogTarget", "s", property_get, property_set_target, 0, 0),
        SD_BUS_PROPERTY("SyslogIdentifier", "s", property_get, 0, 0),
        SD_BUS_VTABLE_END,
};

int log_control_register(sd_bus *bus, const char *syslog_identifier) {
        identifier = syslog_identifier;
        return sd_bus_add_object_vtable(bus, NULL, "/org/freedesktop/LogControl1", "org.freedesktop.LogControl1",
                                        log_control_vtable, NULL);
}
