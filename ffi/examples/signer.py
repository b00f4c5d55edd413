"""One party a process: signer.py FOLDER ID N THRESHOLD PORT. The same program as signer.c, to be mixed with it."""

import pathlib
import socket
import sys
import time

import cosigil
from cosigil import Identity, Parties, Request, Session, Suite


class Party:
    """One process, its socket, and its key share."""

    def __init__(self, folder: str, me: str, n: str, threshold: str, port: str) -> None:
        self.folder, self.me, self.n, self.threshold, self.port = pathlib.Path(folder), int(me), int(n), int(threshold), int(port)
        self.listener = socket.create_server(("127.0.0.1", self.port + self.me), backlog=64)
        self.listener.settimeout(1)
        self.identity = Identity.generate()
        self.share: cosigil.KeyShare | None = None

    def meet(self) -> Parties:
        """Writes our public identity into the folder, and waits for those of the others."""
        draft = self.folder / f"{self.me}.draft"
        draft.write_bytes(self.identity.public)
        draft.rename(self.folder / f"{self.me}.public")
        members = {}
        for party in range(1, self.n + 1):
            path = self.folder / f"{party}.public"
            while not path.exists():
                time.sleep(0.05)
            members[party] = path.read_bytes()
        return Parties(members)

    def store(self, session: Session) -> None:
        """What must be durable first: here a program would write to its disk, and raise if it cannot."""
        if session.output == cosigil.Output.KEY_SHARE:
            self.share = session.take_key_share()
            bytes(self.share)  # to the disk
        session.checkpoint()  # to the disk, in the place of the one before; None: delete that

    def send_out(self, session: Session) -> None:
        """One connection a message; what is lost is sent again by whoever waits for an answer."""
        for recipient, message in session.outgoing(self.store):
            for to in range(1, self.n + 1):
                if to != self.me and recipient in (0, to):
                    try:
                        with socket.create_connection(("127.0.0.1", self.port + to)) as out:
                            out.sendall(message)
                    except OSError:
                        pass

    def next_message(self) -> bytes | None:
        """The next message, which may be empty; None after a second without one."""
        try:
            connection, _ = self.listener.accept()
        except TimeoutError:
            return None
        with connection:
            connection.settimeout(10)
            try:
                return b"".join(iter(lambda: connection.recv(65536), b""))
            except OSError:
                return b""  # whoever it was may send it again

    def drive(self, session: Session) -> Session:
        """Runs a session to its end."""
        failed, seconds = None, 0
        while True:
            self.send_out(session)
            if session.over:
                break
            message = self.next_message()
            if message is None:
                session.send_again()  # somebody may have missed something
                seconds += 1
                if seconds == 60:
                    sys.exit(f"no word from {session.awaiting}")
                continue
            try:
                session.receive(message)
                failed = None
            except (cosigil.UsageError, cosigil.DecodeError):
                pass  # not a message of this session: thrown away
            except cosigil.Error as error:
                # An abort: it is over, or goes on if this party has promised something; either way the others are told.
                print(f"{error}, by {error.culprits}", file=sys.stderr)
                failed = error
        if failed is not None:
            sys.exit(str(failed))
        return session


def main() -> None:
    party = Party(*sys.argv[1:])
    parties = party.meet()
    label = b"keygen".ljust(32, b"\0")  # agreed on by the operators, fresh for each session
    party.drive(Session.keygen(party.identity, parties, Suite.FROST_ED25519, me=party.me, threshold=party.threshold, label=label))
    print("key", party.share.package.verifying_key.hex())
    request = Request.message(b"pay 1 to Alice")  # what this party's own application has approved
    signers = range(1, party.n + 1)
    session = party.drive(Session.frost(party.identity, party.share, request, signers, b"sign".ljust(32, b"\0")))
    print("signature", session.take_signature()[0].hex())


if __name__ == "__main__":
    main()
