/* The record of a key: what an operator sees and decides, a repaired share, a backup. */
#include "fixture.h"

static cosigil_key_share *share_out[N];
static cosigil_package *package_out[N];

static void keep(size_t party, cosigil_session *session) {
  int32_t output;
  CHECK(cosigil_session_output(session, &output));
  if (output == COSIGIL_OUTPUT_KEY_SHARE) CHECK(cosigil_session_take_key_share(session, &share_out[party]));
  else CHECK(cosigil_session_take_package(session, &package_out[party]));
}

static cosigil_record *record_of(cosigil_identity *identity, cosigil_key_share *share) {
  cosigil_key_store *memory;
  cosigil_record *record;
  CHECK(cosigil_key_store_memory(&memory));
  CHECK(cosigil_record_create(identity, &record, memory, share));
  CHECK(cosigil_key_store_free(memory));
  return record;
}

static void make_records(team *team, cosigil_record **records) {
  for (size_t k = 0; k < N; ++k) records[k] = record_of(team->identities[k], team->shares[k]);
}

static void free_records(cosigil_record **records) {
  for (size_t k = 0; k < N; ++k) CHECK(cosigil_record_free(records[k]));
}

static cosigil_bytes sharing_of(cosigil_record *record) {
  cosigil_package *package;
  cosigil_bytes sharing;
  uint32_t number;
  CHECK(cosigil_record_package(record, &package));
  CHECK(cosigil_package_sharing(package, &sharing, &number));
  CHECK(cosigil_package_free(package));
  return sharing;
}

static void refresh(cosigil_record **records) {
  cosigil_session *sessions[N];
  uint8_t label[32];
  next_label(label);
  for (size_t k = 0; k < N; ++k) CHECK(cosigil_refresh_start(records[k], &sessions[k], label, sizeof label));
  run(N, sessions, IDS, NULL);
}

/* The next piece of news, which is this, about this sharing. */
static void expect_news(cosigil_record *record, int32_t wanted, const cosigil_bytes *about) {
  int32_t news;
  uint16_t party;
  cosigil_bytes sharing;
  CHECK(cosigil_record_take_news(record, &news, &party, &sharing));
  EXPECT(news == wanted && party == 0);
  if (about == NULL) EXPECT(sharing.data == NULL);
  else EXPECT(sharing.len == 32 && memcmp(sharing.data, about->data, 32) == 0);
  CHECK(cosigil_bytes_free(&sharing));
}

static void tells_news(void) {
  team team;
  cosigil_record *records[N];
  uint16_t party;
  int32_t said;
  make_team(&team, COSIGIL_FROST_ED25519);
  make_records(&team, records);
  expect_news(records[0], COSIGIL_NEWS_NONE, NULL);
  refresh(records);
  for (size_t k = 0; k < N; ++k) {
    cosigil_bytes now = sharing_of(records[k]);
    expect_news(records[k], COSIGIL_NEWS_ACTIVE, &now);
    expect_news(records[k], COSIGIL_NEWS_DONE, &now);
    expect_news(records[k], COSIGIL_NEWS_NONE, NULL);
    EXPECT_STATUS(cosigil_record_contradiction(records[k], &party, &said, 0), COSIGIL_NOT_THERE);
    CHECK(cosigil_bytes_free(&now));
  }
  free_records(records);
  free_team(&team);
}

