/*
 * pgp_quine - after Russ Cox, "Zip Files All The Way Down". A deflate stream of two operations: print (a stored block: 5 octets, then what it
 * prints) and repeat (a copy of the last n octets). Each line below prints what stands in the lines before it that was not printed yet:
 *
 *     print head print          head print
 *     repeat                    head print
 *     print repeat              repeat
 *     print print               print
 *     print 24 octets           repeat print print print
 *     again                     repeat print print print
 *     print 24 octets           again print again print
 *     again                     again print again print
 *     print end                 end
 *     end                       end
 *
 * For that the operations have sizes that fit each other: again and its print are 12 octets, and copy twice as many.
 *
 * source  RFC 1951 3.2.4-3.2.6
 */
#include "support/pgp_quine.h"

#define QUINE_MAX   1024
#define AGAIN       24 /* octets that again copies */
#define PRINT_SIZE  5
#define REPEAT_SIZE 9

/* ---- fixed Huffman codes ---- */

struct bits {
    unsigned char octets[16];
    size_t n;
};

static void put_bit(struct bits *bits, unsigned bit)
{
    bits->octets[bits->n / 8] |= (unsigned char)(bit << bits->n % 8);
    bits->n++;
}

static void put_number(struct bits *bits, unsigned number, unsigned n)
{
    for (unsigned i = 0; i < n; i++)
        put_bit(bits, number >> i & 1);
}

static void put_code(struct bits *bits, unsigned code, unsigned n)
{
    while (n-- > 0)
        put_bit(bits, code >> n & 1);
}

static void begin_block(struct bits *bits, unsigned is_last)
{
    put_number(bits, is_last, 1);
    put_number(bits, 1, 2);
}

static void end_block(struct bits *bits)
{
    put_code(bits, 0, 7);
}

/* Lengths of 3 to 14, from 9 to 12 or from 17 to 24 octets before. */
static void put_copy(struct bits *bits, unsigned length, unsigned distance)
{
    if (length <= 10)
        put_code(bits, length - 2, 7);
    else {
        put_code(bits, 9 + (length - 11) / 2, 7);
        put_number(bits, (length - 11) % 2, 1);
    }
    bool is_near = distance <= 12;
    put_code(bits, is_near ? 6 : 8, 5);
    put_number(bits, distance - (is_near ? 9 : 17), is_near ? 2 : 3);
}

/* Of the last octets as many as the lengths sum up to. Blocks without anything in them fill it up to whole octets. */
static void repeat(struct buf *out, const unsigned *lengths, size_t n, unsigned empty_blocks,
                   unsigned is_last)
{
    struct bits bits = {.n = 0};
    unsigned distance = 0;
    for (size_t i = 0; i < n; i++)
        distance += lengths[i];
    for (unsigned i = 0; i < empty_blocks; i++) {
        begin_block(&bits, 0);
        end_block(&bits);
    }
    begin_block(&bits, is_last);
    for (size_t i = 0; i < n; i++)
        put_copy(&bits, lengths[i], distance);
    end_block(&bits);
    buf_add(out, bits.octets, bits.n / 8);
}

/* ---- the operations ---- */

static void print(struct buf *out, unsigned octets)
{
    const unsigned char block[PRINT_SIZE] = {0, (unsigned char)octets, 0, (unsigned char)~octets, 0xff};
    buf_add(out, block, sizeof block);
}

/* Head and a print. */
static void repeat_head(struct buf *out)
{
    repeat(out, (const unsigned[]){4, 4, 4}, 3, 2, 0);
}

static void again(struct buf *out)
{
    repeat(out, (const unsigned[]){3, 10, 11}, 3, 0, 0);
}

/* 24 octets that copy 24. */
static void end(struct buf *out)
{
    for (int i = 0; i < 3; i++)
        print(out, 0);
    repeat(out, (const unsigned[]){11, 13}, 2, 3, 1);
}

static void repeat_and_prints(struct buf *out)
{
    repeat_head(out);
    print(out, PRINT_SIZE);
    print(out, REPEAT_SIZE);
    print(out, AGAIN);
}

static void again_twice(struct buf *out)
{
    for (int i = 0; i < 2; i++) {
        again(out);
        print(out, AGAIN);
    }
}

static void stream(struct buf *out, struct span head)
{
    print(out, QUINE_HEAD + PRINT_SIZE);
    buf_add_span(out, head);
    print(out, QUINE_HEAD + PRINT_SIZE);
    repeat_head(out);
    print(out, REPEAT_SIZE);
    repeat_and_prints(out);
    repeat_and_prints(out);
    again(out);
    print(out, AGAIN);
    again_twice(out);
    again(out);
    print(out, AGAIN);
    end(out);
    end(out);
}

void pgp_quine(struct buf *out)
{
    struct buf body = BUF_INIT(QUINE_MAX);
    unsigned char head[QUINE_HEAD] = {0xc8, 0xff, 0, 0, 0, 0, 1};
    stream(&body, (struct span){(const char *)head, sizeof head});
    head[5] = (unsigned char)(body.len + 1);
    buf_clear(&body);
    stream(&body, (struct span){(const char *)head, sizeof head});
    buf_add(out, head, sizeof head);
    buf_add_span(out, buf_span(&body));
    buf_fini(&body);
}
