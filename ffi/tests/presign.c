/* Presignatures in a store of ours and in a folder: stored whole or not at all, each for one request, gone with their sharing. */
#define _POSIX_C_SOURCE 200809L
#include <dirent.h>
#include <unistd.h>

#include "fixture.h"

enum { SIGNERS = 2, PLACES = 8, RECORD = 2048 };

/* A store of ours. */
typedef struct {
  uint8_t id[32], record[RECORD], request[32], reply[96];
  size_t record_len;
  int state; /* 0: free, 1: unspent, 2: spent, 3: discarded */
} place;

typedef struct {
  place places[PLACES];
  int room;     /* insert fails when there is none left */
  int exists;   /* insert says that it has everything */
  int released, retired;
  uint8_t key_id[32], sharing[32]; /* of the last retirement */
} shelf;

static place *find(shelf *shelf, const uint8_t *id) {
  for (size_t k = 0; k < PLACES; ++k)
    if (shelf->places[k].state != 0 && memcmp(shelf->places[k].id, id, 32) == 0) return &shelf->places[k];
  return NULL;
}

static int count(const shelf *shelf, int state) {
  int n = 0;
  for (size_t k = 0; k < PLACES; ++k) n += shelf->places[k].state == state;
  return n;
}

static int32_t shelf_insert(void *context, const uint8_t *id, const uint8_t *record, size_t record_len) {
  shelf *shelf = context;
  if (shelf->exists || find(shelf, id) != NULL) return COSIGIL_STORE_EXISTS;
  if (shelf->room == 0 || record_len > RECORD) return COSIGIL_STORE_REFUSED;
  --shelf->room;
  for (size_t k = 0; k < PLACES; ++k) {
    place *place = &shelf->places[k];
    if (place->state != 0) continue;
    memcpy(place->id, id, 32);
    memcpy(place->record, record, record_len);
    place->record_len = record_len;
    place->state = 1;
    return COSIGIL_STORE_DONE;
  }
  return COSIGIL_STORE_REFUSED;
}

static int32_t shelf_get(void *context, const uint8_t *id, uint8_t *record, size_t capacity, size_t *record_len) {
  place *place = find(context, id);
  if (place == NULL) return COSIGIL_STORE_UNKNOWN;
  if (place->state != 1) return COSIGIL_STORE_SPENT;
  memcpy(record, place->record, place->record_len < capacity ? place->record_len : capacity);
  *record_len = place->record_len;
  return COSIGIL_STORE_DONE;
}

static int32_t shelf_claim(void *context, const uint8_t *id, const uint8_t *request, uint8_t *reply, uint8_t *repeated) {
  place *place = find(context, id);
  if (place == NULL) return COSIGIL_STORE_UNKNOWN;
  if (place->state == 2 && memcmp(place->request, request, 32) == 0) {
    memcpy(reply, place->reply, 96);
    *repeated = 1;
    return COSIGIL_STORE_DONE;
  }
  if (place->state != 1) return COSIGIL_STORE_SPENT;
  memcpy(place->request, request, 32);
  memcpy(place->reply, reply, 96);
  memset(place->record, 0, RECORD);
  place->state = 2;
  return COSIGIL_STORE_DONE;
}

static int32_t shelf_claimed(void *context, const uint8_t *id, uint8_t *request, uint8_t *reply, uint8_t *found) {
  place *place = find(context, id);
  *found = place != NULL && place->state == 2;
  if (*found) {
    memcpy(request, place->request, 32);
    memcpy(reply, place->reply, 96);
  }
  return COSIGIL_STORE_DONE;
}

static int32_t shelf_discard(void *context, const uint8_t *id) {
  place *place = find(context, id);
  if (place == NULL) return COSIGIL_STORE_UNKNOWN;
  if (place->state != 1) return COSIGIL_STORE_SPENT;
  memset(place->record, 0, RECORD);
  place->state = 3;
  return COSIGIL_STORE_DONE;
}

/* It does not know which are of the sharing: all that are unspent go. */
static int32_t shelf_retire(void *context, const uint8_t *key_id, const uint8_t *sharing) {
  shelf *shelf = context;
  ++shelf->retired;
  memcpy(shelf->key_id, key_id, 32);
  memcpy(shelf->sharing, sharing, 32);
  for (size_t k = 0; k < PLACES; ++k)
    if (shelf->places[k].state == 1) shelf_discard(context, shelf->places[k].id);
  return COSIGIL_STORE_DONE;
}

static void shelf_release(void *context) { ++((shelf *)context)->released; }

static cosigil_store *store_of_ours(shelf *shelf) {
  cosigil_store *store;
  const cosigil_store_calls calls = {sizeof calls, shelf,         shelf_insert, shelf_get,    shelf_claim,
                                     shelf_claimed, shelf_discard, shelf_retire, shelf_release};
  CHECK(cosigil_store_callbacks(&store, &calls));
  return store;
}

