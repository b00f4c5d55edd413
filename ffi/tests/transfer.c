/* A key from elsewhere comes in, is refreshed and signs, and goes out again to one machine. */
#include "fixture.h"

enum { ALL = 4 };

static cosigil_key_share *share_out[ALL];
static cosigil_package *package_out[ALL];
static cosigil_bytes secret_out, signature;

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
    case COSIGIL_OUTPUT_SECRET:
      CHECK(cosigil_hazmat_take_secret(session, &secret_out));
      break;
    default:
      CHECK(cosigil_bytes_free(&signature));
      CHECK(cosigil_session_take_signature(session, &signature, &recovery_id));
  }
}

static const uint8_t MESSAGE[32] = "a message for the imported key";

int main(void) {
  const uint32_t suite = COSIGIL_FROST_SECP256K1;
  /* The secret that make_team deals, and a chain code. */
  const uint8_t secret[64] = {0, 1, 2, 3, 4, 5, 6, 7, [32] = 9};
  team team;
  cosigil_identity *outsider;
  cosigil_package *package;
  cosigil_record *records[N];
  cosigil_session *sessions[ALL], *none;
  cosigil_request *request;
  cosigil_bytes key, plan, code, digest, other;
  uint8_t label[32];
  make_team(&team, suite);
  CHECK(cosigil_key_share_package(team.shares[0], &package));
  CHECK(cosigil_package_verifying_key(package, &key));
  CHECK(cosigil_package_free(package));

  next_label(label);
  EXPECT_STATUS(cosigil_hazmat_import_start(team.identities[0], &none, &plan, team.parties, suite, COSIGIL_IMPORT_NEM, 1, 2, secret,
                                            32, label, sizeof label),
                COSIGIL_SUITE);
  EXPECT_STATUS(cosigil_hazmat_import_start(team.identities[0], &none, &plan, team.parties, suite, COSIGIL_IMPORT_SCALAR, 1, 2,
                                            secret, 40, label, sizeof label),
                COSIGIL_LENGTH);
  EXPECT(none == NULL && plan.data == NULL);
  CHECK(cosigil_hazmat_import_start(team.identities[0], &sessions[0], &plan, team.parties, suite, COSIGIL_IMPORT_SCALAR, 1, 2,
                                    secret, sizeof secret, label, sizeof label));
  EXPECT_STATUS(cosigil_session_checkpoint(sessions[0], &other), COSIGIL_NOT_RESUMABLE);
  key.data[5] ^= 1;
  EXPECT_STATUS(cosigil_hazmat_import_accept(team.identities[1], &none, team.parties, suite, 2, 2, plan.data, plan.len, key.data,
                                             key.len, label, sizeof label),
                COSIGIL_OTHER_KEY);
  key.data[5] ^= 1;
  EXPECT_STATUS(cosigil_hazmat_import_accept(team.identities[1], &none, team.parties, suite, 2, 3, plan.data, plan.len, key.data,
                                             key.len, label, sizeof label),
                COSIGIL_THRESHOLD);
  for (size_t k = 1; k < N; ++k)
    CHECK(cosigil_hazmat_import_accept(team.identities[k], &sessions[k], team.parties, suite, IDS[k], 2, plan.data, plan.len,
                                       key.data, key.len, label, sizeof label));
  run(N, sessions, IDS, keep);
  CHECK(cosigil_key_share_chain_code(share_out[2], &code));
  EXPECT(code.len == 32 && memcmp(code.data, secret + 32, 32) == 0);

  /* What one machine has dealt does nothing before a refresh. */
  CHECK(cosigil_request_message(&request, MESSAGE, sizeof MESSAGE));
  EXPECT_STATUS(cosigil_frost_sign_start(team.identities[0], &none, share_out[0], request, IDS, 2, label, sizeof label),
                COSIGIL_REFRESH_FIRST);
  for (size_t k = 0; k < N; ++k) {
    cosigil_key_store *memory;
    CHECK(cosigil_key_store_memory(&memory));
    CHECK(cosigil_record_create(team.identities[k], &records[k], memory, share_out[k]));
    CHECK(cosigil_key_store_free(memory));
    CHECK(cosigil_key_share_free(share_out[k]));
  }
  next_label(label);
  for (size_t k = 0; k < N; ++k) CHECK(cosigil_refresh_start(records[k], &sessions[k], label, sizeof label));
  run(N, sessions, IDS, NULL);
  for (size_t k = 0; k < N; ++k) CHECK(cosigil_record_key(records[k], &share_out[k]));
  next_label(label);
  for (size_t k = 0; k < 2; ++k)
    CHECK(cosigil_frost_sign_start(team.identities[k], &sessions[k], share_out[k], request, IDS, 2, label, sizeof label));
  run(2, sessions, IDS, keep);
  CHECK(cosigil_verify(suite, key.data, key.len, MESSAGE, sizeof MESSAGE, signature.data, signature.len));

  /* Parties 1 and 3 give it to party 4, which is nobody's. */
  const uint16_t dealers[2] = {1, 3}, members[3] = {1, 3, 4};
  CHECK(cosigil_identity_generate(&outsider));
  CHECK(cosigil_identity_public(outsider, &other));
  CHECK(cosigil_record_package(records[0], &package));
  CHECK(cosigil_package_digest(package, &digest));
  next_label(label);
  EXPECT_STATUS(cosigil_hazmat_export_start(team.identities[0], &none, share_out[0], 4, other.data, other.len, dealers, 1, label,
                                            sizeof label),
                COSIGIL_SIGNERS);
  EXPECT_STATUS(cosigil_hazmat_export_receive(outsider, &none, package, 4, label, sizeof label, dealers, 2, label, sizeof label),
                COSIGIL_OTHER_KEY);
  for (size_t k = 0; k < 2; ++k)
    CHECK(cosigil_hazmat_export_start(team.identities[2 * k], &sessions[k], share_out[2 * k], 4, other.data, other.len, dealers, 2,
                                      label, sizeof label));
  CHECK(cosigil_hazmat_export_receive(outsider, &sessions[2], package, 4, digest.data, digest.len, dealers, 2, label,
                                      sizeof label));
  run(3, sessions, members, keep);
  EXPECT(secret_out.len == 32 && memcmp(secret_out.data, secret, 32) == 0);
  for (size_t k = 0; k < 2; ++k) CHECK(cosigil_package_free(package_out[k]));

  cosigil_bytes *const all[] = {&key, &plan, &code, &digest, &other, &secret_out, &signature};
  for (size_t k = 0; k < sizeof all / sizeof *all; ++k) CHECK(cosigil_bytes_free(all[k]));
  for (size_t k = 0; k < N; ++k) {
    CHECK(cosigil_record_free(records[k]));
    CHECK(cosigil_key_share_free(share_out[k]));
  }
  CHECK(cosigil_package_free(package));
  CHECK(cosigil_request_free(request));
  CHECK(cosigil_identity_free(outsider));
  free_team(&team);
  expect_nothing_left();
  printf("in and out: done\n");
  return 0;
}