/* A refresh that stays open: everything that party 3 says from round 3 on is lost. Gives the sharing that it makes. */
static cosigil_bytes stuck_refresh(cosigil_record **records) {
  cosigil_session *sessions[N];
  cosigil_bytes sharing;
  uint8_t label[32];
  uint16_t missing[N];
  size_t count;
  int32_t state;
  next_label(label);
  for (size_t k = 0; k < N; ++k) CHECK(cosigil_refresh_start(records[k], &sessions[k], label, sizeof label));
  for (int moved = 1; moved;) {
    moved = 0;
    for (size_t me = 0; me < N; ++me)
      for (;;) {
        uint16_t recipient;
        uint8_t round;
        cosigil_bytes message;
        CHECK(cosigil_session_take_message(sessions[me], &recipient, &message));
        if (message.data == NULL) break;
        moved = 1;
        CHECK(cosigil_session_round(sessions[me], &round));
        for (size_t to = 0; to < N; ++to) {
          uint32_t progress;
          if (to == me || (recipient != 0 && recipient != IDS[to]) || (me == 2 && round > 2)) continue;
          CHECK(cosigil_session_receive(sessions[to], &progress, message.data, message.len));
        }
        CHECK(cosigil_bytes_free(&message));
      }
  }
  for (size_t k = 0; k < N; ++k) CHECK(cosigil_session_free(sessions[k]));
  CHECK(cosigil_record_attempt(records[0], &sharing, &state, missing, N, &count, 0));
  EXPECT(state == COSIGIL_ATTEMPT_PENDING && count == N);
  return sharing;
}

/* An attempt that does not get through: discarded by its name, and the sharing reopened. */
static void operators_decide(void) {
  team team;
  cosigil_record *records[N];
  cosigil_bytes sharing, now;
  uint16_t era;
  make_team(&team, COSIGIL_FROST_BIP340);
  make_records(&team, records);
  now = sharing_of(records[0]);
  sharing = stuck_refresh(records);
  EXPECT_STATUS(cosigil_record_discard(records[0], now.data, now.len), COSIGIL_UNKNOWN_ATTEMPT);
  CHECK(cosigil_record_discard(records[0], sharing.data, sharing.len));
  EXPECT_STATUS(cosigil_record_era(records[0], &era, sharing.data, sharing.len), COSIGIL_NO_SHARE);
  CHECK(cosigil_record_era(records[0], &era, now.data, now.len));
  EXPECT(era == 0);
  for (size_t k = 0; k < N; ++k) {
    CHECK(cosigil_record_reopen(records[k], 1, now.data, now.len));
    CHECK(cosigil_record_reopen(records[k], 1, now.data, now.len));
  }
  EXPECT_STATUS(cosigil_record_reopen(records[0], 2, sharing.data, sharing.len), COSIGIL_NO_SHARE);
  CHECK(cosigil_record_era(records[0], &era, now.data, now.len));
  EXPECT(era == 1);
  refresh(records);
  CHECK(cosigil_bytes_free(&sharing));
  sharing = sharing_of(records[0]);
  EXPECT(memcmp(sharing.data, now.data, 32) != 0);
  EXPECT_STATUS(cosigil_record_reopen(records[0], 2, now.data, now.len), COSIGIL_RETIRED);
  CHECK(cosigil_bytes_free(&sharing));
  CHECK(cosigil_bytes_free(&now));
  free_records(records);
  free_team(&team);
}

/* Parties 1 and 2 give party 3 its share back, under the identity that it has now: in share_out[2]. Gives a record of the key
   without it, in which it has the identity of before. */
static cosigil_record *repair(const team *team) {
  cosigil_package *package;
  cosigil_record *record;
  cosigil_key_store *memory;
  cosigil_session *sessions[N];
  cosigil_bytes digest, key;
  uint8_t label[32];
  CHECK(cosigil_key_share_package(team->shares[0], &package));
  CHECK(cosigil_package_digest(package, &digest));
  CHECK(cosigil_identity_public(team->identities[2], &key));
  CHECK(cosigil_key_store_memory(&memory));
  CHECK(cosigil_record_join(team->identities[2], &record, memory, package, 3, digest.data, digest.len));
  CHECK(cosigil_key_store_free(memory));
  next_label(label);
  for (size_t k = 0; k < 2; ++k)
    CHECK(cosigil_repair_help_start(team->identities[k], &sessions[k], team->shares[k], 3, key.data, key.len, IDS, 2, label,
                                    sizeof label));
  CHECK(cosigil_repair_start(team->identities[2], &sessions[2], package, digest.data, digest.len, 3, key.data, key.len, IDS, 2,
                             label, sizeof label));
  run(N, sessions, IDS, keep);
  for (size_t k = 0; k < 2; ++k) CHECK(cosigil_package_free(package_out[k]));
  CHECK(cosigil_bytes_free(&digest));
  CHECK(cosigil_bytes_free(&key));
  CHECK(cosigil_package_free(package));
  return record;
}

