/* The life of a key: children, backups, a lost share, a refresh, new members, a restart in the middle. */
#define _POSIX_C_SOURCE 200809L
#include <unistd.h>

#include "fixture.h"

enum { MOST = 4 };

static cosigil_key_share *share_out[MOST];
static cosigil_package *package_out[MOST];
static cosigil_pairs *pairs[MOST];
static cosigil_burn_log *logs[MOST];
static cosigil_bytes signature;

static void keep(size_t party, cosigil_session *session) {
  int32_t output;
  uint8_t recovery_id;
  CHECK(cosigil_session_output(session, &output));
  switch (output) {
    case COSIGIL_OUTPUT_KEY_SHARE:
      CHECK(cosigil_session_take_key_share(session, &share_out[party]));
      break;
    case COSIGIL_OUTPUT_PACKAGE:
      CHECK(cosigil_session_take_package(session, &package_out[party]));
      break;
    case COSIGIL_OUTPUT_PAIR:
      CHECK(cosigil_pairs_take(pairs[party], session));
      break;
    default:
      CHECK(cosigil_bytes_free(&signature));
      CHECK(cosigil_session_take_signature(session, &signature, &recovery_id));
  }
}

/* Parties 1 and 2 sign with FROST, and the signature is checked under `key`. */
static void frost_sign(cosigil_identity *const *identities, cosigil_key_share *const *shares, uint32_t suite,
                       cosigil_request *request, const uint8_t *message, size_t len, cosigil_bytes key) {
  cosigil_session *sessions[2];
  uint8_t label[32];
  next_label(label);
  for (size_t k = 0; k < 2; ++k)
    CHECK(cosigil_frost_sign_start(identities[k], &sessions[k], shares[k], request, IDS, 2, label, sizeof label));
  run(2, sessions, IDS, keep);
  CHECK(cosigil_verify(suite, key.data, key.len, message, len, signature.data, signature.len));
}

static const uint8_t PATH[] = "m/0/7";
static const uint8_t MESSAGE[32] = "a sighash, or a digest";

