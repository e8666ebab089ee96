"""Reading documents: whatever comes, it is a ``Config`` or ``Invalid`` with problems at places of the document."""

import ipaddress
import json
from collections.abc import Callable
from typing import Any

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from appliance.model import text
from appliance.model.config import Config
from appliance.model.document import check, parse, read, write_yaml
from appliance.model.networks import Networks
from appliance.model.problems import Invalid, Problem, join, split
from appliance.model.validate import interface_towards, problems, vips
from tests.golden.documents import CHAIN
from tests.model.strategies import JUNK, Plain, documents, effort, mutated

PROFILE = effort(40)
EXAMPLE = CHAIN[0].read_text()


def _refused(document: object) -> list[Problem]:
    return _problems(lambda: check(document))


def _problems(reading: Callable[[], object]) -> list[Problem]:
    try:
        reading()
        return []
    except Invalid as wrong:
        found = wrong.problems
    assert found, "a refusal says why"
    return found


def _stands(document: Any, path: str) -> bool:
    """Return whether a path leads to a place of the document, or to a missing setting right below one."""
    parts = split(path)
    for index, part in enumerate(parts):
        if isinstance(document, dict) and part in document:
            document = document[part]
        elif isinstance(document, list) and part.isdigit() and int(part) < len(document):
            document = document[int(part)]
        else:
            return isinstance(document, dict) and index == len(parts) - 1
    return True


@PROFILE
@given(documents())
def test_a_right_document_is_taken(document: Plain) -> None:
    assert _refused(document) == []
    assert problems(check(document)) == []


@effort(150)
@given(mutated())
def test_anything_else_is_refused_at_places_of_the_document(document: Any) -> None:
    before = repr(document)
    for problem in _refused(document):
        assert problem.sentence.endswith(".")
        assert problem.sentence != "is not as it should be."
        if "half a character" not in problem.sentence:
            assert _stands(document, problem.path), problem
        problem.model_dump_json()  # it can be sent
    assert repr(document) == before, "the caller's document is not changed"


@PROFILE
@given(JUNK)
def test_any_value_is_taken_or_refused(document: Any) -> None:
    _refused(document)


@effort(300)
@given(st.binary(max_size=60) | st.text(max_size=60) | st.text("{}[]:,-?&*!|>'\"#\n\t ab1.", max_size=60))
def test_any_text_is_read_or_refused(raw: str | bytes) -> None:
    _problems(lambda: read(raw))


@PROFILE
@given(documents(), st.data())
def test_a_damaged_text_is_read_or_refused(document: Plain, data: st.DataObject) -> None:
    raw = bytearray(yaml.safe_dump(document).encode())
    for _ in range(3):
        raw[data.draw(st.integers(0, len(raw) - 1))] = data.draw(st.integers(0, 255))
    _problems(lambda: read(bytes(raw)))


@PROFILE
@given(documents())
def test_writing_and_reading_keep_the_digest(document: Plain) -> None:
    config = check(document)
    assert read(write_yaml(config)).digest() == config.digest()
    assert read(config.canonical()).digest() == config.digest()
    assert read(json.dumps(document)).digest() == config.digest()
    assert check(config.model_dump()).digest() == config.digest()
    assert write_yaml(read(write_yaml(config))) == write_yaml(config)


def _turned(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _turned(child) for key, child in reversed(value.items())}
    return value


@PROFILE
@given(documents())
def test_the_order_of_names_does_not_matter_to_the_digest(document: Plain) -> None:
    assert check(_turned(document)).digest() == check(document).digest()


@pytest.mark.parametrize(
    ("sentence", "change"),
    [
        ("a weight", ("weight: 3", "weight: 4")),
        ("a name", ("shop:", "store:")),
        ("a description", ("towards the clients", "towards clients")),
        ("an address", ("10.77.0.13", "10.77.0.14")),
        ("a duration", ("timeout: 500ms", "timeout: 501ms")),
    ],
)
def test_every_decision_changes_the_digest(sentence: str, change: tuple[str, str]) -> None:
    assert EXAMPLE.count(change[0]) == 1
    assert read(EXAMPLE.replace(*change)).digest() != read(EXAMPLE).digest()


@pytest.mark.parametrize(
    ("sentence", "change"),
    [
        ("a default written out", ("protocol: tcp, ", "")),
        ("the unit of a duration", ("interval: 1s", "interval: 1000ms")),
        ("a duration as a number", ("timeout: 500ms", "timeout: 0.5")),
        ("the spelling of an address", ("2001:db8:1::2/64", "2001:0DB8:0001::2/064")),
        ("a comment", ("version: 1", "version: 1 # one")),
        ("a byte order mark", ("# A web", "\ufeff# A web")),
    ],
)
def test_no_spelling_changes_the_digest(sentence: str, change: tuple[str, str]) -> None:
    assert EXAMPLE.count(change[0]) == 1
    assert read(EXAMPLE.replace(*change)).digest() == read(EXAMPLE).digest()


