/*
 * signals - SIGHUP reads settings and policy again, SIGTERM and SIGINT end the daemon.
 *
 * libmilter ends at SIGHUP too: a thread of its own waits for all three in sigwait(). This file's sigwait() takes the place of libc's for
 * the whole program (symbols of a program come first), keeps SIGHUP for itself and passes the others on. Any other way, a
 * handler or a second waiting thread, leaves it to the kernel which of the two gets the signal.
 */
#ifndef MILTER_SIGNALS_H
#define MILTER_SIGNALS_H

/* signals_on_reload - what SIGHUP does from now on, in libmilter's signal thread; set before smfi_main(). */
void signals_on_reload(void (*call)(void *arg), void *arg);

#endif
