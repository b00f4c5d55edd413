/* One party a process. Start one for each of 1, 2, ..., n:
 *
 *     signer FOLDER ID N THRESHOLD PORT
 *
 * They make an Ed25519 key and all sign with it, over sockets on the loopback: party k listens on PORT + k. The folder stands
 * for the channel on which operators tell each other the public identities; nothing else of it is shared. Nothing on the
 * sockets has to be trusted: put any relay between. signer.py and signer.rs are the same program, and can be mixed with it. */
#define _POSIX_C_SOURCE 200809L
#include <arpa/inet.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "net.h"

enum { MAX_PARTIES = 16, MAX_MESSAGE = 1 << 20 };

static uint16_t me, n;
static int port, listener;
static const char *folder;

static void fail(const char *what) {
  perror(what);
  exit(1);
}

static struct sockaddr_in address(uint16_t party) {
  struct sockaddr_in to;
  memset(&to, 0, sizeof to);
  to.sin_family = AF_INET;
  to.sin_port = htons((uint16_t)(port + party));
  to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  return to;
}

/* One connection a message. A message that is lost is sent again by whoever waits for an answer. */
static void send_to(uint16_t party, const uint8_t *bytes, size_t len) {
  int out = socket(AF_INET, SOCK_STREAM, 0);
  struct sockaddr_in to = address(party);
  if (out < 0) fail("socket");
  if (connect(out, (struct sockaddr *)&to, sizeof to) == 0)
    for (size_t done = 0; done < len;) {
      ssize_t some = send(out, bytes + done, len - done, MSG_NOSIGNAL);
      if (some <= 0) break;
      done += (size_t)some;
    }
  close(out);
}

/* The next message, which may be empty; 0 after a second without one. */
static int next_message(uint8_t *bytes, size_t *len) {
  struct pollfd waiting = {.fd = listener, .events = POLLIN};
  if (poll(&waiting, 1, 1000) <= 0) return 0;
  int in = accept(listener, NULL, NULL);
  if (in < 0) return 0;
  *len = 0;
  for (ssize_t some; *len < MAX_MESSAGE && (some = recv(in, bytes + *len, MAX_MESSAGE - *len, 0)) > 0;) *len += (size_t)some;
  close(in);
  return 1;
}

/* Nothing more is awaited. */
enum { OVER = COSIGIL_FINISHED | COSIGIL_ENDED };

static cosigil_key_share *share;

/* Here a program writes to its disk, encrypted, and flushes: 0 when that is done. */
static int save(const char *what, cosigil_bytes *bytes) {
  (void)what;
  return cosigil_bytes_free(bytes) == COSIGIL_OK ? 0 : 1;
}

/* And here it deletes the checkpoint, if there is one. */
static int delete_checkpoint(void) { return 0; }

/* Does what a session asks for: stores, then sends. What it asks for next is the result. */
static uint32_t store_and_send(cosigil_session *session) {
  uint32_t progress;
  int32_t output;
  cosigil_bytes bytes;
  CHECK(cosigil_session_progress(session, &progress));
  CHECK(cosigil_session_output(session, &output));
  if (output == COSIGIL_OUTPUT_KEY_SHARE) {
    CHECK(cosigil_session_take_key_share(session, &share));
    CHECK(cosigil_key_share_to_bytes(share, &bytes));
    if (save("share", &bytes) != 0) fail("the share");
  }
  if (progress & OVER) {
    if (delete_checkpoint() != 0) fail("the checkpoint");
  } else if (progress & COSIGIL_STORE) {
    CHECK(cosigil_session_checkpoint(session, &bytes));
    if (save("checkpoint", &bytes) != 0) fail("the checkpoint");
  }
  CHECK(cosigil_session_stored(session));
  for (;;) {
    uint16_t recipient;
    CHECK(cosigil_session_take_message(session, &recipient, &bytes));
    if (bytes.data == NULL) break;
    for (uint16_t to = 1; to <= n; ++to)
      if (to != me && (recipient == 0 || recipient == to)) send_to(to, bytes.data, bytes.len);
    CHECK(cosigil_bytes_free(&bytes));
  }
  return progress;
}

/* One of the functions that list parties of a session. */
typedef int32_t (*lister)(const cosigil_session *, uint16_t *, size_t, size_t *);

static void print_parties(const char *what, lister list, const cosigil_session *session) {
  uint16_t parties[MAX_PARTIES];
  size_t count;
  CHECK(list(session, parties, MAX_PARTIES, &count));
  for (size_t k = 0; k < count; ++k) fprintf(stderr, "%s party %u\n", what, (unsigned)parties[k]);
}