/* Party 3 has lost its share, and has a record of the key without one: the repaired share goes into it. */
static void adopts(void) {
  team team, other;
  cosigil_record *record;
  cosigil_key_share *found;
  cosigil_bytes bytes[2];
  make_team(&team, COSIGIL_FROST_ED25519);
  make_team(&other, COSIGIL_FROST_BIP340);
  record = repair(&team);
  EXPECT_STATUS(cosigil_record_key(record, &found), COSIGIL_NO_SHARE);
  EXPECT_STATUS(cosigil_record_adopt(record, other.shares[2]), COSIGIL_OTHER_SUITE);
  EXPECT_STATUS(cosigil_record_adopt(record, team.shares[0]), COSIGIL_OTHER_IDENTITY);
  CHECK(cosigil_record_adopt(record, share_out[2]));
  EXPECT_STATUS(cosigil_record_adopt(record, share_out[2]), COSIGIL_RECORD_EXISTS);
  CHECK(cosigil_record_key(record, &found));
  CHECK(cosigil_key_share_to_bytes(found, &bytes[0]));
  CHECK(cosigil_key_share_to_bytes(team.shares[2], &bytes[1]));
  EXPECT(bytes[0].len == bytes[1].len && memcmp(bytes[0].data, bytes[1].data, bytes[0].len) == 0);
  for (size_t k = 0; k < 2; ++k) CHECK(cosigil_bytes_free(&bytes[k]));
  CHECK(cosigil_key_share_free(found));
  CHECK(cosigil_key_share_free(share_out[2]));
  CHECK(cosigil_record_free(record));
  free_team(&team);
  free_team(&other);
}

static cosigil_bytes digest_of(cosigil_record *record) {
  cosigil_package *package;
  cosigil_bytes digest;
  CHECK(cosigil_record_package(record, &package));
  CHECK(cosigil_package_digest(package, &digest));
  CHECK(cosigil_package_free(package));
  return digest;
}

/* Party 3 has lost its machine while a refresh was under way. It is repaired under a new identity, and all records follow. */
static void comes_back_as_another(void) {
  const uint8_t none[32] = {0};
  team team;
  cosigil_record *records[N];
  cosigil_bytes pending, digests[N], key, another;
  make_team(&team, COSIGIL_FROST_ED25519);
  make_records(&team, records);
  pending = stuck_refresh(records);
  CHECK(cosigil_record_free(records[2]));
  CHECK(cosigil_identity_free(team.identities[2]));
  CHECK(cosigil_identity_generate(&team.identities[2]));
  CHECK(cosigil_identity_public(team.identities[2], &key));
  CHECK(cosigil_identity_public(team.identities[0], &another));

  records[2] = repair(&team);
  for (size_t k = 0; k < 2; ++k) {
    EXPECT_STATUS(cosigil_record_set_identity(records[k], 3, key.data, key.len), COSIGIL_ATTEMPT_UNDER_WAY);
    CHECK(cosigil_record_discard(records[k], pending.data, pending.len));
  }
  EXPECT_STATUS(cosigil_record_set_identity(records[0], 0, key.data, key.len), COSIGIL_PARTY_ID);
  EXPECT_STATUS(cosigil_record_set_identity(records[0], 4, key.data, key.len), COSIGIL_UNKNOWN_PARTY);
  EXPECT_STATUS(cosigil_record_set_identity(records[0], 1, key.data, key.len), COSIGIL_OTHER_IDENTITY);
  EXPECT_STATUS(cosigil_record_set_identity(records[0], 3, another.data, another.len), COSIGIL_DUPLICATE_IDENTITY);
  EXPECT_STATUS(cosigil_record_set_identity(records[0], 3, none, sizeof none), COSIGIL_INVALID_IDENTITY);
  EXPECT_STATUS(cosigil_record_adopt(records[2], share_out[2]), COSIGIL_OTHER_KEY);
  for (size_t k = 0; k < N; ++k) {
    CHECK(cosigil_record_set_identity(records[k], 3, key.data, key.len));
    CHECK(cosigil_record_set_identity(records[k], 3, key.data, key.len)); /* changes nothing */
  }
  CHECK(cosigil_record_adopt(records[2], share_out[2]));

  for (int turn = 0; turn < 2; ++turn) {
    for (size_t k = 0; k < N; ++k) {
      digests[k] = digest_of(records[k]);
      EXPECT(digests[k].len == 32 && memcmp(digests[k].data, digests[0].data, 32) == 0);
    }
    for (size_t k = 0; k < N; ++k) CHECK(cosigil_bytes_free(&digests[k]));
    if (turn == 0) refresh(records);
  }
  for (size_t k = 0; k < N; ++k) {
    cosigil_key_share *share;
    cosigil_bytes now = sharing_of(records[k]);
    CHECK(cosigil_record_key(records[k], &share));
    CHECK(cosigil_key_share_free(share));
    expect_news(records[k], COSIGIL_NEWS_ACTIVE, &now);
    expect_news(records[k], COSIGIL_NEWS_DONE, &now);
    CHECK(cosigil_bytes_free(&now));
  }
  CHECK(cosigil_bytes_free(&pending));
  CHECK(cosigil_bytes_free(&key));
  CHECK(cosigil_bytes_free(&another));
  CHECK(cosigil_key_share_free(share_out[2]));
  free_records(records);
  free_team(&team);
}

