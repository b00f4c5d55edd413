"""examples/cosigil.py: what it refuses, and objects of Python's that the library calls: a burn log, stores, randomness."""

from __future__ import annotations

import gc
import hashlib
import os
import pathlib
import struct
import sys
from typing import Callable, Iterable

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "examples"))
import cosigil
from cosigil import (BackupKey, BurnLog, Consequence, Fault, Identity, Import, KeyShare, KeyStore, News, Nonces, Output, Pairs,
                     Parties, Peer, Record, Refusal, Refused, Request, Session, Store, Suite)
from two_of_three import IDS, make_key, run

MESSAGE = b"pay 1 to Alice"
SECRET = b"\1" * 31 + b"\0"
DIGEST = hashlib.sha256(MESSAGE).digest()


def refused(kind: type[Exception], call: Callable[..., object], *arguments: object, **named: object) -> Exception:
    """That a call raises, and what."""
    try:
        call(*arguments, **named)
    except kind as error:
        return error
    raise AssertionError(f"{kind.__name__} was not raised")


class Log:
    """A burn log in memory, as a program would keep one in its database."""

    def __init__(self) -> None:
        self.burned: dict[bytes, Peer] = {}
        self.counted: dict[tuple[bytes, bytes], list[int]] = {}
        self.broken: dict[str, BaseException] = {}
        self.asked: list[str] = []

    def _of(self, peer: Peer, asked: str) -> list[int]:
        self._ask(asked)
        assert peer.party in IDS and len(peer.key_id) == len(peer.identity) == 32
        return self.counted.setdefault((peer.key_id, peer.identity), [0, 0])

    def _ask(self, asked: str) -> None:
        self.asked.append(asked)
        if asked in self.broken:
            raise self.broken[asked]

    def burn(self, pair_id: bytes, peer: Peer) -> None:
        counted = self._of(peer, "burn")
        if pair_id not in self.burned:
            self.burned[pair_id] = peer
            counted[0] += 1

    def is_burned(self, pair_id: bytes) -> bool:
        self._ask("is_burned")
        return pair_id in self.burned

    def strike(self, peer: Peer) -> None:
        self._of(peer, "strike")[0] += 1

    def strikes(self, peer: Peer) -> tuple[int, int]:
        total, forgiven = self._of(peer, "strikes")
        return total, forgiven

    def forgive(self, peer: Peer) -> None:
        counted = self._of(peer, "forgive")
        counted[1] = counted[0]


class Keys:
    """The store of one record."""

    def __init__(self) -> None:
        self.generation, self.record, self.broken = 0, None, False

    def load(self) -> bytes | None:
        return self.record

    def save(self, generation: int, record: bytes) -> None:
        if self.broken:
            raise OSError("the disk is full")
        assert generation > self.generation
        self.generation, self.record = generation, record

    def newest(self) -> int:
        return self.generation


class Presignatures:
    """A store of presignatures."""

    def __init__(self) -> None:
        self.unspent: dict[bytes, bytes] = {}
        self.spent: dict[bytes, tuple[bytes, bytes] | None] = {}
        self.retired: list[tuple[bytes, bytes]] = []

    def _is_unspent(self, name: bytes) -> None:
        if name in self.spent:
            raise Refused(Refusal.SPENT)
        if name not in self.unspent:
            raise Refused(Refusal.UNKNOWN)

    def insert(self, name: bytes, record: bytes) -> None:
        if name in self.unspent or name in self.spent:
            raise Refused(Refusal.EXISTS)
        self.unspent[name] = record

    def get(self, name: bytes) -> bytes:
        self._is_unspent(name)
        return self.unspent[name]

    def claim(self, name: bytes, request: bytes, reply: bytes) -> bytes | None:
        earlier = self.spent.get(name)
        if earlier is not None and earlier[0] == request:
            return earlier[1]
        self._is_unspent(name)
        del self.unspent[name]
        self.spent[name] = request, reply
        return None

    def claimed(self, name: bytes) -> tuple[bytes, bytes] | None:
        if name not in self.spent and name not in self.unspent:
            raise Refused(Refusal.UNKNOWN)
        return self.spent.get(name)

    def discard(self, name: bytes) -> None:
        self._is_unspent(name)
        del self.unspent[name]
        self.spent[name] = None

    def retire(self, key_id: bytes, sharing: bytes) -> None:
        self.retired.append((key_id, sharing))
        self.spent |= dict.fromkeys(self.unspent)
        self.unspent.clear()


