/* Eight threads on one handle: calls wait for each other or are refused, and what may happen once happens once. */
#define _POSIX_C_SOURCE 200809L
#include <pthread.h>
#include <time.h>

#include "fixture.h"

enum { THREADS = 8 };

static void together(void *(*work)(void *), void *argument) {
  pthread_t threads[THREADS];
  for (size_t k = 0; k < THREADS; ++k) EXPECT(pthread_create(&threads[k], NULL, work, argument) == 0);
  for (size_t k = 0; k < THREADS; ++k) EXPECT(pthread_join(threads[k], NULL) == 0);
}

static int one_of(int32_t status, const int32_t *wanted, size_t n) {
  for (size_t k = 0; k < n; ++k)
    if (status == wanted[k]) return 1;
  return 0;
}

#define ONE_OF(call, ...)                                                                \
  do {                                                                                   \
    const int32_t wanted_[] = {__VA_ARGS__};                                             \
    int32_t status_ = (call);                                                            \
    if (!one_of(status_, wanted_, sizeof wanted_ / sizeof *wanted_)) {                   \
      fprintf(stderr, "%s:%d: %s gave %d\n", __FILE__, __LINE__, #call, (int)status_);   \
      exit(1);                                                                           \
    }                                                                                    \
  } while (0)

/* Everything that can be done with a session, while one thread frees it. */
static void *use_session(void *argument) {
  cosigil_session *session = argument;
  for (int k = 0; k < 200; ++k) {
    uint32_t progress;
    uint16_t ids[N], recipient;
    uint8_t round;
    size_t count;
    cosigil_bytes bytes;
    ONE_OF(cosigil_session_receive(session, &progress, (const uint8_t *)"noise", 5), COSIGIL_MALFORMED, COSIGIL_FOREIGN_MESSAGE,
           COSIGIL_VERSION, COSIGIL_NO_HANDLE);
    ONE_OF(cosigil_session_take_message(session, &recipient, &bytes), COSIGIL_OK, COSIGIL_STORE_FIRST, COSIGIL_NO_HANDLE);
    CHECK(cosigil_bytes_free(&bytes));
    ONE_OF(cosigil_session_checkpoint(session, &bytes), COSIGIL_OK, COSIGIL_NO_HANDLE);
    CHECK(cosigil_bytes_free(&bytes));
    ONE_OF(cosigil_session_stored(session), COSIGIL_OK, COSIGIL_NO_HANDLE);
    ONE_OF(cosigil_session_send_again(session), COSIGIL_OK, COSIGIL_NO_HANDLE);
    ONE_OF(cosigil_session_awaiting(session, ids, N, &count), COSIGIL_OK, COSIGIL_NO_HANDLE);
    ONE_OF(cosigil_session_round(session, &round), COSIGIL_OK, COSIGIL_NO_HANDLE);
    if (k == 150) ONE_OF(cosigil_session_free(session), COSIGIL_OK, COSIGIL_NO_HANDLE);
  }
  return NULL;
}

/* One nonce, eight signatures: seven are refused. */
typedef struct {
  cosigil_key_share *share;
  cosigil_nonces *nonces;
  cosigil_bytes list;
  int signed_by;
  pthread_mutex_t lock;
} nonce_race;

static void *use_nonces(void *argument) {
  nonce_race *race = argument;
  cosigil_request *request;
  cosigil_bytes part;
  uint8_t message[8];
  memset(message, (int)(uintptr_t)pthread_self(), sizeof message);
  CHECK(cosigil_request_message(&request, message, sizeof message));
  int32_t status = cosigil_frost_sign(race->share, &part, race->nonces, request, race->list.data, race->list.len);
  EXPECT(status == COSIGIL_OK || status == COSIGIL_USED_UP);
  if (status == COSIGIL_OK) {
    pthread_mutex_lock(&race->lock);
    ++race->signed_by;
    pthread_mutex_unlock(&race->lock);
  }
  CHECK(cosigil_bytes_free(&part));
  CHECK(cosigil_request_free(request));
  return NULL;
}

static void race_for_nonces(void) {
  team team;
  nonce_race race = {.lock = PTHREAD_MUTEX_INITIALIZER};
  cosigil_collection *commitments;
  cosigil_package *package;
  cosigil_nonces *other;
  cosigil_bytes bytes;
  make_team(&team, COSIGIL_FROST_BIP340);
  race.share = team.shares[0];
  CHECK(cosigil_collection_new(&commitments));
  CHECK(cosigil_frost_commit(team.shares[0], &race.nonces, &bytes));
  CHECK(cosigil_collection_add(commitments, 1, bytes.data, bytes.len));
  CHECK(cosigil_bytes_free(&bytes));
  CHECK(cosigil_frost_commit(team.shares[1], &other, &bytes));
  CHECK(cosigil_collection_add(commitments, 2, bytes.data, bytes.len));
  CHECK(cosigil_bytes_free(&bytes));
  CHECK(cosigil_key_share_package(team.shares[0], &package));
  CHECK(cosigil_frost_list(package, &race.list, commitments));
  together(use_nonces, &race);
  EXPECT(race.signed_by == 1);
  CHECK(cosigil_bytes_free(&race.list));
  CHECK(cosigil_nonces_free(race.nonces));
  CHECK(cosigil_nonces_free(other));
  CHECK(cosigil_collection_free(commitments));
  CHECK(cosigil_package_free(package));
  free_team(&team);
}

/* Eight threads free one handle, and one buffer: one of them does. */
typedef struct {
  void *what;
  int freed;
  pthread_mutex_t lock;
} free_race;

static void count_one(free_race *race) {
  pthread_mutex_lock(&race->lock);
  ++race->freed;
  pthread_mutex_unlock(&race->lock);
}

static void *free_once(void *argument) {
  free_race *race = argument;
  int32_t status = cosigil_key_share_free(race->what);
  EXPECT(status == COSIGIL_OK || status == COSIGIL_NO_HANDLE);
  if (status == COSIGIL_OK) count_one(race);
  return NULL;
}

static void *free_buffer(void *argument) {
  free_race *race = argument;
  cosigil_bytes copy = *(cosigil_bytes *)race->what;
  int32_t status = cosigil_bytes_free(&copy);
  EXPECT(status == COSIGIL_OK || status == COSIGIL_NO_BUFFER);
  if (status == COSIGIL_OK) count_one(race);
  return NULL;
}

static void one_frees(void *(*work)(void *), void *what) {
  free_race race = {what, 0, PTHREAD_MUTEX_INITIALIZER};
  together(work, &race);
  EXPECT(race.freed == 1);
}

/* A slow source of randomness: who sets another one waits until it has answered, and may then do away with it. */
typedef struct {
  int inside, alive;
  pthread_mutex_t lock;
  pthread_cond_t entered;
} slow_source;

static int32_t slow_fill(void *context, uint8_t *bytes, size_t len) {
  slow_source *source = context;
  const struct timespec a_moment = {0, 50 * 1000 * 1000};
  for (size_t k = 0; k < len; ++k) bytes[k] = (uint8_t)(k + 1);
  pthread_mutex_lock(&source->lock);
  source->inside = 1;
  pthread_cond_signal(&source->entered);
  pthread_mutex_unlock(&source->lock);
  nanosleep(&a_moment, NULL);
  pthread_mutex_lock(&source->lock);
  EXPECT(source->alive);
  pthread_mutex_unlock(&source->lock);
  return 0;
}

static void *make_identity(void *argument) {
  cosigil_identity *identity;
  (void)argument;
  CHECK(cosigil_identity_generate(&identity));
  CHECK(cosigil_identity_free(identity));
  return NULL;
}

static void replaces_the_source(void) {
  slow_source source = {0, 1, PTHREAD_MUTEX_INITIALIZER, PTHREAD_COND_INITIALIZER};
  pthread_t thread;
  CHECK(cosigil_random_use(slow_fill, &source));
  EXPECT(pthread_create(&thread, NULL, make_identity, NULL) == 0);
  pthread_mutex_lock(&source.lock);
  while (!source.inside) pthread_cond_wait(&source.entered, &source.lock);
  pthread_mutex_unlock(&source.lock);
  CHECK(cosigil_random_use_system());
  pthread_mutex_lock(&source.lock);
  source.alive = 0;
  pthread_mutex_unlock(&source.lock);
  EXPECT(pthread_join(thread, NULL) == 0);
}

int main(void) {
  team team;
  cosigil_session *session;
  cosigil_bytes bytes;
  const uint8_t label[32] = {9};
  make_team(&team, COSIGIL_FROST_ED25519);
  CHECK(cosigil_keygen_start(team.identities[0], &session, team.parties, COSIGIL_FROST_ED25519, 1, 2, label, sizeof label));
  together(use_session, session);
  CHECK(cosigil_key_share_to_bytes(team.shares[0], &bytes));
  one_frees(free_buffer, &bytes);
  one_frees(free_once, team.shares[0]);
  team.shares[0] = NULL;
  free_team(&team);
  race_for_nonces();
  replaces_the_source();
  expect_nothing_left();
  printf("eight threads: done\n");
  return 0;
}