/* A record is sealed, and restored after the key has moved on: it is told so before it signs. */
static void backups(void) {
  team team;
  cosigil_record *records[N], *restored;
  cosigil_key_store *memory;
  cosigil_backup_key *vault;
  cosigil_bytes to, maker, sealed, locked_, shown, before, after;
  cosigil_key_share *share;
  const uint8_t phrase[] = "eleven random words";
  make_team(&team, COSIGIL_ECDSA_P256);
  make_records(&team, records);
  CHECK(cosigil_backup_key_generate(&vault));
  CHECK(cosigil_backup_key_public(vault, &to));
  CHECK(cosigil_identity_public(team.identities[0], &maker));
  CHECK(cosigil_record_backup_seal(records[0], &sealed, team.identities[0], to.data, to.len));
  CHECK(cosigil_record_backup_passphrase(records[0], &locked_, 64, 1, 1, phrase, sizeof phrase)); /* cheap: a test */

  CHECK(cosigil_key_store_memory(&memory));
  EXPECT_STATUS(cosigil_record_restore_passphrase(team.identities[0], &restored, memory, COSIGIL_ECDSA_P256, 0, locked_.data,
                                                  locked_.len, phrase, 3),
                COSIGIL_NOT_OPENED);
  EXPECT_STATUS(cosigil_record_restore_passphrase(team.identities[1], &restored, memory, COSIGIL_ECDSA_P256, 0, locked_.data,
                                                  locked_.len, phrase, sizeof phrase),
                COSIGIL_OTHER_IDENTITY);
  EXPECT_STATUS(cosigil_record_restore_passphrase(team.identities[0], &restored, memory, COSIGIL_FROST_P256, 0, locked_.data,
                                                  locked_.len, phrase, sizeof phrase),
                COSIGIL_OTHER_SUITE);
  EXPECT_STATUS(cosigil_record_restore_passphrase(team.identities[0], &restored, memory, COSIGIL_ECDSA_P256, 2, locked_.data,
                                                  locked_.len, phrase, sizeof phrase),
                COSIGIL_VALUE);
  EXPECT_STATUS(cosigil_record_restore_passphrase(team.identities[1], &restored, memory, COSIGIL_ECDSA_P256, 1, locked_.data,
                                                  locked_.len, phrase, sizeof phrase),
                COSIGIL_DUPLICATE_IDENTITY);
  EXPECT(restored == NULL);
  /* The identity is lost: under a new one, which the others are told. */
  cosigil_identity *newer;
  cosigil_key_store *second;
  cosigil_bytes key;
  CHECK(cosigil_identity_generate(&newer));
  CHECK(cosigil_identity_public(newer, &key));
  CHECK(cosigil_key_store_memory(&second));
  CHECK(cosigil_record_restore_passphrase(newer, &restored, second, COSIGIL_ECDSA_P256, 1, locked_.data, locked_.len, phrase,
                                          sizeof phrase));
  CHECK(cosigil_record_set_identity(restored, 1, key.data, key.len));
  CHECK(cosigil_record_key(restored, &share));
  CHECK(cosigil_key_share_free(share));
  CHECK(cosigil_record_free(restored));
  CHECK(cosigil_key_store_free(second));
  CHECK(cosigil_identity_free(newer));
  CHECK(cosigil_bytes_free(&key));
  CHECK(cosigil_record_restore_passphrase(team.identities[0], &restored, memory, COSIGIL_ECDSA_P256, 0, locked_.data, locked_.len,
                                          phrase, sizeof phrase));
  before = sharing_of(records[0]);
  after = sharing_of(restored);
  EXPECT(memcmp(before.data, after.data, 32) == 0);
  CHECK(cosigil_bytes_free(&after));
  CHECK(cosigil_record_free(restored));
  EXPECT_STATUS(cosigil_record_restore(vault, &restored, team.identities[0], memory, COSIGIL_ECDSA_P256, 0, maker.data, maker.len,
                                       sealed.data, sealed.len),
                COSIGIL_RECORD_EXISTS);
  CHECK(cosigil_key_store_free(memory));

  refresh(records);
  CHECK(cosigil_key_store_memory(&memory));
  CHECK(cosigil_record_restore(vault, &restored, team.identities[0], memory, COSIGIL_ECDSA_P256, 0, maker.data, maker.len,
                               sealed.data, sealed.len));
  CHECK(cosigil_record_exchange(records[1], &shown));
  CHECK(cosigil_record_learn(restored, shown.data, shown.len));
  CHECK(cosigil_bytes_free(&shown));
  EXPECT_STATUS(cosigil_record_key(restored, &share), COSIGIL_OTHER_SHARING);
  CHECK(cosigil_record_free(restored));
  CHECK(cosigil_key_store_free(memory));

  CHECK(cosigil_bytes_free(&before));
  CHECK(cosigil_bytes_free(&to));
  CHECK(cosigil_bytes_free(&maker));
  CHECK(cosigil_bytes_free(&sealed));
  CHECK(cosigil_bytes_free(&locked_));
  CHECK(cosigil_backup_key_free(vault));
  free_records(records);
  free_team(&team);
}