def dealt(suite: Suite, n: int, wanted: Iterable[int]) -> dict[int, KeyShare]:
    """Some shares of a 2-of-n key out of one hand: the test is not about key generation."""
    parties = Parties({me: Identity.generate().public for me in range(1, n + 1)})
    shares = cosigil.hazmat_split(parties, suite, 2, SECRET)
    return {me: KeyShare.from_bytes(shares.part(me)) for me in wanted}


def takes_only_what_fits() -> None:
    """Numbers are not cut off, and what is no bytes does not become some."""
    identity = Identity.generate()
    parties, label = Parties({1: identity.public, 2: Identity.generate().public}), bytes(32)
    start = {"me": 1, "threshold": 2, "label": label}

    def keygen(**changed: object) -> Session:
        return Session.keygen(identity, changed.pop("parties", parties), changed.pop("suite", Suite.FROST_ED25519),
                              **{**start, **changed})

    keygen().close()
    for wrong in (-1, 65536, 65537, 1 << 64):
        for name in ("me", "threshold"):
            refused(ValueError, keygen, **{name: wrong})
        refused(ValueError, Parties, {wrong: identity.public})
    refused(ValueError, keygen, suite=(1 << 32) + Suite.FROST_ED25519)
    for wrong in ("1", 1.0, None):
        refused(TypeError, keygen, me=wrong)
    for wrong in (32, "x" * 32, None, [0] * 32, identity, True):
        refused(TypeError, keygen, label=wrong)
        refused(TypeError, Identity.from_seed, wrong)
        refused(TypeError, Request.message, wrong)
        refused(TypeError, Parties, {1: wrong})
    for wrong in (1, None, "parties", identity._handle):
        refused(TypeError, keygen, parties=wrong)
    assert refused(cosigil.UsageError, keygen, parties=identity).status == 103
    for right in (bytearray(label), memoryview(label), memoryview(bytes(64))[::2].tobytes()):
        keygen(label=right).close()

    shares = dealt(Suite.FROST_ED25519, 3, IDS)
    for wrong in ([1, 65538], [-1, 2]):
        refused(ValueError, Session.frost, identity, shares[1], Request.message(MESSAGE), wrong, label)
    refused(TypeError, Session.frost, identity, shares[1], Request.message(MESSAGE), "12", label)
    refused(ValueError, shares[1].strikes, -1)
    closed = Request.message(MESSAGE)
    closed.close()
    closed.close()
    assert refused(cosigil.UsageError, closed.path, "m/0").status == 100


def wipes_its_copies() -> None:
    """What was copied for a call is gone when it is over, and when it did not come about."""
    with cosigil._Inputs() as inputs:
        inputs.add("b", b"secret")
        assert bytes(inputs.copies[0]) == b"secret"
    assert bytes(inputs.copies[0]) == bytes(6)

    def fails() -> None:
        with inputs:
            inputs.add("b", b"another")
            inputs.add("16", -1)

    refused(ValueError, fails)
    assert bytes(inputs.copies[1]) == bytes(7)


def uses_objects_of_ours() -> None:
    """Key generation, records, setups and signing over a burn log, key stores and stores of Python's."""
    identities = {me: Identity.generate() for me in IDS}
    parties = Parties({me: identity.public for me, identity in identities.items()})
    shares = make_key(identities, parties, Suite.ECDSA_SECP256K1)
    keys = {me: Keys() for me in IDS}
    records = {me: Record.create(identities[me], KeyStore.of(keys[me]), shares[me]) for me in IDS}
    assert all(key.generation and key.record for key in keys.values())
    assert refused(cosigil.StorageError, Record.create, identities[1], KeyStore.of(keys[1]), shares[1]).status == 606
    package, before = shares[1].package, {me: key.generation for me, key in keys.items()}
    label = os.urandom(32)
    run({me: records[me].refresh(label) for me in IDS})
    assert all(keys[me].generation > before[me] for me in IDS)
    records = {me: Record.open(identities[me], KeyStore.of(keys[me])) for me in IDS}  # as after a restart
    assert refused(cosigil.UsageError, Record.open, identities[1], KeyStore.of(Keys())).status == 110
    old, shares = shares, {me: record.key for me, record in records.items()}
    assert shares[1].package.verifying_key == package.verifying_key and shares[1].package.sharing != package.sharing
    del old

    logs = {me: Log() for me in IDS}
    burn_logs = {me: BurnLog.of(log) for me, log in logs.items()}
    pairs = {me: Pairs.new(shares[me]) for me in IDS}
    label = os.urandom(32)
    for a, b in ((1, 2), (1, 3)):
        run({me: Session.setup(identities[me], shares[me], burn_logs[me], peer, label) for me, peer in ((a, b), (b, a))},
            lambda me, session: pairs[me].take(session))
    assert all(set(log.asked) == {"strikes"} for log in logs.values())
    signs_with_ours(identities, shares, pairs, burn_logs)
    burns_in_ours(identities, shares, pairs, logs, burn_logs)

    # A store that fails: what it raised is told, and it is asked nothing more, though it would answer.
    keys[1].broken, label = True, os.urandom(32)
    error = refused(cosigil.StorageError, run, {me: record.refresh(label) for me, record in records.items()})
    assert error.status == 600 and isinstance(error.__cause__, OSError), error
    keys[1].broken, before = False, keys[1].generation
    error = refused(cosigil.StorageError, records[1].exchange)
    assert error.status == 600 and keys[1].generation == before
    assert Record.open(identities[1], KeyStore.of(keys[1])).key.package.sharing == shares[1].package.sharing