/* Runs a session to its end. */
static void drive(cosigil_session *session) {
  static uint8_t bytes[MAX_MESSAGE];
  int32_t status = COSIGIL_OK;
  for (int seconds = 0; !(store_and_send(session) & OVER);) {
    size_t len;
    uint32_t progress;
    if (!next_message(bytes, &len)) {
      CHECK(cosigil_session_send_again(session)); /* somebody may have missed something */
      if (++seconds < 60) continue;
      print_parties("no word from", cosigil_session_awaiting, session);
      exit(1);
    }
    status = cosigil_session_receive(session, &progress, bytes, len);
    if (status / 100 <= 2) continue; /* 1xx, 2xx: not a message of this session, thrown away */
    /* An abort: it is over, or goes on if this party has promised something; either way the others are told. */
    fprintf(stderr, "status %d\n", (int)status);
    print_parties("cheated:", cosigil_session_culprits, session);
  }
  if (status / 100 > 2) exit(1);
}

/* Writes our public identity into the folder, and waits for those of the others. */
static cosigil_parties *meet(cosigil_identity *identity) {
  cosigil_parties *directory;
  cosigil_bytes key;
  char path[512], draft[512];
  CHECK(cosigil_parties_new(&directory));
  CHECK(cosigil_identity_public(identity, &key));
  snprintf(draft, sizeof draft, "%s/%u.draft", folder, (unsigned)me);
  snprintf(path, sizeof path, "%s/%u.public", folder, (unsigned)me);
  FILE *file = fopen(draft, "wb");
  if (file == NULL || fwrite(key.data, 1, key.len, file) != key.len || fclose(file) != 0 || rename(draft, path) != 0) fail(path);
  CHECK(cosigil_bytes_free(&key));
  for (uint16_t party = 1; party <= n; ++party) {
    uint8_t theirs[32];
    snprintf(path, sizeof path, "%s/%u.public", folder, (unsigned)party);
    while ((file = fopen(path, "rb")) == NULL) nanosleep(&(struct timespec){.tv_nsec = 50000000}, NULL);
    if (fread(theirs, 1, sizeof theirs, file) != sizeof theirs) fail(path);
    fclose(file);
    CHECK(cosigil_parties_add(directory, party, theirs, sizeof theirs));
  }
  return directory;
}

static void print_hex(const char *what, cosigil_bytes *bytes) {
  printf("%s ", what);
  for (size_t k = 0; k < bytes->len; ++k) printf("%02x", bytes->data[k]);
  printf("\n");
  CHECK(cosigil_bytes_free(bytes));
}

int main(int argc, char **argv) {
  if (argc != 6) {
    fprintf(stderr, "signer FOLDER ID N THRESHOLD PORT\n");
    return 2;
  }
  folder = argv[1];
  me = (uint16_t)atoi(argv[2]);
  n = (uint16_t)atoi(argv[3]);
  port = atoi(argv[5]);
  if (n > MAX_PARTIES) return 2;
  listener = socket(AF_INET, SOCK_STREAM, 0);
  struct sockaddr_in here = address(me);
  const int on = 1;
  setsockopt(listener, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
  if (bind(listener, (struct sockaddr *)&here, sizeof here) != 0 || listen(listener, 64) != 0) fail("listen");

  cosigil_identity *identity;
  cosigil_session *session;
  CHECK(cosigil_identity_generate(&identity));
  cosigil_parties *directory = meet(identity);

  uint8_t label[32] = "keygen"; /* agreed on by the operators, fresh for each session */
  CHECK(cosigil_keygen_start(identity, &session, directory, COSIGIL_FROST_ED25519, me, (uint16_t)atoi(argv[4]), label,
                             sizeof label));
  drive(session);
  CHECK(cosigil_session_free(session));

  cosigil_package *package;
  cosigil_bytes bytes;
  CHECK(cosigil_key_share_package(share, &package));
  CHECK(cosigil_package_verifying_key(package, &bytes));
  print_hex("key", &bytes);
  CHECK(cosigil_package_free(package));

  uint16_t signers[MAX_PARTIES];
  for (uint16_t k = 0; k < n; ++k) signers[k] = (uint16_t)(k + 1);
  cosigil_request *request;
  uint8_t other_label[32] = "sign", recovery_id;
  const char message[] = "pay 1 to Alice"; /* what this party's own application has approved */
  CHECK(cosigil_request_message(&request, (const uint8_t *)message, strlen(message)));
  CHECK(cosigil_frost_sign_start(identity, &session, share, request, signers, n, other_label, sizeof other_label));
  drive(session);
  CHECK(cosigil_session_take_signature(session, &bytes, &recovery_id));
  print_hex("signature", &bytes);

  CHECK(cosigil_session_free(session));
  CHECK(cosigil_request_free(request));
  CHECK(cosigil_key_share_free(share));
  CHECK(cosigil_parties_free(directory));
  CHECK(cosigil_identity_free(identity));
  close(listener);
  return 0;
}