/* Signatures for children verify under the keys that package, share and xpub give. */
static void children(void) {
  const uint32_t suites[] = {COSIGIL_ECDSA_SECP256K1, COSIGIL_FROST_BIP340, COSIGIL_FROST_ED25519};
  for (size_t s = 0; s < 3; ++s) {
    team team;
    cosigil_package *package;
    cosigil_bytes code, key, root, xpub, same;
    cosigil_request *request;
    make_team(&team, suites[s]);
    CHECK(cosigil_key_share_package(team.shares[2], &package));
    CHECK(cosigil_key_share_chain_code(team.shares[2], &code));
    CHECK(cosigil_package_child_key(package, &key, code.data, code.len, PATH, sizeof PATH - 1));
    CHECK(cosigil_package_verifying_key(package, &root));
    EXPECT(key.len == root.len && memcmp(key.data, root.data, key.len) != 0);
    if (suites[s] == COSIGIL_FROST_ED25519) {
      EXPECT_STATUS(cosigil_key_share_xpub(team.shares[2], &xpub, COSIGIL_MAINNET, PATH, 5), COSIGIL_NO_DERIVATION);
    } else {
      CHECK(cosigil_key_share_xpub(team.shares[2], &xpub, COSIGIL_MAINNET, (const uint8_t *)"m/0", 3));
      EXPECT(memcmp(xpub.data, "xpub", 4) == 0);
      CHECK(cosigil_xpub_child_key(&same, suites[s], xpub.data, xpub.len, (const uint8_t *)"m/7", 3));
      EXPECT(same.len == key.len && memcmp(same.data, key.data, key.len) == 0);
      CHECK(cosigil_bytes_free(&same));
      CHECK(cosigil_bytes_free(&xpub));
    }
    if (suites[s] == COSIGIL_ECDSA_SECP256K1) {
      cosigil_session *sessions[2];
      uint8_t label[32];
      CHECK(cosigil_request_digest(&request, MESSAGE, sizeof MESSAGE));
      CHECK(cosigil_request_path(request, PATH, sizeof PATH - 1));
      next_label(label);
      for (size_t k = 0; k < 2; ++k) {
        CHECK(cosigil_burn_log_memory(&logs[k]));
        CHECK(cosigil_pairs_new(team.shares[k], &pairs[k]));
        CHECK(cosigil_setup_start(team.identities[k], &sessions[k], team.shares[k], logs[k], IDS[1 - k], label, sizeof label));
      }
      run(2, sessions, IDS, keep);
      next_label(label);
      for (size_t k = 0; k < 2; ++k)
        CHECK(cosigil_ecdsa_sign_start(team.identities[k], &sessions[k], team.shares[k], pairs[k], logs[k], request, IDS, 2,
                                       label, sizeof label));
      run(2, sessions, IDS, keep);
      CHECK(cosigil_verify(suites[s], key.data, key.len, MESSAGE, sizeof MESSAGE, signature.data, signature.len));
      for (size_t k = 0; k < 2; ++k) {
        CHECK(cosigil_burn_log_free(logs[k]));
        CHECK(cosigil_pairs_free(pairs[k]));
      }
    } else {
      CHECK(cosigil_request_message(&request, MESSAGE, sizeof MESSAGE));
      EXPECT_STATUS(cosigil_request_path(request, (const uint8_t *)"m/0h/1", 6), COSIGIL_HARDENED);
      CHECK(cosigil_request_path(request, PATH, sizeof PATH - 1));
      frost_sign(team.identities, team.shares, suites[s], request, MESSAGE, sizeof MESSAGE, key);
      EXPECT_STATUS(cosigil_verify(suites[s], root.data, root.len, MESSAGE, sizeof MESSAGE, signature.data, signature.len),
                    COSIGIL_BAD_SIGNATURE);
    }
    code.data[0] ^= 1;
    EXPECT_STATUS(cosigil_package_child_key(package, &same, code.data, code.len, PATH, 5), COSIGIL_OTHER_CHAIN_CODE);
    CHECK(cosigil_request_free(request));
    CHECK(cosigil_bytes_free(&code));
    CHECK(cosigil_bytes_free(&key));
    CHECK(cosigil_bytes_free(&root));
    CHECK(cosigil_package_free(package));
    free_team(&team);
  }
}

static int same_share(const cosigil_key_share *a, const cosigil_key_share *b) {
  cosigil_bytes one, other;
  CHECK(cosigil_key_share_to_bytes(a, &one));
  CHECK(cosigil_key_share_to_bytes(b, &other));
  int same = one.len == other.len && memcmp(one.data, other.data, one.len) == 0;
  CHECK(cosigil_bytes_free(&one));
  CHECK(cosigil_bytes_free(&other));
  return same;
}

