/* One object of every kind, for the tests. */
#ifndef COSIGIL_TESTS_FIXTURE_H
#define COSIGIL_TESTS_FIXTURE_H

#include "../examples/net.h"

#define EXPECT(condition)                                                                  \
  do {                                                                                     \
    if (!(condition)) {                                                                    \
      fprintf(stderr, "%s:%d: not so: %s\n", __FILE__, __LINE__, #condition);              \
      exit(1);                                                                             \
    }                                                                                      \
  } while (0)

#define EXPECT_STATUS(call, wanted)                                                                                    \
  do {                                                                                                                 \
    int32_t found_ = (call);                                                                                           \
    if (found_ != (wanted)) {                                                                                          \
      char text_[256];                                                                                                 \
      size_t length_;                                                                                                  \
      cosigil_last_error(text_, sizeof text_, &length_);                                                               \
      fprintf(stderr, "%s:%d: %s gave %d (%s), not %d\n", __FILE__, __LINE__, #call, (int)found_, text_, (int)(wanted)); \
      exit(1);                                                                                                         \
    }                                                                                                                  \
  } while (0)

enum { N = 3 };
static const uint16_t IDS[N] = {1, 2, 3};

typedef struct {
  cosigil_identity *identities[N];
  cosigil_parties *parties;
  cosigil_key_share *shares[N]; /* of one key */
} team;

/* Three parties with a 2-of-3 key, dealt by a trusted hand: the tests are not about key generation. */
static void make_team(team *team, uint32_t suite) {
  cosigil_collection *dealt;
  const uint8_t secret[32] = {0, 1, 2, 3, 4, 5, 6, 7};
  CHECK(cosigil_parties_new(&team->parties));
  for (size_t k = 0; k < N; ++k) {
    uint8_t seed[32] = {(uint8_t)(k + 1)};
    cosigil_bytes key;
    CHECK(cosigil_identity_from_seed(&team->identities[k], seed, sizeof seed));
    CHECK(cosigil_identity_public(team->identities[k], &key));
    CHECK(cosigil_parties_add(team->parties, IDS[k], key.data, key.len));
    CHECK(cosigil_bytes_free(&key));
  }
  CHECK(cosigil_hazmat_split(team->parties, &dealt, suite, 2, secret, sizeof secret));
  for (size_t k = 0; k < N; ++k) {
    cosigil_bytes bytes;
    CHECK(cosigil_collection_get(dealt, &bytes, IDS[k]));
    CHECK(cosigil_key_share_from_bytes(&team->shares[k], bytes.data, bytes.len));
    CHECK(cosigil_bytes_free(&bytes));
  }
  CHECK(cosigil_collection_free(dealt));
}

static void free_team(team *team) {
  for (size_t k = 0; k < N; ++k) {
    CHECK(cosigil_identity_free(team->identities[k]));
    CHECK(cosigil_key_share_free(team->shares[k]));
  }
  CHECK(cosigil_parties_free(team->parties));
}

/* Nothing may be left: no handle, no buffer. */
static void expect_nothing_left(void) {
  size_t handles, buffers;
  CHECK(cosigil_live(&handles, &buffers));
  EXPECT(handles == 0 && buffers == 0);
}

#endif