/* Parties 1 and 2 of a key, with the pairs between them. */
typedef struct {
  team team;
  cosigil_pairs *pairs[SIGNERS];
  cosigil_burn_log *logs[SIGNERS];
} signers;

static cosigil_pairs **pairs_out;
static cosigil_store *stores[SIGNERS];
static cosigil_bytes names[SIGNERS];
static int32_t taken[SIGNERS];
static cosigil_bytes signature;

static void keep(size_t party, cosigil_session *session) {
  int32_t output;
  uint8_t recovery_id;
  CHECK(cosigil_session_output(session, &output));
  switch (output) {
    case COSIGIL_OUTPUT_PAIR:
      CHECK(cosigil_pairs_take(pairs_out[party], session));
      break;
    case COSIGIL_OUTPUT_PRESIGNATURES:
      taken[party] = cosigil_presignatures_take(stores[party], &names[party], session);
      break;
    default:
      CHECK(cosigil_bytes_free(&signature));
      CHECK(cosigil_session_take_signature(session, &signature, &recovery_id));
  }
}

static void make_signers(signers *two, uint32_t suite) {
  cosigil_session *sessions[SIGNERS];
  uint8_t label[32];
  make_team(&two->team, suite);
  next_label(label);
  for (size_t k = 0; k < SIGNERS; ++k) {
    CHECK(cosigil_burn_log_memory(&two->logs[k]));
    CHECK(cosigil_pairs_new(two->team.shares[k], &two->pairs[k]));
  }
  for (size_t k = 0; k < SIGNERS; ++k)
    CHECK(cosigil_setup_start(two->team.identities[k], &sessions[k], two->team.shares[k], two->logs[k], IDS[1 - k], label,
                              sizeof label));
  pairs_out = two->pairs;
  run(SIGNERS, sessions, IDS, keep);
}

static void free_signers(signers *two) {
  for (size_t k = 0; k < SIGNERS; ++k) {
    CHECK(cosigil_burn_log_free(two->logs[k]));
    CHECK(cosigil_pairs_free(two->pairs[k]));
  }
  free_team(&two->team);
}

static void presign(signers *two, uint32_t batch) {
  cosigil_session *sessions[SIGNERS];
  uint8_t label[32];
  next_label(label);
  for (size_t k = 0; k < SIGNERS; ++k)
    CHECK(cosigil_presign_start(two->team.identities[k], &sessions[k], two->team.shares[k], two->pairs[k], two->logs[k], batch,
                                IDS, SIGNERS, label, sizeof label));
  run(SIGNERS, sessions, IDS, keep);
}

static void free_names(void) {
  for (size_t k = 0; k < SIGNERS; ++k) CHECK(cosigil_bytes_free(&names[k]));
}

static int32_t online(signers *two, size_t me, cosigil_session **session, cosigil_request *request, const uint8_t *name) {
  uint8_t label[32];
  memcpy(label, name, sizeof label); /* one session for each presignature */
  return cosigil_online_start(two->team.identities[me], session, two->team.shares[me], stores[me], request, name, 32, label,
                              sizeof label);
}

static const uint8_t DIGEST[32] = "a digest that somebody has made";

/* One presignature signs one request: again it gives the same bytes, another request is refused. */
static void signs_once(signers *two, uint32_t suite) {
  cosigil_session *sessions[SIGNERS], *none;
  cosigil_request *request, *another;
  cosigil_package *package;
  cosigil_bytes key, said, same;
  const uint8_t unknown[32] = {1};
  CHECK(cosigil_request_digest(&request, DIGEST, sizeof DIGEST));
  CHECK(cosigil_request_digest(&another, unknown, sizeof unknown));
  CHECK(cosigil_key_share_package(two->team.shares[0], &package));
  CHECK(cosigil_package_verifying_key(package, &key));
  presign(two, 2);
  for (size_t k = 0; k < SIGNERS; ++k) CHECK(taken[k]);
  EXPECT(names[0].len == 64 && names[1].len == 64 && memcmp(names[0].data, names[1].data, 64) == 0);
  const uint8_t *first = names[0].data, *second = names[0].data + 32;
  EXPECT_STATUS(online(two, 0, &none, request, unknown), COSIGIL_UNKNOWN_PRESIGNATURE);
  EXPECT_STATUS(cosigil_online_repeat(two->team.shares[0], &said, stores[0], request, first, 32), COSIGIL_UNKNOWN_PRESIGNATURE);
  for (size_t k = 0; k < SIGNERS; ++k) CHECK(online(two, k, &sessions[k], request, first));
  CHECK(cosigil_online_repeat(two->team.shares[0], &said, stores[0], request, first, 32));
  CHECK(cosigil_online_repeat(two->team.shares[0], &same, stores[0], request, first, 32));
  EXPECT(said.len == 96 && same.len == 96 && memcmp(said.data, same.data, 96) == 0);
  run(SIGNERS, sessions, IDS, keep);
  CHECK(cosigil_verify(suite, key.data, key.len, DIGEST, sizeof DIGEST, signature.data, signature.len));
  EXPECT_STATUS(online(two, 0, &none, request, first), COSIGIL_SPENT);
  EXPECT_STATUS(online(two, 0, &none, another, first), COSIGIL_SPENT);
  CHECK(cosigil_bytes_free(&same));
  EXPECT_STATUS(cosigil_online_repeat(two->team.shares[0], &same, stores[0], another, first, 32), COSIGIL_SPENT);
  EXPECT(same.data == NULL);

  CHECK(cosigil_store_discard(stores[0], second, 32));
  EXPECT_STATUS(cosigil_store_discard(stores[0], second, 32), COSIGIL_SPENT);
  EXPECT_STATUS(cosigil_store_discard(stores[0], unknown, 32), COSIGIL_UNKNOWN_PRESIGNATURE);
  EXPECT_STATUS(online(two, 0, &none, request, second), COSIGIL_SPENT);
  EXPECT(none == NULL);
  CHECK(cosigil_bytes_free(&said));
  CHECK(cosigil_bytes_free(&key));
  CHECK(cosigil_package_free(package));
  CHECK(cosigil_request_free(request));
  CHECK(cosigil_request_free(another));
  free_names();
}

