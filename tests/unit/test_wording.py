"""Every error reads well to a person, in English and in Russian."""

import re
import string
from collections.abc import Callable, Iterator
from functools import partial
from typing import Any, get_args

import msgspec
import pytest

from chalicelib.core import context, faults
from chalicelib.core.decoding import decode_json, decode_text
from chalicelib.core.errors import InvalidInput, RateLimited
from chalicelib.core.every_error import catalogue
from chalicelib.core.problems import Fault, ProblemBody
from chalicelib.core.russian import RUSSIAN
from chalicelib.core.wording import Language, language_of, told
from chalicelib.entry.actions import ACTIONS
from chalicelib.entry.blueprints import endpoints
from tests.support.sentences import sentences

# For what no type of input needs today.
_UNKNOWN = ("does not have the form that is needed here", "is not of the type that is needed here")
VAGUE = {told(sentence, {}, language) for sentence in _UNKNOWN for language in get_args(Language)}
LANGUAGES: tuple[Language, ...] = get_args(Language)
# What a program says and nobody else: quotes of code, types, expressions, templates, Python.
_OURS = re.compile(r"[`$^\\{}<>]|\b(str|int|bool|array|regex|null|None|Expected|got|JSON object)\b")
_FIELD_NAME = re.compile(r"\b(userId|chatId|messageId|clientMessageId)\b")


def test_every_sentence_is_there_in_russian_and_none_besides() -> None:
    assert sorted(sentences() - RUSSIAN.keys()) == []
    assert sorted(RUSSIAN.keys() - sentences()) == []


@pytest.mark.parametrize("english", sorted(RUSSIAN))
def test_both_languages_say_the_same_of_the_same(english: str) -> None:
    russian = RUSSIAN[english]
    assert _holes(english) == _holes(russian)
    assert re.search("[а-я]", russian)
    assert english.endswith(".") == russian.endswith(".")
    assert english[0].islower() == russian[0].islower()
    values = dict.fromkeys(_holes(english), 21)
    for text in (told(english, values, "en"), told(russian, values, "ru")):
        assert not _OURS.search(_FIELD_NAME.sub("", text)), text


def _holes(template: str) -> set[str]:
    return {name for _, name, _, _ in string.Formatter().parse(template) if name}


def _kinds() -> dict[str, tuple[Any, bool]]:
    """Every type of input, and whether it comes as JSON."""
    found: dict[str, tuple[Any, bool]] = {}
    for endpoint in endpoints():
        for name in ("body", "query"):
            if kind := endpoint.input(name):
                found[f"{endpoint.name} {name}"] = (kind, name == "body")
    return found | {name: (action.data, True) for name, action in ACTIONS.items()}


WRONG: tuple[Any, ...] = (
    None,
    True,
    1,
    -1,
    0,
    2**53,
    10**30,
    1.5,
    "",
    " ",
    "x",
    "\u200b",
    "x" * 30_000,
    [],
    [None],
    {},
    ["x"] * 300,
)


def _bodies(kind: Any) -> Iterator[Any]:
    """What is wrong in one field or another, and in all of them."""
    names = [field.encode_name for field in msgspec.structs.fields(kind)]
    yield from ([], {}, None, "x", {"noSuchField": 1})
    for value in WRONG:
        yield dict.fromkeys(names, value)


def _refused(decode: Callable[[], object], language: Language) -> ProblemBody | None:
    try:
        decode()
    except InvalidInput as problem:
        with context.begin(language=language):
            return problem.body("id")
    return None


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("name", _kinds())
def test_every_field_error_reads_well(name: str, language: Language) -> None:
    kind, is_json = _kinds()[name]
    seen = 0
    for body in _bodies(kind):
        if is_json:
            problem = _refused(partial(decode_json, msgspec.json.encode(_written(body)), kind), language)
        elif isinstance(body, dict):
            pairs = {key: value if isinstance(value, str) else str(value) for key, value in body.items()}
            problem = _refused(partial(decode_text, pairs, kind), language)
        else:
            continue
        for error in problem.errors if problem else ():
            seen += 1
            _reads_well(error.message, language)
    assert seen


def _written(body: Any) -> Any:
    """msgspec writes no number beyond 64 bits."""
    large = msgspec.Raw(str(10**30).encode())
    return (
        {key: large if value == 10**30 else value for key, value in body.items()} if isinstance(body, dict) else body
    )


