"""cosigil for Python: distributed key generation and threshold signatures, by ctypes alone. No build step.

The shared library is looked for in the environment variable COSIGIL_LIB, where the linker looks, and in the target folder
of a checkout. The manual of every call is include/cosigil.h; here are its types with Python's manners: handles free
themselves, statuses are exceptions, bytes are bytes.

    identity = Identity.generate()
    session = Session.keygen(identity, directory, Suite.FROST_ED25519, me=1, threshold=2, label=os.urandom(32))
    for recipient, message in session.outgoing(store):   # store(session): write session.checkpoint() to the disk
        send(recipient, message)                         # recipient 0: all the others
    session.receive(bytes_off_the_wire)                  # and so on, until session.over
    share = session.take_key_share()
"""

from __future__ import annotations

import ctypes
import ctypes.util
import enum
import itertools
import operator
import os
import pathlib
import threading
from ctypes import CFUNCTYPE, POINTER, byref, c_int32, c_size_t, c_uint8, c_uint16, c_uint32, c_uint64, c_void_p
from typing import Callable, Iterable, Iterator, Mapping, NamedTuple, Protocol

ABI_MAJOR = 1


class Suite(enum.IntEnum):
    """What a key is made for."""

    ECDSA_SECP256K1 = 1
    ECDSA_P256 = 2
    FROST_ED25519 = 16
    FROST_ED25519_KECCAK = 17
    FROST_BIP340 = 18
    FROST_SECP256K1 = 19
    FROST_P256 = 20
    FROST_RISTRETTO255 = 21


class Hash(enum.IntEnum):
    """How a message is hashed before ECDSA signs it."""

    SHA256 = 1
    SHA256D = 2
    KECCAK256 = 3


class Output(enum.IntEnum):
    """What waits in a session."""

    NONE = 0
    KEY_SHARE = 1
    PAIR = 2
    SIGNATURE = 3
    PRESIGNATURES = 4
    PACKAGE = 5
    SECRET = 6


class Attempt(enum.IntEnum):
    """How a refresh or reshare stands at a party."""

    PENDING = 1
    ACTIVE = 2
    DONE = 3
    CLOSED = 4


class News(enum.IntEnum):
    """What has changed in a record: the header says what each means."""

    NONE = 0
    ACTIVE = 1
    DONE = 2
    RETIRED = 3
    CONTRADICTION = 4
    OTHER = 255

    @classmethod
    def _missing_(cls, value: object) -> News:
        return cls.OTHER  # of a newer library


class Said(enum.IntEnum):
    """What a party has signed that cannot be."""

    FALSE_LIST = 1
    TWO_ACKS = 2


class Import(enum.IntEnum):
    """The form of a whole key from elsewhere."""

    SCALAR = 1
    RFC_8032 = 2
    NEM = 3


class Network(enum.IntEnum):
    """Whose wallets an extended key is for."""

    MAINNET = 0
    TESTNET = 1


class Consequence(enum.IntEnum):
    """What followed from the aborts of a session."""

    STRIKE = 1
    BURNED = 2
    BANNED = 3
    NOT_RECORDED = 4


class Fault(enum.IntEnum):
    """What an abort is about: the header says what each means."""

    MALFORMED = 1
    EQUIVOCATION = 2
    BROADCASTS_DIFFER = 3
    BAD_SEAL_KEY = 4
    SAME_SEAL_KEY = 5
    BAD_OPENING = 6
    BAD_COEFFICIENT_PROOF = 7
    BAD_CONSTANT = 8
    BAD_SHARE = 9
    FALSE_COMPLAINT = 10
    IDENTITY_KEY = 11
    TRANSCRIPTS_DIFFER = 12
    BAD_CONFIRM_PROOF = 13
    BAD_SIGNATURE_SHARE = 14
    IDENTITY_NONCE = 15
    BAD_SIGNATURE = 16
    BAD_SEALED_PART = 17
    SETUP_FAILED = 18
    OTHER_SETUP = 19
    BAD_EXTENSION = 20
    BAD_MULTIPLICATION = 21
    BAD_NONCE_IMAGE = 22
    PAIR_BURNED = 23
    OUT_OF_STRIKES = 24
    LOG_FAILED = 25
    KEYS_DO_NOT_ADD_UP = 26
    ZERO_SHARE_DIFFERS = 27
    BAD_KEY_IMAGE = 28
    ONLINE_REQUESTS_DIFFER = 29
    OTHER = 255

    @classmethod
    def _missing_(cls, value: object) -> Fault:
        return cls.OTHER  # of a newer library


SEND, STORE, OUTPUT, FINISHED, ENDED, DELETE = 1, 2, 4, 8, 16, 32
OVER = FINISHED | ENDED
TOO_SMALL, NOT_THERE, BAD_SIGNATURE, ATTEMPT_UNDER_WAY = 109, 110, 150, 308


class Bytes(ctypes.Structure):
    """A buffer of the library's."""

    _fields_ = [("data", POINTER(c_uint8)), ("len", c_size_t), ("serial", c_uint64)]


class Error(Exception):
    """A call failed. `status` is one of COSIGIL_…; `culprits` are the parties that are to blame, if any can be named, for
    `fault`. What an object of yours has raised meanwhile is the `__cause__`."""

    def __init__(self, status: int, text: str, fault: Fault | None, culprits: list[int]) -> None:
        super().__init__(f"{text} ({status})")
        self.status = status
        self.fault = fault
        self.culprits = culprits


class UsageError(Error):
    """The call cannot be right. Nothing has changed."""


class DecodeError(Error):
    """The bytes are not what they should be. Nothing has changed: of a message, throw it away."""


class ProtocolError(Error):
    """The protocol cannot go on; nobody is named."""


class Cheated(Error):
    """Peers deviated, and are named."""


class Burned(Error):
    """A check of pair states failed; it is on record."""


class StorageError(Error):
    """A store or burn log failed."""


class InternalError(Error):
    """A bug, or no randomness."""


_CLASSES = {1: UsageError, 2: DecodeError, 3: ProtocolError, 4: Cheated, 5: Burned, 6: StorageError}


def _load() -> ctypes.CDLL:
    root = pathlib.Path(__file__).resolve().parents[2]
    built = [root / "target" / kind / name for kind in ("release", "debug")
             for name in ("libcosigil_ffi.so", "libcosigil_ffi.dylib", "cosigil_ffi.dll")]
    places = [os.environ.get("COSIGIL_LIB"), ctypes.util.find_library("cosigil"), *map(str, filter(pathlib.Path.exists, built))]
    place = next((place for place in places if place), None)
    if place is None:
        raise OSError("libcosigil is not found: set COSIGIL_LIB, or run cargo build --release -p cosigil-ffi")
    library = ctypes.CDLL(place)
    library.cosigil_abi_version.restype = c_uint32
    if library.cosigil_abi_version() >> 16 != ABI_MAJOR:
        raise OSError(f"{place} has another interface than this file is for")
    return library


_lib = _load()