/* Under a passphrase, to a public key, verifiable: what goes in comes out, what is altered does not. */
static void backups(void) {
  team team;
  cosigil_backup_key *vault, *again;
  cosigil_package *package;
  cosigil_key_share *share;
  cosigil_bytes to, file, beside, maker, secret;
  const uint8_t phrase[] = "eleven random words";
  make_team(&team, COSIGIL_ECDSA_P256);
  CHECK(cosigil_identity_public(team.identities[0], &maker));
  CHECK(cosigil_key_share_package(team.shares[0], &package));

  CHECK(cosigil_backup_passphrase(team.shares[0], &file, 64, 1, 1, phrase, sizeof phrase)); /* cheap: a test */
  CHECK(cosigil_backup_passphrase_open(&share, COSIGIL_ECDSA_P256, file.data, file.len, phrase, sizeof phrase));
  EXPECT(same_share(share, team.shares[0]));
  CHECK(cosigil_key_share_free(share));
  EXPECT_STATUS(cosigil_backup_passphrase_open(&share, COSIGIL_ECDSA_P256, file.data, file.len, phrase, 3), COSIGIL_NOT_OPENED);
  EXPECT_STATUS(cosigil_backup_passphrase_open(&share, COSIGIL_FROST_P256, file.data, file.len, phrase, sizeof phrase),
                COSIGIL_OTHER_SUITE);
  CHECK(cosigil_bytes_free(&file));

  CHECK(cosigil_backup_key_generate(&vault));
  CHECK(cosigil_backup_key_to_bytes(vault, &secret));
  CHECK(cosigil_backup_key_from_bytes(&again, secret.data, secret.len));
  CHECK(cosigil_backup_key_free(vault));
  CHECK(cosigil_backup_key_public(again, &to));
  CHECK(cosigil_backup_seal(team.shares[0], &file, team.identities[0], to.data, to.len));
  CHECK(cosigil_backup_open(again, &share, COSIGIL_ECDSA_P256, maker.data, maker.len, file.data, file.len));
  EXPECT(same_share(share, team.shares[0]));
  CHECK(cosigil_key_share_free(share));
  file.data[file.len / 2] ^= 1;
  EXPECT_STATUS(cosigil_backup_open(again, &share, COSIGIL_ECDSA_P256, maker.data, maker.len, file.data, file.len),
                COSIGIL_NOT_OPENED);
  EXPECT(share == NULL);
  CHECK(cosigil_bytes_free(&file));

  CHECK(cosigil_backup_verifiable(team.shares[0], &file, &beside, team.identities[0], to.data, to.len));
  CHECK(cosigil_backup_verify(package, 1, to.data, to.len, file.data, file.len));
  EXPECT_STATUS(cosigil_backup_verify(package, 2, to.data, to.len, file.data, file.len), COSIGIL_INVALID_BACKUP);
  CHECK(cosigil_backup_restore(again, &share, COSIGIL_ECDSA_P256, maker.data, maker.len, file.data, file.len, beside.data,
                               beside.len));
  EXPECT(same_share(share, team.shares[0]));
  CHECK(cosigil_key_share_free(share));
  CHECK(cosigil_bytes_free(&file));
  CHECK(cosigil_bytes_free(&beside));
  CHECK(cosigil_bytes_free(&secret));
  CHECK(cosigil_bytes_free(&to));
  CHECK(cosigil_bytes_free(&maker));
  CHECK(cosigil_backup_key_free(again));
  CHECK(cosigil_package_free(package));
  free_team(&team);
}

/* Party 3 loses its share and its identity; parties 1 and 2 give it the share back. */
static void repair(void) {
  team team;
  cosigil_identity *identity;
  cosigil_package *package;
  cosigil_bytes key;
  cosigil_session *sessions[N];
  cosigil_key_share *changed;
  uint8_t label[32];
  make_team(&team, COSIGIL_FROST_SECP256K1);
  CHECK(cosigil_key_share_package(team.shares[0], &package));
  CHECK(cosigil_identity_generate(&identity));
  CHECK(cosigil_identity_public(identity, &key));
  next_label(label);
  for (size_t k = 0; k < 2; ++k)
    CHECK(cosigil_repair_help_start(team.identities[k], &sessions[k], team.shares[k], 3, key.data, key.len, IDS, 2, label,
                                    sizeof label));
  cosigil_bytes digest;
  cosigil_session *none;
  CHECK(cosigil_package_digest(package, &digest));
  EXPECT_STATUS(cosigil_repair_start(identity, &none, package, label, 32, 3, key.data, key.len, IDS, 2, label, sizeof label),
                COSIGIL_OTHER_KEY);
  CHECK(cosigil_repair_start(identity, &sessions[2], package, digest.data, digest.len, 3, key.data, key.len, IDS, 2, label, sizeof label));
  run(N, sessions, IDS, keep);
  CHECK(cosigil_key_share_with_identity(team.shares[2], &changed, 3, key.data, key.len));
  EXPECT(same_share(share_out[2], changed) && !same_share(share_out[2], team.shares[2]));
  CHECK(cosigil_bytes_free(&digest));
  for (size_t k = 0; k < 2; ++k) CHECK(cosigil_package_free(package_out[k]));
  EXPECT_STATUS(cosigil_repair_help_start(team.identities[0], &sessions[0], team.shares[0], 3, key.data, key.len, IDS, 1, label,
                                          sizeof label),
                COSIGIL_TOO_FEW_HELPERS);
  CHECK(cosigil_key_share_free(changed));
  CHECK(cosigil_key_share_free(share_out[2]));
  CHECK(cosigil_bytes_free(&key));
  CHECK(cosigil_identity_free(identity));
  CHECK(cosigil_package_free(package));
  free_team(&team);
}

