/* A good and a freed handle of every kind: included by the generated test, which knows which kinds there are. */

static team ecdsa_team;

/* Makes the good one, and another that is freed. */
#define MAKE(kind, ...)                    \
  do {                                     \
    cosigil_##kind *made;                  \
    CHECK(__VA_ARGS__);                    \
    good_cosigil_##kind = made;            \
    CHECK(__VA_ARGS__);                    \
    freed_cosigil_##kind = made;           \
    CHECK(cosigil_##kind##_free(made));    \
  } while (0)

static cosigil_key_share *frost_share;

static int32_t commit(cosigil_nonces **nonces) {
  cosigil_bytes commitments;
  int32_t status = cosigil_frost_commit(frost_share, nonces, &commitments);
  CHECK(cosigil_bytes_free(&commitments));
  return status;
}

/* A store holds one record. */
static int32_t record_of_new_store(cosigil_record **record) {
  cosigil_key_store *store;
  CHECK(cosigil_key_store_memory(&store));
  int32_t status = cosigil_record_create(good_cosigil_identity, record, store, good_cosigil_key_share);
  CHECK(cosigil_key_store_free(store));
  return status;
}

static void make_kinds(void) {
  team frost_team;
  const uint8_t bytes[32] = {1};
  cosigil_bytes copy;
  make_team(&ecdsa_team, COSIGIL_ECDSA_SECP256K1);
  make_team(&frost_team, COSIGIL_FROST_ED25519);
  CHECK(cosigil_key_share_to_bytes(frost_team.shares[0], &copy));
  CHECK(cosigil_key_share_from_bytes(&frost_share, copy.data, copy.len));
  CHECK(cosigil_bytes_free(&copy));
  free_team(&frost_team);

  good_cosigil_parties = ecdsa_team.parties;
  good_cosigil_key_share = ecdsa_team.shares[0];
  good_cosigil_identity = ecdsa_team.identities[0];
  CHECK(cosigil_parties_new(&freed_cosigil_parties));
  CHECK(cosigil_parties_free(freed_cosigil_parties));
  CHECK(cosigil_identity_generate(&freed_cosigil_identity));
  CHECK(cosigil_identity_free(freed_cosigil_identity));
  CHECK(cosigil_key_share_to_bytes(good_cosigil_key_share, &copy));
  CHECK(cosigil_key_share_from_bytes(&freed_cosigil_key_share, copy.data, copy.len));
  CHECK(cosigil_key_share_free(freed_cosigil_key_share));
  CHECK(cosigil_bytes_free(&copy));

  CHECK(cosigil_identity_public(ecdsa_team.identities[1], &copy));
  memcpy(good_key, copy.data, sizeof good_key);
  CHECK(cosigil_bytes_free(&copy));
  MAKE(backup_key, cosigil_backup_key_generate(&made));
  CHECK(cosigil_backup_key_public(good_cosigil_backup_key, &copy));
  EXPECT(copy.len <= sizeof good_to);
  memcpy(good_to, copy.data, copy.len);
  good_to_len = copy.len;
  CHECK(cosigil_bytes_free(&copy));
  MAKE(key_store, cosigil_key_store_memory(&made));
  MAKE(package, cosigil_key_share_package(good_cosigil_key_share, &made));
  MAKE(request, cosigil_request_message(&made, bytes, sizeof bytes));
  MAKE(collection, cosigil_collection_new(&made));
  MAKE(nonces, commit(&made));
  MAKE(burn_log, cosigil_burn_log_memory(&made));
  MAKE(store, cosigil_store_memory(&made));
  MAKE(pairs, cosigil_pairs_new(good_cosigil_key_share, &made));
  MAKE(record, record_of_new_store(&made));
  MAKE(session, cosigil_keygen_start(good_cosigil_identity, &made, good_cosigil_parties, COSIGIL_FROST_ED25519, 1, 2, bytes,
                                     sizeof bytes));
}

static void free_kinds(void) {
  CHECK(cosigil_package_free(good_cosigil_package));
  CHECK(cosigil_request_free(good_cosigil_request));
  CHECK(cosigil_collection_free(good_cosigil_collection));
  CHECK(cosigil_nonces_free(good_cosigil_nonces));
  CHECK(cosigil_burn_log_free(good_cosigil_burn_log));
  CHECK(cosigil_store_free(good_cosigil_store));
  CHECK(cosigil_pairs_free(good_cosigil_pairs));
  CHECK(cosigil_session_free(good_cosigil_session));
  CHECK(cosigil_backup_key_free(good_cosigil_backup_key));
  CHECK(cosigil_key_store_free(good_cosigil_key_store));
  CHECK(cosigil_record_free(good_cosigil_record));
  CHECK(cosigil_key_share_free(frost_share));
  free_team(&ecdsa_team);
}
