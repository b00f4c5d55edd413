/* What a caller can get wrong over several calls, what callbacks can do, and what a cheating peer brings about. */
#include "fixture.h"

/* Messages are held back until what must be stored was at least asked for; a resumed session sends the same bytes. */
static void stores_first(void) {
  team team;
  cosigil_session *session, *again;
  cosigil_bytes message, checkpoint, same;
  uint16_t recipient;
  uint32_t progress;
  const uint8_t label[32] = {1};
  make_team(&team, COSIGIL_FROST_ED25519);
  CHECK(cosigil_keygen_start(team.identities[0], &session, team.parties, COSIGIL_FROST_ED25519, 1, 2, label, sizeof label));
  CHECK(cosigil_session_progress(session, &progress));
  EXPECT(progress == (COSIGIL_SEND | COSIGIL_STORE));
  EXPECT_STATUS(cosigil_session_take_message(session, &recipient, &message), COSIGIL_STORE_FIRST);
  EXPECT_STATUS(cosigil_session_stored(session), COSIGIL_STORE_FIRST);
  CHECK(cosigil_session_checkpoint(session, &checkpoint));
  CHECK(cosigil_session_stored(session));
  CHECK(cosigil_session_take_message(session, &recipient, &message));
  EXPECT(recipient == 0 && message.len > 64);

  CHECK(cosigil_keygen_resume(team.identities[0], &again, team.parties, COSIGIL_FROST_ED25519, 1, 2, label, sizeof label,
                              checkpoint.data, checkpoint.len));
  CHECK(cosigil_session_checkpoint(again, &same));
  CHECK(cosigil_bytes_free(&same));
  CHECK(cosigil_session_stored(again));
  CHECK(cosigil_session_take_message(again, &recipient, &same));
  EXPECT(same.len == message.len && memcmp(same.data, message.data, same.len) == 0);

  /* Another threshold is another session; another party's identity is not ours. */
  cosigil_session *none;
  EXPECT_STATUS(cosigil_keygen_resume(team.identities[0], &none, team.parties, COSIGIL_FROST_ED25519, 1, 3, label, sizeof label,
                                      checkpoint.data, checkpoint.len),
                COSIGIL_OTHER_KEY);
  EXPECT_STATUS(cosigil_keygen_start(team.identities[1], &none, team.parties, COSIGIL_FROST_ED25519, 1, 2, label, sizeof label),
                COSIGIL_OTHER_IDENTITY);
  EXPECT_STATUS(cosigil_keygen_start(team.identities[0], &none, team.parties, 99, 1, 2, label, sizeof label), COSIGIL_SUITE);
  EXPECT_STATUS(cosigil_keygen_start(team.identities[0], &none, team.parties, COSIGIL_FROST_ED25519, 1, 1, label, sizeof label),
                COSIGIL_THRESHOLD);
  EXPECT_STATUS(cosigil_keygen_start(team.identities[0], &none, team.parties, COSIGIL_FROST_ED25519, 0, 2, label, sizeof label),
                COSIGIL_PARTY_ID);
  EXPECT(none == NULL);

  /* Our own message, and noise, are not for us. */
  EXPECT_STATUS(cosigil_session_receive(session, &progress, message.data, message.len), COSIGIL_FOREIGN_MESSAGE);
  EXPECT(progress == 0);
  EXPECT_STATUS(cosigil_session_receive(session, &progress, label, sizeof label), COSIGIL_FOREIGN_MESSAGE);
  CHECK(cosigil_bytes_free(&message));
  CHECK(cosigil_bytes_free(&same));
  CHECK(cosigil_bytes_free(&checkpoint));
  CHECK(cosigil_session_free(session));
  CHECK(cosigil_session_free(again));
  free_team(&team);
}