# The arguments of every function but the few that are declared below: h a handle; o a handle that comes out; b bytes with
# their length; i ids with their number; m bytes that come out; r room for ids, with their number; c a table of functions;
# 8 16 32 64 numbers, with > that come out.
_PROTOTYPES = {
    "identity_generate": "o", "identity_from_seed": "o b", "identity_seed": "h m", "identity_public": "h m",
    "parties_new": "o", "parties_add": "h 16 b",
    "keygen_start": "h o h 32 16 16 b", "keygen_resume": "h o h 32 16 16 b b",
    "session_receive": "h >32 b", "session_progress": "h >32", "session_take_message": "h >16 m",
    "session_send_again": "h", "session_checkpoint": "h m", "session_stored": "h", "session_awaiting": "h r",
    "session_conflicts": "h r", "session_round": "h >8", "session_fault": "h >i32", "session_culprits": "h r",
    "session_consequence": "h >i32 >16 m size",
    "session_output": "h >i32", "session_take_key_share": "h o", "session_take_signature": "h m >8",
    "key_share_to_bytes": "h m", "key_share_from_bytes": "o b", "key_share_me": "h >16", "key_share_package": "h o",
    "package_to_bytes": "h m", "package_from_bytes": "o b", "package_suite": "h >32", "package_verifying_key": "h m",
    "package_key_id": "h m", "package_digest": "h m", "package_sharing": "h m >32", "package_parties": "h >16 r",
    "session_take_package": "h o", "key_share_chain_code": "h m", "key_share_xpub": "h m 32 b",
    "key_share_with_identity": "h o 16 b", "key_share_strikes": "h >8 16", "key_share_with_strikes": "h o h",
    "package_child_key": "h m b b", "xpub_child_key": "m 32 b b",
    "request_path": "h b", "request_chain_code": "h b",
    "backup_passphrase": "h m 32 32 32 b", "backup_passphrase_open": "o 32 b b", "backup_seal": "h m h b",
    "backup_open": "h o 32 b b", "backup_verifiable": "h m m h b", "backup_verify": "h 16 b b",
    "backup_restore": "h o 32 b b b", "backup_key_generate": "o", "backup_key_to_bytes": "h m",
    "backup_key_from_bytes": "o b", "backup_key_public": "h m",
    "repair_help_start": "h o h 16 b i b", "repair_start": "h o h b 16 b i b",
    "pairs_after_repair": "h o h h 16 b", "key_store_file": "o b", "key_store_memory": "o", "key_store_callbacks": "o c",
    "record_create": "h o h h", "record_join": "h o h h 16 b", "record_open": "h o h", "record_depend": "h h",
    "record_key": "h o", "record_package": "h o", "refresh_start": "h o b", "reshare_start": "h o h 16 i b",
    "record_exchange": "h m", "record_learn": "h b", "record_take_message": "h >16 m",
    "record_attempt": "h m >i32 r size", "record_discard": "h b", "record_reopen": "h 16 b", "record_era": "h >16 b",
    "record_adopt": "h h", "record_set_identity": "h 16 b", "record_note_strikes": "h h", "record_take_news": "h >i32 >16 m",
    "record_contradiction": "h >16 >i32 size", "record_backup_passphrase": "h m 32 32 32 b", "record_backup_seal": "h m h b",
    "record_restore_passphrase": "h o h 32 8 b b", "record_restore": "h o h h 32 8 b b",
    "verify": "32 b b b", "signature_der": "m b",
    "request_message": "o b", "request_hashed": "o 32 b", "request_digest": "o b", "request_script_root": "h b",
    "frost_sign_start": "h o h h i b", "frost_commit": "h o m", "frost_list": "h m h", "frost_sign": "h m h h b",
    "frost_aggregate": "h m h h b", "collection_new": "o", "collection_add": "h 16 b", "collection_get": "h m 16",
    "hazmat_forgive": "h h 16", "hazmat_split": "h o 32 16 b", "hazmat_reconstruct": "h m", "hazmat_request_raw": "h",
    "hazmat_import_start": "h o m h 32 32 16 16 b b", "hazmat_import_accept": "h o h 32 16 16 b b b",
    "hazmat_export_start": "h o h 16 b i b", "hazmat_export_receive": "h o h 16 b i b", "hazmat_take_secret": "h m",
    "burn_log_create": "o b", "burn_log_open": "o b", "burn_log_memory": "o", "burn_log_callbacks": "o c",
    "pairs_new": "h o", "pairs_take": "h h", "pairs_missing": "h r h", "pairs_forget": "h 16", "pairs_to_bytes": "h m >64",
    "pairs_from_bytes": "h o h 64 b", "setup_start": "h o h h 16 b",
    "ecdsa_sign_start": "h o h h h h i b", "presign_start": "h o h h h 32 i b", "presignatures_take": "h m h",
    "online_start": "h o h h h b b", "online_repeat": "h m h h b", "store_folder": "o b", "store_memory": "o", "store_callbacks": "o c",
    "store_discard": "h b", "random_use_system": "",
    **{f"{kind}_free": "h" for kind in
       ("identity", "parties", "session", "key_share", "package", "request", "burn_log", "pairs", "store", "backup_key",
        "key_store", "record", "nonces", "collection")},
}
_NUMBERS = {"size": c_size_t, "8": c_uint8, "16": c_uint16, "32": c_uint32, "64": c_uint64, "i32": c_int32}
_MOST_PARTIES = 65535


def argument_types(prototype: str) -> list[type]:
    """The types of a function's arguments."""
    types: list[type] = []
    for code in prototype.split():
        types += {
            "h": [c_void_p], "c": [c_void_p], "o": [POINTER(c_void_p)], "b": [POINTER(c_uint8), c_size_t], "m": [POINTER(Bytes)],
            "i": [POINTER(c_uint16), c_size_t], "r": [POINTER(c_uint16), c_size_t, POINTER(c_size_t)],
        }.get(code) or [POINTER(_NUMBERS[code[1:]]) if code[0] == ">" else _NUMBERS[code]]
    return types


for _name, _prototype in _PROTOTYPES.items():
    _function = getattr(_lib, f"cosigil_{_name}")
    _function.argtypes, _function.restype = argument_types(_prototype), c_int32


# They give randomness, or tell of the last call: their own outcome is not one of `_call`'s.
_RANDOM = CFUNCTYPE(c_int32, c_void_p, c_void_p, c_size_t)
DECLARED = {
    "random_use": [_RANDOM, c_void_p], "bytes_free": [POINTER(Bytes)], "live": [POINTER(c_size_t)] * 2,
    "last_error": [c_void_p, c_size_t, POINTER(c_size_t)],
    "last_fault": [POINTER(c_int32), POINTER(c_uint16), c_size_t, POINTER(c_size_t)],
}
for _name, _types in DECLARED.items():
    _function = getattr(_lib, f"cosigil_{_name}")
    _function.argtypes, _function.restype = _types, c_int32


