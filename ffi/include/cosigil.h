/*
 * cosigil: distributed key generation and threshold signatures. No machine ever holds a whole key.
 *
 * Made by cbindgen from ffi/src: do not change it by hand. docs/c.md is the way in.
 *
 * CONVENTIONS
 *
 * Status. Every function returns an int32_t: 0, COSIGIL_OK, or what went wrong. Hundreds are classes: 1 a mistake of the
 * caller, 2 bytes that are not what they should be, 3 the protocol cannot go on, 4 peers have cheated, 5 pair states are
 * burned, 6 storage, 9 this library or the machine. After 1 and 2 nothing has changed, unless the manual of the function
 * says so (cosigil_frost_sign uses nonces up). After COSIGIL_STORE_FAILED a record knows more than its store: free it and
 * open it again. cosigil_last_error has it in words. Beside the statuses listed with a function, each can return
 * COSIGIL_MISALIGNED, COSIGIL_IN_CALLBACK, COSIGIL_EXHAUSTED and COSIGIL_PANIC.
 *
 * Arguments. The handle that a function is about comes first, then outputs, then the rest; a length follows its buffer.
 * No pointer may be NULL and no length 0, with one exception: the `..._free` functions leave NULL alone. Outputs are set to
 * NULL or 0 first, and hold something only when COSIGIL_OK is returned, with one exception: with COSIGIL_TOO_SMALL the
 * list holds as many as there is room for, the count says how many there are, and outputs that are numbers (threshold,
 * state, fault) are there too. Outputs overlap neither inputs nor each other. Texts are UTF-8, with their length, without
 * a 0 at the end.
 *
 * Handles are numbers that the library looks up, dressed as pointers so that the compiler tells them apart: they are
 * never followed. A handle that was freed or never given is refused (COSIGIL_NO_HANDLE), and so is one of another kind
 * (COSIGIL_OTHER_HANDLE); freeing one twice is harmless. They are only good in the process that made them.
 *
 * Buffers that come out are freed with cosigil_bytes_free, which wipes them. Each has a number of its own, so a copy of
 * the struct that was freed already frees nothing.
 *
 * Threads. All handles may be used by any number of threads at once and may be freed by any: a call that is under way ends
 * first. Calls that change what is behind one handle wait for each other. What cosigil_last_error tells is per thread.
 *
 * Callbacks must return, and must not call the library, but for the `..._free` and the cosigil_last_ functions: other
 * calls are refused (COSIGIL_IN_CALLBACK).
 *
 * No panic crosses the border: a bug gives COSIGIL_PANIC. Processes that fork use the library in one of the two only.
 */

#ifndef COSIGIL_H
#define COSIGIL_H

#include <stddef.h>
#include <stdint.h>

// A failed check of pair states in a setup: thrown away, counted.
#define COSIGIL_CONSEQUENCE_STRIKE 1

// A pair is dead for ever, and its peer has a strike.
#define COSIGIL_CONSEQUENCE_BURNED 2

// Wrong by itself, provable: never to be chosen again for this key.
#define COSIGIL_CONSEQUENCE_BANNED 3

// A strike or burn that the log failed to record.
#define COSIGIL_CONSEQUENCE_NOT_RECORDED 4

// What a guess of a passphrase costs by default: memory in KiB.
#define COSIGIL_BACKUP_MEMORY_KIB 65536

// By default: passes over the memory.
#define COSIGIL_BACKUP_PASSES 3

// By default: lanes.
#define COSIGIL_BACKUP_LANES 4

// The version of this interface: the major number in the upper 16 bits, the minor in the lower. A program made for
// another major version must not go on; a larger minor version only adds.
#define COSIGIL_ABI_VERSION 65536

// Bitcoin's main network: xpub….
#define COSIGIL_MAINNET 0

// Test networks: tpub….
#define COSIGIL_TESTNET 1

// Threshold ECDSA on secp256k1: Bitcoin, Ethereum.
#define COSIGIL_ECDSA_SECP256K1 1

// Threshold ECDSA on P-256.
#define COSIGIL_ECDSA_P256 2

// FROST with Ed25519: signatures are ordinary Ed25519 ones.
#define COSIGIL_FROST_ED25519 16

// FROST with Ed25519 and Keccak-512: NEM.
#define COSIGIL_FROST_ED25519_KECCAK 17

// FROST for BIP-340: Bitcoin's Taproot.
#define COSIGIL_FROST_BIP340 18

// FROST(secp256k1, SHA-256) of RFC 9591.
#define COSIGIL_FROST_SECP256K1 19

// FROST(P-256, SHA-256) of RFC 9591.
#define COSIGIL_FROST_P256 20

// FROST(ristretto255, SHA-512) of RFC 9591.
#define COSIGIL_FROST_RISTRETTO255 21

// A signed message does not decode.
#define COSIGIL_FAULT_MALFORMED 1

// Two different messages under one view, round, kind and recipient.
#define COSIGIL_FAULT_EQUIVOCATION 2

// The parties' records of the last round differ, under one view. Nobody can be named.
#define COSIGIL_FAULT_BROADCASTS_DIFFER 3

// No valid proof of knowledge of the one-session key.
#define COSIGIL_FAULT_BAD_SEAL_KEY 4

// Two parties came with the same one-session key. Nobody can be named.
#define COSIGIL_FAULT_SAME_SEAL_KEY 5

// An opening does not fit its commitment.
#define COSIGIL_FAULT_BAD_OPENING 6

// A proof of knowledge of the polynomial's coefficients does not verify.
#define COSIGIL_FAULT_BAD_COEFFICIENT_PROOF 7

// A dealer's constant term is not its part of the key that is dealt anew.
#define COSIGIL_FAULT_BAD_CONSTANT 8

// A sealed share does not open, or does not lie on the dealer's committed polynomial.
#define COSIGIL_FAULT_BAD_SHARE 9

// A complaint that does not hold.
#define COSIGIL_FAULT_FALSE_COMPLAINT 10

// The group key is the identity. Nobody can be named.
#define COSIGIL_FAULT_IDENTITY_KEY 11

// A confirm speaks of another transcript, under one view. Nobody can be named.
#define COSIGIL_FAULT_TRANSCRIPTS_DIFFER 12

// The proof in a confirm does not verify.
#define COSIGIL_FAULT_BAD_CONFIRM_PROOF 13

// A signature share does not fit the signer's public share.
#define COSIGIL_FAULT_BAD_SIGNATURE_SHARE 14

// The signers' nonces add up to the identity. Nobody can be named.
#define COSIGIL_FAULT_IDENTITY_NONCE 15

// The signature does not verify though every share does. Nobody can be named.
#define COSIGIL_FAULT_BAD_SIGNATURE 16

// A sealed part does not open or does not decode, in a protocol without complaints: only its recipient can tell.
#define COSIGIL_FAULT_BAD_SEALED_PART 17

// A check of a pair setup failed: the all-but-one OTs, or the extension of the second direction.
#define COSIGIL_FAULT_SETUP_FAILED 18

// The peer speaks of another setup of the pair. Nobody can be named, nothing is burned.
#define COSIGIL_FAULT_OTHER_SETUP 19

// The check of an OT extension over a pair in use failed.
#define COSIGIL_FAULT_BAD_EXTENSION 20

// The check of a multiplication failed.
#define COSIGIL_FAULT_BAD_MULTIPLICATION 21

// What went into a multiplication is not what is behind the public nonce and key image.
#define COSIGIL_FAULT_BAD_NONCE_IMAGE 22

// The pair was burned by another session meanwhile, which named the culprit.
#define COSIGIL_FAULT_PAIR_BURNED 23

// The peer was struck for the third time meanwhile. An operator decides.
#define COSIGIL_FAULT_OUT_OF_STRIKES 24

// The burn log failed, so nothing more may be shown. Nobody can be named.
#define COSIGIL_FAULT_LOG_FAILED 25

// The signers' key images do not add up to the key. Nobody can be named before shares of zero are compared.
#define COSIGIL_FAULT_KEYS_DO_NOT_ADD_UP 26

// Two parties published different shares of zero for their pair: it is one of them.
#define COSIGIL_FAULT_ZERO_SHARE_DIFFERS 27

// A signer's key image is not its part of the key and its shares of zero.
#define COSIGIL_FAULT_BAD_KEY_IMAGE 28

// The parties ask for different signatures from one presignature. Nobody can be named.
#define COSIGIL_FAULT_ONLINE_REQUESTS_DIFFER 29

// A fault that this version of the interface has no number for.
#define COSIGIL_FAULT_OTHER 255

// The attempt is open: not all confirms are there.
#define COSIGIL_ATTEMPT_PENDING 1

// The share of the new sharing is active.
#define COSIGIL_ATTEMPT_ACTIVE 2

// All holders have acknowledged the new sharing.
#define COSIGIL_ATTEMPT_DONE 3

// The attempt is closed: discarded, or another one was taken.
#define COSIGIL_ATTEMPT_CLOSED 4

// Nothing has changed.
#define COSIGIL_NEWS_NONE 0

// The share of this sharing is active: it is the one in use. The share before it is kept.
#define COSIGIL_NEWS_ACTIVE 1

// All holders of this sharing have acknowledged it: what came before it is wiped.
#define COSIGIL_NEWS_DONE 2

// This sharing, in which this party has no part, is done: the share of the sharing before it is wiped.
#define COSIGIL_NEWS_RETIRED 3

// This party's signed words contradict each other: cosigil_record_contradiction.
#define COSIGIL_NEWS_CONTRADICTION 4

// Something that this version of the interface has no number for.
#define COSIGIL_NEWS_OTHER 255

// The list in a party's acknowledgement of one attempt lacks another that it confirmed.
#define COSIGIL_SAID_FALSE_LIST 1

// A party acknowledged two attempts, where one promises that there is no other.
#define COSIGIL_SAID_TWO_ACKS 2

// SHA-256.
#define COSIGIL_HASH_SHA256 1

// SHA-256 of SHA-256: Bitcoin.
#define COSIGIL_HASH_SHA256D 2

// Keccak-256: Ethereum.
#define COSIGIL_HASH_KECCAK256 3

// There are messages to send: cosigil_session_take_message.
#define COSIGIL_SEND 1

// Something must be stored before messages are given out: cosigil_session_stored.
#define COSIGIL_STORE 2

// What the session was run for is there: cosigil_session_output.
#define COSIGIL_OUTPUT 4

// The session has come to its end: all is well, and it needs no more messages. Never after an abort that ended it.
#define COSIGIL_FINISHED 8

// The session has ended without success, by an abort or a failure of storage: it takes no more messages.
#define COSIGIL_ENDED 16

// The checkpoint must be deleted before messages are given out: cosigil_session_stored.
#define COSIGIL_DELETE 32

// No output.
#define COSIGIL_OUTPUT_NONE 0

// A key share: cosigil_session_take_key_share.
#define COSIGIL_OUTPUT_KEY_SHARE 1

// A pair: cosigil_pairs_take.
#define COSIGIL_OUTPUT_PAIR 2

// A signature: cosigil_session_take_signature.
#define COSIGIL_OUTPUT_SIGNATURE 3

// Presignatures: cosigil_presignatures_take.
#define COSIGIL_OUTPUT_PRESIGNATURES 4

// A package, at those who helped in a repair, or dealt and hold nothing new: cosigil_session_take_package.
#define COSIGIL_OUTPUT_PACKAGE 5

// A whole key, at the recipient of an export: cosigil_hazmat_take_secret.
#define COSIGIL_OUTPUT_SECRET 6

// Done.
#define COSIGIL_OK 0

// A pointer or handle is NULL.
#define COSIGIL_NULL 100

// A length is 0 where there must be something, or not the one that is needed.
#define COSIGIL_LENGTH 101

// The handle is not one of this library's, or was freed.
#define COSIGIL_NO_HANDLE 102

// The handle is of another kind.
#define COSIGIL_OTHER_HANDLE 103

// What the handle held was used up.
#define COSIGIL_USED_UP 104

// No such suite, or the call is not for keys of this suite.
#define COSIGIL_SUITE 105

// A pointer is not aligned for its type.
#define COSIGIL_MISALIGNED 106

// A number stands for nothing here.
#define COSIGIL_VALUE 107

// The library was called from one of its callbacks.
#define COSIGIL_IN_CALLBACK 108

// There is more than the room given; the count says how much.
#define COSIGIL_TOO_SMALL 109

// What is asked for is not there: not yet, not any more, or of another kind.
#define COSIGIL_NOT_THERE 110

// Something must be stored, or deleted, first: see cosigil_session_stored.
#define COSIGIL_STORE_FIRST 111

// No buffer of this library's, or one that was freed.
#define COSIGIL_NO_BUFFER 112

// A text is not UTF-8.
#define COSIGIL_TEXT 113

// A party id is 0.
#define COSIGIL_PARTY_ID 120

// A party id is given twice.
#define COSIGIL_DUPLICATE_PARTY 121

// One identity key is given for two parties.
#define COSIGIL_DUPLICATE_IDENTITY 122

// An identity key is not canonical, or of small order.
#define COSIGIL_INVALID_IDENTITY 123

// A party has no identity key here.
#define COSIGIL_MISSING_IDENTITY 124

// The identity is not the one of this party.
#define COSIGIL_OTHER_IDENTITY 125

// A party is not in the set.
#define COSIGIL_UNKNOWN_PARTY 126

// The threshold is not between 2 and the number of parties.
#define COSIGIL_THRESHOLD 127

// Fewer signers than the threshold, or more than there are parties.
#define COSIGIL_SIGNERS 128

// A peer's contribution is missing, or there is one too many.
#define COSIGIL_WRONG_INBOX 129

// These nonces are not those of this key, or not in the list.
#define COSIGIL_UNKNOWN_NONCE 130

// A tweak is out of range.
#define COSIGIL_TWEAK 131

// The result would be the identity.
#define COSIGIL_IDENTITY 132

// More is asked for than is allowed.
#define COSIGIL_TOO_MANY 133

// The digest is 0 modulo the group order.
#define COSIGIL_ZERO_DIGEST 134

// No derivation is defined for this curve.
#define COSIGIL_NO_DERIVATION 135

// Fewer helpers than the threshold.
#define COSIGIL_TOO_FEW_HELPERS 136