/* A log that has counted two strikes for party 2. */
static int32_t no_pair(void *context, const uint8_t *pair, const cosigil_peer *peer) {
  (void)context, (void)pair, (void)peer;
  return 1;
}
static int32_t not_burned(void *context, const uint8_t *pair, uint8_t *burned) {
  (void)context, (void)pair;
  *burned = 0;
  return 0;
}
static int32_t nobody(void *context, const cosigil_peer *peer) {
  (void)context, (void)peer;
  return 1;
}
static int32_t two_strikes(void *context, const cosigil_peer *peer, uint32_t *total, uint32_t *forgiven) {
  *total = peer->party == 2 ? 2 : 0;
  *forgiven = 0;
  return *(int32_t *)context;
}

static void notes_strikes(void) {
  team team;
  cosigil_record *record;
  cosigil_burn_log *log;
  cosigil_key_share *share;
  uint8_t strikes;
  int32_t fails = 0;
  const cosigil_burn_log_calls calls = {sizeof calls, &fails, no_pair, not_burned, nobody, two_strikes, nobody, NULL};
  make_team(&team, COSIGIL_ECDSA_SECP256K1);
  record = record_of(team.identities[0], team.shares[0]);
  CHECK(cosigil_burn_log_callbacks(&log, &calls));
  CHECK(cosigil_record_note_strikes(record, log));
  CHECK(cosigil_record_key(record, &share));
  CHECK(cosigil_key_share_strikes(share, &strikes, 2));
  EXPECT(strikes == 2);
  CHECK(cosigil_key_share_strikes(share, &strikes, 3));
  EXPECT(strikes == 0);
  fails = 1;
  EXPECT_STATUS(cosigil_record_note_strikes(record, log), COSIGIL_STORE_FAILED);
  CHECK(cosigil_key_share_free(share));
  CHECK(cosigil_burn_log_free(log));
  CHECK(cosigil_record_free(record));
  free_team(&team);
}