static cosigil_bytes sharing_of(cosigil_record *record, uint32_t *number) {
  cosigil_package *package;
  cosigil_bytes sharing;
  CHECK(cosigil_record_package(record, &package));
  CHECK(cosigil_package_sharing(package, &sharing, number));
  CHECK(cosigil_package_free(package));
  return sharing;
}

/* A refresh in which the last acknowledgements are lost; a restart of party 1 from its file; then new members. */
static void records(void) {
  team team;
  cosigil_record *records[MOST];
  cosigil_key_store *file;
  cosigil_session *sessions[MOST];
  cosigil_package *package;
  cosigil_request *request;
  cosigil_bytes key, before, after, shown;
  uint8_t label[32];
  uint32_t number, progress;
  char path[] = "/tmp/cosigil-record-XXXXXX";
  EXPECT(mkdtemp(path) != NULL);
  char name[64], other[80];
  snprintf(name, sizeof name, "%s/record", path);
  make_team(&team, COSIGIL_FROST_ED25519);
  CHECK(cosigil_key_share_package(team.shares[0], &package));
  CHECK(cosigil_package_verifying_key(package, &key));
  CHECK(cosigil_key_store_file(&file, (const uint8_t *)name, strlen(name)));
  EXPECT_STATUS(cosigil_record_open(team.identities[0], &records[0], file), COSIGIL_NOT_THERE);
  CHECK(cosigil_record_create(team.identities[0], &records[0], file, team.shares[0]));
  EXPECT_STATUS(cosigil_record_create(team.identities[0], &records[3], file, team.shares[0]), COSIGIL_RECORD_EXISTS);
  cosigil_store *presignatures;
  CHECK(cosigil_store_memory(&presignatures));
  CHECK(cosigil_record_depend(records[0], presignatures));
  CHECK(cosigil_store_free(presignatures));
  for (size_t k = 1; k < N; ++k) {
    cosigil_key_store *memory;
    CHECK(cosigil_key_store_memory(&memory));
    CHECK(cosigil_record_create(team.identities[k], &records[k], memory, team.shares[k]));
    CHECK(cosigil_key_store_free(memory));
  }
  before = sharing_of(records[0], &number);
  EXPECT(number == 0);
  next_label(label);
  for (size_t k = 0; k < N; ++k) CHECK(cosigil_refresh_start(records[k], &sessions[k], label, sizeof label));
  /* Messages, until party 1 is the only one that lacks something: everything to it is lost after round 2. */
  int moved = 1;
  while (moved) {
    moved = 0;
    for (size_t me = 0; me < N; ++me)
      for (;;) {
        uint16_t recipient;
        cosigil_bytes message;
        CHECK(cosigil_session_take_message(sessions[me], &recipient, &message));
        if (message.data == NULL) break;
        moved = 1;
        for (size_t to = 0; to < N; ++to) {
          uint8_t round;
          if (to == me || (recipient != 0 && recipient != IDS[to])) continue;
          CHECK(cosigil_session_round(sessions[to], &round));
          if (to == 0 && round > 2) continue;
          int32_t status = cosigil_session_receive(sessions[to], &progress, message.data, message.len);
          if (status / 100 != COSIGIL_MALFORMED / 100) CHECK(status);
        }
        CHECK(cosigil_bytes_free(&message));
      }
  }
  for (size_t k = 0; k < N; ++k) {
    CHECK(cosigil_session_progress(sessions[k], &progress));
    EXPECT(!(progress & COSIGIL_FINISHED));
    CHECK(cosigil_session_free(sessions[k]));
  }
  /* Party 1's process dies and starts again. */
  CHECK(cosigil_record_free(records[0]));
  CHECK(cosigil_key_store_free(file));
  CHECK(cosigil_key_store_file(&file, (const uint8_t *)name, strlen(name)));
  CHECK(cosigil_record_open(team.identities[0], &records[0], file));
  after = sharing_of(records[0], &number);
  EXPECT(number == 0 && memcmp(after.data, before.data, 32) == 0); /* nothing is lost: it signs with the old share */
  CHECK(cosigil_bytes_free(&after));
  for (int times = 0; times < 2; ++times)
    for (size_t from = 0; from < N; ++from) {
      CHECK(cosigil_record_exchange(records[from], &shown));
      for (size_t to = 0; to < N; ++to)
        if (to != from) CHECK(cosigil_record_learn(records[to], shown.data, shown.len));
      CHECK(cosigil_bytes_free(&shown));
    }
  for (size_t k = 0; k < N; ++k) {
    uint16_t missing[MOST], recipient;
    size_t count;
    int32_t state;
    cosigil_bytes sharing, message;
    after = sharing_of(records[k], &number);
    EXPECT(number == 1 && memcmp(after.data, before.data, 32) != 0);
    CHECK(cosigil_record_attempt(records[k], &sharing, &state, missing, MOST, &count, 0));
    EXPECT(state == COSIGIL_ATTEMPT_DONE && count == 0);
    EXPECT_STATUS(cosigil_record_attempt(records[k], &shown, &state, missing, MOST, &count, 1), COSIGIL_NOT_THERE);
    CHECK(cosigil_bytes_free(&sharing));
    CHECK(cosigil_bytes_free(&after));
    do {
      CHECK(cosigil_record_take_message(records[k], &recipient, &message));
    } while (message.data != NULL && cosigil_bytes_free(&message) == COSIGIL_OK);
    CHECK(cosigil_record_key(records[k], &share_out[k]));
  }
  CHECK(cosigil_request_message(&request, MESSAGE, sizeof MESSAGE));
  frost_sign(team.identities, share_out, COSIGIL_FROST_ED25519, request, MESSAGE, sizeof MESSAGE, key);
  for (size_t k = 0; k < N; ++k) CHECK(cosigil_key_share_free(share_out[k]));

  /* Party 3 leaves, party 4 comes, and from now on it takes three of 1, 2, 4. */
  cosigil_identity *identities[MOST] = {team.identities[0], team.identities[1], team.identities[2], NULL};
  cosigil_parties *holders;
  cosigil_package *present;
  cosigil_key_store *memory;
  const uint16_t ids[MOST] = {1, 2, 3, 4};
  CHECK(cosigil_identity_generate(&identities[3]));
  CHECK(cosigil_parties_new(&holders));
  for (size_t k = 0; k < MOST; ++k) {
    if (k == 2) continue;
    CHECK(cosigil_identity_public(identities[k], &shown));
    CHECK(cosigil_parties_add(holders, ids[k], shown.data, shown.len));
    CHECK(cosigil_bytes_free(&shown));
  }
  CHECK(cosigil_record_package(records[0], &present));
  CHECK(cosigil_key_store_memory(&memory));
  CHECK(cosigil_package_digest(present, &shown));
  EXPECT_STATUS(cosigil_record_join(identities[3], &records[3], memory, package, 4, shown.data, shown.len), COSIGIL_OTHER_KEY);
  CHECK(cosigil_record_join(identities[3], &records[3], memory, present, 4, shown.data, shown.len));
  CHECK(cosigil_bytes_free(&shown));
  CHECK(cosigil_key_store_free(memory));
  EXPECT_STATUS(cosigil_record_key(records[3], &share_out[3]), COSIGIL_NO_SHARE);
  next_label(label);
  for (size_t k = 0; k < MOST; ++k)
    CHECK(cosigil_reshare_start(records[k], &sessions[k], holders, 3, IDS, 3, label, sizeof label));
  run(MOST, sessions, ids, NULL);
  const uint16_t signers[3] = {1, 2, 4};
  const size_t places[3] = {0, 1, 3};
  next_label(label);
  for (size_t k = 0; k < 3; ++k) {
    size_t me = places[k];
    CHECK(cosigil_record_key(records[me], &share_out[me]));
    CHECK(cosigil_frost_sign_start(identities[me], &sessions[k], share_out[me], request, signers, 3, label, sizeof label));
  }
  run(3, sessions, signers, keep);
  CHECK(cosigil_verify(COSIGIL_FROST_ED25519, key.data, key.len, MESSAGE, sizeof MESSAGE, signature.data, signature.len));
  /* An old share and a new one do not go together. */
  cosigil_session *none;
  EXPECT_STATUS(cosigil_frost_sign_start(identities[0], &none, share_out[0], request, IDS, 3, label, sizeof label),
                COSIGIL_UNKNOWN_PARTY);
  for (size_t k = 0; k < 3; ++k) CHECK(cosigil_key_share_free(share_out[places[k]]));

  for (size_t k = 0; k < MOST; ++k) CHECK(cosigil_record_free(records[k]));
  CHECK(cosigil_identity_free(identities[3]));
  CHECK(cosigil_parties_free(holders));
  CHECK(cosigil_package_free(present));
  CHECK(cosigil_package_free(package));
  CHECK(cosigil_request_free(request));
  CHECK(cosigil_bytes_free(&key));
  CHECK(cosigil_bytes_free(&before));
  CHECK(cosigil_key_store_free(file));
  free_team(&team);
  for (const char *const *end = (const char *const[]){"", ".lock", ".newest", ".draft", NULL}; *end != NULL; ++end) {
    snprintf(other, sizeof other, "%s%s", name, *end);
    unlink(other);
  }
  rmdir(path);
}

