"""Names that people see, and usernames that can be chosen."""

import pytest

from chalicelib.core.names import cleaned, wrong_name
from chalicelib.features.accounts.usernames import wrong_username


@pytest.mark.parametrize(
    ("sent", "kept"),
    [
        ("Мария", "Мария"),
        ("Alice\u202egnp.exe", "Alicegnp.exe"),
        ("\u2066a\u2069\u200e\u200f\u061cb", "ab"),
        ("a\nb\tc\x7f\x85\u2028d", "abcd"),
        # These are within words and emoji, and show in them.
        ("می\u200cخواهم", "می\u200cخواهم"),
        ("👨\u200d👩\u200d👧", "👨\u200d👩\u200d👧"),
    ],
)
def test_what_changes_how_a_name_reads_is_taken_out(sent: str, kept: str) -> None:
    assert cleaned(sent) == kept
    assert wrong_name(sent) is None


@pytest.mark.parametrize(
    "name",
    [
        *(
            " ",
            "\u200b",
            "\u200b\u200c\u200d",
            "\ufeff",
            "\u2060\u00ad",
            "\u202e",
            "\u3164",
            "\u115f\u1160",
            "\uffa0",
        ),
        *(
            "\u2800",
            "\u00a0\u3000",
            "\u180e",
            "\u034f",
            "\u0301",
            "\ufe0f",
            "\U000e0041\U000e007f",
            "\U0001d159",
            "\t\n",
        ),
    ],
)
def test_a_name_of_which_nothing_is_seen_is_refused(name: str) -> None:
    wrong = wrong_name(name)
    assert wrong is not None
    assert wrong.sentence == "must have a visible character"


@pytest.mark.parametrize(
    "name", ["alice", "Мария", "ёжик_7", "a.b-c", "user1", "山田たろう", "김철수", "José", "анна.2026", "123"]
)
def test_names_of_one_alphabet_can_be_chosen(name: str) -> None:
    assert wrong_username(name) is None


@pytest.mark.parametrize("name", ["аdmin", "pаypal", "Оleg", "αlice", "мaрия", "bοb", "ӏvan"])
def test_names_of_several_alphabets_cannot(name: str) -> None:
    wrong = wrong_username(name)
    assert wrong is not None
    assert wrong.sentence == "must be of one alphabet: its letters are of several"


@pytest.mark.parametrize("name", ["system", "search", "SYSTEM", "System", "_search_", "everyone", "null", "support"])
def test_reserved_names_cannot(name: str) -> None:
    wrong = wrong_username(name)
    assert wrong is not None
    assert wrong.code == "reserved"


@pytest.mark.parametrize("name", ["al\u200bice", "al\u202eice", "___", "...", "a b c", "al\u00adice"])
def test_names_with_what_is_not_seen_cannot(name: str) -> None:
    wrong = wrong_username(name)
    assert wrong is not None
    assert wrong.code == "wrong_form"
