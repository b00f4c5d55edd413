/* Parties in one process, and the messages between them: what the examples and tests share. */
#ifndef COSIGIL_EXAMPLES_NET_H
#define COSIGIL_EXAMPLES_NET_H

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cosigil.h"

/* Ends the program with what went wrong, if anything did. */
#define CHECK(call) check((call), #call, __FILE__, __LINE__)

static void check(int32_t status, const char *call, const char *file, int line) {
  if (status == COSIGIL_OK) return;
  char text[256];
  size_t length;
  cosigil_last_error(text, sizeof text, &length);
  fprintf(stderr, "%s:%d: %s: status %d, %s\n", file, line, call, (int)status, text);
  exit(1);
}

/* A name for a session that was never used before. Parties on several machines agree on one: a counter, a job's id. */
static void next_label(uint8_t label[32]) {
  static uint32_t counter;
  memset(label, 0, 32);
  ++counter;
  memcpy(label, &counter, sizeof counter);
}

/* Where a party stores what must not be lost. A real one writes it to its disk, encrypted, and flushes it. */
static void store(const char *what, cosigil_bytes *bytes) {
  (void)what;
  CHECK(cosigil_bytes_free(bytes));
}

/* What is done with an output before the messages that came with it leave. */
typedef void (*on_output)(size_t party, cosigil_session *session);

/* Does what a session asks for: stores, then gives its messages to the others, until nobody has any more. */
static void settle(size_t n, cosigil_session *const *sessions, const uint16_t *ids, size_t me, on_output output) {
  uint32_t progress;
  CHECK(cosigil_session_progress(sessions[me], &progress));
  if (progress & COSIGIL_OUTPUT) output(me, sessions[me]);
  if (progress & (COSIGIL_STORE | COSIGIL_DELETE)) {
    cosigil_bytes checkpoint;
    int32_t status = cosigil_session_checkpoint(sessions[me], &checkpoint);
    if (status == COSIGIL_OK) store("checkpoint", &checkpoint);
    else if (status != COSIGIL_OVER && status != COSIGIL_NOT_RESUMABLE) CHECK(status); /* over: a real one deletes it */
    CHECK(cosigil_session_stored(sessions[me]));
  }
  for (;;) {
    uint16_t recipient;
    cosigil_bytes message;
    CHECK(cosigil_session_take_message(sessions[me], &recipient, &message));
    if (message.data == NULL) return;
    for (size_t to = 0; to < n; ++to) {
      if (to == me || sessions[to] == NULL || (recipient != 0 && recipient != ids[to])) continue;
      int32_t status = cosigil_session_receive(sessions[to], &progress, message.data, message.len);
      if (status / 100 != COSIGIL_MALFORMED / 100) CHECK(status); /* else not of this session: thrown away */
      settle(n, sessions, ids, to, output);
    }
    CHECK(cosigil_bytes_free(&message));
  }
}

/* Runs one session a party to its end, and frees them. */
static void run(size_t n, cosigil_session **sessions, const uint16_t *ids, on_output output) {
  for (size_t me = 0; me < n; ++me) settle(n, sessions, ids, me, output);
  for (size_t me = 0; me < n; ++me) {
    uint32_t progress;
    CHECK(cosigil_session_progress(sessions[me], &progress));
    if (!(progress & COSIGIL_FINISHED)) {
      fprintf(stderr, "party %u still waits\n", (unsigned)ids[me]);
      exit(1);
    }
    CHECK(cosigil_session_free(sessions[me]));
    sessions[me] = NULL;
  }
}

#endif
