"""Three parties make two keys, of which any two can sign; one signature with a presignature. In one process."""

import hashlib
import os
from typing import Callable

import cosigil
from cosigil import BurnLog, Identity, KeyShare, Pairs, Parties, Request, Session, Store, Suite

IDS = [1, 2, 3]


def run(sessions: dict[int, Session], store: Callable[[int, Session], None] = lambda me, session: None) -> None:
    """Carries messages until nothing is under way."""
    queue = []

    def settle(me: int) -> None:
        for recipient, message in sessions[me].outgoing(lambda session: store(me, session)):
            queue.extend((to, message) for to in sessions if to != me and recipient in (0, to))

    for me in sessions:
        settle(me)
    while queue:
        to, message = queue.pop(0)
        try:
            sessions[to].receive(message)
        except cosigil.DecodeError:
            pass  # not of this session: thrown away
        settle(to)
    assert all(session.finished for session in sessions.values())


def make_key(identities: dict[int, Identity], parties: Parties, suite: Suite) -> dict[int, KeyShare]:
    """Key generation: a share for each party, and the whole key nowhere."""
    label, shares = os.urandom(32), {}

    def store(me: int, session: Session) -> None:
        if session.output == cosigil.Output.KEY_SHARE:
            shares[me] = session.take_key_share()
            bytes(shares[me])  # to the disk
        session.checkpoint()  # to the disk

    run({me: Session.keygen(identities[me], parties, suite, me=me, threshold=2, label=label) for me in IDS}, store)
    return shares


def main() -> None:
    identities = {me: Identity.generate() for me in IDS}
    parties = Parties({me: identity.public for me, identity in identities.items()})
    message = b"pay 1 to Alice"

    # Ed25519: signers 1 and 3.
    shares = make_key(identities, parties, Suite.FROST_ED25519)
    label, request = os.urandom(32), Request.message(message)
    sessions = {me: Session.frost(identities[me], shares[me], request, [1, 3], label) for me in (1, 3)}
    run(sessions)
    signature, _ = sessions[1].take_signature()
    package = shares[2].package
    assert package.verify(message, signature) and not package.verify(b"pay 2 to Alice", signature)
    print("Ed25519", package.verifying_key.hex(), signature.hex())

    # A refresh: new shares of the same key.
    records = {me: cosigil.Record.create(identities[me], cosigil.KeyStore.memory(), shares[me]) for me in IDS}
    label = os.urandom(32)
    run({me: records[me].refresh(label) for me in IDS})
    assert all(record.attempts()[0][1] == cosigil.Attempt.DONE for record in records.values() if record.attempts())
    label = os.urandom(32)
    sessions = {me: Session.frost(identities[me], records[me].key, request, [1, 2], label) for me in (1, 2)}
    run(sessions)
    assert package.verify(message, sessions[1].take_signature()[0])

    # A backup of party 1's share; its key for customer 7.
    share = records[1].key
    file = share.backup(b"eleven random words", memory_kib=64, passes=1, lanes=1)  # cheap: an example
    assert bytes(KeyShare.restore(Suite.FROST_ED25519, file, b"eleven random words")) == bytes(share)
    label, child = os.urandom(32), Request.message(message).path("m/0/7")
    sessions = {me: Session.frost(identities[me], records[me].key, child, [1, 2], label) for me in (1, 2)}
    run(sessions)
    address_key = package.child_key(share.chain_code, "m/0/7")
    assert cosigil.verify(Suite.FROST_ED25519, address_key, message, sessions[1].take_signature()[0])

    # ECDSA: every two parties set up a pair, once.
    shares = make_key(identities, parties, Suite.ECDSA_SECP256K1)
    logs = {me: BurnLog.memory() for me in IDS}  # on a real machine: BurnLog.create(path)
    pairs = {me: Pairs.new(shares[me]) for me in IDS}
    label = os.urandom(32)
    for a, b in ((1, 2), (1, 3), (2, 3)):
        def keep(me: int, session: Session) -> None:
            pairs[me].take(session)
            pairs[me].to_bytes()  # to the disk

        run({me: Session.setup(identities[me], shares[me], logs[me], peer, label) for me, peer in ((a, b), (b, a))}, keep)
    assert all(not pairs[me].missing(shares[me]) for me in IDS)

    # Signers 2 and 3, with the message at hand.
    label, request = os.urandom(32), Request.hashed(message, cosigil.Hash.SHA256)
    sessions = {me: Session.ecdsa(identities[me], shares[me], pairs[me], logs[me], request, [2, 3], label) for me in (2, 3)}
    run(sessions)
    signature, recovery_id = sessions[2].take_signature()
    digest, package = hashlib.sha256(message).digest(), shares[1].package
    assert package.verify(digest, signature)
    print("ECDSA", package.verifying_key.hex(), cosigil.der(signature).hex(), recovery_id)

    # Signers 1 and 2, ahead of the message; then one message from each.
    label, stores, names = os.urandom(32), {me: Store.memory() for me in (1, 2)}, []
    sessions = {me: Session.presign(identities[me], shares[me], pairs[me], logs[me], 2, [1, 2], label) for me in (1, 2)}
    run(sessions)
    names = [stores[me].take(sessions[me]) for me in (1, 2)]
    assert names[0] == names[1]
    label = os.urandom(32)
    sessions = {me: Session.online(identities[me], shares[me], stores[me], request, names[0][0], label) for me in (1, 2)}
    run(sessions)
    signature, _ = sessions[1].take_signature()
    assert package.verify(digest, signature)
    try:
        Session.online(identities[1], shares[1], stores[1], request, names[0][0], os.urandom(32))
        raise AssertionError("a presignature was used twice")
    except cosigil.StorageError as error:
        print("ECDSA, one message:", signature.hex(), "and again:", error)


if __name__ == "__main__":
    main()
    assert cosigil.live() == (0, 0)
