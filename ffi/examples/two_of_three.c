/* Three parties make two keys, of which any two can sign: one for Ed25519, refreshed once, and one
 * for ECDSA on secp256k1.
 *
 * They are in one process here and their messages go from hand to hand; signer.c has one party a process. */
#include "net.h"

enum { N = 3, T = 2 };

static const uint16_t IDS[N] = {1, 2, 3};
static cosigil_identity *identities[N];
static cosigil_parties *directory;
static cosigil_key_share *shares[N];
static cosigil_pairs *pairs[N];
static cosigil_burn_log *logs[N];
static cosigil_bytes signature;
static uint8_t recovery_id;

/* Each party makes an identity; the operators tell each other the public halves, over a channel they trust. */
static void meet(void) {
  CHECK(cosigil_parties_new(&directory));
  for (size_t k = 0; k < N; ++k) {
    cosigil_bytes key;
    CHECK(cosigil_identity_generate(&identities[k]));
    CHECK(cosigil_identity_public(identities[k], &key));
    CHECK(cosigil_parties_add(directory, IDS[k], key.data, key.len));
    CHECK(cosigil_bytes_free(&key));
  }
}

static void keep_share(size_t party, cosigil_session *session) {
  cosigil_bytes bytes;
  CHECK(cosigil_key_share_free(shares[party]));
  CHECK(cosigil_session_take_key_share(session, &shares[party]));
  CHECK(cosigil_key_share_to_bytes(shares[party], &bytes));
  store("key share", &bytes);
}

static void keep_pair(size_t party, cosigil_session *session) {
  cosigil_bytes bytes;
  uint64_t generation;
  CHECK(cosigil_pairs_take(pairs[party], session));
  CHECK(cosigil_pairs_to_bytes(pairs[party], &bytes, &generation));
  store("pair states", &bytes);
}

static void keep_signature(size_t party, cosigil_session *session) {
  (void)party;
  CHECK(cosigil_bytes_free(&signature));
  CHECK(cosigil_session_take_signature(session, &signature, &recovery_id));
}

/* The key exists nowhere; each party ends with a share of it. */
static void make_key(uint32_t suite) {
  cosigil_session *sessions[N];
  uint8_t label[32];
  next_label(label);
  for (size_t k = 0; k < N; ++k)
    CHECK(cosigil_keygen_start(identities[k], &sessions[k], directory, suite, IDS[k], T, label, sizeof label));
  run(N, sessions, IDS, keep_share);
}

/* Every two parties of an ECDSA key prepare once for signing with each other. */
static void set_up(void) {
  for (size_t k = 0; k < N; ++k) {
    CHECK(cosigil_burn_log_memory(&logs[k])); /* on a real machine: cosigil_burn_log_create */
    CHECK(cosigil_pairs_new(shares[k], &pairs[k]));
  }
  for (size_t a = 0; a < N; ++a)
    for (size_t b = a + 1; b < N; ++b) {
      cosigil_session *sessions[N] = {NULL};
      const size_t both[2] = {a, b};
      uint8_t label[32];
      next_label(label);
      for (size_t k = 0; k < 2; ++k)
        CHECK(cosigil_setup_start(identities[both[k]], &sessions[both[k]], shares[both[k]], logs[both[k]],
                                  IDS[both[1 - k]], label, sizeof label));
      /* Both ends of the pair, in an array of all parties: the third has no session and is sent nothing. */
      settle(N, sessions, IDS, a, keep_pair);
      settle(N, sessions, IDS, b, keep_pair);
      CHECK(cosigil_session_free(sessions[a]));
      CHECK(cosigil_session_free(sessions[b]));
    }
}