@PROFILE
@given(st.integers(100, 3_600_000))
def test_milliseconds_and_seconds_are_one_number(milliseconds: int) -> None:
    monitor = {"kind": "tcp", "interval": f"{milliseconds}ms", "timeout": 0.05}
    config = check({"instances": {"default": {"monitors": {"m": monitor}}}})
    assert config.instances["default"].monitors["m"].interval == milliseconds / 1000


@pytest.mark.parametrize(
    ("sentence", "raw", "value"),
    [
        ("what YAML calls a number stays text", "a: [1:20, 0x50, 010, 1_000, 1e3, 2026-01-01]",
         {"a": ["1:20", "0x50", "010", "1_000", "1e3", "2026-01-01"]}),
        ("numbers", "a: [0, -1, +2, 1.5, -1.5e+3]", {"a": [0, -1, 2, 1.5, -1500.0]}),
        ("switches and nothing", "a: [yes, No, on, TRUE, ~, null, ]", {"a": [True, False, True, True, None, None]}),
        ("quotes keep text", "a: ['1', \"yes\", '']", {"a": ["1", "yes", ""]}),
        ("blocks of text", "a: |\n  one\n  two\n", {"a": "one\ntwo\n"}),
        ("braces are YAML too", "{a: 1}", {"a": 1}),
        ("JSON with tabs", '{\n\t"a": 1\n}', {"a": 1}),
        ("a number of 39 digits", '{"a": 123456789012345678901234567890123456789}',
         {"a": 123456789012345678901234567890123456789}),
    ],
)  # fmt: skip
def test_text_becomes_plain_values(sentence: str, raw: str, value: object) -> None:
    assert parse(raw) == value


def test_a_document_larger_than_the_limit_is_refused_before_it_is_read() -> None:
    with pytest.raises(Invalid, match="larger than 16 MiB"):
        read(b"#" * (text.LARGEST + 1))


@pytest.mark.parametrize(
    "value", [{1: 2}, {"a": b"x"}, {"a": {1, 2}}, {"a": object()}, {"system": {2.5: 1}}, [], 5, None]
)
def test_what_json_cannot_hold_is_refused(value: object) -> None:
    assert _refused(value)


@pytest.mark.parametrize(
    ("parts", "path"),
    [((), ""), (("a", "b"), "/a/b"), (("a/b", "~"), "/a~1b/~0"), (("~1",), "/~01"), (("", 0), "//0")],
)
def test_places_are_json_pointers(parts: tuple[str | int, ...], path: str) -> None:
    assert join(*parts) == path
    assert split(path) == [str(part) for part in parts]


@pytest.mark.parametrize(
    ("address", "interface"),
    [
        ("192.0.2.10", "wan"),
        ("10.77.0.11", "lan"),
        ("2001:db8:1::9", "wan"),
        ("2001:db8:2::9", "lan"),
        ("198.51.100.1", None),
        ("2001:db8:9::1", None),
    ],
)
def test_an_address_is_reached_by_the_interface_on_its_network(address: str, interface: str | None) -> None:
    assert interface_towards(read(EXAMPLE).instances["default"], address) == interface


def test_the_longest_prefix_leads() -> None:
    config = read(
        "ports: {p: {}}\ninstances: {default: {interfaces: {wide: {port: p, addresses: [10.0.0.1/8]},"
        " narrow: {port: p, addresses: [10.1.0.1/16]}}}}"
    )
    assert interface_towards(config.instances["default"], "10.1.2.3") == "narrow"
    assert interface_towards(config.instances["default"], "10.2.2.3") == "wide"


@effort(60)
@given(
    st.lists(st.tuples(st.integers(0, 2**32 - 1), st.integers(1, 32)), max_size=8), st.integers(0, 2**32 - 1), st.data()
)
def test_the_way_is_that_of_trying_every_network(
    owned: list[tuple[int, int]], wanted: int, data: st.DataObject
) -> None:
    own = [ipaddress.ip_interface((number, length)) for number, length in owned]
    at_an_edge = data.draw(st.booleans())
    if own and at_an_edge:
        wanted = int(data.draw(st.sampled_from(own)).network.broadcast_address)
    address = ipaddress.ip_address(wanted)
    best = max((one.network.prefixlen for one in own if address in one.network), default=None)
    found = Networks(tuple((f"i{index}", (str(one),)) for index, one in enumerate(own))).holding(str(address))
    assert (found[0].prefixlen if found else None) == best
    assert found is None or address in found[0]


def test_vips_are_those_of_services_that_are_on() -> None:
    instance = read(CHAIN[-2].read_text()).instances["default"]
    assert vips(instance) == {"203.0.113.10": ["shop"]}


def test_an_empty_config_is_right_and_is_what_an_empty_document_means() -> None:
    assert problems(Config()) == []
    assert read("version: 1").digest() == Config().digest() == read(write_yaml(Config())).digest()
