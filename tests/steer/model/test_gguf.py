"""GGUF files: read exactly, and refused in one line where they are damaged or promise what they do not hold."""

from __future__ import annotations

import json
import random
import struct
from collections.abc import Callable
from pathlib import Path
from typing import Any

import gguf
import numpy as np
import pytest
import torch
from transformers import AutoModelForCausalLM

from personaspace.errors import ModelError, PersonaSpaceError, RunError, SettingError
from personaspace.steer.export.hub import push
from personaspace.steer.export.peft import export_peft
from personaspace.steer.model.gguf import MOST_ELEMENTS, check_gguf
from personaspace.steer.model.language_model import LanguageModel
from personaspace.steer.model.loading import BaseSettings
from personaspace.steer.steered_lm import SteeredLM
from tests.steer.conftest import QUESTION, QUICK, Points, opposed_survey, tiny_model
from tests.steer.gguf_files import write_gguf

TEMPLATE = "{% for m in messages %}<{{ m['role'] }}>{{ m['content'] }}{% endfor %}<assistant>"


@pytest.fixture
def file(llama: LanguageModel, tmp_path: Path) -> Path:
    return write_gguf(llama, tmp_path / "tiny.gguf")


@pytest.fixture(scope="session")
def content(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    """A good file."""
    path = tmp_path_factory.mktemp("gguf") / "tiny.gguf"
    return write_gguf(tiny_model("llama, grouped queries"), path, TEMPLATE).read_bytes()


def refusal(path: Path, settings: BaseSettings | None = None) -> str:
    with pytest.raises(PersonaSpaceError) as refused:
        LanguageModel.load(path, settings=settings)
    assert len(str(refused.value).splitlines()) == 1
    assert len(str(refused.value).replace(str(path), "")) < 500
    return str(refused.value)


def test_a_file_is_the_model_it_was_made_from(llama: LanguageModel, file: Path) -> None:
    loaded = LanguageModel.load(file)
    assert (loaded.name, loaded.context_length) == (str(file), llama.context_length)
    assert loaded.fingerprint == llama.fingerprint
    ids = llama.question_ids(QUESTION)
    assert torch.equal(loaded.question_ids(QUESTION), ids)
    torch.testing.assert_close(loaded.model(ids).logits, llama.model(ids).logits)


def test_a_quantized_file_is_near_it_and_can_be_saved_as_plain_numbers(llama: LanguageModel, tmp_path: Path) -> None:
    path = write_gguf(llama, tmp_path / "tiny.gguf", quantize=gguf.GGMLQuantizationType.Q8_0)
    loaded, ids = LanguageModel.load(path), llama.question_ids(QUESTION)
    assert loaded.fingerprint != llama.fingerprint
    torch.testing.assert_close(loaded.model(ids).logits, llama.model(ids).logits, atol=0.3, rtol=0.1)
    loaded.model.save_pretrained(tmp_path / "plain")
    loaded.tokenizer.save_pretrained(tmp_path / "plain")
    assert LanguageModel.load(tmp_path / "plain").fingerprint == loaded.fingerprint
    half = LanguageModel.load(path, settings=BaseSettings(dtype="bfloat16"))
    assert half.model.dtype == torch.bfloat16
    assert "is a GGUF file, whose weights are quantized in the file" in refusal(path, BaseSettings(quantize="8bit"))


def test_nothing_beside_the_file_has_a_say(llama: LanguageModel, file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Neither other files of its folder nor a file of its name in the working folder."""
    for stray in ("config.json", "tokenizer_config.json", "adapter_config.json", "generation_config.json"):
        (file.parent / stray).write_text('{"base_model_name_or_path": "/nowhere", "chat_template": "{{ 1/0 }}"}')
    elsewhere = file.parent / "elsewhere"
    elsewhere.mkdir()
    (elsewhere / "tiny.gguf").write_bytes(b"no model")
    monkeypatch.chdir(elsewhere)
    assert LanguageModel.load(file).fingerprint == llama.fingerprint
    assert LanguageModel.load("../tiny.gguf").fingerprint == llama.fingerprint


def test_a_folder_with_one_file_is_that_file_and_one_with_several_is_asked_about(
    llama: LanguageModel, file: Path
) -> None:
    loaded = LanguageModel.load(file.parent)
    assert (loaded.name, loaded.fingerprint) == (str(file), llama.fingerprint)
    (file.parent / "other.gguf").write_bytes(file.read_bytes())
    says = refusal(file.parent)
    assert f"holds 2 GGUF files ('other.gguf', 'tiny.gguf'): give one of them, such as {file.parent}/other.gguf" in says
    (file.parent / "model.txt").write_text("words")
    assert "does not end in .gguf: give a model's folder, or a GGUF file" in refusal(file.parent / "model.txt")


def test_a_steered_model_finds_its_file_again(file: Path, tmp_path: Path) -> None:
    survey, space = opposed_survey(20, 3)
    lm = SteeredLM(file, settings=QUICK).fit(survey, space)
    lm.save(tmp_path / "steered")
    expected = lm.predict(space.vectors, survey.questions[0])
    np.testing.assert_array_equal(
        SteeredLM.load(tmp_path / "steered").predict(space.vectors, survey.questions[0]), expected
    )
    moved = file.rename(tmp_path / "moved.gguf")
    with pytest.raises(RunError, match=r"trained on the model .*tiny\.gguf', which is not there now: put it back, or"):
        SteeredLM.load(tmp_path / "steered")
    found = SteeredLM.load(tmp_path / "steered", LanguageModel.load(moved))
    np.testing.assert_array_equal(found.predict(space.vectors, survey.questions[0]), expected)
    other = tiny_model("llama, grouped queries")
    with torch.no_grad():
        other.model.model.norm.weight[0] += 1
    write_gguf(other, file)
    with pytest.raises(RunError, match="trained on another model than the one now loaded as"):
        SteeredLM.load(tmp_path / "steered")


def test_exports_name_no_file_of_this_machine(file: Path, tmp_path: Path) -> None:
    survey, space = opposed_survey(20, 3)
    lm = SteeredLM(file, form="prompt", placement="before", soft_prompt="mlp", settings=QUICK).fit(survey, space)
    (folder,) = export_peft(lm, Points(1), tmp_path / "personas").values()
    assert json.loads((folder / "adapter_config.json").read_text())["base_model_name_or_path"] is None
    for given in (None, "org/base"):
        with pytest.raises(SettingError, match=r"is a GGUF file on this machine, .* under its hub name"):
            push(lm, "org/steered", base_model=given)


def test_without_its_libraries_the_command_is_said(file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("importlib.util.find_spec", lambda module: None if module == "gguf" else object())
    assert "needs gguf and accelerate: pip install 'personaspace[gguf]'" in refusal(file)


@pytest.mark.parametrize(
    ("metadata", "says"),
    [
        ({"block_count": 10**6}, "asks for 'num_hidden_layers' 1000000"),
        ({"block_count": 7}, "its files lack"),
        ({"embedding_length": 2**31 - 16}, "and its files hold at most 48,864"),
        ({"feed_forward_length": 64}, "of another shape"),
        ({"attention.head_count": 0}, "cannot be loaded"),
        ({"attention.head_count_kv": 3}, "cannot be loaded"),
        ({"attention.head_count": 8}, "of another shape"),
    ],
)
def test_sizes_that_the_file_does_not_bear_out(
    llama: LanguageModel, tmp_path: Path, metadata: dict[str, Any], says: str
) -> None:
    assert says in refusal(write_gguf(llama, tmp_path / "tiny.gguf", **metadata))


def test_a_question_longer_than_its_context(llama: LanguageModel, tmp_path: Path) -> None:
    short = LanguageModel.load(write_gguf(llama, tmp_path / "tiny.gguf", context_length=80))
    with pytest.raises(
        ModelError, match="reads at most 80: shorten the question or its options, or choose a model with"
    ):
        short.read(QUESTION * 3)


def test_chat_templates(llama: LanguageModel, tmp_path: Path) -> None:
    path = tmp_path / "tiny.gguf"
    assert LanguageModel.load(write_gguf(llama, path)).settings.chat == "no"
    assert "has no chat template: choose chat='no' (--chat no)" in refusal(path, BaseSettings(chat="yes"))
    chatty = LanguageModel.load(write_gguf(llama, path, TEMPLATE))
    assert chatty.settings.chat == "yes"
    assert chatty.tokenizer.decode(chatty.question_ids("Late?")[0]) == "<user>Late?<assistant>"
    for broken in ("{{ 1 / 0 }}", "{% for %}", "{{ messages.a.b.c }}"):
        assert "choose chat='no' (--chat no)" in refusal(write_gguf(llama, path, broken))
        assert LanguageModel.load(path, settings=BaseSettings(chat="no")).chat is None


@pytest.mark.parametrize("failing", [MemoryError(), RuntimeError("DefaultCPUAllocator: can't allocate memory")])
def test_too_large_for_the_memory(file: Path, failing: Exception, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: object, **__: object) -> None:
        raise failing

    monkeypatch.setattr(AutoModelForCausalLM, "from_pretrained", fail)
    assert "does not fit in memory: choose a smaller model, --dtype bfloat16" in refusal(file)
    monkeypatch.setattr("os.sysconf", lambda _: 2)
    assert "takes 0.0 GB, and this machine has 0.0 GB of memory: choose a smaller" in refusal(file)


def header(tensors: int = 0, keys: int = 0, rest: bytes = b"", version: int = 3) -> bytes:
    return b"GGUF" + struct.pack("<IQQ", version, tensors, keys) + rest


def text(value: str) -> bytes:
    return struct.pack("<Q", len(value)) + value.encode()


def key(name: str, kind: int, value: bytes) -> bytes:
    return text(name) + struct.pack("<I", kind) + value


FAMILY = key("general.architecture", 8, text("llama"))
HUGE = 2**62
BAD: dict[str, tuple[bytes, str]] = {
    "empty": (b"", "too short"),
    "another file": (b"PK\3\4" * 20, "does not begin like one"),
    "version": (header(version=9), "is of version 9"),
    "big-endian": (b"GGUF" + struct.pack(">IQQ", 3, 0, 0), "is of version 50331648"),
    "many tensors": (header(tensors=HUGE), "more than any model has"),
    "many keys": (header(keys=HUGE), "more than any model has"),
    "keys that are not there": (header(keys=3, rest=FAMILY), "cut off or damaged in its header"),
    "long key": (header(keys=1, rest=struct.pack("<Q", HUGE)), "cut off"),
    "long text": (header(keys=1, rest=key("a", 8, struct.pack("<Q", HUGE))), "cut off"),
    "no text": (header(keys=1, rest=key("a", 8, struct.pack("<Q", 2) + b"\xff\xff")), "damaged in its header"),
    "long array": (header(keys=1, rest=key("a", 9, struct.pack("<IQ", 8, 2**63))), "promises more than"),
    "array as long as allowed": (header(keys=1, rest=key("a", 9, struct.pack("<IQ", 4, MOST_ELEMENTS))), "cut off"),
    "array of arrays": (header(keys=1, rest=key("a", 9, struct.pack("<IQIQ", 9, 1, 9, HUGE))), "unknown type, 9"),
    "unknown type": (header(keys=1, rest=key("a", 77, b"")), "unknown type, 77"),
    "key twice": (header(keys=2, rest=FAMILY * 2), "has the key 'general.architecture' twice"),
    "no architecture": (header(), "is of architecture 'None'"),
    "architecture": (header(keys=1, rest=key("general.architecture", 8, text("bert"))), "of architecture 'bert'"),
    "hybrid": (header(keys=1, rest=key("general.architecture", 8, text("lfm2"))), "of architecture 'lfm2'"),
    "no tensors": (header(keys=1, rest=FAMILY), "holds no weights"),
    "part": (header(keys=2, rest=FAMILY + key("split.count", 2, struct.pack("<H", 3))), "one of 3 parts of a model"),
    "alignment": (header(1, 2, rest=FAMILY + key("general.alignment", 4, bytes(4))), "an alignment of '0'"),
    "far tensor": (header(1, 1, FAMILY + text("a") + struct.pack("<IQIQ", 1, 32, 0, HUGE)), "tensors end at"),
    "wide tensor": (header(1, 1, FAMILY + text("a") + struct.pack("<IQQIQ", 2, HUGE, HUGE, 0, 0)), "tensors end at"),
    "many dimensions": (header(1, 1, FAMILY + text("a") + struct.pack("<I", 2**31)), "damaged entry for the tensor"),
    "no dimension": (header(1, 1, FAMILY + text("a") + struct.pack("<IQIQ", 1, 0, 0, 0)), "damaged shape"),
    "half a block": (header(1, 1, FAMILY + text("a") + struct.pack("<IQIQ", 1, 33, 8, 0)), "damaged shape"),
    "tensor's type": (header(1, 1, FAMILY + text("a") + struct.pack("<IQIQ", 1, 32, 999, 0)), "unknown type, 999"),
}


@pytest.mark.parametrize("case", BAD)
def test_a_damaged_file_is_refused_before_a_library_reads_it(
    case: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(gguf, "GGUFReader", lambda *_: pytest.fail("read"))
    monkeypatch.setattr("transformers.PreTrainedConfig.get_config_dict", lambda *_, **__: pytest.fail("read"))
    (path := tmp_path / "bad.gguf").write_bytes(BAD[case][0])
    assert BAD[case][1] in refusal(path)


def test_tensors_that_share_their_place(tmp_path: Path) -> None:
    """A small file must not hold a thousand large tensors."""
    tensors = b"".join(text(f"t{index}") + struct.pack("<IQIQ", 1, 1024, 0, 0) for index in range(1000))
    (path := tmp_path / "bad.gguf").write_bytes(header(1000, 1, FAMILY + tensors) + bytes(8192))
    with pytest.raises(ModelError, match="is cut off"):
        check_gguf(path, "bad")


@pytest.mark.parametrize("share", [0.1, 0.5, 0.9, 0.9999])
def test_a_file_that_is_cut_off(content: bytes, share: float, tmp_path: Path) -> None:
    (path := tmp_path / "cut.gguf").write_bytes(content[: int(share * len(content))])
    assert "cut off" in refusal(path)


def _flip(content: bytearray, rng: random.Random) -> None:
    content[rng.randrange(len(content))] ^= 1 << rng.randrange(8)


def _number(content: bytearray, rng: random.Random) -> None:
    at = rng.randrange(len(content) - 8)
    content[at : at + 8] = struct.pack("<Q", rng.choice([0, 1, 2**31, 2**62, 2**64 - 1]))


def _insert(content: bytearray, rng: random.Random) -> None:
    at = rng.randrange(len(content))
    content[at:at] = rng.randbytes(rng.randrange(1, 9))


@pytest.mark.parametrize("change", [_flip, _number, _insert])
def test_any_damage_to_the_header_is_one_line(
    content: bytes, change: Callable[[bytearray, random.Random], None], tmp_path: Path
) -> None:
    rng, path = random.Random(0), tmp_path / "changed.gguf"  # noqa: S311
    end = content.index(b"token_embd.weight") + 200
    loaded = 0
    for _ in range(25):
        start = bytearray(content[:end])
        change(start, rng)
        path.write_bytes(bytes(start) + content[end:])
        try:
            LanguageModel.load(path)
            loaded += 1
        except PersonaSpaceError as error:
            assert len(str(error).splitlines()) == 1
    assert loaded < 25