/* Buffers and handles that come back twice. */
static void frees_once(void) {
  cosigil_identity *identity, *copy;
  cosigil_bytes seed, stale;
  CHECK(cosigil_identity_generate(&identity));
  CHECK(cosigil_identity_seed(identity, &seed));
  stale = seed;
  CHECK(cosigil_bytes_free(&seed));
  EXPECT(seed.data == NULL && seed.len == 0);
  CHECK(cosigil_bytes_free(&seed));
  EXPECT_STATUS(cosigil_bytes_free(&stale), COSIGIL_NO_BUFFER);
  uint8_t ours[4] = {1, 2, 3, 4};
  cosigil_bytes foreign = {ours, sizeof ours, 1};
  EXPECT_STATUS(cosigil_bytes_free(&foreign), COSIGIL_NO_BUFFER);
  EXPECT(ours[0] == 1);
  /* A struct that was kept does not free what lives at its address by now. */
  cosigil_bytes again;
  CHECK(cosigil_identity_seed(identity, &again));
  stale.data = again.data;
  EXPECT_STATUS(cosigil_bytes_free(&stale), COSIGIL_NO_BUFFER);
  CHECK(cosigil_bytes_free(&again));
  copy = identity;
  CHECK(cosigil_identity_free(identity));
  EXPECT_STATUS(cosigil_identity_free(copy), COSIGIL_NO_HANDLE);
  EXPECT_STATUS(cosigil_identity_seed(copy, &seed), COSIGIL_NO_HANDLE);
  CHECK(cosigil_identity_free(NULL));
}

/* Errors in words, cut where there is little room, and left alone by those who ask. */
static void says_why(void) {
  char text[8];
  size_t length, other, count;
  int32_t fault;
  uint16_t ids[1];
  EXPECT_STATUS(cosigil_identity_free((cosigil_identity *)text), COSIGIL_NO_HANDLE);
  CHECK(cosigil_last_error(text, sizeof text, &length));
  EXPECT(strlen(text) == 7 && length > 7);
  EXPECT_STATUS(cosigil_last_error(NULL, 8, &other), COSIGIL_NULL);
  EXPECT_STATUS(cosigil_last_fault(&fault, ids, 1, &count), COSIGIL_NOT_THERE);
  CHECK(cosigil_last_error(text, sizeof text, &other));
  EXPECT(other == length);
}

/* Sources of randomness that fail, or are broken, or count. */
static int32_t broken(void *context, uint8_t *bytes, size_t len) {
  memset(bytes, 0, len);
  return *(int32_t *)context;
}

static int32_t counting(void *context, uint8_t *bytes, size_t len) {
  uint8_t *state = context;
  for (size_t k = 0; k < len; ++k) bytes[k] = ++*state;
  return 0;
}

static void takes_randomness(void) {
  cosigil_identity *identity = NULL;
  int32_t answer = 0;
  uint8_t state = 0;
  CHECK(cosigil_random_use(broken, &answer));
  EXPECT_STATUS(cosigil_identity_generate(&identity), COSIGIL_BROKEN_RANDOM);
  answer = 1;
  EXPECT_STATUS(cosigil_identity_generate(&identity), COSIGIL_RANDOM_FAILED);
  EXPECT(identity == NULL);
  cosigil_bytes seeds[2];
  CHECK(cosigil_random_use(counting, &state));
  for (size_t k = 0; k < 2; ++k) {
    state = 0;
    CHECK(cosigil_identity_generate(&identity));
    CHECK(cosigil_identity_seed(identity, &seeds[k]));
    CHECK(cosigil_identity_free(identity));
  }
  EXPECT(memcmp(seeds[0].data, seeds[1].data, 32) == 0); /* it is really asked, and nothing else */
  CHECK(cosigil_bytes_free(&seeds[0]));
  CHECK(cosigil_bytes_free(&seeds[1]));
  CHECK(cosigil_random_use_system());
}

/* A burn log of ours: works, fails, calls back into the library. */
typedef struct {
  int fails, calls_back, released, asked;
  cosigil_request *garbage; /* a destructor may run anywhere: freed in the callback */
} log_state;

static int32_t answer(log_state *log) {
  ++log->asked;
  if (log->calls_back) {
    cosigil_identity *identity;
    EXPECT_STATUS(cosigil_identity_generate(&identity), COSIGIL_IN_CALLBACK);
    EXPECT(identity == NULL);
    CHECK(cosigil_request_free(log->garbage));
    log->garbage = NULL;
  }
  return log->fails;
}
static int32_t log_burn(void *context, const uint8_t *pair, const cosigil_peer *peer) {
  EXPECT(pair != NULL && peer->party != 0);
  return answer(context);
}
static int32_t log_is_burned(void *context, const uint8_t *pair, uint8_t *burned) {
  EXPECT(pair != NULL);
  *burned = 0;
  return answer(context);
}
static int32_t log_strike(void *context, const cosigil_peer *peer) {
  EXPECT(peer->party != 0);
  return answer(context);
}
static int32_t log_strikes(void *context, const cosigil_peer *peer, uint32_t *total, uint32_t *forgiven) {
  EXPECT(peer->party == 2);
  *total = ((log_state *)context)->fails == -1 ? 3 : 0;
  *forgiven = 0;
  return ((log_state *)context)->fails == -1 ? 0 : answer(context);
}
static int32_t log_forgive(void *context, const cosigil_peer *peer) {
  EXPECT(peer->party != 0);
  return answer(context);
}
static void log_release(void *context) { ++((log_state *)context)->released; }

