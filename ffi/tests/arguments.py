"""Reads cosigil.h and writes a C test that calls every function with each argument NULL in turn, with lengths of 0, with
handles that were freed, are of another kind, or are no handles at all. A function that this file does not know how to call
makes it fail: none can be forgotten. Also checks that examples/cosigil.py declares its functions as the header does."""

from __future__ import annotations

import pathlib
import re
import sys

ROOT = pathlib.Path(__file__).resolve().parents[1]
HEADER = (ROOT / "include" / "cosigil.h").read_text()

# What a number may be, by the name of the argument.
NUMBERS = {
    "suite": "COSIGIL_ECDSA_SECP256K1", "me": "1", "threshold": "2", "party": "1", "peer": "2", "hash": "COSIGIL_HASH_SHA256",
    "newest": "0", "batch": "1", "number": "0", "capacity": "3", "lost": "3", "network": "COSIGIL_MAINNET",
    "memory_kib": "64", "passes": "1", "lanes": "1", "era": "1", "recipient": "2", "form": "COSIGIL_IMPORT_SCALAR",
    "new_identity": "0",
}
# Inputs of one length only.
EXACT = {"label", "seed", "key", "digest", "root", "id", "lost_key", "maker", "sharing", "chain_code", "expected"}
# Inputs that must be what they say before anything else is looked at.
TEXTS = {"path": "m/0/7"}
# Pointers that may be NULL.
OPTIONAL = {("cosigil_random_use", "context")}
# Functions that are called with good arguments only elsewhere, since they change the whole process or take no pointer.
NO_POINTERS = {"cosigil_abi_version", "cosigil_random_use_system"}


def functions() -> dict[str, list[tuple[str, str]]]:
    """Name, and type and name of each argument."""
    plain = re.sub(r"//[^\n]*", "", HEADER)
    plain = re.sub(r"typedef struct \{.*?\} \w+;", "", plain, flags=re.S)
    found = {}
    for result, name, arguments in re.findall(r"^(u?int32_t) (cosigil_\w+)\(([^;]*)\);", plain, flags=re.M | re.S):
        parsed = []
        for argument in filter(None, (" ".join(one.split()) for one in arguments.split(","))):
            if argument == "void":
                continue
            kind, variable = re.fullmatch(r"(.*?)(\w+)", argument).groups()
            parsed.append((kind.strip(), variable))
        found[name] = parsed
    return found


HANDLES = set(re.findall(r"^typedef struct (cosigil_\w+) \1;", HEADER, flags=re.M))
FUNCTIONS = functions()
assert len(FUNCTIONS) == len(re.findall(r"^u?int32_t cosigil_\w+\(", HEADER, flags=re.M)) > 60, len(FUNCTIONS)


def handle_of(kind: str) -> str | None:
    """The handle type of an argument that is a handle."""
    match = re.fullmatch(r"(?:const )?(cosigil_\w+) \*", kind)
    return match[1] if match and match[1] in HANDLES else None


def is_output(name: str, kind: str, variable: str) -> bool:
    return kind.endswith("*") and not kind.startswith("const") and handle_of(kind) is None and kind != "void *"


def good(kind: str, variable: str, place: int) -> tuple[str, str]:
    """A declaration and an expression for an argument that is as it should be."""
    local = f"a{place}"
    handle = handle_of(kind)
    if handle:
        return "", f"good_{handle}"
    if kind.endswith("**"):
        return f"{kind[:-1].strip()} {local} = ({kind[:-1].strip()})8;", f"&{local}"
    if kind == "cosigil_bytes *":
        return f"cosigil_bytes {local} = {{(uint8_t *)8, 8, 8}};", f"&{local}"
    if variable in ("key", "lost_key", "maker") and kind == "const uint8_t *":
        return "", "good_key"
    if variable == "to" and kind == "const uint8_t *":
        return "", "good_to"
    if variable in TEXTS:
        return "", f'(const uint8_t *)"{TEXTS[variable]}"'
    if variable.endswith("_len") and variable[:-4] in ("key", "lost_key", "maker"):
        return "", "sizeof good_key"
    if variable == "to_len":
        return "", "good_to_len"
    if variable.endswith("_len") and variable[:-4] in TEXTS:
        return "", str(len(TEXTS[variable[:-4]]))
    if kind in ("const uint8_t *", "const uint16_t *"):
        element = kind[6:-2]
        values = "{1, 2}" if element == "uint16_t" else "{1}"
        length = {"signature": 64, "message": 32}.get(variable, 32)
        return f"{element} {local}[{2 if element == 'uint16_t' else length}] = {values};", local
    if kind == "uint16_t *" and variable == "parties" or kind == "char *":
        return f"{kind[:-2]} {local}[3] = {{0}};", local
    if kind.endswith("_calls *"):
        return f"{kind[6:-2]} {local}; memset(&{local}, 0, sizeof {local}); {local}.size = sizeof {local};", f"&{local}"
    if kind == "cosigil_random":
        return "", "good_random"
    if kind == "void *":
        return "", "NULL"
    if kind.endswith("*"):
        return f"{kind[:-2]} {local} = 8;", f"&{local}"
    if variable.endswith("_len"):
        return "", f"sizeof a{place - 1} / sizeof *a{place - 1}"
    if variable in NUMBERS:
        return "", NUMBERS[variable]
    raise SystemExit(f"do not know how to call a function with {kind} {variable}")


