"""Texts as they grow, token by token."""

from __future__ import annotations

from typing import Any

from personaspace.steer.generation.detokenizer import IncrementalDetokenizer


class Letters:
    """A tokenizer of characters; a token above 1000 is a broken half of one."""

    def decode(self, tokens: list[int], **_: Any) -> str:
        return bytes(tokens).decode("utf-8", errors="replace")


def pieces_of(text: str, stops: tuple[str, ...] = (), ends: tuple[int, ...] = ()) -> tuple[list[str], str]:
    growing = IncrementalDetokenizer(Letters(), ends, stops)
    pieces = []
    for token in text.encode():
        if not growing.done:
            pieces.append(growing.add(token))
    if not growing.done:
        pieces.append(growing.finish())
    assert "".join(pieces) == growing.text
    return pieces, growing.text


def test_text_is_returned_as_it_grows() -> None:
    assert pieces_of("  ab c ")[0] == ["", "", "a", "b", "", " c", "", ""]


def test_text_ends_before_a_stop_string_of_which_nothing_is_returned() -> None:
    pieces, text = pieces_of("yes. Question: no", stops=("\n", "Question:"))
    assert text == "yes."
    assert pieces[-1] == ""
    assert pieces_of("yes. Quest", stops=("Question:",))[1] == "yes. Quest"
    assert pieces_of("a##b", stops=("###", "#b"))[1] == "a#"


def test_a_character_is_returned_once_it_is_whole() -> None:
    assert pieces_of("é!")[0] == ["", "é", "!", ""]


def test_an_end_token_ends_the_text_and_is_not_part_of_it() -> None:
    assert pieces_of("yes.no", ends=(ord("."),))[1] == "yes"