/* A peer of an ECDSA key has lost its share and has it back under a new identity: the pairs with it are gone. */
static void after_a_repair(void) {
  team team;
  cosigil_identity *identity;
  cosigil_burn_log *log;
  cosigil_pairs *pairs;
  cosigil_key_share *changed;
  cosigil_package *packages[2];
  cosigil_bytes key, digests[2];
  uint16_t missing[N];
  size_t count;
  make_team(&team, COSIGIL_ECDSA_P256);
  CHECK(cosigil_identity_generate(&identity));
  CHECK(cosigil_identity_public(identity, &key));
  CHECK(cosigil_burn_log_memory(&log));
  CHECK(cosigil_pairs_new(team.shares[0], &pairs));
  EXPECT_STATUS(cosigil_pairs_after_repair(pairs, &changed, team.shares[0], log, 9, key.data, key.len), COSIGIL_UNKNOWN_PARTY);
  CHECK(cosigil_pairs_after_repair(pairs, &changed, team.shares[0], log, 2, key.data, key.len));
  CHECK(cosigil_pairs_missing(pairs, missing, N, &count, changed));
  EXPECT(count == 2 && missing[0] == 2 && missing[1] == 3);
  CHECK(cosigil_key_share_package(team.shares[0], &packages[0]));
  CHECK(cosigil_key_share_package(changed, &packages[1]));
  for (size_t k = 0; k < 2; ++k) CHECK(cosigil_package_digest(packages[k], &digests[k]));
  EXPECT(memcmp(digests[0].data, digests[1].data, 32) != 0);
  for (size_t k = 0; k < 2; ++k) {
    CHECK(cosigil_bytes_free(&digests[k]));
    CHECK(cosigil_package_free(packages[k]));
  }
  CHECK(cosigil_key_share_free(changed));
  CHECK(cosigil_pairs_free(pairs));
  CHECK(cosigil_burn_log_free(log));
  CHECK(cosigil_bytes_free(&key));
  CHECK(cosigil_identity_free(identity));
  free_team(&team);
}

/* What was split comes together. */
static void reconstructs(void) {
  team team;
  cosigil_collection *shares;
  cosigil_bytes bytes, secret;
  const uint8_t dealt[32] = {0, 1, 2, 3, 4, 5, 6, 7};
  make_team(&team, COSIGIL_ECDSA_SECP256K1);
  CHECK(cosigil_collection_new(&shares));
  for (size_t k = 1; k < N; ++k) {
    CHECK(cosigil_key_share_to_bytes(team.shares[k], &bytes));
    CHECK(cosigil_collection_add(shares, IDS[k], bytes.data, bytes.len));
    CHECK(cosigil_bytes_free(&bytes));
    if (k == 1) EXPECT_STATUS(cosigil_hazmat_reconstruct(shares, &secret), COSIGIL_SIGNERS);
  }
  CHECK(cosigil_hazmat_reconstruct(shares, &secret));
  EXPECT(secret.len == 32 && memcmp(secret.data, dealt, 32) == 0);
  CHECK(cosigil_bytes_free(&secret));
  CHECK(cosigil_collection_free(shares));
  free_team(&team);
}

int main(void) {
  tells_news();
  operators_decide();
  adopts();
  comes_back_as_another();
  backups();
  notes_strikes();
  after_a_repair();
  reconstructs();
  expect_nothing_left();
  printf("records: done\n");
  return 0;
}