def blank(kind: str, place: int) -> str:
    """That an output is blank."""
    local = f"a{place}"
    if kind == "cosigil_bytes *":
        return f"{local}.data == NULL && {local}.len == 0 && {local}.serial == 0"
    if kind.endswith("**"):
        return f"{local} == NULL"
    return f"{local} == 0"


def case(name: str, changed: dict[int, str], wanted: str) -> str:
    """A call with some arguments changed."""
    arguments, lines, outputs = FUNCTIONS[name], [], []
    values = []
    for place, (kind, variable) in enumerate(arguments):
        declaration, value = good(kind, variable, place)
        if declaration:
            lines.append("    " + declaration)
            lines.append(f"    (void)a{place};")
        values.append(changed.get(place, value))
        room = variable == "parties" and kind == "uint16_t *" or kind == "char *"
        if is_output(name, kind, variable) and place not in changed and not room and name != "cosigil_bytes_free":
            outputs.append(blank(kind, place))
    lines.append(f"    EXPECT_STATUS({name}({', '.join(values)}), {wanted});")
    lines += [f"    EXPECT({check});" for check in outputs]
    return "  {\n" + "\n".join(lines) + "\n  }"


def cases(name: str) -> list[str]:
    """Everything that can be wrong with one argument."""
    found, arguments = [], FUNCTIONS[name]
    frees = name.endswith("_free")
    for place, (kind, variable) in enumerate(arguments):
        handle = handle_of(kind)
        if (kind.endswith("*") or kind == "cosigil_random") and (name, variable) not in OPTIONAL:
            wanted = "COSIGIL_OK" if frees and handle else "COSIGIL_NULL"
            found.append(case(name, {place: "NULL"}, wanted))
        if handle:
            other = next(one for one in sorted(HANDLES) if one != handle)
            wrong = f"({handle} *)(void *)good_{other}"
            found.append(case(name, {place: wrong}, "COSIGIL_OTHER_HANDLE"))
            for bad in (f"freed_{handle}", f"({handle} *)1", f"({handle} *)(void *)&good_{handle}", f"({handle} *)~(uintptr_t)0"):
                found.append(case(name, {place: bad}, "COSIGIL_NO_HANDLE"))
        if variable.endswith("_len") or variable == "capacity":
            found.append(case(name, {place: "0"}, "COSIGIL_LENGTH"))
        if variable.endswith("_len") and variable[:-4] in EXACT and name != "cosigil_verify":
            found.append(case(name, {place: "31"}, "COSIGIL_LENGTH"))
        if kind.endswith("_calls *"):
            found.append(case(name, {}, "COSIGIL_NULL"))  # a table without functions
            found.append(case(name, {place: f"(--a{place}.size, &a{place})"}, "COSIGIL_VALUE"))
        aligned = re.fullmatch(r"(?:const )?(?:u?int(?:16|32|64)_t|size_t|cosigil_bytes) \*|.*\*\*", kind)
        if aligned:
            odd = f"({kind.replace('const ', '', 1)})(void *)((uint8_t *)odd + 1)"
            found.append(case(name, {place: odd}, "COSIGIL_MISALIGNED"))
    assert found or name in NO_POINTERS, f"{name} has nothing to be wrong"
    return found


