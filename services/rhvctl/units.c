/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "units.h"

#include <inttypes.h>
#include <stdio.h>
#include <time.h>

static const char size_letters[] = "KMGTP";

/* The factor behind a number: "", "B", "K", "KB", "KiB", "k"… Return: 0 or -EINVAL. */
static int size_factor(const char *s, uint64_t *ret) {
        const char *letter;

        if (streq(s, "") || streq(s, "B")) {
                *ret = 1;
                return 0;
        }

        letter = strchr(size_letters, *s == 'k' ? 'K' : *s);
        if (!letter || (s[1] && !streq(s + 1, "iB") && !streq(s + 1, "B") && !streq(s + 1, "i")))
                return -EINVAL;

        *ret = UINT64_C(1) << (10 * (letter - size_letters + 1));
        return 0;
}

/* Digits at *s, moved behind them. Return: 0, -EINVAL (none) or -ERANGE. */
static int read_digits(const char **s, uint64_t *ret, unsigned *ret_count) {
        uint64_t value = 0;
        unsigned n = 0;

        for (; **s >= '0' && **s <= '9'; (*s)++, n++)
                if (__builtin_mul_overflow(value, (uint64_t)10, &value) ||
                    __builtin_add_overflow(value, (uint64_t)(**s - '0'), &value))
                        return -ERANGE;

        *ret = value;
        *ret_count = n;
        return n > 0 ? 0 : -EINVAL;
}

/* A fraction of at most this many digits; more would not survive the multiplication and nobody types them. */
#define FRACTION_DIGITS_MAX 3U

static int read_fraction(const char **s, uint64_t *ret_thousandths) {
        uint64_t value;
        unsigned digits;
        int r;

        (*s)++;
        r = read_digits(s, &value, &digits);
        if (r < 0 || digits > FRACTION_DIGITS_MAX)
                return -EINVAL;

        for (; digits < FRACTION_DIGITS_MAX; digits++)
                value *= 10;

        *ret_thousandths = value;
        return 0;
}

int parse_size(const char *s, uint64_t *ret_bytes) {
        uint64_t whole, thousandths = 0, factor, bytes;
        unsigned digits;
        int r;

        r = read_digits(&s, &whole, &digits);
        if (r < 0)
                return r;
        if (*s == '.') {
                r = read_fraction(&s, &thousandths);
                if (r < 0)
                        return r;
        }

        r = size_factor(s, &factor);
        if (r < 0 || (thousandths > 0 && factor == 1))
                return -EINVAL;

        if (__builtin_mul_overflow(whole, factor, &bytes) ||
            __builtin_add_overflow(bytes, thousandths * (factor / 1000) + thousandths * (factor % 1000) / 1000, &bytes) ||
            bytes > INT64_MAX)
                return -ERANGE;

        *ret_bytes = bytes;
        return 0;
}

static const struct {
        const char *word;
        uint64_t usec;
} duration_units[] = {
        /* longer words before their beginnings */
        { "ms", USEC_PER_MSEC },          { "min", 60 * USEC_PER_SEC },      { "m", 60 * USEC_PER_SEC },
        { "s", USEC_PER_SEC },            { "h", 3600 * USEC_PER_SEC },      { "d", 86400 * USEC_PER_SEC },
};

static int read_duration_unit(const char **s, uint64_t *ret) {
        if (!**s) {
                *ret = USEC_PER_SEC;
                return 0;
        }

        for (size_t i = 0; i < ELEMENTSOF(duration_units); i++) {
                const char *rest = startswith(*s, duration_units[i].word);

                if (!rest)
                        continue;
                *s = rest;
                *ret = duration_units[i].usec;
                return 0;
        }

        return -EINVAL;
}

int parse_duration(const char *s, uint64_t *ret_usec) {
        uint64_t sum = 0, value, unit;
        unsigned digits;
        int r;

        do {
                while (*s == ' ')
                        s++;

                r = read_digits(&s, &value, &digits);
                if (r < 0)
                        return r;
                r = read_duration_unit(&s, &unit);
                if (r < 0)
                        return r;
                if (__builtin_mul_overflow(value, unit, &value) || __builtin_add_overflow(sum, value, &sum) ||
                    sum > INT64_MAX)
                        return -ERANGE;
        } while (*s);

        *ret_usec = sum;
        return 0;
}

const char *format_size(uint64_t bytes, char ret[static UNITS_TEXT_MAX]) {
        unsigned power = 0;
        uint64_t tenths;

        while (power < sizeof size_letters - 1 && bytes >> (10 * (power + 1)))
                power++;

        if (power == 0) {
                (void) snprintf(ret, UNITS_TEXT_MAX, "%" PRIu64 " B", bytes);
                return ret;
        }

        /* rounded down: what is left must never look larger than it is */
        tenths = (bytes >> (10 * power)) * 10 + ((bytes >> (10 * (power - 1))) & 1023) * 10 / 1024;
        if (tenths % 10 == 0)
                (void) snprintf(ret, UNITS_TEXT_MAX, "%" PRIu64 " %ciB", tenths / 10, size_letters[power - 1]);
        else
                (void) snprintf(ret, UNITS_TEXT_MAX, "%" PRIu64 ".%" PRIu64 " %ciB", tenths / 10, tenths % 10,
                                size_letters[power - 1]);
        return ret;
}

const char *format_duration(uint64_t usec, char ret[static UNITS_TEXT_MAX]) {
        static const struct {
                const char *word;
                uint64_t usec;
        } parts[] = {
                { "d", 86400 * USEC_PER_SEC }, { "h", 3600 * USEC_PER_SEC }, { "min", 60 * USEC_PER_SEC },
                { "s", USEC_PER_SEC },         { "ms", USEC_PER_MSEC },
        };

        for (size_t i = 0; i < ELEMENTSOF(parts); i++) {
                uint64_t first = usec / parts[i].usec, second;

                if (first == 0)
                        continue;
                /* below a minute the second part is only noise */
                second = i < 3 ? usec % parts[i].usec / parts[i + 1].usec : 0;
                if (second > 0)
                        (void) snprintf(ret, UNITS_TEXT_MAX, "%" PRIu64 "%s %" PRIu64 "%s", first, parts[i].word,
                                        second, parts[i + 1].word);
                else
                        (void) snprintf(ret, UNITS_TEXT_MAX, "%" PRIu64 "%s", first, parts[i].word);
                return ret;
        }

        (void) snprintf(ret, UNITS_TEXT_MAX, "0s");
        return ret;
}

const char *format_time(uint64_t usec_since_1970, char ret[static UNITS_TEXT_MAX]) {
        time_t seconds = (time_t)(usec_since_1970 / USEC_PER_SEC);
        struct tm tm;

        if (usec_since_1970 == 0 || !localtime_r(&seconds, &tm) ||
            strftime(ret, UNITS_TEXT_MAX, "%Y-%m-%d %H:%M:%S", &tm) == 0)
                (void) snprintf(ret, UNITS_TEXT_MAX, "-");
        return ret;
}
