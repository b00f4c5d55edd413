/* Signatures made through the C interface, verified by OpenSSL and by libsecp256k1, which had no part in them. */
#include <openssl/bn.h>
#include <openssl/core_names.h>
#include <openssl/evp.h>
#include <openssl/param_build.h>
#include <secp256k1.h>
#include <secp256k1_extrakeys.h>
#include <secp256k1_recovery.h>
#include <secp256k1_schnorrsig.h>

#include "fixture.h"

static cosigil_bytes signature;
static uint8_t recovery_id;
static cosigil_pairs *pairs[N];
static cosigil_burn_log *logs[N];

static void keep(size_t party, cosigil_session *session) {
  int32_t output;
  CHECK(cosigil_session_output(session, &output));
  if (output == COSIGIL_OUTPUT_PAIR) {
    CHECK(cosigil_pairs_take(pairs[party], session));
  } else {
    CHECK(cosigil_bytes_free(&signature));
    CHECK(cosigil_session_take_signature(session, &signature, &recovery_id));
  }
}

/* Parties 1 and 2 sign. */
static void sign(team *team, cosigil_request *request, int ecdsa) {
  cosigil_session *sessions[2];
  uint8_t label[32];
  if (ecdsa) {
    next_label(label);
    for (size_t k = 0; k < 2; ++k) {
      CHECK(cosigil_burn_log_memory(&logs[k]));
      CHECK(cosigil_pairs_new(team->shares[k], &pairs[k]));
    }
    for (size_t k = 0; k < 2; ++k)
      CHECK(cosigil_setup_start(team->identities[k], &sessions[k], team->shares[k], logs[k], IDS[1 - k], label, sizeof label));
    run(2, sessions, IDS, keep);
  }
  next_label(label);
  for (size_t k = 0; k < 2; ++k)
    if (ecdsa)
      CHECK(cosigil_ecdsa_sign_start(team->identities[k], &sessions[k], team->shares[k], pairs[k], logs[k], request, IDS, 2, label,
                                     sizeof label));
    else
      CHECK(cosigil_frost_sign_start(team->identities[k], &sessions[k], team->shares[k], request, IDS, 2, label, sizeof label));
  run(2, sessions, IDS, keep);
  for (size_t k = 0; ecdsa && k < 2; ++k) {
    CHECK(cosigil_pairs_free(pairs[k]));
    CHECK(cosigil_burn_log_free(logs[k]));
  }
}

static cosigil_bytes key_of(team *team) {
  cosigil_package *package;
  cosigil_bytes key;
  CHECK(cosigil_key_share_package(team->shares[2], &package));
  CHECK(cosigil_package_verifying_key(package, &key));
  CHECK(cosigil_package_free(package));
  return key;
}

static const uint8_t DIGEST[32] = "a digest that somebody has made";

static void openssl_ed25519(void) {
  team team;
  cosigil_request *request;
  make_team(&team, COSIGIL_FROST_ED25519);
  CHECK(cosigil_request_message(&request, DIGEST, sizeof DIGEST));
  sign(&team, request, 0);
  cosigil_bytes key = key_of(&team);
  EVP_PKEY *theirs = EVP_PKEY_new_raw_public_key(EVP_PKEY_ED25519, NULL, key.data, key.len);
  for (int changed = 0; changed < 2; ++changed) {
    EVP_MD_CTX *context = EVP_MD_CTX_new();
    EXPECT(theirs != NULL && EVP_DigestVerifyInit(context, NULL, NULL, NULL, theirs) == 1);
    signature.data[40] ^= (uint8_t)changed;
    EXPECT((EVP_DigestVerify(context, signature.data, signature.len, DIGEST, sizeof DIGEST) == 1) == !changed);
    EVP_MD_CTX_free(context);
  }
  EVP_PKEY_free(theirs);
  CHECK(cosigil_bytes_free(&key));
  CHECK(cosigil_request_free(request));
  free_team(&team);
}