def write_test() -> str:
    out = ['#include "fixture.h"', "", "static uint64_t odd[4];"]
    out += [f"static {one} *good_{one}, *freed_{one};" for one in sorted(HANDLES)]
    out += ["", "static uint8_t good_key[32], good_to[256];", "static size_t good_to_len;"]
    out += ["", "static int32_t good_random(void *context, uint8_t *bytes, size_t len) {", "  (void)context;",
            "  memset(bytes, 7, len);", "  return 0;", "}", "", '#include "kinds.h"', ""]
    count = 0
    for name in FUNCTIONS:
        found = cases(name)
        count += len(found)
        if found:
            out += [f"static void test_{name}(void) {{", *found, "}", ""]
    out += ["int main(void) {", "  (void)good_random;", "  make_kinds();"]
    out += [f"  EXPECT(good_{one} != NULL && freed_{one} != NULL);" for one in sorted(HANDLES)]
    out += [f"  test_{name}();" for name in FUNCTIONS if cases(name)]
    out += ["  free_kinds();", "  expect_nothing_left();", f'  printf("{len(FUNCTIONS)} functions, {count} wrong calls\\n");',
            "  return 0;", "}", ""]
    return "\n".join(out)


def fields(struct: str) -> list[str]:
    """The names of a struct's fields."""
    body = re.search(r"typedef struct \{((?:(?!typedef).)*?)\} " + struct + ";", HEADER, flags=re.S)[1]
    lines = [" ".join(one.split()) for one in re.sub(r"//[^\n]*", "", body).split(";")]
    found = [re.search(r"\(\*(\w+)\)|(\w+)(?:\[\d+\])?$", one) for one in lines if one]
    return [match[1] or match[2] for match in found]


def check_python() -> None:
    """The prototypes, tables and constants of cosigil.py are those of the header, and no function is left out."""
    sys.path.insert(0, str(ROOT / "examples"))
    import cosigil

    codes = {"const uint8_t *": "b", "const uint16_t *": "i", "cosigil_bytes *": "m", "uint8_t": "8", "uint16_t": "16", "uint32_t": "32",
             "uint64_t": "64", "uint8_t *": ">8", "uint16_t *": ">16", "uint32_t *": ">32", "uint64_t *": ">64",
             "int32_t *": ">i32", "size_t": "size"}
    for name, prototype in cosigil._PROTOTYPES.items():
        expected, skip = [], 0
        for kind, variable in FUNCTIONS[f"cosigil_{name}"]:
            if skip:
                skip -= 1
            elif handle_of(kind):
                expected.append("h")
            elif kind.endswith("_calls *"):
                expected.append("c")
            elif kind.endswith("**"):
                expected.append("o")
            elif kind == "uint16_t *" and variable == "parties":
                expected.append("r")
                skip = 2
            else:
                expected.append(codes[kind])
                skip = int(kind in ("const uint8_t *", "const uint16_t *"))
        assert expected == prototype.split(), (name, expected, prototype)
    known = {f"cosigil_{name}" for name in (*cosigil._PROTOTYPES, *cosigil.DECLARED, "abi_version")}
    assert known == set(FUNCTIONS), known ^ set(FUNCTIONS)
    for name, types in cosigil.DECLARED.items():
        assert len(types) == len(FUNCTIONS[f"cosigil_{name}"]), name

    structs = {f"{kind}_calls": cosigil.table_fields(kind) for kind in cosigil.TABLES}
    structs |= {"bytes": cosigil.Bytes._fields_, "peer": cosigil._Peer._fields_}
    for name, found in structs.items():
        assert [field for field, _ in found] == fields(f"cosigil_{name}"), (name, found)

    constants = dict(re.findall(r"^#define (COSIGIL_\w+) (\d+)", HEADER, flags=re.M))
    prefixes = {
        cosigil.Suite: "", cosigil.Hash: "HASH_", cosigil.Output: "OUTPUT_", cosigil.Attempt: "ATTEMPT_", cosigil.Network: "",
        cosigil.Fault: "FAULT_", cosigil.Consequence: "CONSEQUENCE_", cosigil.Refusal: "STORE_",
        cosigil.News: "NEWS_", cosigil.Said: "SAID_", cosigil.Import: "IMPORT_",
    }
    for family, prefix in prefixes.items():
        for member in family:
            assert int(constants[f"COSIGIL_{prefix}{member.name}"]) == member, member
    for family in (cosigil.Output, cosigil.Fault, cosigil.Consequence, cosigil.News, cosigil.Said, cosigil.Import):
        named = [name for name in constants if name.startswith(f"COSIGIL_{prefixes[family]}")]
        assert len(named) == len(family), family
    for name in ("SEND", "STORE", "OUTPUT", "FINISHED", "ENDED", "DELETE", "TOO_SMALL", "NOT_THERE", "BAD_SIGNATURE",
                 "ATTEMPT_UNDER_WAY"):
        assert int(constants[f"COSIGIL_{name}"]) == getattr(cosigil, name), name


if __name__ == "__main__":
    check_python() if sys.argv[1:] == ["--python"] else print(write_test())