def _reads_well(message: str, language: Language) -> None:
    said = message.partition(": ")[0]
    assert len(message) < 300
    assert said not in VAGUE
    assert not _OURS.search(_FIELD_NAME.sub("", said)), message
    assert bool(re.search("[а-яё]", said)) == (language == "ru"), message


def test_a_form_gets_all_its_faults_at_once() -> None:
    from chalicelib.features.accounts.schemas import Registration

    form = {"username": "a b", "email": "nobody", "password": "я" * 40, "firstName": 5, "age": 7}
    with pytest.raises(InvalidInput) as refused:
        decode_json(msgspec.json.encode(form), Registration)
    body = refused.value.body("id")
    assert {error.field: error.message for error in body.errors} == {
        "username": "must be 3 to 32 letters, digits, underscores, dots and hyphens",
        "email": "must be an email address",
        "password": "must have at most 72 bytes, and most letters that are not Latin take two",
        "firstName": "must be text",
        "age": "is not a known field",
    }
    assert body.detail == body.error == body.message
    assert body.detail.startswith("age: is not a known field; username: must be 3 to 32 letters")


def test_the_faults_inside_of_lists_are_all_told_too() -> None:
    class File(msgspec.Struct, forbid_unknown_fields=True):
        name: str
        size: int

    class Files(msgspec.Struct):
        files: list[File]

    with pytest.raises(InvalidInput) as refused:
        decode_json(b'{"files": [{"name": 1}, {"name": "a", "size": 1}, {"name": "a", "size": "b", "x": 1}]}', Files)
    assert [(fault.field, fault.code) for fault in refused.value.errors] == [
        ("files[0].name", "wrong_type"),
        ("files[0].size", "missing"),
        ("files[2].x", "unknown_field"),
        ("files[2].size", "wrong_type"),
    ]


def test_a_flood_of_faults_is_cut() -> None:
    class Form(msgspec.Struct, forbid_unknown_fields=True):
        name: str = ""

    with pytest.raises(InvalidInput) as refused:
        decode_json(msgspec.json.encode({f"field{number}": 1 for number in range(1000)}), Form)
    assert 1 < len(refused.value.errors) <= 20


@pytest.mark.parametrize(
    ("count", "english", "russian"),
    [
        (1, "must have at least 1 character", "должно содержать не меньше 1 символа"),
        (3, "must have at least 3 characters", "должно содержать не меньше 3 символов"),
        (11, "must have at least 11 characters", "должно содержать не меньше 11 символов"),
        (21, "must have at least 21 characters", "должно содержать не меньше 21 символа"),
        (111, "must have at least 111 characters", "должно содержать не меньше 111 символов"),
    ],
)
def test_what_is_counted_is_declined(count: int, english: str, russian: str) -> None:
    sentence = "must have at least {limit:character|characters}"
    assert told(sentence, {"limit": count}, "en") == english
    assert told(sentence, {"limit": count}, "ru") == russian


def test_what_a_client_wrote_is_no_template() -> None:
    assert told("must be one of: {choices}", {"choices": "{x} {0}"}, "en") == "must be one of: {x} {0}"


@pytest.mark.parametrize(
    ("header", "language"),
    [
        ("", "en"),
        ("ru", "ru"),
        ("RU-ru", "ru"),
        ("ru-RU,ru;q=0.9,en-US;q=0.8,en;q=0.7", "ru"),
        ("en-US,en;q=0.9,ru;q=0.8", "en"),
        ("en;q=0.5, ru;q=0.7", "ru"),
        ("de-DE, ru;q=0.5", "ru"),
        ("de, fr;q=0.5", "en"),
        ("ru;q=0", "en"),
        ("ru;q=x, en;q=nan", "en"),
        ("*", "en"),
        (";;,,=", "en"),
        ("ru" * 10_000, "en"),
    ],
)
def test_the_language_that_a_reader_prefers(header: str, language: Language) -> None:
    assert language_of(header) == language


def test_whole_problems_are_told_in_russian() -> None:
    with context.begin(language="ru"):
        for problem in catalogue():
            body = problem().body("id")
            assert re.search("[а-яё]", body.title)
            assert re.search("[а-яё]", body.detail)
        limited = RateLimited("Too many requests; try again in {seconds} s.", values={"seconds": 5})
        assert limited.body("id").message == "Слишком много запросов, попробуйте через 5 с."
    assert str(limited) == "Too many requests; try again in 5 s."
    assert faults.fault("Object missing required field `x`", None) == Fault("x", "missing", "is required")