// The chain code is not the key's.
#define COSIGIL_OTHER_CHAIN_CODE 137

// A hardened child needs the whole secret key, which nobody has.
#define COSIGIL_HARDENED 138

// The key has no child with this index: take the next.
#define COSIGIL_INVALID_CHILD 139

// A path has more than 255 steps.
#define COSIGIL_PATH_TOO_LONG 140

// One machine has dealt this sharing: refresh it first.
#define COSIGIL_REFRESH_FIRST 141

// This party deals its share of the key in this session: it needs the share.
#define COSIGIL_SHARE_NEEDED 142

// The signature is not one of the message under the key.
#define COSIGIL_BAD_SIGNATURE 150

// Another mistake of the caller; cosigil_last_error says which.
#define COSIGIL_USAGE 199

// The bytes are not an encoding of what was asked for.
#define COSIGIL_MALFORMED 200

// The bytes are of a version that this library does not know.
#define COSIGIL_VERSION 201

// The bytes belong to another suite.
#define COSIGIL_OTHER_SUITE 202

// The bytes belong to another key.
#define COSIGIL_OTHER_KEY 203

// The bytes belong to another sharing of the key.
#define COSIGIL_OTHER_SHARING 204

// Not a message of this session. It lives on: throw the message away.
#define COSIGIL_FOREIGN_MESSAGE 205

// A share does not fit the public key package.
#define COSIGIL_INVALID_SHARE 206

// The backup does not open: another passphrase or key, or an altered file.
#define COSIGIL_NOT_OPENED 207

// Opening the backup would take more memory or time than is allowed, or than there is.
#define COSIGIL_TOO_COSTLY 208

// The verifiable backup does not hold this party's share.
#define COSIGIL_INVALID_BACKUP 209

// The session is over.
#define COSIGIL_OVER 300

// What this session holds must not be stored or resumed.
#define COSIGIL_NOT_RESUMABLE 301

// No usable pair with a peer: run a setup.
#define COSIGIL_SETUP_NEEDED 302

// An attempt to move the key on is acknowledged: no other one can be confirmed, and it cannot be discarded.
#define COSIGIL_ACKNOWLEDGED 303

// The share is gone: a later sharing is done.
#define COSIGIL_RETIRED 304

// There is no share of this sharing, or not yet.
#define COSIGIL_NO_SHARE 305

// This party has not confirmed such an attempt.
#define COSIGIL_UNKNOWN_ATTEMPT 306

// Two attempts have certificates, and neither can become done: an operator decides.
#define COSIGIL_SHARINGS_CONFLICT 307

// An attempt to move the key on is neither done nor discarded.
#define COSIGIL_ATTEMPT_UNDER_WAY 308

// The session has ended without a result and nobody can be named: try again.
#define COSIGIL_ABORTED 310

// The session has ended: the parties named by cosigil_session_culprits deviated.
#define COSIGIL_CHEATED 400

// A pair is burned: never to be used again, in either direction. The peer is named and has a strike.
#define COSIGIL_BURNED 500

// A pair setup failed its check: thrown away; the peer is named and has a strike.
#define COSIGIL_STRUCK 501

// A peer has three strikes: an operator decides.
#define COSIGIL_OPERATOR_NEEDED 502

// The pair was burned by another session meanwhile.
#define COSIGIL_PAIR_BURNED 503

// A burn or strike could not be recorded. Repair the log, and do not load the pair states again.
#define COSIGIL_NOT_RECORDED 504

// A burn log or store failed; nothing may go on without it. A record of which a call gave this must be freed and opened
// again.
#define COSIGIL_STORE_FAILED 600

// The record is older than one that this installation has had.
#define COSIGIL_OLDER_GENERATION 601

// The presignature was used before, for another request, or discarded.
#define COSIGIL_SPENT 602

// The store does not have this presignature.
#define COSIGIL_UNKNOWN_PRESIGNATURE 603

// What is stored is damaged.
#define COSIGIL_DAMAGED 604

// There is no such file, or there is one already.
#define COSIGIL_ABSENT 605

// The store has a record already.
#define COSIGIL_RECORD_EXISTS 606

// Another process uses the store.
#define COSIGIL_STORE_LOCKED 607

// A bug in this library. The handles used in the call are dead; please report it.
#define COSIGIL_PANIC 900

// A handle is dead since a call on it ended in COSIGIL_PANIC.
#define COSIGIL_DEAD 901

// The source of randomness gave zeros, or the same bytes twice in one answer.
#define COSIGIL_BROKEN_RANDOM 902

// The source of randomness failed.
#define COSIGIL_RANDOM_FAILED 903

// There are no more handles.
#define COSIGIL_EXHAUSTED 904

// A callback of a store has done what it says, durably.
#define COSIGIL_STORE_DONE 0

// It has not, or may not have.
#define COSIGIL_STORE_REFUSED 1

// It never had this presignature.
#define COSIGIL_STORE_UNKNOWN 2

// The presignature is spent on another request, or discarded.
#define COSIGIL_STORE_SPENT 3

// It has this presignature already, or had it.
#define COSIGIL_STORE_EXISTS 4

// A scalar, in the curve's customary order: big-endian on secp256k1 and P-256, little-endian on Ed25519, ristretto255.
#define COSIGIL_IMPORT_SCALAR 1

// An Ed25519 private key as of RFC 8032: COSIGIL_FROST_ED25519.
#define COSIGIL_IMPORT_RFC_8032 2

// A private key of NEM, as its hexadecimal form shows it, first byte first: COSIGIL_FROST_ED25519_KECCAK.
#define COSIGIL_IMPORT_NEM 3

// The secret key that opens backups. It belongs where no party of a key lives. It never changes; any number of
// threads may use it at once.
typedef struct cosigil_backup_key cosigil_backup_key;

// Where burns and strikes are recorded: one for an installation, shared by all its sessions. What is written is
// durable before a call returns. Any number of threads may use it at once.
typedef struct cosigil_burn_log cosigil_burn_log;

// What several parties have sent, by party: commitments, or signature shares. Any number of threads may use it at
// once.
typedef struct cosigil_collection cosigil_collection;

// A party's identity: the Ed25519 key that signs its messages. Any number of threads may use it at once.
typedef struct cosigil_identity cosigil_identity;

// What one party holds of a key: secret. It never changes; any number of threads may use it at once.
typedef struct cosigil_key_share cosigil_key_share;

// Where the one record of a key at a party is kept. Any number of threads may use it at once.
typedef struct cosigil_key_store cosigil_key_store;

// The secret nonces of one signature: used up by it. Any number of threads may try; one of them signs.
typedef struct cosigil_nonces cosigil_nonces;

// What everybody may know of a key: who holds it, how many must sign, and what is needed to check them. It never
// changes; any number of threads may use it at once.
typedef struct cosigil_package cosigil_package;

// What one installation has of the setups with its peers: secret, and never in a backup or on a second machine. Any
// number of threads may use it at once. Load it once in a process.
typedef struct cosigil_pairs cosigil_pairs;

// A list of parties and their public identities: the directory that the operators have agreed on. Any number of
// threads may use it at once; a session takes what is in it when it starts.
typedef struct cosigil_parties cosigil_parties;

// One party's record of one key, and the attempts to move it on. Threads that use it at once wait for each other.
typedef struct cosigil_record cosigil_record;

// What this party's own application has approved for signing. All signers must bring the same. Any number of threads
// may use it at once; a session takes what is in it when it starts.
typedef struct cosigil_request cosigil_request;

// A protocol that this party runs with others: key generation, setup, signing, and the rest. Bytes in, bytes out. Any
// number of threads may use it at once: they wait for each other.
typedef struct cosigil_session cosigil_session;

// Where presignatures are kept, each for one request and no other. Any number of threads may use it at once.
typedef struct cosigil_store cosigil_store;

// Bytes that this library gave out. Free them, once, with cosigil_bytes_free: it wipes them.
typedef struct {
  // The first byte; NULL if there are none.
  uint8_t *data;
  // How many there are.
  size_t len;
  // The library's number for this buffer: leave it as it is.
  uint64_t serial;
} cosigil_bytes;

// Whom a strike is for.
typedef struct {
  // The key's name.
  uint8_t key_id[32];
  // The party's public identity.
  uint8_t identity[32];
  // The party's id.
  uint16_t party;
} cosigil_peer;

// A burn log of the integrator's own. Each function returns 0 when it has done what it says, durably, and anything
// else if it has not, or may not have; after that it must refuse everything. The library never calls two of them at
// once for one log, but from any thread.
typedef struct {
  // sizeof(cosigil_burn_log_calls), by which the library knows which functions there are.
  size_t size;
  // Handed to each call.
  void *context;
  // Burns a pair (32 bytes) for ever and counts a strike for its peer: both or neither. Burning it again changes
  // nothing.
  int32_t (*burn)(void *context, const uint8_t *pair_id, const cosigil_peer *peer);
  // Whether a pair was ever burned: `burned` gets 1 or 0.
  int32_t (*is_burned)(void *context, const uint8_t *pair_id, uint8_t *burned);
  // Counts a strike for a failed setup.
  int32_t (*strike)(void *context, const cosigil_peer *peer);
  // What is counted for a peer, known by key and identity: all strikes ever, and how many of them are forgiven.
  int32_t (*strikes)(void *context, const cosigil_peer *peer, uint32_t *total, uint32_t *forgiven);
  // Forgives a peer all strikes so far.
  int32_t (*forgive)(void *context, const cosigil_peer *peer);
  // Called once when nothing uses the log any more; may be NULL.
  void (*release)(void *context);
} cosigil_burn_log_calls;

// A store of the integrator's own. Each function returns 0 when it has done what it says, and anything else if it has
// not, or may not have; after that it must refuse everything. The library never calls two of them at once for one
// store, but from any thread.
typedef struct {
  // sizeof(cosigil_key_store_calls), by which the library knows which functions there are.
  size_t size;
  // Handed to each call.
  void *context;
  // Gives the record saved last: at most `capacity` bytes of it, and in `record_len` its whole length; 0 if there
  // is none.
  int32_t (*load)(void *context, uint8_t *record, size_t capacity, size_t *record_len);
  // Puts this record, secret, of a generation that only goes up, in the place of the one before: whole or not at
  // all, durable before it returns, and the one before is gone.
  int32_t (*save)(void *context, uint64_t generation, const uint8_t *record, size_t record_len);
  // The newest generation that is known to have been saved; 0 where it cannot be known.
  int32_t (*newest)(void *context, uint64_t *generation);
  // Called once when nothing uses the store any more; may be NULL.
  void (*release)(void *context);
} cosigil_key_store_calls;

// Fills `bytes` with `len` fresh random bytes; returns 0, or anything else if it cannot. It is called by whatever
// thread calls this library, by several at once.
typedef int32_t (*cosigil_random)(void *context, uint8_t *bytes, size_t len);

// A store of the integrator's own. Names (`id`) and digests of requests have 32 bytes, replies 96. Each function
// returns one of COSIGIL_STORE_…. **A copy of the store, from a backup or a replica, must not know unspent
// presignatures: two signatures from one are the key.** The library never calls two of them at once for one store,
// but from any thread.
typedef struct {
  // sizeof(cosigil_store_calls), by which the library knows which functions there are.
  size_t size;
  // Handed to each call.
  void *context;
  // Keeps a record, secret, under a name that was never used.
  int32_t (*insert)(void *context, const uint8_t *id, const uint8_t *record, size_t record_len);
  // Gives the record of an unspent presignature: at most `capacity` bytes of it, and in `record_len` its whole
  // length.
  int32_t (*get)(void *context, const uint8_t *id, uint8_t *record, size_t capacity, size_t *record_len);
  // Spends a presignature on a request, remembers the reply and wipes the record; durable before it returns. If it
  // was spent on this very request before, `repeated` gets 1, and `reply` the reply that was remembered.
  int32_t (*claim)(void *context, const uint8_t *id, const uint8_t *request, uint8_t *reply, uint8_t *repeated);
  // Tells what a presignature was spent on: `found` gets 1, or 0 if it is not spent or was discarded.
  int32_t (*claimed)(void *context, const uint8_t *id, uint8_t *request, uint8_t *reply, uint8_t *found);
  // Wipes an unspent presignature for good.
  int32_t (*discard)(void *context, const uint8_t *id);
  // Wipes all unspent presignatures of this sharing of this key, 32 bytes each: the record that the store was given to
  // by cosigil_record_depend has moved on. It may be asked again, also for what it never had. A store that does not
  // know which they are wipes all that are unspent.
  int32_t (*retire)(void *context, const uint8_t *key_id, const uint8_t *sharing);
  // Called once when nothing uses the store any more; may be NULL.
  void (*release)(void *context);
} cosigil_store_calls;