/* A store that refuses the second of three: the first is discarded, for nobody would know its name. */
static void whole_or_not(signers *two, shelf *ours) {
  int unspent = count(ours, 1), discarded = count(ours, 3);
  ours->room = 1;
  presign(two, 3);
  EXPECT(taken[0] == COSIGIL_STORE_FAILED && names[0].data == NULL);
  EXPECT(count(ours, 1) == unspent && count(ours, 3) == discarded + 1);
  CHECK(taken[1]);
  free_names();
  ours->room = PLACES;
  ours->exists = 1;
  presign(two, 1);
  EXPECT(taken[0] == COSIGIL_SPENT && names[0].data == NULL);
  ours->exists = 0;
  free_names();
}

/* The record moves on: the store of its presignatures is told, before anybody else. */
static void goes_with_its_sharing(signers *two, shelf *ours) {
  cosigil_record *records[N];
  cosigil_session *sessions[N];
  cosigil_package *package;
  cosigil_bytes key_id, sharing;
  uint32_t number;
  uint8_t label[32];
  presign(two, 1);
  CHECK(taken[0]);
  EXPECT(count(ours, 1) == 1);
  CHECK(cosigil_key_share_package(two->team.shares[0], &package));
  CHECK(cosigil_package_key_id(package, &key_id));
  CHECK(cosigil_package_sharing(package, &sharing, &number));
  for (size_t k = 0; k < N; ++k) {
    cosigil_key_store *memory;
    CHECK(cosigil_key_store_memory(&memory));
    CHECK(cosigil_record_create(two->team.identities[k], &records[k], memory, two->team.shares[k]));
    CHECK(cosigil_key_store_free(memory));
  }
  CHECK(cosigil_record_depend(records[0], stores[0]));
  EXPECT(ours->retired == 0);
  next_label(label);
  for (size_t k = 0; k < N; ++k) CHECK(cosigil_refresh_start(records[k], &sessions[k], label, sizeof label));
  run(N, sessions, IDS, NULL);
  EXPECT(ours->retired > 0 && count(ours, 1) == 0);
  EXPECT(memcmp(ours->key_id, key_id.data, 32) == 0 && memcmp(ours->sharing, sharing.data, 32) == 0);
  for (size_t k = 0; k < N; ++k) CHECK(cosigil_record_free(records[k]));
  CHECK(cosigil_bytes_free(&key_id));
  CHECK(cosigil_bytes_free(&sharing));
  CHECK(cosigil_package_free(package));
  free_names();
}

int main(void) {
  static shelf ours;
  signers two;
  char path[] = "/tmp/cosigil-presign-XXXXXX";
  EXPECT(mkdtemp(path) != NULL);
  make_signers(&two, COSIGIL_ECDSA_SECP256K1);
  ours.room = PLACES;
  stores[0] = store_of_ours(&ours);
  CHECK(cosigil_store_folder(&stores[1], (const uint8_t *)path, strlen(path)));
  signs_once(&two, COSIGIL_ECDSA_SECP256K1);
  whole_or_not(&two, &ours);
  goes_with_its_sharing(&two, &ours);
  for (size_t k = 0; k < SIGNERS; ++k) CHECK(cosigil_store_free(stores[k]));
  EXPECT(ours.released == 1);
  free_signers(&two);
  CHECK(cosigil_bytes_free(&signature));
  DIR *folder = opendir(path);
  for (struct dirent *entry; (entry = readdir(folder)) != NULL;) {
    char name[512];
    snprintf(name, sizeof name, "%s/%s", path, entry->d_name);
    unlink(name);
  }
  closedir(folder);
  EXPECT(rmdir(path) == 0);
  expect_nothing_left();
  printf("presignatures: done\n");
  return 0;
}
