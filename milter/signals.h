/*
 * signals - SIGHUP reads settings and policy again, SIGTERM and SIGINT end the daemon, at once.
 *
 * libmilter ends at SIGHUP too, and takes five seconds for an end: a thread of its own waits for all three in sigwait(). This file's
 * sigwait() takes the place of libc's for the whole program (symbols of a program come first), acts, keeps SIGHUP for itself and passes
 * the others on. Any other way, a handler or a second waiting thread, leaves it to the kernel which of the two gets the signal.
 */
#ifndef MILTER_SIGNALS_H
#define MILTER_SIGNALS_H

/* signals_block - in the first thread, before there is another: until libmilter waits for them, signals are kept. */
void signals_block(void);

/* signals_handle - what is done in libmilter's signal thread; set before smfi_main(). */
void signals_handle(void (*reload)(void), void (*stop)(void));

#endif