def _failure(status: int) -> Error:
    text, length = ctypes.create_string_buffer(512), c_size_t()
    _lib.cosigil_last_error(text, len(text), byref(length))
    fault, count, found, room = c_int32(), c_size_t(64), TOO_SMALL, 0
    while found == TOO_SMALL and room < count.value:
        room = count.value
        ids = (c_uint16 * room)()
        found = _lib.cosigil_last_fault(byref(fault), ids, room, byref(count))
    named = (Fault(fault.value), ids[: count.value]) if found == 0 else (None, [])
    return _CLASSES.get(status // 100, InternalError)(status, text.value.decode(errors="replace"), *named)


def _take(buffer: Bytes) -> bytes:
    """Copies a buffer, and has the library wipe its own. What Python holds of it is wiped by nobody."""
    content = ctypes.string_at(buffer.data, buffer.len) if buffer.data else b""
    _lib.cosigil_bytes_free(byref(buffer))
    return content


def _number(value: object, kind: type) -> int:
    """A number that fits: ctypes would cut off what does not."""
    number = operator.index(value)
    if not 0 <= number < 1 << 8 * ctypes.sizeof(kind):
        raise ValueError(f"{number} is out of range")
    return number


class _Inputs:
    """Arguments of a call, and the copies of bytes among them: wiped when the call is over."""

    def __init__(self) -> None:
        self.arguments: list[object] = []
        self.copies: list[ctypes.Array] = []

    def __enter__(self) -> _Inputs:
        return self

    def __exit__(self, *_: object) -> None:
        for copy in self.copies:
            ctypes.memset(copy, 0, ctypes.sizeof(copy))

    def add(self, code: str, value: object) -> None:
        """Adds what stands for a value. A value of another type is refused."""
        if code == "b":
            view = memoryview(value)  # not bytes(value): of a number that would be so many zeros
            self.copies.append((c_uint8 * view.nbytes).from_buffer_copy(view))
            self.arguments += [self.copies[-1] if view.nbytes else None, view.nbytes]
        elif code == "i":
            ids = [_number(one, c_uint16) for one in value]
            self.arguments += [(c_uint16 * len(ids))(*ids), len(ids)]
        elif code == "h":
            if not isinstance(value, Handle):
                raise TypeError(f"{type(value).__name__} is no handle")
            self.arguments.append(value._handle)
        elif code == "c":
            self.arguments.append(byref(value))
        else:
            self.arguments.append(_number(value, _NUMBERS[code]))


def _call(name: str, *given: object) -> object:
    """Calls a function with what its prototype does not have coming out; gives back what comes out."""
    waiting, results = iter(given), []
    with _Inputs() as inputs:
        for code in _PROTOTYPES[name].split():
            if code in ("o", "m") or code[0] == ">":
                place = {"o": c_void_p, "m": Bytes}.get(code, _NUMBERS.get(code[1:], c_void_p))()
                results.append(place)
                inputs.arguments.append(byref(place))
            elif code == "r":
                ids, count = (c_uint16 * _MOST_PARTIES)(), c_size_t()
                results.append((ids, count))
                inputs.arguments += [ids, _MOST_PARTIES, byref(count)]
            else:
                inputs.add(code, next(waiting))
        _raised.error = None
        status = getattr(_lib, f"cosigil_{name}")(*inputs.arguments)
    error, _raised.error = _raised.error, None
    if status != 0:
        raise _failure(status) from error
    values = [list(one[0][: one[1].value]) if isinstance(one, tuple) else _take(one) if isinstance(one, Bytes) else one.value
              for one in results]
    return values[0] if len(values) == 1 else tuple(values) if values else None


class Handle:
    """Something of the library's. Freed when it is closed, left by `with`, or forgotten."""

    _kind = ""
    _handle: int | None = None

    def __init__(self, handle: int) -> None:
        self._handle = handle

    @classmethod
    def _make(cls, name: str, *given: object):
        return cls(_call(name, *given))

    def close(self) -> None:
        """Frees it, and wipes what is secret in it."""
        if self._handle:
            handle, self._handle = self._handle, None
            getattr(_lib, f"cosigil_{self._kind}_free")(handle)

    def __enter__(self):
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def __del__(self) -> None:
        self.close()


def _if_there(name: str, *given: object) -> object:
    """What a function gives; None if that is not there."""
    try:
        return _call(name, *given)
    except UsageError as error:
        if error.status != NOT_THERE:
            raise
        return None


def _all(name: str, handle: Handle) -> list:
    """What a function gives by number, from 0 on."""
    found = []
    while (one := _if_there(name, handle, len(found))) is not None:
        found.append(one)
    return found


# Objects of Python's that the library calls. What is behind a handle is kept here, by the context that the library hands to
# each function, until the library lets go of it.


class Peer(NamedTuple):
    """Whom a strike is for: known by key and identity."""

    key_id: bytes
    identity: bytes
    party: int


class OwnBurnLog(Protocol):
    """A burn log of yours, a table in a database for example: `BurnLog.of`. What a function says is done must be durable when
    it returns. One that raises anything is the last that is called: after it the library is refused everything."""

    def burn(self, pair_id: bytes, peer: Peer) -> None:
        """Burns a pair for ever and counts a strike for its peer: both or neither. Burning it again changes nothing."""

    def is_burned(self, pair_id: bytes) -> bool:
        """Whether a pair was ever burned."""

    def strike(self, peer: Peer) -> None:
        """Counts a strike for a failed setup."""

    def strikes(self, peer: Peer) -> tuple[int, int]:
        """All strikes ever counted for a peer, and how many of them are forgiven."""

    def forgive(self, peer: Peer) -> None:
        """Forgives a peer all strikes so far."""


class OwnKeyStore(Protocol):
    """A store of yours for the record of a key: `KeyStore.of`. One that raises anything is not called again."""

    def load(self) -> bytes | None:
        """The record saved last."""

    def save(self, generation: int, record: bytes) -> None:
        """Puts a record, secret, in the place of the one before: whole or not at all, durable when this returns."""

    def newest(self) -> int:
        """The newest generation that is known to have been saved; 0 where it cannot be known."""


class OwnStore(Protocol):
    """A store of yours for presignatures: `Store.of`. A copy of it, from a backup or a replica, must not know unspent ones: two
    signatures from one are the key. Raise `Refused` for what it is there for; one that raises anything else is not called again."""

    def insert(self, name: bytes, record: bytes) -> None:
        """Keeps a record, secret, under a name that was never used. Or EXISTS."""

    def get(self, name: bytes) -> bytes:
        """The record of an unspent presignature. Or UNKNOWN, SPENT."""

    def claim(self, name: bytes, request: bytes, reply: bytes) -> bytes | None:
        """Spends a presignature on a request, remembers the reply and wipes the record, durably: None. If it was spent on this
        very request before: the reply that was remembered. Or UNKNOWN, SPENT."""

    def claimed(self, name: bytes) -> tuple[bytes, bytes] | None:
        """The request that a presignature was spent on, and the reply. Or UNKNOWN."""

    def discard(self, name: bytes) -> None:
        """Wipes an unspent presignature for good. Or UNKNOWN, SPENT."""

    def retire(self, key_id: bytes, sharing: bytes) -> None:
        """Wipes all unspent presignatures of this sharing of this key; of all sharings, where it is not known which they are."""


class Refusal(enum.IntEnum):
    """Why a store of presignatures refuses."""

    UNKNOWN = 2
    SPENT = 3
    EXISTS = 4


class Refused(Exception):
    """What an `OwnStore` raises where nothing is wrong with it."""

    def __init__(self, why: Refusal) -> None:
        super().__init__(why.name)
        self.why = why


class _Owner:
    """An object of the integrator's."""

    def __init__(self, own: object) -> None:
        self.own, self.failed = own, False


_FAILED = 1
_owners: dict[int, _Owner] = {}
_contexts = itertools.count(1)
_raised = threading.local()


def _entry(*types: type) -> Callable[[Callable[..., None]], ctypes._CFuncPtr]:
    """Makes a function of an integrator's object, and of arguments of these types, one that the library can call.

    Nothing may be raised out of that: ctypes would answer 0, which is "done". So a handler of signals that raises, as Python's
    own for Ctrl-C does, has no place in a program that goes on afterwards."""

    def made(function: Callable[..., None]) -> ctypes._CFuncPtr:
        def entry(context: int, *arguments: object) -> int:
            try:
                owner = _owners[context]
                if owner.failed:
                    return _FAILED
                owner.failed = True  # unless what follows comes to its end
                function(owner.own, *arguments)
                owner.failed = False
                return 0
            except BaseException as error:
                _raised.error = error
                if isinstance(error, Refused):
                    owner.failed = False
                    return int(error.why)
                return _FAILED

        return CFUNCTYPE(c_int32, c_void_p, *types)(entry)

    return made


@CFUNCTYPE(None, c_void_p)
def _release(context: int) -> None:
    _owners.pop(context, None)


def _exactly(content: bytes, length: int) -> bytes:
    """Bytes of this length, as an integrator's object gives them."""
    content = bytes(memoryview(content))
    if len(content) != length:
        raise ValueError(f"{len(content)} bytes, not {length}")
    return content


def _put_record(record: bytes, place: int, capacity: int, length: ctypes._Pointer) -> None:
    content = bytes(memoryview(record))
    ctypes.memmove(place, content, min(len(content), capacity))
    length[0] = len(content)


class _Peer(ctypes.Structure):
    _fields_ = [("key_id", c_uint8 * 32), ("identity", c_uint8 * 32), ("party", c_uint16)]


def _peer(peer: ctypes._Pointer) -> Peer:
    return Peer(bytes(peer[0].key_id), bytes(peer[0].identity), peer[0].party)


def _name(place: int) -> bytes:
    return ctypes.string_at(place, 32)


@_entry(c_void_p, POINTER(_Peer))
def _burn(own: OwnBurnLog, pair: int, peer: ctypes._Pointer) -> None:
    own.burn(_name(pair), _peer(peer))


@_entry(c_void_p, POINTER(c_uint8))
def _is_burned(own: OwnBurnLog, pair: int, burned: ctypes._Pointer) -> None:
    answer = own.is_burned(_name(pair))
    if not isinstance(answer, bool):
        raise TypeError("is_burned must give a bool")
    burned[0] = answer


@_entry(POINTER(_Peer))
def _strike(own: OwnBurnLog, peer: ctypes._Pointer) -> None:
    own.strike(_peer(peer))


@_entry(POINTER(_Peer), POINTER(c_uint32), POINTER(c_uint32))
def _strikes(own: OwnBurnLog, peer: ctypes._Pointer, total: ctypes._Pointer, forgiven: ctypes._Pointer) -> None:
    total[0], forgiven[0] = (_number(one, c_uint32) for one in own.strikes(_peer(peer)))


@_entry(POINTER(_Peer))
def _forgive(own: OwnBurnLog, peer: ctypes._Pointer) -> None:
    own.forgive(_peer(peer))


@_entry(c_void_p, c_size_t, POINTER(c_size_t))
def _load(own: OwnKeyStore, place: int, capacity: int, length: ctypes._Pointer) -> None:
    record = own.load()
    _put_record(b"" if record is None else record, place, capacity, length)


@_entry(c_uint64, c_void_p, c_size_t)
def _save(own: OwnKeyStore, generation: int, record: int, length: int) -> None:
    own.save(generation, ctypes.string_at(record, length))


@_entry(POINTER(c_uint64))
def _newest(own: OwnKeyStore, generation: ctypes._Pointer) -> None:
    generation[0] = _number(own.newest(), c_uint64)


@_entry(c_void_p, c_void_p, c_size_t)
def _insert(own: OwnStore, name: int, record: int, length: int) -> None:
    own.insert(_name(name), ctypes.string_at(record, length))


@_entry(c_void_p, c_void_p, c_size_t, POINTER(c_size_t))
def _get(own: OwnStore, name: int, place: int, capacity: int, length: ctypes._Pointer) -> None:
    _put_record(own.get(_name(name)), place, capacity, length)


@_entry(c_void_p, c_void_p, c_void_p, POINTER(c_uint8))
def _claim(own: OwnStore, name: int, request: int, reply: int, repeated: ctypes._Pointer) -> None:
    earlier = own.claim(_name(name), _name(request), ctypes.string_at(reply, _REPLY))
    if earlier is not None:
        ctypes.memmove(reply, _exactly(earlier, _REPLY), _REPLY)
    repeated[0] = earlier is not None


@_entry(c_void_p, c_void_p, c_void_p, POINTER(c_uint8))
def _claimed(own: OwnStore, name: int, request: int, reply: int, found: ctypes._Pointer) -> None:
    spent = own.claimed(_name(name))
    if spent is not None:
        ctypes.memmove(request, _exactly(spent[0], 32), 32)
        ctypes.memmove(reply, _exactly(spent[1], _REPLY), _REPLY)
    found[0] = spent is not None


@_entry(c_void_p)
def _discard(own: OwnStore, name: int) -> None:
    own.discard(_name(name))


@_entry(c_void_p, c_void_p)
def _retire(own: OwnStore, key_id: int, sharing: int) -> None:
    own.retire(_name(key_id), _name(sharing))


_REPLY = 96
# The functions of each table, in the header's order.
TABLES = {
    "burn_log": {"burn": _burn, "is_burned": _is_burned, "strike": _strike, "strikes": _strikes, "forgive": _forgive},
    "key_store": {"load": _load, "save": _save, "newest": _newest},
    "store": {"insert": _insert, "get": _get, "claim": _claim, "claimed": _claimed, "discard": _discard,
              "retire": _retire},
}


def table_fields(kind: str) -> list[tuple[str, type]]:
    """The fields of cosigil_…_calls."""
    functions = [(name, type(function)) for name, function in TABLES[kind].items()]
    return [("size", c_size_t), ("context", c_void_p), *functions, ("release", type(_release))]


def _open_own(kind: str, own: object) -> int:
    """A handle over an object of the integrator's."""
    table = type("Calls", (ctypes.Structure,), {"_fields_": table_fields(kind)})
    context = next(_contexts)
    _owners[context] = _Owner(own)
    try:
        return _call(f"{kind}_callbacks", table(ctypes.sizeof(table), context, release=_release, **TABLES[kind]))
    except BaseException:
        _owners.pop(context, None)
        raise


_source: Callable[[int], bytes] | None = None


@_RANDOM
def _fill(_: int, place: int, length: int) -> int:
    try:
        ctypes.memmove(place, _exactly(_source(length), length), length)
        return 0
    except BaseException as error:
        _raised.error = error
        return _FAILED


def use_random(source: Callable[[int], bytes] | None) -> None:
    """Takes all randomness from `source(length)`, a hardware module for example; None: from the operating system again.

    Before anything else is called, once: it holds for the whole process, and may be called by several threads at once."""
    global _source
    if source is None:
        _call("random_use_system")
        return
    _source = source
    status = _lib.cosigil_random_use(_fill, None)
    if status != 0:
        raise _failure(status)


class Identity(Handle):
    """The key that signs a party's messages."""

    _kind = "identity"

    @classmethod
    def generate(cls) -> Identity:
        """A new one. Store its `seed`; give `public` to the other operators over a channel that they trust."""
        return cls._make("identity_generate")

    @classmethod
    def from_seed(cls, seed: bytes) -> Identity:
        """The one with this seed of 32 bytes."""
        return cls._make("identity_from_seed", seed)

    @property
    def seed(self) -> bytes:
        """Secret."""
        return _call("identity_seed", self)

    @property
    def public(self) -> bytes:
        """The 32 bytes that the others must know."""
        return _call("identity_public", self)


class Parties(Handle):
    """Who takes part: ids, and the public identities that the operators have agreed on."""

    _kind = "parties"

    def __init__(self, members: dict[int, bytes]) -> None:
        super().__init__(_call("parties_new"))
        for party, public in members.items():
            _call("parties_add", self, party, public)


class Collection(Handle):
    """What several parties have sent, or are to get, by party."""

    _kind = "collection"

    @classmethod
    def of(cls, parts: Mapping[int, bytes]) -> Collection:
        """With a part of each party."""
        collection = cls._make("collection_new")
        for party, part in parts.items():
            _call("collection_add", collection, party, part)
        return collection

    def part(self, party: int) -> bytes:
        """What there is of a party."""
        return _call("collection_get", self, party)


class Package(Handle):
    """What everybody may know of a key."""

    _kind = "package"

    @classmethod
    def from_bytes(cls, content: bytes) -> Package:
        """Reads what `bytes()` gave."""
        return cls._make("package_from_bytes", content)

    def __bytes__(self) -> bytes:
        return _call("package_to_bytes", self)

    @property
    def suite(self) -> Suite:
        """What the key is made for."""
        return Suite(_call("package_suite", self))

    @property
    def verifying_key(self) -> bytes:
        """The key that signatures verify under and addresses are made of."""
        return _call("package_verifying_key", self)

    @property
    def key_id(self) -> bytes:
        """The key's name for its whole life."""
        return _call("package_key_id", self)

    @property
    def digest(self) -> bytes:
        """What operators compare over a channel they trust."""
        return _call("package_digest", self)

    @property
    def sharing(self) -> bytes:
        """The name of this sharing of it."""
        return _call("package_sharing", self)[0]

    @property
    def threshold(self) -> int:
        """How many must sign."""
        return _call("package_parties", self)[0]

    @property
    def parties(self) -> list[int]:
        """Who holds a share."""
        return _call("package_parties", self)[1]

    def child_key(self, chain_code: bytes, path: str) -> bytes:
        """The verifying key of a child, at the end of a path such as "m/0/7"."""
        return _call("package_child_key", self, chain_code, path.encode())

    def verify_backup(self, party: int, to: bytes, backup: bytes) -> None:
        """Fails unless a verifiable backup opens, with the secret of `to`, to the share of a party."""
        _call("backup_verify", self, party, to, backup)

    def frost_list(self, commitments: Mapping[int, bytes]) -> bytes:
        """FROST with a coordinator: the list of all signers' commitments, for the signers."""
        return _call("frost_list", self, Collection.of(commitments))

    def frost_aggregate(self, request: Request, signature_shares: Mapping[int, bytes], commitments: bytes) -> bytes:
        """FROST with a coordinator, step three: the signature, verified. `Cheated` names all whose part is wrong."""
        return _call("frost_aggregate", self, request, Collection.of(signature_shares), commitments)

    def verify(self, message: bytes, signature: bytes) -> bool:
        """Whether an ordinary signature is one of the message, or for ECDSA of the digest, under this key."""
        return verify(self.suite, self.verifying_key, message, signature)


class KeyShare(Handle):
    """What one party holds of a key."""

    _kind = "key_share"

    @classmethod
    def from_bytes(cls, content: bytes) -> KeyShare:
        """Reads what `bytes()` gave."""
        return cls._make("key_share_from_bytes", content)

    def __bytes__(self) -> bytes:
        """Secret: store it encrypted, where only this party can read it."""
        return _call("key_share_to_bytes", self)

    @property
    def me(self) -> int:
        """Whose it is."""
        return _call("key_share_me", self)

    @property
    def package(self) -> Package:
        """What everybody may know of the key."""
        return Package(_call("key_share_package", self))

    @property
    def chain_code(self) -> bytes:
        """Who has it can link every address derived from the key."""
        return _call("key_share_chain_code", self)

    def xpub(self, path: str = "m", network: Network = Network.MAINNET) -> str:
        """The extended public key at the end of a path, for watch-only wallets."""
        return _call("key_share_xpub", self, network, path.encode()).decode()

    def with_identity(self, party: int, public: bytes) -> KeyShare:
        """The same share, with another public identity of a party."""
        return KeyShare(_call("key_share_with_identity", self, party, public))

    def frost_commit(self) -> tuple[Nonces, bytes]:
        """FROST with a coordinator, step one: nonces for one signature, which stay here, and commitments for the coordinator."""
        nonces, commitments = _call("frost_commit", self)
        return Nonces(nonces), commitments

    def frost_sign(self, nonces: Nonces, request: Request, commitments: bytes) -> bytes:
        """FROST with a coordinator, step two: this signer's part of the signature that its own application asks for, by the
        coordinator's list of commitments. The nonces are used up."""
        return _call("frost_sign", self, nonces, request, commitments)

    def strikes(self, party: int) -> int:
        """How many strikes the share remembers of a peer."""
        return _call("key_share_strikes", self, party)

    def with_strikes(self, log: BurnLog) -> KeyShare:
        """The same share, with the strikes that the log has counted: to be stored in its place when a session has ended in a
        strike or burn."""
        return KeyShare(_call("key_share_with_strikes", self, log))

    def backup(self, passphrase: bytes, *, memory_kib: int = 65536, passes: int = 3, lanes: int = 4) -> bytes:
        """A backup under a passphrase; a guess costs as much as is said."""
        return _call("backup_passphrase", self, memory_kib, passes, lanes, passphrase)

    @classmethod
    def restore(cls, suite: Suite, backup: bytes, passphrase: bytes) -> KeyShare:
        """Opens what `backup` made."""
        return cls._make("backup_passphrase_open", suite, backup, passphrase)

    def backup_to(self, to: bytes, identity: Identity) -> bytes:
        """A backup to the public half of a `BackupKey`."""
        return _call("backup_seal", self, identity, to)

    def verifiable_backup(self, to: bytes, identity: Identity) -> tuple[bytes, bytes]:
        """A backup that anybody can check (`Package.verify_backup`), and what else it takes, sealed."""
        return _call("backup_verifiable", self, identity, to)


class Nonces(Handle):
    """The secret nonces of one FROST signature: used up by it."""

    _kind = "nonces"


class BackupKey(Handle):
    """The secret key that opens backups: where no party lives."""

    _kind = "backup_key"

    @classmethod
    def generate(cls) -> BackupKey:
        """A new one."""
        return cls._make("backup_key_generate")

    @classmethod
    def from_bytes(cls, content: bytes) -> BackupKey:
        """Reads what `bytes()` gave."""
        return cls._make("backup_key_from_bytes", content)

    def __bytes__(self) -> bytes:
        """Secret."""
        return _call("backup_key_to_bytes", self)

    @property
    def public(self) -> bytes:
        """What the makers of backups must know."""
        return _call("backup_key_public", self)

    def open(self, suite: Suite, backup: bytes, maker: bytes) -> KeyShare:
        """Opens what `KeyShare.backup_to` made, by the party with this public identity."""
        return KeyShare(_call("backup_open", self, suite, maker, backup))

    def restore(self, suite: Suite, backup: bytes, beside: bytes, maker: bytes) -> KeyShare:
        """Opens both parts of `KeyShare.verifiable_backup`."""
        return KeyShare(_call("backup_restore", self, suite, maker, backup, beside))

    def restore_record(
        self, identity: Identity, store: KeyStore, suite: Suite, backup: bytes, maker: bytes, new_identity: bool = False
    ) -> Record:
        """Opens what `Record.backup_to` made, into an empty store: as `Record.restore`."""
        return Record(_call("record_restore", self, identity, store, suite, int(new_identity), maker, backup))


class KeyStore(Handle):
    """Where the record of a key is kept."""

    _kind = "key_store"

    @classmethod
    def file(cls, path: str) -> KeyStore:
        """In a file of one process."""
        return cls._make("key_store_file", path.encode())

    @classmethod
    def of(cls, own: OwnKeyStore) -> KeyStore:
        """In a database of yours."""
        return cls(_open_own("key_store", own))

    @classmethod
    def memory(cls) -> KeyStore:
        """For tests."""
        return cls._make("key_store_memory")


class Record(Handle):
    """One party's record of one key: what keeps its share through every refresh and reshare."""

    _kind = "record"

    @classmethod
    def create(cls, identity: Identity, store: KeyStore, share: KeyShare) -> Record:
        """Of a share out of key generation or repair."""
        return cls._make("record_create", identity, store, share)

    @classmethod
    def join(cls, identity: Identity, store: KeyStore, package: Package, me: int, expected: bytes) -> Record:
        """Of a newcomer, before the reshare that brings its share; `expected`, the package's digest, is its operator's word."""
        return cls._make("record_join", identity, store, package, me, expected)

    @classmethod
    def open(cls, identity: Identity, store: KeyStore) -> Record:
        """At every start. Then `depend`, and `exchange` with the others."""
        return cls._make("record_open", identity, store)

    @classmethod
    def restore(
        cls, identity: Identity, store: KeyStore, suite: Suite, backup: bytes, passphrase: bytes, new_identity: bool = False
    ) -> Record:
        """Opens what `backup` made, into an empty store. It is as old as the backup: `learn` from the others before anything is
        signed. Where the identity is lost too, `new_identity`: the others follow by `set_identity`."""
        return cls._make("record_restore_passphrase", identity, store, suite, int(new_identity), backup, passphrase)

    def backup(self, passphrase: bytes, *, memory_kib: int = 65536, passes: int = 3, lanes: int = 4) -> bytes:
        """A copy of the record under a passphrase; a guess costs as much as is said."""
        return _call("record_backup_passphrase", self, memory_kib, passes, lanes, passphrase)

    def backup_to(self, to: bytes, identity: Identity) -> bytes:
        """A copy of the record to the public half of a `BackupKey`."""
        return _call("record_backup_seal", self, identity, to)

    def adopt(self, share: KeyShare) -> None:
        """Takes a share out of a repair into the record."""
        _call("record_adopt", self, share)

    def set_identity(self, party: int, public: bytes) -> None:
        """Another public identity for a party that has come back under a new one, on this party's own operator's word."""
        _call("record_set_identity", self, party, public)

    def note_strikes(self, log: BurnLog) -> None:
        """Keeps the strikes that the log has counted: whenever a session has ended in a strike or burn."""
        _call("record_note_strikes", self, log)

    def depend(self, store: Store) -> None:
        """Presignatures of this store are wiped when their sharing is over."""
        _call("record_depend", self, store)

    @property
    def key(self) -> KeyShare:
        """The share to sign with now."""
        return KeyShare(_call("record_key", self))

    @property
    def package(self) -> Package:
        """The package of the sharing in use."""
        return Package(_call("record_package", self))

    def refresh(self, label: bytes) -> Session:
        """New shares for all parties."""
        return Session(_call("refresh_start", self, label))

    def reshare(self, holders: Parties, threshold: int, dealers: Iterable[int], label: bytes) -> Session:
        """New shares for these holders, dealt by at least t of the present ones."""
        return Session(_call("reshare_start", self, holders, threshold, dealers, label))

    def exchange(self) -> bytes:
        """For any other party of the key, to catch up."""
        return _call("record_exchange", self)

    def learn(self, shown: bytes) -> list[tuple[int, bytes]]:
        """Takes what another party's `exchange` gave: what is to be sent now, as `Session.outgoing` has it. Then see `news`."""
        _call("record_learn", self, shown)
        messages = iter(lambda: _call("record_take_message", self), (0, b""))
        return list(messages)

    def news(self) -> list[tuple[News, int | None, bytes | None]]:
        """What has changed since this was called last: with the party that contradicts itself, or the sharing that it is about."""
        found = iter(lambda: _call("record_take_news", self), (News.NONE, 0, b""))
        return [(News(news), party or None, sharing or None) for news, party, sharing in found]

    @property
    def contradictions(self) -> list[tuple[int, Said]]:
        """Who has signed what cannot both be."""
        return [(party, Said(said)) for party, said in _all("record_contradiction", self)]

    def attempts(self) -> list[tuple[bytes, Attempt, list[int]]]:
        """How attempts stand: the sharing each makes, its state, and who has not acknowledged."""
        return [(sharing, Attempt(state), missing) for sharing, state, missing in _all("record_attempt", self)]

    def discard(self, sharing: bytes) -> None:
        """Discards the pending share of an attempt."""
        _call("record_discard", self, sharing)

    def era(self, sharing: bytes) -> int:
        """How often a sharing was gone back to."""
        return _call("record_era", self, sharing)

    def reopen(self, sharing: bytes, era: int) -> None:
        """Goes back to a sharing, by an operator's decision, at all parties, with the same era: one more than now."""
        _call("record_reopen", self, era, sharing)


class Request(Handle):
    """What this party's own application has approved for signing."""

    _kind = "request"

    @classmethod
    def message(cls, message: bytes) -> Request:
        """For a FROST suite: the message."""
        return cls._make("request_message", message)

    @classmethod
    def hashed(cls, message: bytes, how: Hash) -> Request:
        """For ECDSA: the message, hashed by the library."""
        return cls._make("request_hashed", how, message)

    @classmethod
    def digest(cls, digest: bytes) -> Request:
        """For ECDSA: a digest of 32 bytes that this party made or trusts."""
        return cls._make("request_digest", digest)

    def path(self, path: str) -> Request:
        """For a child of the key, at the end of a path such as "m/0/7"."""
        _call("request_path", self, path.encode())
        return self

    def script_root(self, root: bytes) -> Request:
        """For BIP-340: the output that the scripts under this root can spend too."""
        _call("request_script_root", self, root)
        return self


class BurnLog(Handle):
    """Where burns and strikes are recorded: one for an installation."""

    _kind = "burn_log"

    @classmethod
    def create(cls, path: str) -> BurnLog:
        """A new log in a file that does not exist yet."""
        return cls._make("burn_log_create", path.encode())

    @classmethod
    def open(cls, path: str) -> BurnLog:
        """A log that exists."""
        return cls._make("burn_log_open", path.encode())

    @classmethod
    def of(cls, own: OwnBurnLog) -> BurnLog:
        """In a database of yours."""
        return cls(_open_own("burn_log", own))

    @classmethod
    def memory(cls) -> BurnLog:
        """For tests: forgotten with the process."""
        return cls._make("burn_log_memory")


class Store(Handle):
    """Where presignatures are kept."""

    _kind = "store"

    @classmethod
    def folder(cls, path: str) -> Store:
        """In a folder; unspent ones die with the process."""
        return cls._make("store_folder", path.encode())

    @classmethod
    def of(cls, own: OwnStore) -> Store:
        """In a database of yours."""
        return cls(_open_own("store", own))

    @classmethod
    def memory(cls) -> Store:
        """Forgotten with the process."""
        return cls._make("store_memory")

    def take(self, session: Session) -> list[bytes]:
        """Takes what a presigning session has made: the names, the same at all signers."""
        names = _call("presignatures_take", self, session)
        return [names[k : k + 32] for k in range(0, len(names), 32)]

    def repeat(self, share: KeyShare, request: Request, name: bytes) -> bytes:
        """What this party has said in signing this request with a presignature that is spent on it: 96 bytes, public."""
        return _call("online_repeat", share, self, request, name)

    def discard(self, name: bytes) -> None:
        """Wipes an unspent presignature for good."""
        _call("store_discard", self, name)


class Pairs(Handle):
    """What one installation has of the setups of an ECDSA key. Never in a backup."""

    _kind = "pairs"

    @classmethod
    def new(cls, share: KeyShare) -> Pairs:
        """Before the first setup."""
        return cls._make("pairs_new", share)

    @classmethod
    def from_bytes(cls, content: bytes, share: KeyShare, log: BurnLog, newest: int = 0) -> Pairs:
        """Reads what `to_bytes` gave; `newest` is the newest generation known."""
        return cls._make("pairs_from_bytes", share, log, newest, content)

    def to_bytes(self) -> tuple[bytes, int]:
        """The bytes, secret, and their generation."""
        return _call("pairs_to_bytes", self)

    def take(self, session: Session) -> None:
        """Takes the pair that a setup has made."""
        _call("pairs_take", self, session)

    def missing(self, share: KeyShare) -> list[int]:
        """With whom a setup is due."""
        return _call("pairs_missing", self, share)

    def forget(self, peer: int) -> None:
        """Drops what there is with a peer."""
        _call("pairs_forget", self, peer)

    def after_repair(self, share: KeyShare, log: BurnLog, party: int, public: bytes) -> KeyShare:
        """A peer lost its share and has it back, with this public identity: the share with that and the strikes against the
        peer, whose pairs are gone. Store the share, then these; then run a setup with the peer."""
        return KeyShare(_call("pairs_after_repair", self, share, log, party, public))


class Session(Handle):
    """A protocol that this party runs with others. Bytes in, bytes out."""

    _kind = "session"

    @classmethod
    def keygen(cls, identity: Identity, parties: Parties, suite: Suite, *, me: int, threshold: int, label: bytes) -> Session:
        """Key generation. Fund an address only when it is `finished`."""
        return cls._make("keygen_start", identity, parties, suite, me, threshold, label)

    @classmethod
    def keygen_resume(cls, identity: Identity, parties: Parties, suite: Suite, *, me: int, threshold: int, label: bytes,
                      checkpoint: bytes) -> Session:
        """Key generation, from its last checkpoint."""
        return cls._make("keygen_resume", identity, parties, suite, me, threshold, label, checkpoint)

    @classmethod
    def frost(cls, identity: Identity, share: KeyShare, request: Request, signers: Iterable[int], label: bytes) -> Session:
        """Signing with a FROST key."""
        return cls._make("frost_sign_start", identity, share, request, signers, label)

    @classmethod
    def setup(cls, identity: Identity, share: KeyShare, log: BurnLog, peer: int, label: bytes) -> Session:
        """The setup of an ECDSA key with one peer."""
        return cls._make("setup_start", identity, share, log, peer, label)

    @classmethod
    def ecdsa(cls, identity: Identity, share: KeyShare, pairs: Pairs, log: BurnLog, request: Request,
              signers: Iterable[int], label: bytes) -> Session:
        """Signing with an ECDSA key, without a presignature."""
        return cls._make("ecdsa_sign_start", identity, share, pairs, log, request, signers, label)

    @classmethod
    def presign(cls, identity: Identity, share: KeyShare, pairs: Pairs, log: BurnLog, batch: int,
                signers: Iterable[int], label: bytes) -> Session:
        """Presigning: `Store.take` what comes out."""
        return cls._make("presign_start", identity, share, pairs, log, batch, signers, label)

    @classmethod
    def online(cls, identity: Identity, share: KeyShare, store: Store, request: Request, name: bytes, label: bytes) -> Session:
        """Signing with a presignature: one message from each signer."""
        return cls._make("online_start", identity, share, store, request, name, label)

    @classmethod
    def help_repair(cls, identity: Identity, share: KeyShare, lost: int, lost_public: bytes, helpers: Iterable[int],
                    label: bytes) -> Session:
        """Helps a party that lost its share."""
        return cls._make("repair_help_start", identity, share, lost, lost_public, helpers, label)

    @classmethod
    def repair(cls, identity: Identity, package: Package, expected: bytes, lost: int, lost_public: bytes, helpers: Iterable[int],
               label: bytes) -> Session:
        """The repair at the party that lost its share; `expected`, the package's digest, is its operator's word."""
        return cls._make("repair_start", identity, package, expected, lost, lost_public, helpers, label)

    def receive(self, message: bytes) -> int:
        """Gives it a message off the wire: what is to be done now, SEND | STORE | OUTPUT | FINISHED | ENDED | DELETE.

        `UsageError` and `DecodeError` mean that the message is none of this session's: throw it away. After `ProtocolError`,
        `Cheated` or `Burned` send what `outgoing` still gives, so that the others can tell too; the session goes on unless it
        is `over`."""
        return _call("session_receive", self, message)

    @property
    def progress(self) -> int:
        """What is to be done now."""
        return _call("session_progress", self)

    @property
    def finished(self) -> bool:
        """Whether it has come to its end."""
        return bool(self.progress & FINISHED)

    @property
    def over(self) -> bool:
        """Whether it needs no more messages: finished, or ended by an abort."""
        return bool(self.progress & OVER)

    @property
    def output(self) -> Output:
        """What waits to be taken."""
        return Output(_call("session_output", self))

    def outgoing(self, store: Callable[[Session], None]) -> Iterator[tuple[int, bytes]]:
        """The messages to send: recipient, 0 for all the others, and bytes.

        `store(session)` is called first if something must be durable before they leave: the output, where there is one, and
        `checkpoint()`, in the place of the one before; if that is None, the one before is to be deleted. What it raises comes
        out here, and nothing leaves."""
        if self.progress & (STORE | DELETE):
            store(self)
            _call("session_stored", self)
        while True:
            recipient, message = _call("session_take_message", self)
            if not message:
                return
            yield recipient, message

    def checkpoint(self) -> bytes | None:
        """The session as bytes, secret; None if it cannot be taken up again, or is over."""
        try:
            return _call("session_checkpoint", self)
        except ProtocolError:
            return None

    def send_again(self) -> None:
        """Puts everything sent so far into the queue once more."""
        _call("session_send_again", self)

    @property
    def awaiting(self) -> list[int]:
        """Who still owes a message."""
        return _call("session_awaiting", self)

    @property
    def conflicts(self) -> list[int]:
        """Who runs it with other inputs."""
        return _call("session_conflicts", self)

    @property
    def round(self) -> int:
        """The round whose messages are awaited."""
        return _call("session_round", self)

    @property
    def culprits(self) -> list[int]:
        """Who was seen deviating; empty if nobody was."""
        return _if_there("session_culprits", self) or []

    @property
    def fault(self) -> Fault | None:
        """What its last abort was about, if there was one."""
        fault = _if_there("session_fault", self)
        return None if fault is None else Fault(fault)

    @property
    def consequences(self) -> list[tuple[Consequence, int, bytes | None]]:
        """What followed from its aborts, durably, and for whom; of a burn the name of the pair in the burn log."""
        return [(Consequence(kind), party, pair or None) for kind, party, pair in _all("session_consequence", self)]

    def take_key_share(self) -> KeyShare:
        """The key share that it was run for."""
        return KeyShare(_call("session_take_key_share", self))

    def take_package(self) -> Package:
        """What a repair ends in at those who helped."""
        return Package(_call("session_take_package", self))

    def take_signature(self) -> tuple[bytes, int | None]:
        """The signature that it was run for, and for ECDSA the recovery id."""
        signature, recovery_id = _call("session_take_signature", self)
        return signature, None if recovery_id == 255 else recovery_id


def verify(suite: Suite, key: bytes, message: bytes, signature: bytes) -> bool:
    """Whether an ordinary signature is one of the message, or for ECDSA of the digest, under the key."""
    try:
        _call("verify", suite, key, message, signature)
    except UsageError as error:
        if error.status != BAD_SIGNATURE:
            raise
        return False
    return True


def xpub_child_key(suite: Suite, xpub: str, path: str) -> bytes:
    """The verifying key of a child of an extended public key."""
    return _call("xpub_child_key", suite, xpub.encode(), path.encode())


def der(signature: bytes) -> bytes:
    """An ECDSA signature of 64 bytes in ASN.1 DER."""
    return _call("signature_der", signature)


def hazmat_forgive(log: BurnLog, share: KeyShare, peer: int) -> None:
    """Forgives a peer all strikes, by an operator's decision: each further one may be the one that was guessed right."""
    _call("hazmat_forgive", log, share, peer)


def hazmat_split(parties: Parties, suite: Suite, threshold: int, secret: bytes) -> Collection:
    """The bytes of each party's share of a secret that is here already: this machine holds the whole key."""
    return Collection(_call("hazmat_split", parties, suite, threshold, secret))


def hazmat_reconstruct(shares: Mapping[int, bytes]) -> bytes:
    """The whole key, out of the bytes of t shares. Afterwards this machine holds it."""
    return _call("hazmat_reconstruct", Collection.of(shares))


def hazmat_import(identity: Identity, holders: Parties, suite: Suite, form: Import, *, me: int, threshold: int, secret: bytes,
                  label: bytes) -> tuple[Session, bytes]:
    """Deals a whole key to its holders, at the machine that has it, and a plan for all the others. Refresh the shares then:
    they do nothing else. 64 bytes: with its chain code."""
    session, plan = _call("hazmat_import_start", identity, holders, suite, form, me, threshold, secret, label)
    return Session(session), plan


def hazmat_accept_import(identity: Identity, holders: Parties, suite: Suite, *, me: int, threshold: int, plan: bytes,
                         public_key: bytes, label: bytes) -> Session:
    """Takes part in the import of a key; `public_key` is the key as this party's own operator knows it from elsewhere."""
    return Session(_call("hazmat_import_accept", identity, holders, suite, me, threshold, plan, public_key, label))


def hazmat_export(identity: Identity, share: KeyShare, recipient: int, public: bytes, dealers: Iterable[int],
                  label: bytes) -> Session:
    """Gives the whole key to one party, at one of the dealers: a decision of all their operators."""
    return Session(_call("hazmat_export_start", identity, share, recipient, public, dealers, label))


def hazmat_receive_export(identity: Identity, package: Package, expected: bytes, dealers: Iterable[int], *, me: int,
                          label: bytes) -> Session:
    """An export at its recipient, who has no share; `expected`, the package's digest, is its operator's word."""
    return Session(_call("hazmat_export_receive", identity, package, me, expected, dealers, label))


def hazmat_take_secret(session: Session) -> bytes:
    """The whole key, out of an export, at its recipient."""
    return _call("hazmat_take_secret", session)


def hazmat_raw(request: Request) -> Request:
    """For BIP-340: the shared key itself as output key, in which a script path may be hidden."""
    _call("hazmat_request_raw", request)
    return request


def live() -> tuple[int, int]:
    """How many handles and buffers are not freed in this process."""
    handles, buffers = c_size_t(), c_size_t()
    _lib.cosigil_live(byref(handles), byref(buffers))
    return handles.value, buffers.value