static void openssl_ecdsa(uint32_t suite, const char *group) {
  team team;
  cosigil_request *request;
  cosigil_bytes der;
  make_team(&team, suite);
  CHECK(cosigil_request_digest(&request, DIGEST, sizeof DIGEST));
  sign(&team, request, 1);
  CHECK(cosigil_signature_der(&der, signature.data, signature.len));
  cosigil_bytes key = key_of(&team);
  OSSL_PARAM_BLD *build = OSSL_PARAM_BLD_new();
  EXPECT(OSSL_PARAM_BLD_push_utf8_string(build, OSSL_PKEY_PARAM_GROUP_NAME, group, 0));
  EXPECT(OSSL_PARAM_BLD_push_octet_string(build, OSSL_PKEY_PARAM_PUB_KEY, key.data, key.len));
  OSSL_PARAM *params = OSSL_PARAM_BLD_to_param(build);
  EVP_PKEY_CTX *making = EVP_PKEY_CTX_new_from_name(NULL, "EC", NULL);
  EVP_PKEY *theirs = NULL;
  EXPECT(EVP_PKEY_fromdata_init(making) == 1 && EVP_PKEY_fromdata(making, &theirs, EVP_PKEY_PUBLIC_KEY, params) == 1);
  for (int changed = 0; changed < 2; ++changed) {
    uint8_t digest[32];
    memcpy(digest, DIGEST, sizeof digest);
    digest[0] ^= (uint8_t)changed;
    EVP_PKEY_CTX *verifying = EVP_PKEY_CTX_new(theirs, NULL);
    EXPECT(EVP_PKEY_verify_init(verifying) == 1);
    EXPECT((EVP_PKEY_verify(verifying, der.data, der.len, digest, sizeof digest) == 1) == !changed);
    EVP_PKEY_CTX_free(verifying);
  }
  EVP_PKEY_free(theirs);
  EVP_PKEY_CTX_free(making);
  OSSL_PARAM_free(params);
  OSSL_PARAM_BLD_free(build);

  if (suite == COSIGIL_ECDSA_SECP256K1) {
    secp256k1_context *context = secp256k1_context_create(SECP256K1_CONTEXT_VERIFY);
    secp256k1_ecdsa_recoverable_signature recoverable;
    secp256k1_ecdsa_signature plain;
    secp256k1_pubkey recovered, given;
    uint8_t compressed[33];
    size_t length = sizeof compressed;
    EXPECT(secp256k1_ec_pubkey_parse(context, &given, key.data, key.len));
    EXPECT(secp256k1_ecdsa_signature_parse_compact(context, &plain, signature.data));
    EXPECT(secp256k1_ecdsa_verify(context, &plain, DIGEST, &given)); /* refuses high s */
    EXPECT(secp256k1_ecdsa_recoverable_signature_parse_compact(context, &recoverable, signature.data, recovery_id));
    EXPECT(secp256k1_ecdsa_recover(context, &recovered, &recoverable, DIGEST));
    EXPECT(secp256k1_ec_pubkey_serialize(context, compressed, &length, &recovered, SECP256K1_EC_COMPRESSED));
    EXPECT(length == key.len && memcmp(compressed, key.data, length) == 0);
    secp256k1_context_destroy(context);
  }
  CHECK(cosigil_bytes_free(&key));
  CHECK(cosigil_bytes_free(&der));
  CHECK(cosigil_request_free(request));
  free_team(&team);
}

/* Q = P + H_TapTweak(P || root)*G, of P = the secret that make_team deals, times G. */
static secp256k1_xonly_pubkey output_key(secp256k1_context *context, const uint8_t *root) {
  const uint8_t secret[32] = {0, 1, 2, 3, 4, 5, 6, 7};
  secp256k1_pubkey point, tweaked;
  secp256k1_xonly_pubkey internal, output;
  uint8_t x[32], tag[32], tweak[32];
  EXPECT(secp256k1_ec_pubkey_create(context, &point, secret));
  EXPECT(secp256k1_xonly_pubkey_from_pubkey(context, &internal, NULL, &point));
  EXPECT(secp256k1_xonly_pubkey_serialize(context, x, &internal));
  EXPECT(EVP_Digest("TapTweak", 8, tag, NULL, EVP_sha256(), NULL) == 1);
  EVP_MD_CTX *hash = EVP_MD_CTX_new();
  EXPECT(EVP_DigestInit_ex(hash, EVP_sha256(), NULL) == 1);
  for (int times = 0; times < 2; ++times) EXPECT(EVP_DigestUpdate(hash, tag, sizeof tag) == 1);
  EXPECT(EVP_DigestUpdate(hash, x, sizeof x) == 1);
  if (root != NULL) EXPECT(EVP_DigestUpdate(hash, root, 32) == 1);
  EXPECT(EVP_DigestFinal_ex(hash, tweak, NULL) == 1);
  EVP_MD_CTX_free(hash);
  EXPECT(secp256k1_xonly_pubkey_tweak_add(context, &tweaked, &internal, tweak));
  EXPECT(secp256k1_xonly_pubkey_from_pubkey(context, &output, NULL, &tweaked));
  return output;
}

static void libsecp256k1_schnorr(int with_scripts) {
  team team;
  cosigil_request *request;
  const uint8_t root[32] = {5};
  secp256k1_xonly_pubkey theirs;
  make_team(&team, COSIGIL_FROST_BIP340);
  CHECK(cosigil_request_message(&request, DIGEST, sizeof DIGEST));
  if (with_scripts) CHECK(cosigil_request_script_root(request, root, sizeof root));
  sign(&team, request, 0);
  cosigil_bytes key = key_of(&team);
  secp256k1_context *context = secp256k1_context_create(SECP256K1_CONTEXT_VERIFY);
  EXPECT(secp256k1_xonly_pubkey_parse(context, &theirs, key.data));
  /* With a script tree the output key is another one: BIP-341's, made here of the dealt secret. */
  EXPECT(secp256k1_schnorrsig_verify(context, signature.data, DIGEST, sizeof DIGEST, &theirs) == !with_scripts);
  theirs = output_key(context, with_scripts ? root : NULL);
  EXPECT(secp256k1_schnorrsig_verify(context, signature.data, DIGEST, sizeof DIGEST, &theirs));
  secp256k1_context_destroy(context);
  CHECK(cosigil_bytes_free(&key));
  CHECK(cosigil_request_free(request));
  free_team(&team);
}

int main(void) {
  openssl_ed25519();
  openssl_ecdsa(COSIGIL_ECDSA_SECP256K1, "secp256k1");
  openssl_ecdsa(COSIGIL_ECDSA_P256, "prime256v1");
  libsecp256k1_schnorr(0);
  libsecp256k1_schnorr(1);
  CHECK(cosigil_bytes_free(&signature));
  expect_nothing_left();
  printf("OpenSSL and libsecp256k1 agree\n");
  return 0;
}