static void calls_the_log(void) {
  team team;
  log_state state = {0, 0, 0, 0, NULL};
  cosigil_burn_log_calls calls = {sizeof calls, &state, log_burn, log_is_burned, log_strike, log_strikes, log_forgive, log_release};
  cosigil_burn_log *log;
  cosigil_session *session;
  const uint8_t label[32] = {1};
  make_team(&team, COSIGIL_ECDSA_P256);
  CHECK(cosigil_burn_log_callbacks(&log, &calls));
  CHECK(cosigil_setup_start(team.identities[0], &session, team.shares[0], log, 2, label, sizeof label));
  EXPECT(state.asked > 0);
  state.calls_back = 1;
  CHECK(cosigil_request_digest(&state.garbage, label, sizeof label));
  cosigil_session *other;
  CHECK(cosigil_setup_start(team.identities[0], &other, team.shares[0], log, 2, label, sizeof label));
  CHECK(cosigil_session_free(other));
  EXPECT(state.garbage == NULL);
  state.fails = 1;
  EXPECT_STATUS(cosigil_setup_start(team.identities[0], &other, team.shares[0], log, 2, label, sizeof label),
                COSIGIL_STORE_FAILED);
  state.fails = -1;
  EXPECT_STATUS(cosigil_setup_start(team.identities[0], &other, team.shares[0], log, 2, label, sizeof label),
                COSIGIL_OPERATOR_NEEDED);
  EXPECT_STATUS(cosigil_setup_start(team.identities[0], &other, team.shares[0], log, 1, label, sizeof label),
                COSIGIL_DUPLICATE_PARTY);
  EXPECT_STATUS(cosigil_setup_start(team.identities[0], &other, team.shares[0], log, 9, label, sizeof label),
                COSIGIL_UNKNOWN_PARTY);
  EXPECT(other == NULL);
  CHECK(cosigil_burn_log_free(log));
  EXPECT(state.released == 0); /* the session still has it */
  CHECK(cosigil_session_free(session));
  EXPECT(state.released == 1);
  free_team(&team);
}