def signs_with_ours(identities: dict[int, Identity], shares: dict[int, KeyShare], pairs: dict[int, Pairs],
                    logs: dict[int, BurnLog]) -> None:
    """Signs with the message at hand, and with presignatures in a store of Python's."""
    label, request, package = os.urandom(32), Request.digest(DIGEST), shares[1].package
    sessions = {me: Session.ecdsa(identities[me], shares[me], pairs[me], logs[me], request, [1, 2], label) for me in (1, 2)}
    run(sessions)
    assert package.verify(DIGEST, sessions[1].take_signature()[0])
    assert sessions[1].over and sessions[1].fault is None and sessions[1].consequences == []

    own = {me: Presignatures() for me in (1, 2)}
    stores, label = {me: Store.of(own[me]) for me in own}, os.urandom(32)
    sessions = {me: Session.presign(identities[me], shares[me], pairs[me], logs[me], 2, [1, 2], label) for me in own}
    run(sessions)
    names = [stores[me].take(sessions[me]) for me in own]
    assert names[0] == names[1] and set(own[1].unspent) == set(names[0])
    label = os.urandom(32)
    sessions = {me: Session.online(identities[me], shares[me], stores[me], request, names[0][0], label) for me in own}
    run(sessions)
    assert package.verify(DIGEST, sessions[2].take_signature()[0])
    assert own[1].spent.keys() == own[2].spent.keys() == {names[0][0]}

    said = stores[1].repeat(shares[1], request, names[0][0])
    assert len(said) == 96 and said == stores[1].repeat(shares[1], request, names[0][0]) == own[1].spent[names[0][0]][1]
    assert refused(cosigil.StorageError, stores[1].repeat, shares[1], request, names[0][1]).status == 603

    def online(name: bytes, request: Request = request) -> Session:
        return Session.online(identities[1], shares[1], stores[1], request, name, os.urandom(32))

    assert refused(cosigil.StorageError, online, names[0][0], Request.digest(bytes(31) + b"\1")).status == 602
    stores[1].discard(names[0][1])
    assert refused(cosigil.StorageError, online, names[0][1]).status == 602
    assert refused(cosigil.StorageError, online, bytes(32)).status == 603
    assert own[1].spent[names[0][1]] is None  # a refusal is no failure: it was asked again
    del own[1].spent
    assert isinstance(refused(cosigil.StorageError, online, bytes(32)).__cause__, AttributeError)
    own[1].spent = {}
    assert refused(cosigil.StorageError, online, bytes(32)).status == 600


IV = struct.unpack("<8I", bytes.fromhex("67e6096a85ae67bb72f36e3c3af54fa57f520e518c68059babd9831f19cde05b"))
LANES = ((0, 4, 8, 12), (1, 5, 9, 13), (2, 6, 10, 14), (3, 7, 11, 15), (0, 5, 10, 15), (1, 6, 11, 12), (2, 7, 8, 13), (3, 4, 9, 14))
ORDER = (2, 6, 3, 10, 7, 0, 4, 13, 1, 11, 12, 5, 9, 14, 15, 8)


