/* Verifies ECDSA signatures with OpenSSL. Each line of the input is
 *     <public key, DER of SubjectPublicKeyInfo> <digest> <signature, DER> <1 if it is good, 0 if not>
 * in hex. Prints how many lines were as they said; ends with 1 at the first that was not.
 */
#include <openssl/evp.h>
#include <openssl/x509.h>
#include <stdio.h>
#include <string.h>

static size_t unhex(const char *text, unsigned char *out, size_t room)
{
    size_t length = strlen(text) / 2;
    if (strlen(text) % 2 || length > room)
        return 0;
    for (size_t k = 0; k < length; k++) {
        unsigned byte;
        if (sscanf(text + 2 * k, "%2x", &byte) != 1)
            return 0;
        out[k] = (unsigned char)byte;
    }
    return length;
}

int main(void)
{
    char key_hex[401], digest_hex[129], signature_hex[401];
    unsigned char key[200], digest[64], signature[200];
    int good, fields;
    unsigned long count = 0;

    while ((fields = scanf("%400s %128s %400s %d", key_hex, digest_hex, signature_hex, &good)) == 4) {
        size_t key_length = unhex(key_hex, key, sizeof key);
        size_t digest_length = unhex(digest_hex, digest, sizeof digest);
        size_t signature_length = unhex(signature_hex, signature, sizeof signature);
        const unsigned char *at = key;
        EVP_PKEY *public_key = d2i_PUBKEY(NULL, &at, (long)key_length);
        EVP_PKEY_CTX *context = public_key ? EVP_PKEY_CTX_new(public_key, NULL) : NULL;
        if (!context || EVP_PKEY_verify_init(context) != 1) {
            fprintf(stderr, "line %lu: no key\n", count + 1);
            return 1;
        }
        int result = EVP_PKEY_verify(context, signature, signature_length, digest, digest_length);
        if ((result == 1) != (good == 1)) {
            fprintf(stderr, "line %lu: %d, not %d\n", count + 1, result, good);
            return 1;
        }
        count++;
        EVP_PKEY_CTX_free(context);
        EVP_PKEY_free(public_key);
    }
    if (fields != EOF || ferror(stdin)) {
        fprintf(stderr, "line %lu: not understood\n", count + 1);
        return 1;
    }
    printf("%lu\n", count);
    return 0;
}
