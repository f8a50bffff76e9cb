/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "mirror-program.h"

#include <linux/filter.h>
#include <stdio.h>
#include <stdlib.h>

/* Where a jump leads, until the program is whole. */
enum { NEXT = 0, MATCH = 254, SKIP = 255 };

typedef struct Program {
        struct sock_filter code[MIRROR_PROGRAM_MAX];
        unsigned n;
} Program;

static void load(Program *program, unsigned short size, uint32_t offset) {
        program->code[program->n++] = (struct sock_filter)BPF_STMT(BPF_LD | BPF_ABS | size, offset);
}

static void jump(Program *program, unsigned short test, uint32_t value, uint8_t yes, uint8_t no) {
        program->code[program->n++] = (struct sock_filter)BPF_JUMP(BPF_JMP | BPF_K | test, value, yes, no);
}

/* A jump counts the instructions it leaps over. */
static uint8_t resolve(uint8_t target, unsigned from, unsigned match) {
        if (target == NEXT)
                return 0;
        return (uint8_t)(target == MATCH ? match - from - 1 : target == SKIP ? match - from : target);
}

static void finish(Program *program) {
        unsigned match = program->n;

        for (unsigned i = 0; i < match; i++) {
                struct sock_filter *one = &program->code[i];

                if (BPF_CLASS(one->code) != BPF_JMP)
                        continue;
                one->jt = resolve(one->jt, i, match);
                one->jf = resolve(one->jf, i, match);
        }
        program->code[program->n++] = (struct sock_filter)BPF_STMT(BPF_RET | BPF_K, UINT32_MAX);
        program->code[program->n++] = (struct sock_filter)BPF_STMT(BPF_RET | BPF_K, 0);
}

static void select_vlan(Program *program, const MirrorWish *wish) {
        if (wish->tags == MIRROR_ANY)
                return;
        load(program, BPF_W, (uint32_t)(SKF_AD_OFF + SKF_AD_VLAN_TAG_PRESENT));
        jump(program, BPF_JEQ, wish->tags == MIRROR_TAGGED, NEXT, SKIP);
        if (wish->tags != MIRROR_TAGGED)
                return;
        load(program, BPF_W, (uint32_t)(SKF_AD_OFF + SKF_AD_VLAN_TAG));
        program->code[program->n++] = (struct sock_filter)BPF_STMT(BPF_ALU | BPF_AND | BPF_K, 0xfff);
        jump(program, BPF_JEQ, wish->vlan, NEXT, SKIP);
}

/* Destination: bytes 0 to 5 of the frame, sender: 6 to 11. */
static void leave_out(Program *program, const uint8_t *mac) {
        uint32_t last = (uint32_t)mac[2] << 24 | (uint32_t)mac[3] << 16 | (uint32_t)mac[4] << 8 | mac[5];

        load(program, BPF_W, 8);
        jump(program, BPF_JEQ, last, NEXT, 2);
        load(program, BPF_B, 7);
        jump(program, BPF_JEQ, mac[1], SKIP, NEXT);
        load(program, BPF_B, 0);
        jump(program, BPF_JSET, 1, MATCH, NEXT); /* to a group */
        load(program, BPF_W, 2);
        jump(program, BPF_JEQ, last, NEXT, MATCH);
        load(program, BPF_B, 1);
        jump(program, BPF_JEQ, mac[1], SKIP, MATCH);
}

static bool parse_mac(const char *text, uint8_t *ret) {
        int end = 0;

        return text && sscanf(text, "%2hhx:%2hhx:%2hhx:%2hhx:%2hhx:%2hhx%n", &ret[0], &ret[1], &ret[2], &ret[3], &ret[4], &ret[5], &end) == 6 && text[end] == 0;
}

char *mirror_program(const MirrorWish *wish) {
        Program program = {};
        uint8_t mac[6];
        char *hex;

        select_vlan(&program, wish);
        if (parse_mac(wish->mac, mac))
                leave_out(&program, mac);
        finish(&program);
        hex = calloc(program.n * sizeof program.code[0] + 1, 2);
        for (size_t i = 0; hex && i < program.n * sizeof program.code[0]; i++)
                (void) sprintf(hex + 2 * i, "%02x", ((const uint8_t *)program.code)[i]);
        return hex;
}

static int digit(char c) {
        return c >= '0' && c <= '9' ? c - '0' : c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

unsigned mirror_program_bytes(const char *hex, uint8_t *ret, size_t size) {
        size_t length = strlen(hex);

        if (length == 0 || length % (2 * sizeof(struct sock_filter)) != 0 || length / 2 > size)
                return 0;
        for (size_t i = 0; i < length; i += 2) {
                int high = digit(hex[i]), low = digit(hex[i + 1]);

                if (high < 0 || low < 0)
                        return 0;
                ret[i / 2] = (uint8_t)(high << 4 | low);
        }
        return (unsigned)(length / 2 / sizeof(struct sock_filter));
}

unsigned mirror_program_vlan(const char *hex) {
        struct sock_filter code[MIRROR_PROGRAM_MAX] = {};
        unsigned n = mirror_program_bytes(hex, (uint8_t *)code, sizeof code);

        /* as select_vlan() writes them */
        return n > 5 && BPF_CLASS(code[2].code) == BPF_LD && code[2].k == (uint32_t)(SKF_AD_OFF + SKF_AD_VLAN_TAG) ? code[4].k : 0;
}