/* Whether the signature is one, by a verifier that knows nothing of shares. */
static void show(uint32_t suite, const void *message, size_t message_len) {
  cosigil_package *package;
  cosigil_bytes key;
  CHECK(cosigil_key_share_package(shares[0], &package));
  CHECK(cosigil_package_verifying_key(package, &key));
  CHECK(cosigil_verify(suite, key.data, key.len, message, message_len, signature.data, signature.len));
  printf("key ");
  for (size_t k = 0; k < key.len; ++k) printf("%02x", key.data[k]);
  printf("\nsignature ");
  for (size_t k = 0; k < signature.len; ++k) printf("%02x", signature.data[k]);
  printf("%s\n", suite == COSIGIL_ECDSA_SECP256K1 ? (recovery_id & 1 ? " recovery id 1" : " recovery id 0") : "");
  CHECK(cosigil_bytes_free(&key));
  CHECK(cosigil_package_free(package));
}

/* Parties a and b sign. */
static void sign(cosigil_request *request, size_t a, size_t b, int ecdsa) {
  cosigil_session *sessions[2];
  const uint16_t signers[2] = {IDS[a], IDS[b]};
  const size_t both[2] = {a, b};
  uint8_t label[32];
  next_label(label);
  for (size_t k = 0; k < 2; ++k) {
    size_t me = both[k];
    if (ecdsa)
      CHECK(cosigil_ecdsa_sign_start(identities[me], &sessions[k], shares[me], pairs[me], logs[me], request, signers, 2,
                                     label, sizeof label));
    else
      CHECK(cosigil_frost_sign_start(identities[me], &sessions[k], shares[me], request, signers, 2, label, sizeof label));
  }
  run(2, sessions, signers, keep_signature);
}

/* All parties get new shares of the same key; what a thief had before is worthless. */
static void refresh(void) {
  cosigil_session *sessions[N];
  cosigil_record *records[N];
  uint8_t label[32];
  next_label(label);
  for (size_t k = 0; k < N; ++k) {
    cosigil_key_store *store;
    CHECK(cosigil_key_store_memory(&store)); /* on a real machine: cosigil_key_store_file */
    CHECK(cosigil_record_create(identities[k], &records[k], store, shares[k]));
    CHECK(cosigil_key_store_free(store));
    CHECK(cosigil_refresh_start(records[k], &sessions[k], label, sizeof label));
  }
  run(N, sessions, IDS, NULL); /* there is no output: it is in the records */
  for (size_t k = 0; k < N; ++k) {
    CHECK(cosigil_key_share_free(shares[k]));
    CHECK(cosigil_record_key(records[k], &shares[k]));
    CHECK(cosigil_record_free(records[k]));
  }
}

int main(void) {
  if (cosigil_abi_version() >> 16 != COSIGIL_ABI_VERSION >> 16) return 1;
  cosigil_request *request;
  const char message[] = "pay 1 to Alice";
  meet();

  make_key(COSIGIL_FROST_ED25519);
  CHECK(cosigil_request_message(&request, (const uint8_t *)message, strlen(message)));
  sign(request, 0, 2, 0);
  show(COSIGIL_FROST_ED25519, message, strlen(message));
  refresh();
  sign(request, 0, 1, 0);
  show(COSIGIL_FROST_ED25519, message, strlen(message));
  CHECK(cosigil_request_free(request));

  make_key(COSIGIL_ECDSA_SECP256K1);
  set_up();
  uint8_t digest[32] = {7}; /* an application hashes what it signs: see cosigil_request_hashed */
  CHECK(cosigil_request_digest(&request, digest, sizeof digest));
  sign(request, 1, 2, 1);
  show(COSIGIL_ECDSA_SECP256K1, digest, sizeof digest);
  CHECK(cosigil_request_free(request));

  for (size_t k = 0; k < N; ++k) {
    CHECK(cosigil_identity_free(identities[k]));
    CHECK(cosigil_key_share_free(shares[k]));
    CHECK(cosigil_pairs_free(pairs[k]));
    CHECK(cosigil_burn_log_free(logs[k]));
  }
  CHECK(cosigil_parties_free(directory));
  CHECK(cosigil_bytes_free(&signature));
  size_t handles, buffers;
  CHECK(cosigil_live(&handles, &buffers));
  return handles == 0 && buffers == 0 ? 0 : 1;
}