/* A store of ours for the record: what is saved is what comes back, and a save that fails stops everything. */
typedef struct {
  uint8_t record[65536];
  size_t len;
  uint64_t generation;
  int fails, released;
} memory_of_ours;

static int32_t store_load(void *context, uint8_t *record, size_t capacity, size_t *record_len) {
  memory_of_ours *ours = context;
  memcpy(record, ours->record, ours->len < capacity ? ours->len : capacity);
  *record_len = ours->len;
  return 0;
}
static int32_t store_save(void *context, uint64_t generation, const uint8_t *record, size_t record_len) {
  memory_of_ours *ours = context;
  if (ours->fails || record_len > sizeof ours->record || generation <= ours->generation) return 1;
  memcpy(ours->record, record, record_len);
  ours->len = record_len;
  ours->generation = generation;
  return 0;
}
static int32_t store_newest(void *context, uint64_t *generation) {
  *generation = ((memory_of_ours *)context)->generation;
  return 0;
}
static void store_release(void *context) { ++((memory_of_ours *)context)->released; }

static void stores_of_ours(void) {
  static memory_of_ours ours;
  team team;
  cosigil_key_store *store;
  cosigil_record *record;
  const cosigil_key_store_calls calls = {sizeof calls, &ours, store_load, store_save, store_newest, store_release};
  make_team(&team, COSIGIL_FROST_BIP340);
  CHECK(cosigil_key_store_callbacks(&store, &calls));
  ours.fails = 1;
  EXPECT_STATUS(cosigil_record_create(team.identities[0], &record, store, team.shares[0]), COSIGIL_STORE_FAILED);
  EXPECT(record == NULL);
  ours.fails = 0;
  EXPECT_STATUS(cosigil_record_create(team.identities[1], &record, store, team.shares[0]), COSIGIL_OTHER_IDENTITY);
  CHECK(cosigil_record_create(team.identities[0], &record, store, team.shares[0]));
  EXPECT(ours.len > 0 && ours.generation > 0);
  CHECK(cosigil_record_free(record));
  CHECK(cosigil_record_open(team.identities[0], &record, store));
  CHECK(cosigil_record_key(record, &share_out[0]));
  EXPECT(same_share(share_out[0], team.shares[0]));
  CHECK(cosigil_key_share_free(share_out[0]));
  ++ours.generation; /* somebody put an old copy back */
  cosigil_record *old;
  EXPECT_STATUS(cosigil_record_open(team.identities[0], &old, store), COSIGIL_OLDER_GENERATION);
  CHECK(cosigil_key_store_free(store));
  EXPECT(ours.released == 0);
  CHECK(cosigil_record_free(record));
  EXPECT(ours.released == 1);
  free_team(&team);
}

int main(void) {
  children();
  backups();
  repair();
  records();
  stores_of_ours();
  CHECK(cosigil_bytes_free(&signature));
  expect_nothing_left();
  printf("the life of a key: done\n");
  return 0;
}
