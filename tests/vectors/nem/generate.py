"""Makes cases.json: signatures of Ed25519 with Keccak-512, as the NEM blockchain (NIS1) has them.

Plain Python on purpose: nothing is shared with the library that is tested. Private keys are the strings
that NEM shows, which it reverses before hashing.
"""

import json

MASK = (1 << 64) - 1
ROUND_CONSTANTS = []
lfsr = 1
for _ in range(24):
    constant = 0
    for j in range(7):
        if lfsr & 1:
            constant |= 1 << ((1 << j) - 1)
        lfsr <<= 1
        if lfsr & 0x100:
            lfsr ^= 0x171
    ROUND_CONSTANTS.append(constant)


def rotate(word, by):
    by %= 64
    return ((word << by) | (word >> (64 - by))) & MASK


def keccak_f(a):
    for constant in ROUND_CONSTANTS:
        c = [a[x][0] ^ a[x][1] ^ a[x][2] ^ a[x][3] ^ a[x][4] for x in range(5)]
        d = [c[(x - 1) % 5] ^ rotate(c[(x + 1) % 5], 1) for x in range(5)]
        a = [[a[x][y] ^ d[x] for y in range(5)] for x in range(5)]
        x, y, current = 1, 0, a[1][0]
        for t in range(24):
            x, y = y, (2 * x + 3 * y) % 5
            current, a[x][y] = a[x][y], rotate(current, (t + 1) * (t + 2) // 2)
        a = [[a[x][y] ^ (~a[(x + 1) % 5][y] & a[(x + 2) % 5][y]) for y in range(5)] for x in range(5)]
        a[0][0] ^= constant
    return a


def keccak512(data):
    rate = 72
    padded = bytearray(data) + b"\x01" + bytes(-(len(data) + 1) % rate)
    padded[-1] |= 0x80
    state = [[0] * 5 for _ in range(5)]
    for block in range(0, len(padded), rate):
        for i in range(rate // 8):
            lane = padded[block + 8 * i : block + 8 * i + 8]
            state[i % 5][i // 5] ^= int.from_bytes(lane, "little")
        state = keccak_f(state)
    return b"".join(state[i % 5][i // 5].to_bytes(8, "little") for i in range(8))


P = 2**255 - 19
L = 2**252 + 27742317777372353535851937790883648493
D = -121665 * pow(121666, -1, P) % P


def add(a, b):
    (x1, y1), (x2, y2) = a, b
    k = D * x1 * x2 * y1 * y2
    return ((x1 * y2 + x2 * y1) * pow(1 + k, -1, P) % P, (y1 * y2 + x1 * x2) * pow(1 - k, -1, P) % P)


def multiply(scalar, point):
    result = (0, 1)
    while scalar:
        if scalar & 1:
            result = add(result, point)
        point = add(point, point)
        scalar >>= 1
    return result


def base_point():
    y = 4 * pow(5, -1, P) % P
    square = (y * y - 1) * pow(D * y * y + 1, -1, P) % P
    x = pow(square, (P + 3) // 8, P)
    if x * x % P != square:
        x = x * pow(2, (P - 1) // 4, P) % P
    return (P - x if x & 1 else x, y)


BASE = base_point()


def encode(point):
    return (point[1] | (point[0] & 1) << 255).to_bytes(32, "little")


def number(data):
    return int.from_bytes(data, "little")


def expand(private_key):
    digest = bytearray(keccak512(private_key[::-1]))
    digest[0] &= 0xF8
    digest[31] = digest[31] & 0x7F | 0x40
    return number(digest[:32]), bytes(digest[32:])


def sign(private_key, message):
    secret, prefix = expand(private_key)
    public_key = encode(multiply(secret, BASE))
    nonce = number(keccak512(prefix + message)) % L
    commitment = encode(multiply(nonce, BASE))
    challenge = number(keccak512(commitment + public_key + message)) % L
    return public_key, commitment + ((nonce + challenge * secret) % L).to_bytes(32, "little")


if __name__ == "__main__":
    cases = []
    for k in range(64):
        private_key = keccak512(b"cosigil nem key %d" % k)[:32]
        message = (keccak512(b"cosigil nem message %d" % k) * 4)[: (k * 5) % 200]
        public_key, signature = sign(private_key, message)
        fields = dict(private_key=private_key, public_key=public_key, message=message, signature=signature)
        cases.append({name: value.hex() for name, value in fields.items()})
    print(json.dumps({"cases": cases}, indent=1))
