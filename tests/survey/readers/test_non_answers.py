"""Labels that mean a refusal or no answer are recognized by rule, in ten languages; everything else is an answer."""

# ruff: noqa: RUF001  (letters and apostrophes as surveys have them)

from __future__ import annotations

import pytest

from personaspace.survey.readers.coding import MISSING, REFUSED
from personaspace.survey.readers.non_answers import outcome, outcomes, sounds_like

REFUSALS = """
Refused | Refused/Web blank | Don’t know/Refused (VOL.) | DK/REF | DK/Ref-no lean | -9. Refused | Refusal* | 99=Refused
No answer given | (VOL) DK/Ref | [Refused] | <Refused> | R refused | .r Refused | I'd rather not say | Decline to state
No sabe / No contesta | NS/NC | Prefiero no responder | NSP/NR | Ne sait pas ou refus | Keine Angabe | k. A.
weiß nicht / keine Angabe | verweigert | Non risponde | Preferisco non rispondere | Não respondeu
Recusou-se a responder | Geen antwoord | wil niet zeggen | Odmowa odpowiedzi | Отказ от ответа
Нет ответа | 拒绝回答 | 拒答
"""
NO_ANSWERS = """
Don't know | Don’t know | Don´t know | Donâ€™t know | Don?t know | -8. Don't know | 8 Don't know | 98) DK | [Don't know]
DO NOT READ: Don't know | (DON'T KNOW) | NA | N/A | D.K. | IAP | -1. Inap | System missing
Not applicable (no children) | Don't know / Not sure | Don't know/can't remember | Not asked in survey
Missing; Unknown | Legitimate skip | 8. DK
No sabe | No sabe (NO LEER) | Ne sait pas | Je ne sais pas | NSP | weiß nicht | Weiss ich nicht | Non so | Não sabe
Não se aplica | Weet ik niet | n.v.t. | Nie wiem | Nie dotyczy | Не знаю | Затрудняюсь ответить | 不知道 | 不适用
"""
ANSWERS = """
Not sure | Depends | Neither | They refused to pay | We don't know future effects | No, I don't own any guns | 8 | 24/7
Yes | No | None | None of these | Other | Not selected | Not at all | Not too certain | Denmark | Reform | 1 Not at all
Agnostic (not sure if there is a God) | No confidence at all | Illegal with no exceptions | No, do not know anybody
Trifft nicht zu | Nein | Non | Nie | Nigdy | Rien | Ninguno | Нет | 不同意 | - |
"""


def labels(text: str) -> list[str]:
    return [label.strip() for line in text.strip().splitlines() for label in line.split(" | ")]


@pytest.mark.parametrize("label", labels(REFUSALS))
def test_refusals(label: str) -> None:
    assert outcome(label) == REFUSED


@pytest.mark.parametrize("label", labels(NO_ANSWERS))
def test_no_answers(label: str) -> None:
    assert outcome(label) == MISSING


@pytest.mark.parametrize("label", labels(ANSWERS))
def test_answers_stay_answers(label: str) -> None:
    assert outcome(label) is None


@pytest.mark.parametrize(
    ("code", "label", "kind"),
    [
        ("-6", "-6. No post-election interview", MISSING),
        ("-4", "Technical error", MISSING),
        ("-1", "Inap, R has no children", MISSING),
        ("-2", "Not sure", MISSING),
        ("-97", "trifft nicht zu", MISSING),
        ("-9", "Refused all items in set", REFUSED),
        ("2", "Not sure", None),
        ("4", "Trifft nicht zu", None),
        ("-2", "Much worse", None),
        ("-1", "No", None),
    ],
)
def test_a_negative_code_decides_what_is_ambiguous(code: str, label: str, kind: int | None) -> None:
    assert outcome(label, code) == kind


def test_abbreviations_among_codes_of_countries_are_countries() -> None:
    assert outcomes({"1": "DE", "2": "DK", "3": "NA", "4": "FR"}) == {}
    assert outcomes({"1": "DE", "2": "FR", "9": "Refused"}) == {"9": REFUSED}
    assert outcomes({"1": "YES", "2": "NO", "8": "DK", "9": "NA"}) == {"8": MISSING, "9": MISSING}
    assert outcomes({"1": "Denmark", "2": "France", "8": "DK"}) == {"8": MISSING}


def test_what_is_kept_and_sounds_like_no_answer_is_told() -> None:
    kept = labels(
        "Not sure | No opinion | Refused all items in set | wrong - don't know | Can't choose | Nie pamiętam | 说不清"
    )
    assert all(sounds_like(label) and outcome(label) is None for label in kept)
    plain = labels(
        "Refused | Don't know | Somewhat | Depends | We don't know future effects | No confidence at all | None"
    )
    assert not any(sounds_like(label) for label in plain)