/* With a coordinator: a signer that signs something else is named; nonces sign once; suites do not mix. */
static void names_the_cheater(void) {
  team team;
  cosigil_collection *commitments, *shares;
  cosigil_nonces *nonces[2];
  cosigil_request *good, *bad, *digest;
  cosigil_package *package;
  cosigil_bytes bytes, list, signature;
  const uint16_t ids[2] = {1, 3};
  make_team(&team, COSIGIL_FROST_ED25519);
  CHECK(cosigil_collection_new(&commitments));
  CHECK(cosigil_collection_new(&shares));
  CHECK(cosigil_request_message(&good, (const uint8_t *)"1 to Alice", 10));
  CHECK(cosigil_request_message(&bad, (const uint8_t *)"1 to myself", 11));
  CHECK(cosigil_request_digest(&digest, (const uint8_t *)"digests are for ECDSA, not here!", 32));
  CHECK(cosigil_key_share_package(team.shares[1], &package));
  for (size_t k = 0; k < 2; ++k) {
    CHECK(cosigil_frost_commit(team.shares[ids[k] - 1], &nonces[k], &bytes));
    CHECK(cosigil_collection_add(commitments, ids[k], bytes.data, bytes.len));
    EXPECT_STATUS(cosigil_collection_add(commitments, ids[k], bytes.data, bytes.len), COSIGIL_DUPLICATE_PARTY);
    CHECK(cosigil_bytes_free(&bytes));
  }
  CHECK(cosigil_frost_list(package, &list, commitments));
  EXPECT_STATUS(cosigil_frost_sign(team.shares[0], &bytes, nonces[0], digest, list.data, list.len), COSIGIL_SUITE);
  EXPECT_STATUS(cosigil_frost_sign(team.shares[0], &bytes, nonces[0], good, list.data, list.len - 1), COSIGIL_MALFORMED);
  EXPECT_STATUS(cosigil_frost_sign(team.shares[2], &bytes, nonces[0], good, list.data, list.len), COSIGIL_UNKNOWN_NONCE);
  CHECK(cosigil_frost_sign(team.shares[0], &bytes, nonces[0], good, list.data, list.len));
  CHECK(cosigil_collection_add(shares, 1, bytes.data, bytes.len));
  CHECK(cosigil_bytes_free(&bytes));
  EXPECT_STATUS(cosigil_frost_sign(team.shares[0], &bytes, nonces[0], good, list.data, list.len), COSIGIL_USED_UP);
  CHECK(cosigil_frost_sign(team.shares[2], &bytes, nonces[1], bad, list.data, list.len));
  CHECK(cosigil_collection_add(shares, 3, bytes.data, bytes.len));
  CHECK(cosigil_bytes_free(&bytes));
  EXPECT_STATUS(cosigil_frost_aggregate(package, &signature, good, shares, list.data, list.len), COSIGIL_CHEATED);
  EXPECT(signature.data == NULL);
  int32_t fault;
  uint16_t culprits[4];
  size_t count;
  CHECK(cosigil_last_fault(&fault, culprits, 4, &count));
  EXPECT(fault == COSIGIL_FAULT_BAD_SIGNATURE_SHARE && count == 1 && culprits[0] == 3);
  for (size_t k = 0; k < 2; ++k) CHECK(cosigil_nonces_free(nonces[k]));
  CHECK(cosigil_bytes_free(&list));
  CHECK(cosigil_request_free(good));
  CHECK(cosigil_request_free(bad));
  CHECK(cosigil_request_free(digest));
  CHECK(cosigil_package_free(package));
  CHECK(cosigil_collection_free(commitments));
  CHECK(cosigil_collection_free(shares));
  free_team(&team);
}

/* Signers that were asked for different things are foreign to each other: nobody is blamed. */
static void lists_conflicts(void) {
  team team;
  cosigil_session *sessions[2];
  cosigil_request *requests[2];
  cosigil_bytes message, nothing;
  cosigil_session *none;
  const uint16_t signers[2] = {1, 2};
  const uint8_t label[32] = {3};
  uint16_t ids[N], recipient;
  uint32_t progress;
  size_t count;
  make_team(&team, COSIGIL_FROST_BIP340);
  for (size_t k = 0; k < 2; ++k) {
    const uint8_t sighash[32] = {(uint8_t)k};
    CHECK(cosigil_request_message(&requests[k], sighash, sizeof sighash));
    CHECK(cosigil_frost_sign_start(team.identities[k], &sessions[k], team.shares[k], requests[k], signers, 2, label,
                                   sizeof label));
  }
  CHECK(cosigil_session_take_message(sessions[1], &recipient, &message));
  EXPECT_STATUS(cosigil_session_receive(sessions[0], &progress, message.data, message.len), COSIGIL_FOREIGN_MESSAGE);
  CHECK(cosigil_session_conflicts(sessions[0], ids, N, &count));
  EXPECT(count == 1 && ids[0] == 2);
  CHECK(cosigil_session_awaiting(sessions[0], ids, N, &count));
  EXPECT(count == 1 && ids[0] == 2);
  EXPECT_STATUS(cosigil_session_culprits(sessions[0], ids, N, &count), COSIGIL_NOT_THERE);
  EXPECT_STATUS(cosigil_session_checkpoint(sessions[0], &nothing), COSIGIL_NOT_RESUMABLE);
  CHECK(cosigil_bytes_free(&message));
  EXPECT_STATUS(cosigil_frost_sign_start(team.identities[0], &none, team.shares[0], requests[0], signers, 1, label,
                                         sizeof label),
                COSIGIL_SIGNERS);
  EXPECT(none == NULL);
  for (size_t k = 0; k < 2; ++k) {
    CHECK(cosigil_session_free(sessions[k]));
    CHECK(cosigil_request_free(requests[k]));
  }
  free_team(&team);
}

int main(void) {
  stores_first();
  frees_once();
  says_why();
  takes_randomness();
  calls_the_log();
  names_the_cheater();
  lists_conflicts();
  (void)run;
  expect_nothing_left();
  printf("behaviour: done\n");
  return 0;
}