#ifdef __cplusplus
extern "C" {
#endif // __cplusplus

// What the last abort of the session was about: one of COSIGIL_FAULT_….
//
// Returns COSIGIL_OK; COSIGIL_NOT_THERE if there was none; COSIGIL_NULL, COSIGIL_NO_HANDLE, COSIGIL_OTHER_HANDLE,
// COSIGIL_DEAD.
int32_t cosigil_session_fault(const cosigil_session *session, int32_t *fault);

// The parties that this party saw deviating, in whatever aborts there were; none if it cannot be told. An honest party
// is never among them.
//
// `parties` gets at most `capacity` ids, `count` how many there are.
//
// Returns COSIGIL_OK; COSIGIL_NOT_THERE if there was no abort; COSIGIL_TOO_SMALL, COSIGIL_NULL, COSIGIL_LENGTH,
// COSIGIL_NO_HANDLE, COSIGIL_OTHER_HANDLE, COSIGIL_DEAD.
int32_t cosigil_session_culprits(const cosigil_session *session, uint16_t *parties, size_t capacity, size_t *count);

// What followed from the aborts of the session, durably, by number from 0.
//
// `kind` is one of COSIGIL_CONSEQUENCE_…, `party` whom it is about, `pair` the 32 bytes by which the burn log knows the
// pair that was burned, NULL for all other kinds. Count up until COSIGIL_NOT_THERE comes.
//
// Returns COSIGIL_OK, COSIGIL_NOT_THERE, COSIGIL_NULL, COSIGIL_NO_HANDLE, COSIGIL_OTHER_HANDLE, COSIGIL_DEAD.
int32_t cosigil_session_consequence(const cosigil_session *session,
                                    int32_t *kind,
                                    uint16_t *party,
                                    cosigil_bytes *pair,
                                    size_t number);

// Makes a new key for backups.
//
// Returns COSIGIL_OK, COSIGIL_NULL, COSIGIL_RANDOM_FAILED, COSIGIL_BROKEN_RANDOM.
int32_t cosigil_backup_key_generate(cosigil_backup_key **key);

// The key's bytes, secret.
//
// Returns COSIGIL_OK, COSIGIL_NULL, COSIGIL_NO_HANDLE, COSIGIL_OTHER_HANDLE.
int32_t cosigil_backup_key_to_bytes(const cosigil_backup_key *key, cosigil_bytes *bytes);

// Reads what cosigil_backup_key_to_bytes wrote.
//
// Returns COSIGIL_OK, COSIGIL_NULL, COSIGIL_LENGTH, COSIGIL_MALFORMED, COSIGIL_VERSION, COSIGIL_OTHER_SUITE.
int32_t cosigil_backup_key_from_bytes(cosigil_backup_key **key, const uint8_t *bytes, size_t bytes_len);

// What the makers of backups must know, with a checksum. Compare it over a channel that you trust.
//
// Returns COSIGIL_OK, COSIGIL_NULL, COSIGIL_NO_HANDLE, COSIGIL_OTHER_HANDLE.
int32_t cosigil_backup_key_public(const cosigil_backup_key *key, cosigil_bytes *public_);

// Frees a key for backups. NULL is left alone.
//
// Returns COSIGIL_OK, COSIGIL_NO_HANDLE, COSIGIL_OTHER_HANDLE.
int32_t cosigil_backup_key_free(cosigil_backup_key *key);

// Seals a key share under a passphrase. A guess costs `memory_kib` KiB, `passes` passes over them and `lanes` lanes
// of Argon2id: take COSIGIL_BACKUP_MEMORY_KIB, COSIGIL_BACKUP_PASSES, COSIGIL_BACKUP_LANES or more. The file is as
// good as the passphrase.
//
// Returns COSIGIL_OK, COSIGIL_MALFORMED for a cost that Argon2 does not know, COSIGIL_TOO_COSTLY if the memory cannot
// be had, COSIGIL_NULL, COSIGIL_LENGTH, COSIGIL_NO_HANDLE, COSIGIL_OTHER_HANDLE, COSIGIL_RANDOM_FAILED,
// COSIGIL_BROKEN_RANDOM.
int32_t cosigil_backup_passphrase(const cosigil_key_share *share,
                                  cosigil_bytes *file,
                                  uint32_t memory_kib,
                                  uint32_t passes,
                                  uint32_t lanes,
                                  const uint8_t *passphrase,
                                  size_t passphrase_len);

// Opens what cosigil_backup_passphrase sealed: a share of a key of this suite.
//
// Returns COSIGIL_OK; COSIGIL_NOT_OPENED for a wrong passphrase and for an altered file alike; COSIGIL_TOO_COSTLY for
// a file that asks for more than 1 GiB; COSIGIL_SUITE, COSIGIL_OTHER_SUITE, COSIGIL_MALFORMED, COSIGIL_VERSION,
// COSIGIL_NULL, COSIGIL_LENGTH.
int32_t cosigil_backup_passphrase_open(cosigil_key_share **share,
                                       uint32_t suite,
                                       const uint8_t *file,
                                       size_t file_len,
                                       const uint8_t *passphrase,
                                       size_t passphrase_len);

// Seals a key share to a public key for backups, signed with this party's identity.
//
// Returns COSIGIL_OK, COSIGIL_MALFORMED, COSIGIL_NULL, COSIGIL_LENGTH, COSIGIL_NO_HANDLE, COSIGIL_OTHER_HANDLE,
// COSIGIL_RANDOM_FAILED, COSIGIL_BROKEN_RANDOM.
int32_t cosigil_backup_seal(const cosigil_key_share *share,
                            cosigil_bytes *file,
                            const cosigil_identity *identity,
                            const uint8_t *to,
                            size_t to_len);

// Opens what cosigil_backup_seal sealed: a share of a key of this suite, sealed by the party with the public identity
// `maker`.
//
// Returns COSIGIL_OK; COSIGIL_OTHER_IDENTITY for another's; COSIGIL_NOT_OPENED for an altered file, or one for
// another key; COSIGIL_SUITE, COSIGIL_OTHER_SUITE, COSIGIL_MALFORMED, COSIGIL_VERSION, COSIGIL_INVALID_IDENTITY,
// COSIGIL_NULL, COSIGIL_LENGTH, COSIGIL_NO_HANDLE, COSIGIL_OTHER_HANDLE.
int32_t cosigil_backup_open(const cosigil_backup_key *key,
                            cosigil_key_share **share,
                            uint32_t suite,
                            const uint8_t *maker,
                            size_t maker_len,
                            const uint8_t *file,
                            size_t file_len);

// Makes a backup of a key share of which anybody can see, by cosigil_backup_verify, that it opens to this party's
// share; and `beside`, sealed, what else it takes to use it. Both go to the holder of the key for backups.
//
// Returns COSIGIL_OK, COSIGIL_MALFORMED, COSIGIL_NULL, COSIGIL_LENGTH, COSIGIL_NO_HANDLE, COSIGIL_OTHER_HANDLE,
// COSIGIL_RANDOM_FAILED, COSIGIL_BROKEN_RANDOM.
int32_t cosigil_backup_verifiable(const cosigil_key_share *share,
                                  cosigil_bytes *backup,
                                  cosigil_bytes *beside,
                                  const cosigil_identity *identity,
                                  const uint8_t *to,
                                  size_t to_len);

// Checks, with public data alone, that a verifiable backup opens to the share of `party` with the secret of `to`.
//
// Returns COSIGIL_OK if it does, COSIGIL_INVALID_BACKUP if not; COSIGIL_MALFORMED, COSIGIL_VERSION,
// COSIGIL_OTHER_SUITE, COSIGIL_PARTY_ID, COSIGIL_UNKNOWN_PARTY, COSIGIL_NULL, COSIGIL_LENGTH, COSIGIL_NO_HANDLE,
// COSIGIL_OTHER_HANDLE.
int32_t cosigil_backup_verify(const cosigil_package *package,
                              uint16_t party,
                              const uint8_t *to,
                              size_t to_len,
                              const uint8_t *backup,
                              size_t backup_len);

// Opens both parts of what cosigil_backup_verifiable made.
//
// Returns what cosigil_backup_open does.
int32_t cosigil_backup_restore(const cosigil_backup_key *key,
                               cosigil_key_share **share,
                               uint32_t suite,
                               const uint8_t *maker,
                               size_t maker_len,
                               const uint8_t *backup,
                               size_t backup_len,
                               const uint8_t *beside,
                               size_t beside_len);

// Makes a new burn log in a file that does not exist yet; `path` is UTF-8. Never restore it from a backup and never
// delete it while pair states of the installation exist.
//
// Returns COSIGIL_OK; COSIGIL_ABSENT if there is such a file; COSIGIL_STORE_FAILED, COSIGIL_TEXT, COSIGIL_NULL,
// COSIGIL_LENGTH.
int32_t cosigil_burn_log_create(cosigil_burn_log **log, const uint8_t *path, size_t path_len);

// Opens a burn log that cosigil_burn_log_create has made.
//
// Returns COSIGIL_OK; COSIGIL_ABSENT if there is no such file; COSIGIL_DAMAGED, COSIGIL_STORE_FAILED, COSIGIL_TEXT,
// COSIGIL_NULL, COSIGIL_LENGTH.
int32_t cosigil_burn_log_open(cosigil_burn_log **log, const uint8_t *path, size_t path_len);

// A burn log of the integrator's own, a table in a database for example. What `calls` points to is copied.
//
// Returns COSIGIL_OK; COSIGIL_VALUE for a size that is less than this library's, COSIGIL_NULL also if one of the
// functions is NULL: `release` is not called then.
int32_t cosigil_burn_log_callbacks(cosigil_burn_log **log, const cosigil_burn_log_calls *calls);

// A burn log that forgets everything with the process: for tests, and for parties whose pair states never leave
// memory.
//
// Returns COSIGIL_OK, COSIGIL_NULL.
int32_t cosigil_burn_log_memory(cosigil_burn_log **log);

// Frees a burn log. NULL is left alone. Sessions that use it go on.
//
// Returns COSIGIL_OK, COSIGIL_NO_HANDLE, COSIGIL_OTHER_HANDLE.
int32_t cosigil_burn_log_free(cosigil_burn_log *log);

// The version of the interface that the library has: COSIGIL_ABI_VERSION of its header. Compare the upper 16 bits
// with those that the program was made with before anything else is called.
uint32_t cosigil_abi_version(void);

// Copies out, in words, why the last call on this thread that failed has failed.
//
// `text` gets at most `capacity` bytes, the last of them 0; `length` the length of the whole text without the 0. The
// text is empty if no call has failed on this thread. A text holds no secret.
//
// Returns COSIGIL_OK, also where the text was cut; COSIGIL_NULL, COSIGIL_LENGTH for a capacity of 0. It leaves the
// last error as it is.
int32_t cosigil_last_error(char *text, size_t capacity, size_t *length);

// The fault, one of COSIGIL_FAULT_…, behind the last failure on this thread, and the parties it names.
//
// `parties` gets at most `capacity` ids, `count` how many there are. For sessions cosigil_session_fault tells more.
//
// Returns COSIGIL_OK; COSIGIL_NOT_THERE if the last failure was no abort; COSIGIL_TOO_SMALL, COSIGIL_NULL,
// COSIGIL_LENGTH. It leaves the last error as it is.
int32_t cosigil_last_fault(int32_t *fault, uint16_t *parties, size_t capacity, size_t *count);

// Wipes and frees a buffer that a function of this library gave out, and sets it to {NULL, 0, 0}.
//
// An empty one is left as it is. Any thread may free any buffer, once.
//
// Returns COSIGIL_OK; COSIGIL_NO_BUFFER, harmlessly, for a buffer that is not this library's, was changed, or was
// freed (through a copy of the struct), also when another one has come to lie at the same address; COSIGIL_NULL.
int32_t cosigil_bytes_free(cosigil_bytes *bytes);

// Seals a copy of a record, all sharings with their states, pending shares and strikes, under a passphrase, as
// cosigil_backup_passphrase does a key share.
//
// Returns what that does, and COSIGIL_DEAD.
int32_t cosigil_record_backup_passphrase(const cosigil_record *record,
                                         cosigil_bytes *file,
                                         uint32_t memory_kib,
                                         uint32_t passes,
                                         uint32_t lanes,
                                         const uint8_t *passphrase,
                                         size_t passphrase_len);

// Seals a copy of a record to a public key for backups, signed with this party's identity, as cosigil_backup_seal does a
// key share.
//
// Returns what that does, and COSIGIL_DEAD.
int32_t cosigil_record_backup_seal(const cosigil_record *record,
                                   cosigil_bytes *file,
                                   const cosigil_identity *identity,
                                   const uint8_t *to,
                                   size_t to_len);

// Opens what cosigil_record_backup_passphrase sealed, of a key of this suite, and puts the record into an empty store.
//
// It is as old as the backup, and this party must not contradict what it has signed since: **before it signs, or takes
// part in an attempt, it learns from the others** (cosigil_record_exchange, cosigil_record_learn). If the key has moved
// on, that or cosigil_record_key says so (COSIGIL_OTHER_SHARING), and a repair or an attempt brings a new share.
//
// `new_identity` is 0 if `identity` is the one that the party had, and 1 if that is lost, since it is in no backup: then
// all other parties follow by cosigil_record_set_identity.
//
// Returns COSIGIL_OK, COSIGIL_RECORD_EXISTS, COSIGIL_OTHER_IDENTITY, COSIGIL_DUPLICATE_IDENTITY, COSIGIL_VALUE,
// COSIGIL_STORE_FAILED, COSIGIL_NO_HANDLE, COSIGIL_OTHER_HANDLE, and what cosigil_backup_passphrase_open does.
int32_t cosigil_record_restore_passphrase(const cosigil_identity *identity,
                                          cosigil_record **record,
                                          const cosigil_key_store *store,
                                          uint32_t suite,
                                          uint8_t new_identity,
                                          const uint8_t *file,
                                          size_t file_len,
                                          const uint8_t *passphrase,
                                          size_t passphrase_len);

// Opens what cosigil_record_backup_seal sealed, of a key of this suite, by the party with the public identity `maker`,
// and puts the record into an empty store. The rest is as with cosigil_record_restore_passphrase.
//
// Returns COSIGIL_OK, COSIGIL_RECORD_EXISTS, COSIGIL_DUPLICATE_IDENTITY, COSIGIL_VALUE, COSIGIL_STORE_FAILED, and what
// cosigil_backup_open does.
int32_t cosigil_record_restore(const cosigil_backup_key *key,
                               cosigil_record **record,
                               const cosigil_identity *identity,
                               const cosigil_key_store *store,
                               uint32_t suite,
                               uint8_t new_identity,
                               const uint8_t *maker,
                               size_t maker_len,
                               const uint8_t *file,
                               size_t file_len);

// Asks for a signature under a child of the key, at the end of a path such as "m/0/7": for COSIGIL_ECDSA_SECP256K1,
// COSIGIL_FROST_BIP340 (of which then the Taproot output key is made) and COSIGIL_FROST_ED25519. Signers need to
// agree on nothing but the path; those with another one are in conflict.
//
// Returns COSIGIL_OK, COSIGIL_NULL, COSIGIL_LENGTH, COSIGIL_TEXT, COSIGIL_NO_HANDLE, COSIGIL_OTHER_HANDLE,
// COSIGIL_MALFORMED, COSIGIL_HARDENED, COSIGIL_PATH_TOO_LONG.
int32_t cosigil_request_path(cosigil_request *request, const uint8_t *path, size_t path_len);

// Gives a request with a path the key's chain code of 32 bytes: for cosigil_frost_aggregate, which has no share to
// take it from.
//
// Returns COSIGIL_OK, COSIGIL_NULL, COSIGIL_LENGTH, COSIGIL_NO_HANDLE, COSIGIL_OTHER_HANDLE.
int32_t cosigil_request_chain_code(cosigil_request *request, const uint8_t *chain_code, size_t chain_code_len);

// The key of a child, at the end of a path such as "m/0/7", as cosigil_package_verifying_key gives keys: an address
// is made of it. `chain_code` is the key's (cosigil_key_share_chain_code).
//
// Returns COSIGIL_OK, COSIGIL_NO_DERIVATION for a suite without children, COSIGIL_OTHER_CHAIN_CODE,
// COSIGIL_INVALID_CHILD for an index that has no child (2^-127: take the next), COSIGIL_NULL, COSIGIL_LENGTH,
// COSIGIL_TEXT, COSIGIL_NO_HANDLE, COSIGIL_OTHER_HANDLE, COSIGIL_MALFORMED, COSIGIL_HARDENED, COSIGIL_PATH_TOO_LONG.
int32_t cosigil_package_child_key(const cosigil_package *package,
                                  cosigil_bytes *key,
                                  const uint8_t *chain_code,
                                  size_t chain_code_len,
                                  const uint8_t *path,
                                  size_t path_len);

// The extended public key at the end of a path ("m" for the root), as text, for watch-only wallets:
// COSIGIL_ECDSA_SECP256K1 and COSIGIL_FROST_BIP340. `network` is COSIGIL_MAINNET or COSIGIL_TESTNET. Who has it can
// link every child.
//
// Returns COSIGIL_OK, COSIGIL_NO_DERIVATION, COSIGIL_VALUE, COSIGIL_INVALID_CHILD, COSIGIL_NULL, COSIGIL_LENGTH,
// COSIGIL_TEXT, COSIGIL_NO_HANDLE, COSIGIL_OTHER_HANDLE, COSIGIL_MALFORMED, COSIGIL_HARDENED, COSIGIL_PATH_TOO_LONG.
int32_t cosigil_key_share_xpub(const cosigil_key_share *share,
                               cosigil_bytes *xpub,
                               uint32_t network,
                               const uint8_t *path,
                               size_t path_len);

// The key of a child of an extended public key: what a watch-only wallet makes addresses of.
//
// Returns COSIGIL_OK, COSIGIL_SUITE, COSIGIL_NO_DERIVATION, COSIGIL_INVALID_CHILD, COSIGIL_NULL, COSIGIL_LENGTH,
// COSIGIL_TEXT, COSIGIL_MALFORMED, COSIGIL_HARDENED, COSIGIL_PATH_TOO_LONG.
int32_t cosigil_xpub_child_key(cosigil_bytes *key,
                               uint32_t suite,
                               const uint8_t *xpub,
                               size_t xpub_len,
                               const uint8_t *path,
                               size_t path_len);

// Starts signing with an ECDSA key: three rounds, without a presignature.
//
// `label`, 32 bytes, names this session: the same at all signers, never used before. `signers` are at least t of the
// key's parties, this one among them; with each of the others there must be a pair. The output is a signature. A
// check that fails burns the pair, in `log` first.
//
// Returns COSIGIL_OK, COSIGIL_SUITE for a FROST key or a request that is none of ECDSA's, COSIGIL_SETUP_NEEDED,
// COSIGIL_OPERATOR_NEEDED, COSIGIL_STORE_FAILED, COSIGIL_ZERO_DIGEST, COSIGIL_OTHER_SUITE, COSIGIL_OTHER_KEY,
// COSIGIL_OTHER_SHARING, COSIGIL_PARTY_ID, COSIGIL_SIGNERS, COSIGIL_DUPLICATE_PARTY, COSIGIL_UNKNOWN_PARTY,
// COSIGIL_OTHER_IDENTITY, COSIGIL_NULL, COSIGIL_LENGTH, COSIGIL_NO_HANDLE, COSIGIL_OTHER_HANDLE,
// COSIGIL_RANDOM_FAILED, COSIGIL_BROKEN_RANDOM, COSIGIL_REFRESH_FIRST, COSIGIL_DEAD; for a request with a path
// COSIGIL_NO_DERIVATION, COSIGIL_INVALID_CHILD.
int32_t cosigil_ecdsa_sign_start(const cosigil_identity *identity,
                                 cosigil_session **session,
                                 const cosigil_key_share *share,
                                 const cosigil_pairs *pairs,
                                 const cosigil_burn_log *log,
                                 const cosigil_request *request,
                                 const uint16_t *signers,
                                 size_t signers_len,
                                 const uint8_t *label,
                                 size_t label_len);

// Starts presigning with an ECDSA key: everything of `batch` signatures, 1 to 256, but the messages, ahead of time.
//
// The other arguments are those of cosigil_ecdsa_sign_start. The output is presignatures: cosigil_presignatures_take.
//
// Returns what cosigil_ecdsa_sign_start does, and COSIGIL_TOO_MANY for another batch.
int32_t cosigil_presign_start(const cosigil_identity *identity,
                              cosigil_session **session,
                              const cosigil_key_share *share,
                              const cosigil_pairs *pairs,
                              const cosigil_burn_log *log,
                              uint32_t batch,
                              const uint16_t *signers,
                              size_t signers_len,
                              const uint8_t *label,
                              size_t label_len);

// Takes the presignatures that a session has made into a store. `names` gets 32 bytes for each, one after the other:
// the same at all signers, in the same order. All are stored, or none: if the store refuses one, those before are
// discarded, and all are lost: presign again.
//
// Returns COSIGIL_OK, COSIGIL_NOT_THERE, COSIGIL_STORE_FAILED, COSIGIL_SPENT if the store says that it has one of them
// already (COSIGIL_STORE_EXISTS, which does not happen with names that are random), COSIGIL_NULL, COSIGIL_NO_HANDLE,
// COSIGIL_OTHER_HANDLE, COSIGIL_DEAD.
int32_t cosigil_presignatures_take(cosigil_store *store, cosigil_bytes *names, cosigil_session *session);

// Starts signing with a presignature, named by its 32 bytes: one message from each of the signers that it was made
// by, all of them. When this returns COSIGIL_OK the presignature is spent, durably: another request is refused for
// ever.
//
// `label`, 32 bytes, names this session: the same at all signers, never used before. The output is a signature.
//
// Returns COSIGIL_OK, COSIGIL_SPENT, COSIGIL_UNKNOWN_PRESIGNATURE, COSIGIL_STORE_FAILED, COSIGIL_SUITE,
// COSIGIL_OTHER_SUITE, COSIGIL_OTHER_KEY, COSIGIL_OTHER_SHARING, COSIGIL_ZERO_DIGEST, COSIGIL_SIGNERS,
// COSIGIL_UNKNOWN_PARTY, COSIGIL_OTHER_IDENTITY, COSIGIL_NULL, COSIGIL_LENGTH, COSIGIL_NO_HANDLE,
// COSIGIL_OTHER_HANDLE, COSIGIL_RANDOM_FAILED, COSIGIL_BROKEN_RANDOM; for a request with a path
// COSIGIL_NO_DERIVATION, COSIGIL_INVALID_CHILD.
int32_t cosigil_online_start(const cosigil_identity *identity,
                             cosigil_session **session,
                             const cosigil_key_share *share,
                             cosigil_store *store,
                             const cosigil_request *request,
                             const uint8_t *id,
                             size_t id_len,
                             const uint8_t *label,
                             size_t label_len);

// What this party has said in signing this request with a presignature that is spent on it: 96 bytes, h ‖ u ‖ w, the
// digest of the request and two numbers in the curve's customary order. They are public. The signature is s = Σ w / Σ u
// over the signers: for an application that lost the session in a crash, and whose signers add up by themselves.
//
// Returns COSIGIL_OK, COSIGIL_SPENT for another request than the one it was spent on, COSIGIL_UNKNOWN_PRESIGNATURE for
// a presignature that is not spent, COSIGIL_STORE_FAILED, COSIGIL_SUITE, COSIGIL_ZERO_DIGEST, COSIGIL_NULL,
// COSIGIL_LENGTH, COSIGIL_NO_HANDLE, COSIGIL_OTHER_HANDLE; for a request with a path COSIGIL_NO_DERIVATION,
// COSIGIL_INVALID_CHILD.
int32_t cosigil_online_repeat(const cosigil_key_share *share,
                              cosigil_bytes *said,
                              const cosigil_store *store,
                              const cosigil_request *request,
                              const uint8_t *id,
                              size_t id_len);

// Starts signing with a FROST suite in a session, without a coordinator: every signer gets the signature.
//
// `label`, 32 bytes, names this session: the same at all signers, never used before. `signers` are at least t of the
// key's parties, this one among them. The output is a signature.
//
// Returns COSIGIL_OK, COSIGIL_SUITE for an ECDSA key or a request that is none of this suite's, COSIGIL_NULL,
// COSIGIL_LENGTH, COSIGIL_NO_HANDLE, COSIGIL_OTHER_HANDLE, COSIGIL_PARTY_ID, COSIGIL_SIGNERS, COSIGIL_DUPLICATE_PARTY,
// COSIGIL_UNKNOWN_PARTY, COSIGIL_OTHER_IDENTITY, COSIGIL_REFRESH_FIRST, COSIGIL_RANDOM_FAILED, COSIGIL_BROKEN_RANDOM;
// for a request with a path COSIGIL_NO_DERIVATION, COSIGIL_INVALID_CHILD.
int32_t cosigil_frost_sign_start(const cosigil_identity *identity,
                                 cosigil_session **session,
                                 const cosigil_key_share *share,
                                 const cosigil_request *request,
                                 const uint16_t *signers,
                                 size_t signers_len,
                                 const uint8_t *label,
                                 size_t label_len);

// Draws nonces for one signature: step one of signing with a coordinator, which can be done ahead of time.
//
// The nonces stay here; `commitments` go to the coordinator.
//
// Returns COSIGIL_OK, COSIGIL_SUITE for an ECDSA key, COSIGIL_NULL, COSIGIL_NO_HANDLE, COSIGIL_OTHER_HANDLE,
// COSIGIL_RANDOM_FAILED, COSIGIL_BROKEN_RANDOM.
int32_t cosigil_frost_commit(const cosigil_key_share *share, cosigil_nonces **nonces, cosigil_bytes *commitments);

// The list of all signers' commitments, for the signers: what the coordinator sends them.
//
// Returns COSIGIL_OK, COSIGIL_SUITE for an ECDSA key, COSIGIL_MALFORMED, COSIGIL_OTHER_SUITE, COSIGIL_NULL,
// COSIGIL_NO_HANDLE, COSIGIL_OTHER_HANDLE.
int32_t cosigil_frost_list(const cosigil_package *package, cosigil_bytes *list, const cosigil_collection *commitments);

// Makes this signer's part of the signature that *its own application* asks for: step two. The nonces are used up, also
// when it is refused with COSIGIL_SIGNERS, COSIGIL_UNKNOWN_PARTY, COSIGIL_REFRESH_FIRST, or COSIGIL_ABORTED. They are not
// if the nonces are of another key, the request is none of this suite's, or the list cannot be read.
//
// Returns COSIGIL_OK, COSIGIL_SUITE, COSIGIL_USED_UP for nonces that were used before, COSIGIL_MALFORMED,
// COSIGIL_OTHER_SUITE, COSIGIL_OTHER_KEY, COSIGIL_OTHER_SHARING, COSIGIL_UNKNOWN_NONCE, COSIGIL_SIGNERS,
// COSIGIL_UNKNOWN_PARTY, COSIGIL_REFRESH_FIRST, COSIGIL_ABORTED, COSIGIL_NULL, COSIGIL_LENGTH, COSIGIL_NO_HANDLE,
// COSIGIL_OTHER_HANDLE, COSIGIL_DEAD; for a request with a path COSIGIL_NO_DERIVATION, COSIGIL_INVALID_CHILD.
int32_t cosigil_frost_sign(const cosigil_key_share *share,
                           cosigil_bytes *signature_share,
                           cosigil_nonces *nonces,
                           const cosigil_request *request,
                           const uint8_t *list,
                           size_t list_len);

// Adds the parts of all signers up to a signature, verified: step three, by the coordinator.
//
// Returns COSIGIL_OK; COSIGIL_CHEATED, and cosigil_last_fault names all whose part is wrong, as the coordinator sees
// it: a signer that was served another list is among them; COSIGIL_SUITE, COSIGIL_MALFORMED, COSIGIL_OTHER_SUITE,
// COSIGIL_WRONG_INBOX, COSIGIL_DUPLICATE_PARTY, COSIGIL_SIGNERS, COSIGIL_UNKNOWN_PARTY, COSIGIL_ABORTED,
// COSIGIL_NULL, COSIGIL_LENGTH, COSIGIL_NO_HANDLE, COSIGIL_OTHER_HANDLE; for a request with a path COSIGIL_NOT_THERE if
// it lacks the chain code (cosigil_request_chain_code), COSIGIL_OTHER_CHAIN_CODE, COSIGIL_NO_DERIVATION,
// COSIGIL_INVALID_CHILD.
int32_t cosigil_frost_aggregate(const cosigil_package *package,
                                cosigil_bytes *signature,
                                const cosigil_request *request,
                                const cosigil_collection *signature_shares,
                                const uint8_t *list,
                                size_t list_len);

// Frees nonces, used or not. NULL is left alone.
//
// Returns COSIGIL_OK, COSIGIL_NO_HANDLE, COSIGIL_OTHER_HANDLE.
int32_t cosigil_nonces_free(cosigil_nonces *nonces);

// Makes an empty collection.
//
// Returns COSIGIL_OK, COSIGIL_NULL.
int32_t cosigil_collection_new(cosigil_collection **collection);

// Adds what a party has sent.
//
// Returns COSIGIL_OK, COSIGIL_PARTY_ID, COSIGIL_DUPLICATE_PARTY, COSIGIL_NULL, COSIGIL_LENGTH, COSIGIL_NO_HANDLE,
// COSIGIL_OTHER_HANDLE.
int32_t cosigil_collection_add(cosigil_collection *collection, uint16_t party, const uint8_t *bytes, size_t bytes_len);

// What is in a collection of a party.
//
// Returns COSIGIL_OK, COSIGIL_PARTY_ID, COSIGIL_UNKNOWN_PARTY, COSIGIL_NULL, COSIGIL_NO_HANDLE, COSIGIL_OTHER_HANDLE.
int32_t cosigil_collection_get(const cosigil_collection *collection, cosigil_bytes *bytes, uint16_t party);

// Frees a collection. NULL is left alone.
//
// Returns COSIGIL_OK, COSIGIL_NO_HANDLE, COSIGIL_OTHER_HANDLE.
int32_t cosigil_collection_free(cosigil_collection *collection);

// How many handles and buffers are not freed, in the whole process: for tests, to find leaks.
//
// Returns COSIGIL_OK, COSIGIL_NULL.
int32_t cosigil_live(size_t *handles, size_t *buffers);

// Forgives all strikes of one peer, whose id the operator has typed out: setups and sessions with it start again.
// Each further strike may be the one that was guessed right. Burned pairs stay burned.
//
// Returns COSIGIL_OK, COSIGIL_SUITE for a FROST key, COSIGIL_PARTY_ID, COSIGIL_UNKNOWN_PARTY, COSIGIL_STORE_FAILED,
// COSIGIL_NULL, COSIGIL_NO_HANDLE, COSIGIL_OTHER_HANDLE.
int32_t cosigil_hazmat_forgive(cosigil_burn_log *log, const cosigil_key_share *share, uint16_t peer);

// Splits a secret, 32 bytes in the curve's customary order, into key shares: `shares` gets the bytes of each party's
// (cosigil_collection_get, cosigil_key_share_from_bytes). The machine that calls this holds the whole key; key
// generation has no such machine.
//
// Returns COSIGIL_OK, COSIGIL_SUITE, COSIGIL_MALFORMED, COSIGIL_IDENTITY, COSIGIL_THRESHOLD, COSIGIL_NULL,
// COSIGIL_LENGTH, COSIGIL_NO_HANDLE, COSIGIL_OTHER_HANDLE, COSIGIL_RANDOM_FAILED, COSIGIL_BROKEN_RANDOM.
int32_t cosigil_hazmat_split(const cosigil_parties *directory,
                             cosigil_collection **shares,
                             uint32_t suite,
                             uint16_t threshold,
                             const uint8_t *secret,
                             size_t secret_len);

// Puts the whole key together from t shares, given as their bytes: 32 bytes in the curve's customary order.
// Afterwards this machine holds the whole key.
//
// Returns COSIGIL_OK, COSIGIL_SIGNERS for fewer than t, COSIGIL_DUPLICATE_PARTY, COSIGIL_MALFORMED, COSIGIL_VERSION,
// COSIGIL_OTHER_SUITE, COSIGIL_OTHER_KEY, COSIGIL_OTHER_SHARING, COSIGIL_NULL, COSIGIL_NO_HANDLE,
// COSIGIL_OTHER_HANDLE.
int32_t cosigil_hazmat_reconstruct(const cosigil_collection *shares, cosigil_bytes *secret);

// Asks for the shared key itself as Taproot output key, without any tweak. COSIGIL_FROST_BIP340 only. Whoever spoke
// last in key generation may have hidden a script path in the key, and can spend alone by it.
//
// Returns COSIGIL_OK, COSIGIL_NULL, COSIGIL_NO_HANDLE, COSIGIL_OTHER_HANDLE.
int32_t cosigil_hazmat_request_raw(cosigil_request *request);

// Makes a new identity.
//
// Store its seed (cosigil_identity_seed) where only this party can read it, and give its public half
// (cosigil_identity_public) to the operators of the other parties, over a channel that they trust: everything else
// rests on that. No key share can be computed from it.
//
// Returns COSIGIL_OK, COSIGIL_NULL, COSIGIL_RANDOM_FAILED, COSIGIL_BROKEN_RANDOM.
int32_t cosigil_identity_generate(cosigil_identity **identity);

// The identity with this seed of 32 bytes, as of RFC 8032.
//
// Returns COSIGIL_OK, COSIGIL_NULL, COSIGIL_LENGTH.
int32_t cosigil_identity_from_seed(cosigil_identity **identity, const uint8_t *seed, size_t seed_len);

// The seed of an identity: 32 bytes, secret.
//
// Returns COSIGIL_OK, COSIGIL_NULL, COSIGIL_NO_HANDLE, COSIGIL_OTHER_HANDLE.
int32_t cosigil_identity_seed(const cosigil_identity *identity, cosigil_bytes *seed);

// The public half of an identity: 32 bytes.
//
// Returns COSIGIL_OK, COSIGIL_NULL, COSIGIL_NO_HANDLE, COSIGIL_OTHER_HANDLE.
int32_t cosigil_identity_public(const cosigil_identity *identity, cosigil_bytes *key);

// Frees an identity. NULL is left alone. The seed is wiped when no session uses it any more.
//
// Returns COSIGIL_OK, COSIGIL_NO_HANDLE, COSIGIL_OTHER_HANDLE.
int32_t cosigil_identity_free(cosigil_identity *identity);

// Makes an empty list of parties.
//
// Returns COSIGIL_OK, COSIGIL_NULL.
int32_t cosigil_parties_new(cosigil_parties **parties);

// Adds a party: its id, from 1 to 65535, and its public identity of 32 bytes.
//
// Returns COSIGIL_OK, COSIGIL_NULL, COSIGIL_LENGTH, COSIGIL_NO_HANDLE, COSIGIL_OTHER_HANDLE, COSIGIL_PARTY_ID,
// COSIGIL_INVALID_IDENTITY, COSIGIL_DUPLICATE_PARTY, COSIGIL_DUPLICATE_IDENTITY.
int32_t cosigil_parties_add(cosigil_parties *parties, uint16_t party, const uint8_t *key, size_t key_len);

// Frees a list of parties. NULL is left alone.
//
// Returns COSIGIL_OK, COSIGIL_NO_HANDLE, COSIGIL_OTHER_HANDLE.
int32_t cosigil_parties_free(cosigil_parties *parties);

// The share's bytes, secret: all that this party needs to go on after a restart. Store them encrypted, where only this
// party can read them. Any t of a key's shares are the key.
//
// Returns COSIGIL_OK, COSIGIL_NULL, COSIGIL_NO_HANDLE, COSIGIL_OTHER_HANDLE.
int32_t cosigil_key_share_to_bytes(const cosigil_key_share *share, cosigil_bytes *bytes);

// Reads what cosigil_key_share_to_bytes wrote, of any suite, and checks it.
//
// Returns COSIGIL_OK, COSIGIL_NULL, COSIGIL_LENGTH, COSIGIL_MALFORMED, COSIGIL_VERSION, COSIGIL_OTHER_SUITE,
// COSIGIL_INVALID_SHARE.
int32_t cosigil_key_share_from_bytes(cosigil_key_share **share, const uint8_t *bytes, size_t bytes_len);

// The id of the party that holds the share.
//
// Returns COSIGIL_OK, COSIGIL_NULL, COSIGIL_NO_HANDLE, COSIGIL_OTHER_HANDLE.
int32_t cosigil_key_share_me(const cosigil_key_share *share, uint16_t *party);

// What everybody may know of the share's key.
//
// Returns COSIGIL_OK, COSIGIL_NULL, COSIGIL_NO_HANDLE, COSIGIL_OTHER_HANDLE.
int32_t cosigil_key_share_package(const cosigil_key_share *share, cosigil_package **package);

// The chain code of the key: 32 bytes. Who has it can link every address derived from the key.
//
// Returns COSIGIL_OK, COSIGIL_NULL, COSIGIL_NO_HANDLE, COSIGIL_OTHER_HANDLE.
int32_t cosigil_key_share_chain_code(const cosigil_key_share *share, cosigil_bytes *chain_code);

// How many strikes the share remembers of a peer. The burn log counts; this is what a backup of the share keeps.
//
// Returns COSIGIL_OK, COSIGIL_PARTY_ID, COSIGIL_UNKNOWN_PARTY, COSIGIL_NULL, COSIGIL_NO_HANDLE, COSIGIL_OTHER_HANDLE.
int32_t cosigil_key_share_strikes(const cosigil_key_share *share, uint8_t *strikes, uint16_t party);

// The same share, with the strikes that the burn log has counted. Make it, and store it in the place of the old one,
// whenever a session has ended in a strike or burn.
//
// Returns COSIGIL_OK, COSIGIL_STORE_FAILED, COSIGIL_NULL, COSIGIL_NO_HANDLE, COSIGIL_OTHER_HANDLE.
int32_t cosigil_key_share_with_strikes(const cosigil_key_share *share,
                                       cosigil_key_share **noted,
                                       const cosigil_burn_log *log);

// Frees a key share. NULL is left alone. It is wiped when no session uses it any more.
//
// Returns COSIGIL_OK, COSIGIL_NO_HANDLE, COSIGIL_OTHER_HANDLE.
int32_t cosigil_key_share_free(cosigil_key_share *share);

// The package's bytes, for everybody.
//
// Returns COSIGIL_OK, COSIGIL_NULL, COSIGIL_NO_HANDLE, COSIGIL_OTHER_HANDLE.
int32_t cosigil_package_to_bytes(const cosigil_package *package, cosigil_bytes *bytes);

// Reads what cosigil_package_to_bytes wrote, of any suite.
//
// Returns COSIGIL_OK, COSIGIL_NULL, COSIGIL_LENGTH, COSIGIL_MALFORMED, COSIGIL_VERSION, COSIGIL_OTHER_SUITE.
int32_t cosigil_package_from_bytes(cosigil_package **package, const uint8_t *bytes, size_t bytes_len);

// The digest of the package, 32 bytes, identities included: what operators compare over a channel they trust.
//
// Returns COSIGIL_OK, COSIGIL_NULL, COSIGIL_NO_HANDLE, COSIGIL_OTHER_HANDLE.
int32_t cosigil_package_digest(const cosigil_package *package, cosigil_bytes *digest);

// The suite of the key: COSIGIL_ECDSA_… or COSIGIL_FROST_….
//
// Returns COSIGIL_OK, COSIGIL_NULL, COSIGIL_NO_HANDLE, COSIGIL_OTHER_HANDLE.
int32_t cosigil_package_suite(const cosigil_package *package, uint32_t *suite);

// The key that signatures verify under and addresses are made of: 33 bytes, compressed, on secp256k1 and P-256; 32
// bytes for Ed25519, ristretto255 and BIP-340, where it is the x-coordinate of the Taproot output key that commits to
// no script.
//
// Returns COSIGIL_OK, COSIGIL_NULL, COSIGIL_NO_HANDLE, COSIGIL_OTHER_HANDLE.
int32_t cosigil_package_verifying_key(const cosigil_package *package, cosigil_bytes *key);

// The name of the key, 32 bytes: the same for its whole life.
//
// Returns COSIGIL_OK, COSIGIL_NULL, COSIGIL_NO_HANDLE, COSIGIL_OTHER_HANDLE.
int32_t cosigil_package_key_id(const cosigil_package *package, cosigil_bytes *key_id);

// The name of this sharing of the key, 32 bytes, and how many refreshes and reshares came before. A refresh makes
// another sharing; shares of two sharings do not work together.
//
// Returns COSIGIL_OK, COSIGIL_NULL, COSIGIL_NO_HANDLE, COSIGIL_OTHER_HANDLE.
int32_t cosigil_package_sharing(const cosigil_package *package, cosigil_bytes *sharing, uint32_t *number);

// How many parties are needed to sign, and who holds a share.
//
// `parties` gets at most `capacity` ids, `count` how many there are.
//
// Returns COSIGIL_OK, COSIGIL_TOO_SMALL, COSIGIL_NULL, COSIGIL_LENGTH, COSIGIL_NO_HANDLE, COSIGIL_OTHER_HANDLE.
int32_t cosigil_package_parties(const cosigil_package *package,
                                uint16_t *threshold,
                                uint16_t *parties,
                                size_t capacity,
                                size_t *count);

// Frees a package. NULL is left alone.
//
// Returns COSIGIL_OK, COSIGIL_NO_HANDLE, COSIGIL_OTHER_HANDLE.
int32_t cosigil_package_free(cosigil_package *package);

// Verifies an ordinary signature: of a message or, for ECDSA, of a digest of 32 bytes; under a key and in a form as
// this library gives them.
//
// Returns COSIGIL_OK if it is one; COSIGIL_BAD_SIGNATURE if it is not; COSIGIL_MALFORMED for a key or signature that
// is none; COSIGIL_SUITE, COSIGIL_NULL, COSIGIL_LENGTH.
int32_t cosigil_verify(uint32_t suite,
                       const uint8_t *key,
                       size_t key_len,
                       const uint8_t *message,
                       size_t message_len,
                       const uint8_t *signature,
                       size_t signature_len);

// An ECDSA signature of 64 bytes in ASN.1 DER, as Bitcoin and X.509 carry it.
//
// Returns COSIGIL_OK, COSIGIL_NULL, COSIGIL_LENGTH, COSIGIL_MALFORMED.
int32_t cosigil_signature_der(cosigil_bytes *der, const uint8_t *signature, size_t signature_len);

// Starts key generation: n parties make a key that none of them ever has, and any `threshold` of them can use.
//
// `suite` is one of COSIGIL_ECDSA_… and COSIGIL_FROST_…; `label`, 32 bytes, names this session: the same at all
// parties, never used before; `me` is this party's id in `directory`; `threshold` is at least 2.
//
// The output is a key share. The session can be taken up again (cosigil_keygen_resume), so COSIGIL_STORE is set at
// once: cosigil_session_checkpoint, cosigil_session_stored, then cosigil_session_take_message. Once the output has
// come the session goes on until COSIGIL_FINISHED: only then do all parties know that all have the key, and only then
// may an address of it be funded.
//
// Returns COSIGIL_OK, COSIGIL_SUITE, COSIGIL_NULL, COSIGIL_LENGTH, COSIGIL_NO_HANDLE, COSIGIL_OTHER_HANDLE,
// COSIGIL_PARTY_ID, COSIGIL_UNKNOWN_PARTY, COSIGIL_THRESHOLD, COSIGIL_OTHER_IDENTITY, COSIGIL_RANDOM_FAILED,
// COSIGIL_BROKEN_RANDOM.
int32_t cosigil_keygen_start(const cosigil_identity *identity,
                             cosigil_session **session,
                             const cosigil_parties *directory,
                             uint32_t suite,
                             uint16_t me,
                             uint16_t threshold,
                             const uint8_t *label,
                             size_t label_len);

// Takes key generation up again from the last checkpoint that was stored. All other arguments are those that it was
// started with.
//
// Everything sent so far is in the queue once more. If the key share was there before, it is the output again.
//
// Returns what cosigil_keygen_start does, and COSIGIL_MALFORMED, COSIGIL_VERSION, COSIGIL_OTHER_SUITE;
// COSIGIL_OTHER_KEY if the other arguments are not those of the checkpoint.
int32_t cosigil_keygen_resume(const cosigil_identity *identity,
                              cosigil_session **session,
                              const cosigil_parties *directory,
                              uint32_t suite,
                              uint16_t me,
                              uint16_t threshold,
                              const uint8_t *label,
                              size_t label_len,
                              const uint8_t *checkpoint,
                              size_t checkpoint_len);

// A store in a file, which need not exist yet, for one process; `path` is UTF-8. The record in it is not encrypted:
// keep it where only this party can read.
//
// Returns COSIGIL_OK, COSIGIL_STORE_LOCKED if another process has it open, COSIGIL_ABSENT, COSIGIL_STORE_FAILED,
// COSIGIL_TEXT, COSIGIL_NULL, COSIGIL_LENGTH.
int32_t cosigil_key_store_file(cosigil_key_store **store, const uint8_t *path, size_t path_len);

// A store of the integrator's own. What `calls` points to is copied.
//
// Returns COSIGIL_OK; COSIGIL_VALUE for a size that is less than this library's, COSIGIL_NULL also if one of the
// functions is NULL: `release` is not called then.
int32_t cosigil_key_store_callbacks(cosigil_key_store **store, const cosigil_key_store_calls *calls);

// A store that forgets everything with the process: for tests.
//
// Returns COSIGIL_OK, COSIGIL_NULL.
int32_t cosigil_key_store_memory(cosigil_key_store **store);

// Frees a store. NULL is left alone. Records in it go on.
//
// Returns COSIGIL_OK, COSIGIL_NO_HANDLE, COSIGIL_OTHER_HANDLE.
int32_t cosigil_key_store_free(cosigil_key_store *store);

// Takes a share out of a repair into the record, which keeps all that this party has signed: a new record would not know
// of it. It is stored when this returns, and in use if no later sharing is. The handle of the share may go then.
//
// Returns COSIGIL_OK, COSIGIL_RECORD_EXISTS if there is a share of that sharing, COSIGIL_RETIRED for one that is over,
// or before the one in use, COSIGIL_OTHER_SUITE, COSIGIL_OTHER_KEY, COSIGIL_OTHER_IDENTITY, COSIGIL_TOO_MANY sharings,
// COSIGIL_STORE_FAILED, COSIGIL_NULL, COSIGIL_NO_HANDLE, COSIGIL_OTHER_HANDLE, COSIGIL_DEAD.
int32_t cosigil_record_adopt(cosigil_record *record,
                             const cosigil_key_share *share);

// Takes another public identity, 32 bytes, for a party, as all parties do when it has come back by a repair under a new
// one: on what this party's own operator says, never on a message. It is stored when this returns. For this party
// itself it is the one that the record was opened with, before cosigil_record_adopt. An ECDSA key wants
// cosigil_record_note_strikes before, and cosigil_pairs_forget with the peer.
//
// Returns COSIGIL_OK; COSIGIL_ATTEMPT_UNDER_WAY if an attempt from the sharing in use is neither done nor discarded;
// COSIGIL_UNKNOWN_PARTY, COSIGIL_DUPLICATE_IDENTITY, COSIGIL_INVALID_IDENTITY, COSIGIL_OTHER_IDENTITY,
// COSIGIL_PARTY_ID, COSIGIL_NO_SHARE, COSIGIL_TOO_MANY changes, COSIGIL_STORE_FAILED, COSIGIL_NULL, COSIGIL_LENGTH,
// COSIGIL_NO_HANDLE, COSIGIL_OTHER_HANDLE, COSIGIL_DEAD.
int32_t cosigil_record_set_identity(cosigil_record *record, uint16_t party, const uint8_t *key, size_t key_len);

// Raises the strikes of peers, in the share that the record keeps, to what the burn log has counted; they never go down.
// Do so whenever a session has ended in a strike or burn: it is what a backup of the record keeps of them.
//
// Returns COSIGIL_OK, COSIGIL_STORE_FAILED, and what cosigil_record_key does.
int32_t cosigil_record_note_strikes(cosigil_record *record,
                                    const cosigil_burn_log *log);

// Takes the next piece of news: what cosigil_record_learn, or a session of the record, has changed. Call it until `news`
// is COSIGIL_NEWS_NONE.
//
// `sharing` gets the 32 bytes of the sharing that it is about, NULL where it is about none; `party` is 0 unless the news
// is COSIGIL_NEWS_CONTRADICTION. What was not taken is gone with the process: cosigil_record_attempt tells how things
// stand.
//
// Returns COSIGIL_OK, COSIGIL_NULL, COSIGIL_NO_HANDLE, COSIGIL_OTHER_HANDLE, COSIGIL_DEAD.
int32_t cosigil_record_take_news(cosigil_record *record,
                                 int32_t *news,
                                 uint16_t *party,
                                 cosigil_bytes *sharing);

// What a party has signed about the attempts at hand that cannot both be, by number from 0: `party` has said it, `said` is
// one of COSIGIL_SAID_…. An honest party is never among them. Count up until COSIGIL_NOT_THERE comes.
//
// Returns COSIGIL_OK, COSIGIL_NOT_THERE, COSIGIL_NULL, COSIGIL_NO_HANDLE, COSIGIL_OTHER_HANDLE, COSIGIL_DEAD.
int32_t cosigil_record_contradiction(const cosigil_record *record,
                                     uint16_t *party,
                                     int32_t *said,
                                     size_t number);

// How an attempt stands, by number from 0, the oldest first: the sharing it makes, one of COSIGIL_ATTEMPT_…, and who has
// not acknowledged it. Of those it is not known whether they still use the old share.
//
// `parties` gets at most `capacity` ids, `count` how many there are. Count up until COSIGIL_NOT_THERE comes.
//
// Returns COSIGIL_OK, COSIGIL_NOT_THERE, COSIGIL_TOO_SMALL, COSIGIL_NULL, COSIGIL_LENGTH, COSIGIL_NO_HANDLE,
// COSIGIL_OTHER_HANDLE, COSIGIL_DEAD.
int32_t cosigil_record_attempt(const cosigil_record *record,
                               cosigil_bytes *sharing,
                               int32_t *state,
                               uint16_t *parties,
                               size_t capacity,
                               size_t *count,
                               size_t number);

// Discards the pending share of the attempt at this sharing, 32 bytes. If the others finish it, only a repair helps.
//
// Returns COSIGIL_OK, COSIGIL_UNKNOWN_ATTEMPT, COSIGIL_ACKNOWLEDGED, COSIGIL_STORE_FAILED, COSIGIL_NULL,
// COSIGIL_LENGTH, COSIGIL_NO_HANDLE, COSIGIL_OTHER_HANDLE, COSIGIL_DEAD.
int32_t cosigil_record_discard(cosigil_record *record, const uint8_t *sharing, size_t sharing_len);

// How often this sharing, 32 bytes, was gone back to (cosigil_record_reopen): 0 if never.
//
// Returns COSIGIL_OK, COSIGIL_NO_SHARE for one that the record does not have, COSIGIL_NULL, COSIGIL_LENGTH,
// COSIGIL_NO_HANDLE, COSIGIL_OTHER_HANDLE, COSIGIL_DEAD.
int32_t cosigil_record_era(const cosigil_record *record, uint16_t *era, const uint8_t *sharing, size_t sharing_len);

// Goes back to this sharing, 32 bytes, at all its parties, by an operator's decision after COSIGIL_SHARINGS_CONFLICT.
// `era` is the number of this reopening, one more than cosigil_record_era gives: the same at all parties. Once it is
// reached, doing it again changes nothing.
//
// Returns what cosigil_record_discard does, and COSIGIL_RETIRED, COSIGIL_NO_SHARE.
int32_t cosigil_record_reopen(cosigil_record *record, uint16_t era, const uint8_t *sharing, size_t sharing_len);

// Starts the setup of an ECDSA key with one peer: once for every pair of parties after key generation, and again for
// those of cosigil_pairs_missing.
//
// `label`, 32 bytes, names this setup: the same at both, never used before; one label serves all pairs. The output is
// a pair: cosigil_pairs_take, then store the bytes of the pair states, then cosigil_session_stored, before any
// message is sent; and store them once more when the session is COSIGIL_FINISHED.
//
// Returns COSIGIL_OK, COSIGIL_SUITE for a FROST key, COSIGIL_OPERATOR_NEEDED if the peer has three strikes,
// COSIGIL_STORE_FAILED, COSIGIL_UNKNOWN_PARTY, COSIGIL_DUPLICATE_PARTY for a setup with oneself, COSIGIL_PARTY_ID,
// COSIGIL_OTHER_IDENTITY, COSIGIL_MISSING_IDENTITY, COSIGIL_NULL, COSIGIL_LENGTH, COSIGIL_NO_HANDLE,
// COSIGIL_OTHER_HANDLE, COSIGIL_RANDOM_FAILED, COSIGIL_BROKEN_RANDOM.
int32_t cosigil_setup_start(const cosigil_identity *identity,
                            cosigil_session **session,
                            const cosigil_key_share *share,
                            const cosigil_burn_log *log,
                            uint16_t peer,
                            const uint8_t *label,
                            size_t label_len);

// The pair states of an ECDSA key before the first setup.
//
// Returns COSIGIL_OK, COSIGIL_SUITE for a FROST key, COSIGIL_NULL, COSIGIL_NO_HANDLE, COSIGIL_OTHER_HANDLE.
int32_t cosigil_pairs_new(const cosigil_key_share *share, cosigil_pairs **pairs);

// Takes the pair that a setup has made into the pair states. The old pair stays in use until the peer is known to
// have the new one too.
//
// Returns COSIGIL_OK, COSIGIL_NOT_THERE, COSIGIL_OTHER_KEY, COSIGIL_OTHER_SHARING, COSIGIL_OTHER_IDENTITY,
// COSIGIL_NULL, COSIGIL_NO_HANDLE, COSIGIL_OTHER_HANDLE, COSIGIL_DEAD. Unless it is COSIGIL_OK the pair is still in
// the session.
int32_t cosigil_pairs_take(cosigil_pairs *pairs, cosigil_session *session);

// The peers with whom a setup is due: none yet, burned, or used up.
//
// `parties` gets at most `capacity` ids, `count` how many there are.
//
// Returns COSIGIL_OK, COSIGIL_TOO_SMALL, COSIGIL_OTHER_SUITE, COSIGIL_OTHER_KEY, COSIGIL_OTHER_SHARING,
// COSIGIL_OTHER_IDENTITY, COSIGIL_SUITE, COSIGIL_NULL, COSIGIL_LENGTH, COSIGIL_NO_HANDLE, COSIGIL_OTHER_HANDLE.
int32_t cosigil_pairs_missing(const cosigil_pairs *pairs,
                              uint16_t *parties,
                              size_t capacity,
                              size_t *count,
                              const cosigil_key_share *share);

// Drops all pairs with a peer: it has lost its side of them.
//
// Returns COSIGIL_OK, COSIGIL_PARTY_ID, COSIGIL_NULL, COSIGIL_NO_HANDLE, COSIGIL_OTHER_HANDLE, COSIGIL_DEAD.
int32_t cosigil_pairs_forget(cosigil_pairs *pairs, uint16_t peer);

// The pair states' bytes, secret, and their generation, which goes up with each call: keep the newest number where no
// restored file takes it back. They belong to this installation: never into a backup, never on a second machine.
//
// Returns COSIGIL_OK, COSIGIL_NULL, COSIGIL_NO_HANDLE, COSIGIL_OTHER_HANDLE, COSIGIL_DEAD.
int32_t cosigil_pairs_to_bytes(cosigil_pairs *pairs, cosigil_bytes *bytes, uint64_t *generation);

// Reads what cosigil_pairs_to_bytes wrote, of the suite of `share`; burned pairs are left out.
//
// `newest` is the newest generation that this installation is known to have had, 0 if that is not known.
//
// Returns COSIGIL_OK, COSIGIL_OLDER_GENERATION, COSIGIL_STORE_FAILED, COSIGIL_MALFORMED, COSIGIL_VERSION,
// COSIGIL_OTHER_SUITE, COSIGIL_OTHER_KEY, COSIGIL_OTHER_SHARING, COSIGIL_OTHER_IDENTITY, COSIGIL_SUITE, COSIGIL_NULL,
// COSIGIL_LENGTH, COSIGIL_NO_HANDLE, COSIGIL_OTHER_HANDLE.
int32_t cosigil_pairs_from_bytes(const cosigil_key_share *share,
                                 cosigil_pairs **pairs,
                                 const cosigil_burn_log *log,
                                 uint64_t newest,
                                 const uint8_t *bytes,
                                 size_t bytes_len);

// Frees pair states and wipes them. NULL is left alone.
//
// Returns COSIGIL_OK, COSIGIL_NO_HANDLE, COSIGIL_OTHER_HANDLE.
int32_t cosigil_pairs_free(cosigil_pairs *pairs);

// Takes all randomness from `fill` from now on, in the place of the operating system's: a hardware module, for
// example.
//
// `context` is handed to each call. Both must stay valid until cosigil_random_use or cosigil_random_use_system has
// returned once more: that waits for the calls under way. Each function that needs randomness asks for 64 bytes and
// expands them. An answer that begins with 32 zeros, or whose two halves are the same, is refused. A source that gives
// again what it gave before is not noticed, and can cost the key.
//
// Set it before anything else is called: it holds for the whole process.
//
// Returns COSIGIL_OK, COSIGIL_NULL, COSIGIL_IN_CALLBACK.
int32_t cosigil_random_use(cosigil_random fill, void *context);

// Takes all randomness from the operating system again, as at the start. When it returns, the source that was in use is
// not called any more.
//
// Returns COSIGIL_OK, COSIGIL_IN_CALLBACK.
int32_t cosigil_random_use_system(void);

// Makes a new record of a key share, out of key generation or repair, in a store that has none. It is stored when
// this returns; from then on the record is what keeps the share, through every refresh. **Delete the bytes of the share
// that were stored before, and the checkpoints of its key generation**: a refresh makes an old share worthless only
// if the parties have none of it left. Where there is a record already a repaired share goes into it
// (cosigil_record_adopt).
//
// Returns COSIGIL_OK, COSIGIL_RECORD_EXISTS, COSIGIL_OTHER_IDENTITY, COSIGIL_STORE_FAILED, COSIGIL_NULL,
// COSIGIL_NO_HANDLE, COSIGIL_OTHER_HANDLE.
int32_t cosigil_record_create(const cosigil_identity *identity,
                              cosigil_record **record,
                              const cosigil_key_store *store,
                              const cosigil_key_share *share);

// Makes a new record of a party that has no share of the key, a newcomer or one that lost it; a reshare brings the share.
// The package of the present sharing may come from anybody; `expected`, its digest (cosigil_package_digest), only from
// this party's own operator.
//
// Returns COSIGIL_OK, COSIGIL_OTHER_KEY for another package, COSIGIL_RECORD_EXISTS, COSIGIL_STORE_FAILED,
// COSIGIL_PARTY_ID, COSIGIL_NULL, COSIGIL_LENGTH, COSIGIL_NO_HANDLE, COSIGIL_OTHER_HANDLE.
int32_t cosigil_record_join(const cosigil_identity *identity,
                            cosigil_record **record,
                            const cosigil_key_store *store,
                            const cosigil_package *package,
                            uint16_t me,
                            const uint8_t *expected,
                            size_t expected_len);

// Opens the record that is in a store: at every start. Then add its dependents (cosigil_record_depend), and exchange
// with the others (cosigil_record_exchange) before anything is signed.
//
// Returns COSIGIL_OK, COSIGIL_NOT_THERE if there is none, COSIGIL_OLDER_GENERATION, COSIGIL_STORE_FAILED,
// COSIGIL_MALFORMED, COSIGIL_VERSION, COSIGIL_OTHER_SUITE, COSIGIL_OTHER_IDENTITY, COSIGIL_NULL, COSIGIL_NO_HANDLE,
// COSIGIL_OTHER_HANDLE.
int32_t cosigil_record_open(const cosigil_identity *identity, cosigil_record **record, const cosigil_key_store *store);

// The presignatures of this store are wiped when the sharing they are of is over, before that is told to anybody.
//
// Of a store of callbacks its `retire` does it.
//
// Returns COSIGIL_OK, COSIGIL_STORE_FAILED, COSIGIL_NULL, COSIGIL_NO_HANDLE, COSIGIL_OTHER_HANDLE, COSIGIL_DEAD.
int32_t cosigil_record_depend(cosigil_record *record, const cosigil_store *store);

// The share to sign with now.
//
// Returns COSIGIL_OK, COSIGIL_NO_SHARE while there is none yet, COSIGIL_RETIRED when the key has moved on without
// this party, COSIGIL_OTHER_SHARING, COSIGIL_SHARINGS_CONFLICT when an operator has to decide
// (cosigil_record_reopen), COSIGIL_STORE_FAILED, COSIGIL_NULL, COSIGIL_NO_HANDLE, COSIGIL_OTHER_HANDLE, COSIGIL_DEAD.
int32_t cosigil_record_key(const cosigil_record *record, cosigil_key_share **share);

// The package of the sharing in use. Returns what cosigil_record_key does.
int32_t cosigil_record_package(const cosigil_record *record, cosigil_package **package);

// Starts a refresh: all parties of the key get new shares, the old ones become worthless. `label`, 32 bytes, names
// this attempt: the same at all parties, never used before. One attempt at a time.
//
// There is no output: what the session brings about is in the record, stored before it leaves. Free all handles of the
// old share then, cosigil_record_key gives the new one, and see that no bytes of the old share are left anywhere.
// COSIGIL_FINISHED comes when all have acknowledged. If it does not come, exchange (cosigil_record_exchange), now or
// after a restart: nothing is lost.
//
// Returns COSIGIL_OK, COSIGIL_ACKNOWLEDGED, COSIGIL_RETIRED, COSIGIL_NO_SHARE, COSIGIL_OTHER_SHARING,
// COSIGIL_TOO_MANY attempts, COSIGIL_STORE_FAILED, COSIGIL_MISSING_IDENTITY, COSIGIL_OTHER_IDENTITY, COSIGIL_NULL,
// COSIGIL_LENGTH, COSIGIL_NO_HANDLE, COSIGIL_OTHER_HANDLE, COSIGIL_RANDOM_FAILED, COSIGIL_BROKEN_RANDOM,
// COSIGIL_DEAD.
int32_t cosigil_refresh_start(cosigil_record *record,
                              cosigil_session **session,
                              const uint8_t *label,
                              size_t label_len);

// Starts a reshare: `dealers`, at least t of the parties, deal the key anew to `holders`, any `threshold` of whom can
// use it afterwards. Who keeps its place keeps id and identity; a party that does not deal may come back with a new
// identity. Dealers and holders take part, and must bring the same. The rest is as with cosigil_refresh_start; the
// session of a party that leaves is finished when it has dealt.
//
// Returns what cosigil_refresh_start does, and COSIGIL_SIGNERS for too few dealers, COSIGIL_UNKNOWN_PARTY,
// COSIGIL_DUPLICATE_PARTY, COSIGIL_DUPLICATE_IDENTITY, COSIGIL_THRESHOLD, COSIGIL_PARTY_ID, COSIGIL_REFRESH_FIRST.
int32_t cosigil_reshare_start(cosigil_record *record,
                              cosigil_session **session,
                              const cosigil_parties *holders,
                              uint16_t threshold,
                              const uint16_t *dealers,
                              size_t dealers_len,
                              const uint8_t *label,
                              size_t label_len);

// All that this party holds of attempts at its present sharing and the one before, for any other party, over any
// channel. It holds no secret. Exchange at every start, after a break, and before each attempt.
//
// Returns COSIGIL_OK, COSIGIL_STORE_FAILED, COSIGIL_NULL, COSIGIL_NO_HANDLE, COSIGIL_OTHER_HANDLE, COSIGIL_DEAD.
int32_t cosigil_record_exchange(cosigil_record *record, cosigil_bytes *bytes);

// Takes what another party shows: the bytes of its cosigil_record_exchange, or a message of an attempt. Each piece is
// checked, and it may come twice. Then send what cosigil_record_take_message gives, and see what has changed
// (cosigil_record_take_news).
//
// Returns COSIGIL_OK; COSIGIL_OTHER_SHARING if this party's copy of the record is too old to catch up: what it could
// learn is kept all the same; COSIGIL_OTHER_KEY, COSIGIL_FOREIGN_MESSAGE, COSIGIL_MALFORMED, COSIGIL_VERSION,
// COSIGIL_OTHER_SUITE, COSIGIL_STORE_FAILED, COSIGIL_NULL, COSIGIL_LENGTH, COSIGIL_NO_HANDLE, COSIGIL_OTHER_HANDLE,
// COSIGIL_DEAD.
int32_t cosigil_record_learn(cosigil_record *record, const uint8_t *bytes, size_t bytes_len);

// Takes the next message that cosigil_record_learn has brought about, as cosigil_session_take_message does.
//
// Returns COSIGIL_OK, also where there is none; COSIGIL_NULL, COSIGIL_NO_HANDLE, COSIGIL_OTHER_HANDLE, COSIGIL_DEAD.
int32_t cosigil_record_take_message(cosigil_record *record, uint16_t *recipient, cosigil_bytes *message);

// Frees a record. NULL is left alone. What is in its store stays; sessions of it go on.
//
// Returns COSIGIL_OK, COSIGIL_NO_HANDLE, COSIGIL_OTHER_HANDLE.
int32_t cosigil_record_free(cosigil_record *record);

// Starts helping a party that lost its share. `lost` is its id and `lost_key` its public identity, 32 bytes, the one
// it had or a new one, as this party's own operator knows them; `helpers` are at least t other parties, this one
// among them. All must bring the same.
//
// The output is a package (cosigil_session_take_package), in which the repaired party has that identity.
//
// Returns COSIGIL_OK, COSIGIL_TOO_FEW_HELPERS, COSIGIL_UNKNOWN_PARTY, COSIGIL_DUPLICATE_PARTY,
// COSIGIL_DUPLICATE_IDENTITY, COSIGIL_PARTY_ID, COSIGIL_INVALID_IDENTITY, COSIGIL_OTHER_IDENTITY, COSIGIL_NULL,
// COSIGIL_LENGTH, COSIGIL_NO_HANDLE, COSIGIL_OTHER_HANDLE, COSIGIL_RANDOM_FAILED, COSIGIL_BROKEN_RANDOM.
int32_t cosigil_repair_help_start(const cosigil_identity *identity,
                                  cosigil_session **session,
                                  const cosigil_key_share *share,
                                  uint16_t lost,
                                  const uint8_t *lost_key,
                                  size_t lost_key_len,
                                  const uint16_t *helpers,
                                  size_t helpers_len,
                                  const uint8_t *label,
                                  size_t label_len);

// Starts the repair at the party that lost its share. The package may come from anybody, a helper too; `expected`, its
// digest (cosigil_package_digest), only from this party's own operator. The other arguments are those of
// cosigil_repair_help_start; `lost` is this party, `lost_key` the public half of `identity`.
//
// The output is the key share, as it was.
//
// Returns what cosigil_repair_help_start does, and COSIGIL_OTHER_KEY for another package.
int32_t cosigil_repair_start(const cosigil_identity *identity,
                             cosigil_session **session,
                             const cosigil_package *package,
                             const uint8_t *expected,
                             size_t expected_len,
                             uint16_t lost,
                             const uint8_t *lost_key,
                             size_t lost_key_len,
                             const uint16_t *helpers,
                             size_t helpers_len,
                             const uint8_t *label,
                             size_t label_len);

// The same share, with another public identity of a party: after a repair in which that got a new one. Store it in
// the place of the old one. With a record use cosigil_record_set_identity.
//
// Returns COSIGIL_OK, COSIGIL_UNKNOWN_PARTY, COSIGIL_DUPLICATE_IDENTITY, COSIGIL_PARTY_ID, COSIGIL_INVALID_IDENTITY,
// COSIGIL_NULL, COSIGIL_LENGTH, COSIGIL_NO_HANDLE, COSIGIL_OTHER_HANDLE.
int32_t cosigil_key_share_with_identity(const cosigil_key_share *share,
                                        cosigil_key_share **changed,
                                        uint16_t party,
                                        const uint8_t *key,
                                        size_t key_len);

// Takes note that a peer of an ECDSA key lost its share and has it back: `changed` is the share with its identity and
// the strikes against it, and the pairs with it are gone. Store the share, then the pair states; then run a setup
// with the peer, and discard presignatures whose signers it is among.
//
// Returns COSIGIL_OK, COSIGIL_SUITE for a FROST key, COSIGIL_STORE_FAILED, COSIGIL_OTHER_SUITE, COSIGIL_OTHER_KEY,
// COSIGIL_OTHER_SHARING, COSIGIL_OTHER_IDENTITY, COSIGIL_UNKNOWN_PARTY, COSIGIL_DUPLICATE_IDENTITY, COSIGIL_PARTY_ID,
// COSIGIL_INVALID_IDENTITY, COSIGIL_NULL, COSIGIL_LENGTH, COSIGIL_NO_HANDLE, COSIGIL_OTHER_HANDLE, COSIGIL_DEAD.
int32_t cosigil_pairs_after_repair(cosigil_pairs *pairs,
                                   cosigil_key_share **changed,
                                   const cosigil_key_share *share,
                                   const cosigil_burn_log *log,
                                   uint16_t party,
                                   const uint8_t *key,
                                   size_t key_len);

// A request to sign a message with a FROST suite. The message is what the scheme's verifier takes; of BIP-340 in
// Bitcoin the 32 bytes of the BIP-341 signature hash.
//
// Returns COSIGIL_OK, COSIGIL_NULL, COSIGIL_LENGTH.
int32_t cosigil_request_message(cosigil_request **request, const uint8_t *message, size_t message_len);

// A request to sign a message with ECDSA, hashed here with `hash`, one of COSIGIL_HASH_….
//
// Returns COSIGIL_OK, COSIGIL_NULL, COSIGIL_LENGTH, COSIGIL_VALUE.
int32_t cosigil_request_hashed(cosigil_request **request, uint32_t hash, const uint8_t *message, size_t message_len);

// A request to sign a digest of 32 bytes with ECDSA. Whoever chooses the digest of a message that nobody has seen
// makes the signature mean what it likes: with the message at hand use cosigil_request_hashed.
//
// Returns COSIGIL_OK, COSIGIL_NULL, COSIGIL_LENGTH.
int32_t cosigil_request_digest(cosigil_request **request, const uint8_t *digest, size_t digest_len);

// Asks for the Taproot output key that the scripts under this Merkle root of 32 bytes can spend as well.
// COSIGIL_FROST_BIP340 only; without it the output key commits to no script.
//
// Returns COSIGIL_OK, COSIGIL_NULL, COSIGIL_LENGTH, COSIGIL_NO_HANDLE, COSIGIL_OTHER_HANDLE.
int32_t cosigil_request_script_root(cosigil_request *request, const uint8_t *root, size_t root_len);

// Frees a request. NULL is left alone.
//
// Returns COSIGIL_OK, COSIGIL_NO_HANDLE, COSIGIL_OTHER_HANDLE.
int32_t cosigil_request_free(cosigil_request *request);

// Gives a session a message off the wire: any bytes, from anywhere, in any order.
//
// `progress` gets what is to be done now: COSIGIL_SEND | COSIGIL_STORE | COSIGIL_OUTPUT | COSIGIL_FINISHED |
// COSIGIL_ENDED | COSIGIL_DELETE. Store first, then delete, then send; fund an address of a new key only when its key
// generation is COSIGIL_FINISHED. It is 0 unless COSIGIL_OK is returned: ask cosigil_session_progress then.
//
// Returns COSIGIL_OK. A status from 100 to 299, COSIGIL_FOREIGN_MESSAGE for example, is about these bytes alone, also
// where there are none (COSIGIL_LENGTH): the session is unharmed; throw them away. From 300 to 699 there was an abort,
// or storage failed: ask cosigil_session_fault, cosigil_session_culprits and cosigil_session_consequence, and send what
// cosigil_session_take_message still gives, that the others can tell too. Whether it has ended the session,
// COSIGIL_ENDED of cosigil_session_progress says: a session that has promised something to its peers lives on. After
// that it is COSIGIL_OVER. COSIGIL_NULL, COSIGIL_LENGTH, COSIGIL_NO_HANDLE, COSIGIL_OTHER_HANDLE, COSIGIL_DEAD.
int32_t cosigil_session_receive(cosigil_session *session, uint32_t *progress, const uint8_t *bytes, size_t bytes_len);

// What is to be done now, as cosigil_session_receive says it: after a start, and after an abort.
//
// Returns COSIGIL_OK, COSIGIL_NULL, COSIGIL_NO_HANDLE, COSIGIL_OTHER_HANDLE, COSIGIL_DEAD.
int32_t cosigil_session_progress(const cosigil_session *session, uint32_t *progress);

// Takes the next message to send. Call it until `message` comes back with NULL.
//
// `recipient` is the id of the one party it is for; 0: the same bytes for all the others. Send it over any channel;
// nobody but the recipient can read what is secret in it. Free it with cosigil_bytes_free.
//
// Returns COSIGIL_OK, also where there is none; COSIGIL_STORE_FIRST, COSIGIL_NULL, COSIGIL_NO_HANDLE,
// COSIGIL_OTHER_HANDLE, COSIGIL_DEAD.
int32_t cosigil_session_take_message(cosigil_session *session, uint16_t *recipient, cosigil_bytes *message);

// Puts everything that this party has sent into the queue once more, for peers that may have missed it. Who has it
// drops it.
//
// Returns COSIGIL_OK, COSIGIL_NULL, COSIGIL_NO_HANDLE, COSIGIL_OTHER_HANDLE, COSIGIL_DEAD.
int32_t cosigil_session_send_again(cosigil_session *session);

// The session as bytes, secret, to be taken up again by the `…_resume` function of its protocol.
//
// Store them where only this party can read them, durably, then call cosigil_session_stored.
//
// Returns COSIGIL_OK; COSIGIL_NOT_RESUMABLE for everything that signs, sets up or repairs: a copy of that would do it
// twice; COSIGIL_OVER, COSIGIL_NULL, COSIGIL_NO_HANDLE, COSIGIL_OTHER_HANDLE, COSIGIL_DEAD.
int32_t cosigil_session_checkpoint(cosigil_session *session, cosigil_bytes *checkpoint);

// Says that what COSIGIL_STORE asks for is stored, durably, and what COSIGIL_DELETE asks for is deleted: messages are
// given out again.
//
// To be stored are, where the session can be resumed and is not over, what cosigil_session_checkpoint gave; and what
// came out of it, where that is a key share or a pair. To be deleted, when a session that can be resumed is over, are
// all its checkpoints, after the output is stored: a session that was taken up again from one would not know what it
// has said since, a complaint for example.
//
// Returns COSIGIL_OK; COSIGIL_STORE_FIRST if that was not even asked for; COSIGIL_NULL, COSIGIL_NO_HANDLE,
// COSIGIL_OTHER_HANDLE, COSIGIL_DEAD.
int32_t cosigil_session_stored(cosigil_session *session);

// Who still owes a message in the round now awaited. Nobody is to blame for being late: ask it to send again, or go on
// without it in a new session.
//
// `parties` gets at most `capacity` ids, `count` how many there are.
//
// Returns COSIGIL_OK, COSIGIL_TOO_SMALL, COSIGIL_NULL, COSIGIL_LENGTH, COSIGIL_NO_HANDLE, COSIGIL_OTHER_HANDLE,
// COSIGIL_DEAD.
int32_t cosigil_session_awaiting(const cosigil_session *session, uint16_t *parties, size_t capacity, size_t *count);

// The parties that run the session with other inputs (another threshold, message, set of parties, label), or of whom
// somebody replays old messages. Their messages are dropped; it is no fault.
//
// `parties` gets at most `capacity` ids, `count` how many there are.
//
// Returns COSIGIL_OK, COSIGIL_TOO_SMALL, COSIGIL_NULL, COSIGIL_LENGTH, COSIGIL_NO_HANDLE, COSIGIL_OTHER_HANDLE,
// COSIGIL_DEAD.
int32_t cosigil_session_conflicts(const cosigil_session *session, uint16_t *parties, size_t capacity, size_t *count);

// The round whose messages are awaited, from 1.
//
// Returns COSIGIL_OK, COSIGIL_NULL, COSIGIL_NO_HANDLE, COSIGIL_OTHER_HANDLE, COSIGIL_DEAD.
int32_t cosigil_session_round(const cosigil_session *session, uint8_t *round);

// Which output waits to be taken: one of COSIGIL_OUTPUT_….
//
// Returns COSIGIL_OK, COSIGIL_NULL, COSIGIL_NO_HANDLE, COSIGIL_OTHER_HANDLE, COSIGIL_DEAD.
int32_t cosigil_session_output(const cosigil_session *session, int32_t *output);

// Takes the key share that the session was run for. Store its bytes (cosigil_key_share_to_bytes), then call
// cosigil_session_stored, before any message is sent.
//
// Returns COSIGIL_OK, COSIGIL_NOT_THERE, COSIGIL_NULL, COSIGIL_NO_HANDLE, COSIGIL_OTHER_HANDLE, COSIGIL_DEAD.
int32_t cosigil_session_take_key_share(cosigil_session *session, cosigil_key_share **share);

// Takes the package that a repair ends in at those who helped.
//
// Returns COSIGIL_OK, COSIGIL_NOT_THERE, COSIGIL_NULL, COSIGIL_NO_HANDLE, COSIGIL_OTHER_HANDLE, COSIGIL_DEAD.
int32_t cosigil_session_take_package(cosigil_session *session, cosigil_package **package);

// Takes the signature that the session was run for: verified, 64 bytes (65 with the FROST suites on secp256k1 and
// P-256 that are not BIP-340's), as the scheme's verifiers want it; of ECDSA r and s, 32 bytes each, s in the lower
// half.
//
// `recovery_id` is that of ECDSA, 0 to 3; 255 for all others. For ASN.1 see cosigil_signature_der.
//
// Returns COSIGIL_OK, COSIGIL_NOT_THERE, COSIGIL_NULL, COSIGIL_NO_HANDLE, COSIGIL_OTHER_HANDLE, COSIGIL_DEAD.
int32_t cosigil_session_take_signature(cosigil_session *session, cosigil_bytes *signature, uint8_t *recovery_id);

// Ends a session and wipes what it holds. NULL is left alone.
//
// Returns COSIGIL_OK, COSIGIL_NO_HANDLE, COSIGIL_OTHER_HANDLE.
int32_t cosigil_session_free(cosigil_session *session);

// A store in a folder that belongs to this process alone; `path` is UTF-8, the folder is made if it is not there.
//
// Unspent presignatures die with the process: they are encrypted under a secret that is in memory only, so no copy of
// the folder is a second one.
//
// Returns COSIGIL_OK, COSIGIL_STORE_FAILED, COSIGIL_TEXT, COSIGIL_NULL, COSIGIL_LENGTH, COSIGIL_RANDOM_FAILED,
// COSIGIL_BROKEN_RANDOM.
int32_t cosigil_store_folder(cosigil_store **store, const uint8_t *path, size_t path_len);

// A store of the integrator's own. What `calls` points to is copied.
//
// Returns COSIGIL_OK; COSIGIL_VALUE for a size that is less than this library's, COSIGIL_NULL also if one of the
// functions is NULL: `release` is not called then.
int32_t cosigil_store_callbacks(cosigil_store **store, const cosigil_store_calls *calls);

// A store that forgets everything with the process.
//
// Returns COSIGIL_OK, COSIGIL_NULL.
int32_t cosigil_store_memory(cosigil_store **store);

// Wipes an unspent presignature, named by its 32 bytes, for good: after a refresh, for example.
//
// Returns COSIGIL_OK, COSIGIL_SPENT, COSIGIL_UNKNOWN_PRESIGNATURE, COSIGIL_STORE_FAILED, COSIGIL_NULL, COSIGIL_LENGTH,
// COSIGIL_NO_HANDLE, COSIGIL_OTHER_HANDLE.
int32_t cosigil_store_discard(cosigil_store *store, const uint8_t *id, size_t id_len);

// Frees a store. NULL is left alone. Sessions that use it go on.
//
// Returns COSIGIL_OK, COSIGIL_NO_HANDLE, COSIGIL_OTHER_HANDLE.
int32_t cosigil_store_free(cosigil_store *store);

// Starts the import of a whole key, at the machine that has it: it deals the key to `holders`, any `threshold` of whom
// can use it, after a refresh, which is all that the shares are good for at first (COSIGIL_REFRESH_FIRST). **The key is
// as secret as the machine it came from, and its backups.**
//
// `form` is one of COSIGIL_IMPORT_…; `secret` has 32 bytes, or 64: then the last 32 are its chain code, without which
// one is drawn and children are others than before. `me` and `identity` are those of a holder, or of nobody else.
// `plan` goes to all other parties, over any channel, for cosigil_hazmat_import_accept. `label`, 32 bytes, names this
// session: the same at all, never used before.
//
// The output is a key share, or, at a dealer that is no holder, a package. The session cannot be taken up again: after
// a crash import the key anew.
//
// Returns COSIGIL_OK, COSIGIL_SUITE also for a form that is not this suite's, COSIGIL_MALFORMED, COSIGIL_IDENTITY for 0,
// COSIGIL_THRESHOLD, COSIGIL_PARTY_ID, COSIGIL_UNKNOWN_PARTY, COSIGIL_DUPLICATE_IDENTITY, COSIGIL_OTHER_IDENTITY,
// COSIGIL_NULL, COSIGIL_LENGTH, COSIGIL_NO_HANDLE, COSIGIL_OTHER_HANDLE, COSIGIL_RANDOM_FAILED,
// COSIGIL_BROKEN_RANDOM.
int32_t cosigil_hazmat_import_start(const cosigil_identity *identity,
                                    cosigil_session **session,
                                    cosigil_bytes *plan,
                                    const cosigil_parties *holders,
                                    uint32_t suite,
                                    uint32_t form,
                                    uint16_t me,
                                    uint16_t threshold,
                                    const uint8_t *secret,
                                    size_t secret_len,
                                    const uint8_t *label,
                                    size_t label_len);

// Takes part in the import of a key. `public_key` is the key **as this party's own operator knows it from elsewhere**,
// as a point: 33 bytes on secp256k1 (BIP-340 as well, before any tweak) and P-256, 32 on the others; `holders` and
// `threshold` are what the operator expects. The rest is as with cosigil_hazmat_import_start.
//
// Returns what that does, and COSIGIL_OTHER_KEY for another key, COSIGIL_OTHER_IDENTITY for other holders,
// COSIGIL_VERSION, COSIGIL_OTHER_SUITE.
int32_t cosigil_hazmat_import_accept(const cosigil_identity *identity,
                                     cosigil_session **session,
                                     const cosigil_parties *holders,
                                     uint32_t suite,
                                     uint16_t me,
                                     uint16_t threshold,
                                     const uint8_t *plan,
                                     size_t plan_len,
                                     const uint8_t *public_key,
                                     size_t public_key_len,
                                     const uint8_t *label,
                                     size_t label_len);

// Starts the export of the whole key to one party, the recipient, at one of `dealers`, at least t holders: a decision of
// all their operators. **The recipient then has the whole key**; the holders go on as before, with a key that is only as
// secret as that machine. `recipient` and `key`, its public identity, may be this party's.
//
// The output is a package, or, at a dealer that is the recipient, the key (cosigil_hazmat_take_secret). The session
// cannot be taken up again.
//
// Returns COSIGIL_OK, COSIGIL_SIGNERS for too few dealers, COSIGIL_REFRESH_FIRST, COSIGIL_UNKNOWN_PARTY,
// COSIGIL_DUPLICATE_PARTY, COSIGIL_DUPLICATE_IDENTITY, COSIGIL_PARTY_ID, COSIGIL_INVALID_IDENTITY,
// COSIGIL_OTHER_IDENTITY, COSIGIL_NULL, COSIGIL_LENGTH, COSIGIL_NO_HANDLE, COSIGIL_OTHER_HANDLE,
// COSIGIL_RANDOM_FAILED, COSIGIL_BROKEN_RANDOM.
int32_t cosigil_hazmat_export_start(const cosigil_identity *identity,
                                    cosigil_session **session,
                                    const cosigil_key_share *share,
                                    uint16_t recipient,
                                    const uint8_t *key,
                                    size_t key_len,
                                    const uint16_t *dealers,
                                    size_t dealers_len,
                                    const uint8_t *label,
                                    size_t label_len);

// Starts an export at its recipient, who has no share. `package` may come from anybody; `expected`, its digest
// (cosigil_package_digest), only from this party's own operator. The output is the key: cosigil_hazmat_take_secret.
//
// Returns what cosigil_hazmat_export_start does, and COSIGIL_OTHER_KEY for another package.
int32_t cosigil_hazmat_export_receive(const cosigil_identity *identity,
                                      cosigil_session **session,
                                      const cosigil_package *package,
                                      uint16_t me,
                                      const uint8_t *expected,
                                      size_t expected_len,
                                      const uint16_t *dealers,
                                      size_t dealers_len,
                                      const uint8_t *label,
                                      size_t label_len);

// Takes the whole key out of an export, at its recipient: 32 bytes in the curve's customary order. On Ed25519 no seed of
// RFC 8032 leads to it, and software that sets bits in it gets another key: compare the public key.
//
// Returns COSIGIL_OK, COSIGIL_NOT_THERE, COSIGIL_NULL, COSIGIL_NO_HANDLE, COSIGIL_OTHER_HANDLE, COSIGIL_DEAD.
int32_t cosigil_hazmat_take_secret(cosigil_session *session,
                                   cosigil_bytes *secret);

#ifdef __cplusplus
}  // extern "C"
#endif  // __cplusplus

#endif  /* COSIGIL_H */