def compress(chain: tuple[int, ...], block: bytes, counter: int, length: int, flags: int) -> tuple[int, ...]:
    """BLAKE3's compression."""
    words, state = struct.unpack("<16I", block.ljust(64, b"\0")), [*chain, *IV[:4], counter, 0, length, flags]
    for _ in range(7):
        for lane, (a, b, c, d) in enumerate(LANES):
            for word, right, left in ((words[2 * lane], 16, 12), (words[2 * lane + 1], 8, 7)):
                state[a] = (state[a] + state[b] + word) % 2**32
                turned = state[d] ^ state[a]
                state[d] = (turned >> right | turned << 32 - right) % 2**32
                state[c] = (state[c] + state[d]) % 2**32
                turned = state[b] ^ state[c]
                state[b] = (turned >> left | turned << 32 - left) % 2**32
        words = tuple(words[k] for k in ORDER)
    return tuple(state[k] ^ state[k + 8] for k in range(8))


def blake3(content: bytes, counter: int = 0, root: int = 8) -> bytes:
    """32 bytes; Python has no such hash."""
    if len(content) <= 1024:
        blocks, chain = [content[k : k + 64] for k in range(0, len(content), 64)] or [b""], IV
        for k, block in enumerate(blocks):
            flags = (k == 0) | (2 | root if k == len(blocks) - 1 else 0)
            chain = compress(chain, block, counter, len(block), flags)
    else:
        left = 1024
        while 2 * left < len(content):
            left *= 2
        halves = blake3(content[:left], counter, 0) + blake3(content[left:], counter + left // 1024, 0)
        chain = compress(IV, halves, 0, 64, 4 | root)
    return struct.pack("<8I", *chain)


def resealed(record: bytes) -> bytes:
    """A record with the checksum of what is in it: docs/formats.md."""
    tag, content = b"cosigil/1/record", record[:-16]
    framed = bytes([len(tag)]) + tag + len(content).to_bytes(8, "big") + content + (1).to_bytes(8, "big")
    return content + blake3(framed)[:16]


def burns_in_ours(identities: dict[int, Identity], shares: dict[int, KeyShare], pairs: dict[int, Pairs], logs: dict[int, Log],
                  burn_logs: dict[int, BurnLog]) -> None:
    """Peers whose pair states are altered: the pair is burned, in our log, before anybody is told."""
    assert blake3(b"").hex().startswith("af1349b9f5f9a1a6a0404dea36dcc949")
    before = pairs[1].to_bytes()[0]
    for peer in (2, 3):
        stored = pairs[peer].to_bytes()[0]
        assert resealed(stored) == stored
        leaf = len(stored) - 16 - 8192  # two leaves of a tree, so that the other side knows at least one of them
        altered = stored[:leaf] + bytes(byte ^ 1 for byte in stored[leaf : leaf + 32]) + stored[leaf + 32 :]
        pairs[peer] = Pairs.from_bytes(resealed(altered), shares[peer], BurnLog.memory())

    def sign(peer: int) -> dict[int, Session]:
        label, request = os.urandom(32), Request.digest(DIGEST)
        return {me: Session.ecdsa(identities[me], shares[me], pairs[me], burn_logs[me], request, [1, peer], label)
                for me in (1, peer)}

    sessions = sign(2)
    error = refused(cosigil.Burned, run, sessions)
    assert (error.status, error.fault, error.culprits) == (500, Fault.BAD_EXTENSION, [2])
    assert sessions[1].over and sessions[1].fault == Fault.BAD_EXTENSION and sessions[1].culprits == [2]
    assert logs[1].asked[-1] == "burn" and not logs[2].burned
    ((pair_id, peer),) = logs[1].burned.items()
    assert sessions[1].consequences == [(Consequence.BURNED, 2, pair_id)]
    assert peer == Peer(shares[1].package.key_id, identities[2].public, 2)
    assert refused(cosigil.ProtocolError, sign, 2).status == 302 and pairs[1].missing(shares[1]) == [2]
    noted = shares[1].with_strikes(burn_logs[1])
    assert [noted.strikes(peer) for peer in IDS] == [0, 1, 0] and shares[1].strikes(2) == 0
    assert Pairs.from_bytes(before, shares[1], burn_logs[1]).missing(shares[1]) == [2]  # as after a crash

    # Nothing that is raised is taken for success, and a log that has failed is not asked again.
    logs[1].broken["burn"] = KeyboardInterrupt()
    sessions = sign(3)
    error = refused(cosigil.Burned, run, sessions)
    assert error.status == 504 and isinstance(error.__cause__, KeyboardInterrupt), (error, error.__cause__)
    assert sessions[1].consequences == [(Consequence.NOT_RECORDED, 3, None)]
    asked = len(logs[1].asked)
    assert refused(cosigil.StorageError, shares[1].with_strikes, burn_logs[1]).status == 600
    assert len(logs[1].asked) == asked and len(logs[1].burned) == 1
    logs[1].broken.clear()
    burn_logs[1] = BurnLog.of(logs[1])
    logs[1].is_burned = lambda pair_id: None
    error = refused(cosigil.StorageError, Pairs.from_bytes, before, shares[1], burn_logs[1])
    assert isinstance(error.__cause__, TypeError)
    del logs[1].is_burned
    burn_logs[1] = BurnLog.of(logs[1])

    # Three strikes, an operator, and a repair.
    counted = logs[1].counted[peer.key_id, peer.identity]
    counted[0] = 3
    start = identities[1], shares[1], burn_logs[1], 2, os.urandom(32)
    assert refused(cosigil.Burned, Session.setup, *start).status == 502
    cosigil.hazmat_forgive(burn_logs[1], shares[1], 2)
    assert counted == [3, 3]
    Session.setup(*start).close()
    public = Identity.generate().public
    repaired = pairs[1].after_repair(shares[1], burn_logs[1], 2, public)
    assert repaired.package.digest == shares[1].with_identity(2, public).package.digest
    assert 2 in pairs[1].missing(repaired)


def keeps_records() -> None:
    """A record through news, strikes, a backup, and a repair under a new identity; what depends on it is wiped."""
    identities = {me: Identity.generate() for me in IDS}
    parties = Parties({me: identity.public for me, identity in identities.items()})
    shares = make_key(identities, parties, Suite.ECDSA_P256)
    records = {me: Record.create(identities[me], KeyStore.memory(), shares[me]) for me in IDS}
    own, log, before = Presignatures(), Log(), records[1].package
    own.unspent[bytes(32)] = b"a presignature"
    records[1].depend(Store.of(own))
    log.counted[before.key_id, identities[2].public] = [2, 0]
    records[1].note_strikes(BurnLog.of(log))
    assert [records[1].key.strikes(peer) for peer in IDS] == [0, 2, 0]
    vault, beside = BackupKey.generate(), KeyStore.memory()
    sealed = records[1].backup_to(vault.public, identities[1])
    phrase = b"eleven random words"
    locked = records[1].backup(phrase, memory_kib=64, passes=1, lanes=1)

    def refresh() -> None:
        label = os.urandom(32)
        run({me: record.refresh(label) for me, record in records.items()})

    assert records[1].news() == records[1].contradictions == []
    refresh()
    now = records[1].package.sharing
    assert records[1].news() == [(News.ACTIVE, None, now), (News.DONE, None, now)] and records[1].news() == []
    assert set(own.retired) == {(before.key_id, before.sharing)} and own.spent == {bytes(32): None}

    # What comes out of a backup learns that the key has moved on.
    maker = identities[1].public
    restored = Record.restore(identities[1], KeyStore.memory(), Suite.ECDSA_P256, locked, phrase)
    assert restored.key.strikes(2) == 2
    restored = vault.restore_record(identities[1], beside, Suite.ECDSA_P256, sealed, maker)
    assert restored.package.sharing == before.sharing
    assert refused(cosigil.StorageError, vault.restore_record, identities[1], beside, Suite.ECDSA_P256, sealed, maker).status == 606
    restored.learn(records[2].exchange())
    assert refused(cosigil.DecodeError, getattr, restored, "key").status == 204

    # Party 3 has lost everything.
    package, identities[3] = records[1].package, Identity.generate()
    public, label, repaired = identities[3].public, os.urandom(32), {}

    def keep(me: int, session: Session) -> None:
        if session.output == Output.KEY_SHARE:
            repaired[me] = session.take_key_share()
        else:
            session.take_package()

    helpers = {me: Session.help_repair(identities[me], records[me].key, 3, public, [1, 2], label) for me in (1, 2)}
    run({**helpers, 3: Session.repair(identities[3], package, package.digest, 3, public, [1, 2], label)}, keep)
    for me in (1, 2):
        records[me].set_identity(3, public)
    records[3] = Record.create(identities[3], KeyStore.memory(), repaired[3])
    assert refused(cosigil.StorageError, records[3].adopt, repaired[3]).status == 606
    assert records[1].package.digest == records[3].package.digest != package.digest
    refresh()
    assert {record.package.sharing for record in records.values()} != {package.sharing}


def moves_keys() -> None:
    """A whole key comes in and goes out again."""
    identities = {me: Identity.generate() for me in IDS}
    parties = Parties({me: identity.public for me, identity in identities.items()})
    suite, label, shares = Suite.FROST_SECP256K1, os.urandom(32), {}

    def keep(me: int, session: Session) -> None:
        if session.output == Output.KEY_SHARE:
            shares[me] = session.take_key_share()
        elif session.output == Output.PACKAGE:
            session.take_package()

    terms = {"threshold": 2, "label": label}
    start, plan = cosigil.hazmat_import(identities[1], parties, suite, Import.SCALAR, me=1, secret=SECRET, **terms)
    known = dealt(suite, 2, [1])[1].package.verifying_key
    run({1: start, **{me: cosigil.hazmat_accept_import(identities[me], parties, suite, me=me, plan=plan, public_key=known, **terms)
                      for me in (2, 3)}}, keep)
    records, label = {me: Record.create(identities[me], KeyStore.memory(), shares[me]) for me in IDS}, os.urandom(32)
    run({me: record.refresh(label) for me, record in records.items()})
    stranger, package, secrets, label = Identity.generate(), records[1].package, [], os.urandom(32)
    assert package.verifying_key == known

    def take(me: int, session: Session) -> None:
        if session.output == Output.SECRET:
            secrets.append(cosigil.hazmat_take_secret(session))
        else:
            keep(me, session)

    sessions = {me: cosigil.hazmat_export(identities[me], records[me].key, 4, stranger.public, [1, 3], label) for me in (1, 3)}
    sessions[4] = cosigil.hazmat_receive_export(stranger, package, package.digest, [1, 3], me=4, label=label)
    run(sessions, take)
    if not secrets:
        take(4, sessions[4])
    assert secrets == [SECRET]


def signs_with_a_coordinator() -> None:
    """The three FROST calls; all who cheated are named, however many they are."""
    shares = dealt(Suite.FROST_ED25519, 70, (1, 40, 70))
    package, request = shares[1].package, Request.message(MESSAGE)
    nonces, commitments = {}, {}
    for me, share in shares.items():
        nonces[me], commitments[me] = share.frost_commit()
    listed = package.frost_list(commitments)
    parts = {me: share.frost_sign(nonces[me], request, listed) for me, share in shares.items()}
    assert package.verify(MESSAGE, package.frost_aggregate(request, parts, listed))
    assert refused(cosigil.UsageError, shares[1].frost_sign, nonces[1], request, listed).status == 104
    refused(ValueError, package.frost_list, {65537: commitments[1]})
    refused(TypeError, shares[1].frost_sign, nonces[1], request, "list")
    assert isinstance(nonces[1], Nonces)

    # Party 1 alone is honest: the others pass on what it has made.
    drawn = {me: shares[1].frost_commit() for me in range(1, 71)}
    listed = package.frost_list({me: commitments for me, (_, commitments) in drawn.items()})
    part = shares[1].frost_sign(drawn[1][0], request, listed)
    error = refused(cosigil.Cheated, package.frost_aggregate, request, dict.fromkeys(drawn, part), listed)
    assert error.fault == Fault.BAD_SIGNATURE_SHARE and error.culprits == [*range(2, 71)]
    secret = cosigil.hazmat_reconstruct({me: bytes(shares[me]) for me in (40, 70)})
    assert secret == SECRET


def draws_from_ours() -> None:
    """A source of randomness of Python's is asked, and nothing else; one that fails or gives too little is refused."""
    asked = []

    def source(length: int) -> bytes:
        asked.append(length)
        return hashlib.shake_256(b"seed").digest(length)

    cosigil.use_random(source)
    try:
        assert Identity.generate().public == Identity.generate().public and len(asked) == 2
        cosigil.use_random(lambda length: bytes(length))
        assert refused(cosigil.InternalError, Identity.generate).status == 902
        for wrong, cause in ((lambda length: b"short", ValueError), (lambda length: length, TypeError),
                             (lambda length: [][0], IndexError)):
            cosigil.use_random(wrong)
            error = refused(cosigil.InternalError, Identity.generate)
            assert error.status == 903 and isinstance(error.__cause__, cause), error.__cause__
    finally:
        cosigil.use_random(None)
    assert Identity.generate().public != Identity.generate().public


def main() -> None:
    takes_only_what_fits()
    wipes_its_copies()
    signs_with_a_coordinator()
    draws_from_ours()
    keeps_records()
    moves_keys()
    uses_objects_of_ours()


if __name__ == "__main__":
    main()
    gc.collect()
    assert not cosigil._owners, cosigil._owners
    assert cosigil.live() == (0, 0), cosigil.live()
    print("wrapper: done")
