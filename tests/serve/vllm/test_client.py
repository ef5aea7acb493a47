"""The client for vLLM, over real HTTP to a server that answers in vLLM's format with a model of ours."""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator
from typing import Any, get_args

import numpy as np
import pytest

from personaspace.errors import ModelError, ServerError, SettingError
from personaspace.not_fitted import NotFittedError
from personaspace.serve.vllm.client import VllmClient
from personaspace.serve.vllm.endpoint import Endpoint
from personaspace.steer.forward.attach import Placement
from personaspace.steer.steered_lm import SteeredLM
from personaspace.steer.steering import AskOptions
from personaspace.steer.training.settings import TrainSettings
from tests.serve.vllm import fake_vllm as fake
from tests.serve.vllm.fake_vllm import FakeVllm, completion, fake_vllm
from tests.steer.conftest import Points, opposed_survey, tiny_model

OPTIONS = ["Yes", "Perhaps", "No"]


def steered(placement: Placement = "after", soft_prompt: str = "question-aware", family: str = "gpt2") -> SteeredLM:
    survey, space = opposed_survey(20, 3)
    settings = TrainSettings(epochs=1, learning_rate=1e-2)
    lm = SteeredLM(tiny_model(family), form="prompt", placement=placement, soft_prompt=soft_prompt, settings=settings)
    return lm.fit(survey, space)


@pytest.fixture(scope="module")
def lm() -> SteeredLM:
    return steered()


@pytest.fixture
def server() -> Iterator[FakeVllm]:
    """The base model of :func:`steered`, loaded a second time, as another process would."""
    with fake_vllm(tiny_model("gpt2")) as listening:
        yield listening


@pytest.mark.parametrize("placement", get_args(Placement))
@pytest.mark.parametrize("soft_prompt", ["mlp", "question-aware"])
@pytest.mark.parametrize("family", ["gpt2", "llama, grouped queries"])
def test_answers_from_the_server_are_those_of_the_model(placement: Placement, soft_prompt: str, family: str) -> None:
    lm, points = steered(placement, soft_prompt, family), Points(5)
    with fake_vllm(tiny_model(family)) as server:
        table = VllmClient(server.url, lm, batch=2).ask("Is it?", OPTIONS, points)
        words = VllmClient(server.url, lm).generate("Why?", points, temperature=0, max_new_tokens=8)
    expected = lm.ask("Is it?", OPTIONS, points)
    assert table.index.equals(expected.index)
    assert table.columns.equals(expected.columns)
    np.testing.assert_allclose(table, expected, atol=1e-5)
    assert [len(body["prompt_embeds"]) for body in server.bodies] == [2, 2, 1, 5]
    assert words.equals(lm.generate("Why?", points, temperature=0, max_new_tokens=8))


def test_the_server_is_asked_for_the_labels_alone(lm: SteeredLM, server: FakeVllm) -> None:
    VllmClient(f"{server.url}/v1/", lm).ask("Is it?", OPTIONS, Points(1))
    (body,) = server.bodies
    assert body["logprob_token_ids"] == lm.model.option_tokens.ids("ABC")
    assert (body["logprobs"], body["max_tokens"], body["model"]) == (3, 1, "base")


def test_the_model_is_found_by_its_name(lm: SteeredLM) -> None:
    with fake_vllm(tiny_model("gpt2"), ("other", "gpt2")) as server:
        assert VllmClient(server.url, lm).server.model == "gpt2"
        assert VllmClient(server.url, lm, "other").server.model == "other"
    with fake_vllm(tiny_model("gpt2"), ("one", "two")) as server:
        with pytest.raises(ServerError, match="no model 'gpt2' but 'one', 'two': give model="):
            VllmClient(server.url, lm).ask("Is it?", OPTIONS, Points(1))
        with pytest.raises(ServerError, match="model `three` does not exist"):
            VllmClient(server.url, lm, "three").ask("Is it?", OPTIONS, Points(1))


def test_a_busy_server_is_asked_again(lm: SteeredLM, server: FakeVllm, monkeypatch: pytest.MonkeyPatch) -> None:
    waits: list[float] = []
    monkeypatch.setattr("time.sleep", waits.append)
    server.failures = 2
    assert len(VllmClient(server.url, lm).ask("Is it?", OPTIONS, Points(1))) == 1
    assert waits == [0.5, 1.0]
    server.failures = 3
    with pytest.raises(ServerError, match=r"status 503: The engine is sleeping\."):
        VllmClient(server.url, lm).ask("Is it?", OPTIONS, Points(1))


def test_what_the_server_cannot_do(lm: SteeredLM, server: FakeVllm) -> None:
    server.enabled = False
    with pytest.raises(ServerError, match="`vllm serve base --enable-prompt-embeds`"):
        VllmClient(server.url, lm).ask("Is it?", OPTIONS, Points(1))
    server.enabled, server.scores_labels = True, False
    with pytest.raises(ServerError, match="know logprob_token_ids"):
        VllmClient(server.url, lm).ask("Is it?", OPTIONS, Points(1))
    server.key = "right"
    with pytest.raises(ServerError, match="another API key"):
        VllmClient(server.url, lm, key="wrong").generate("Why?", Points(1))
    assert len(VllmClient(server.url, lm, key="right").generate("Why?", Points(2))) == 2


def test_what_cannot_be_served(lm: SteeredLM) -> None:
    survey, space = opposed_survey(20, 3)
    prefix = SteeredLM(tiny_model("gpt2"), settings=TrainSettings(epochs=1)).fit(survey, space)
    with pytest.raises(ModelError, match="prefix form cannot be served"):
        VllmClient("http://localhost:8000", prefix)
    with pytest.raises(SettingError, match="write http://HOST:PORT"):
        VllmClient("localhost:8000", lm)
    with pytest.raises(SettingError, match=r"batch \(prompts a request\) is 0: give a whole number from 1 to 1024"):
        VllmClient("http://localhost:8000", lm, batch=0)
    with pytest.raises(NotFittedError, match="call fit"):
        VllmClient("http://localhost:8000", SteeredLM(lm.model, form="prompt"))


def test_no_server_there(lm: SteeredLM) -> None:
    with socket.socket() as silent:
        silent.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{silent.getsockname()[1]}"
        with pytest.raises(ServerError, match=f"no server answers at {url}"):
            VllmClient(url, lm, retries=0).ask("Is it?", OPTIONS, Points(1))
        silent.listen()
        with pytest.raises(ServerError, match="timed out"):
            Endpoint(url, timeout=0.1, retries=0).ask("/v1/models")


def test_phrasings_and_strength_are_those_of_the_model(lm: SteeredLM, server: FakeVllm) -> None:
    points = Points(3)
    client, how = VllmClient(server.url, lm, batch=2), AskOptions(orders=3, alphabets=["ABC", "abc"], strength=1.5)
    np.testing.assert_allclose(
        client.ask("Is it?", OPTIONS, points, **how), lm.ask("Is it?", OPTIONS, points, **how), atol=1e-5
    )


def test_a_refusal_is_an_outcome_there_too() -> None:
    survey, space = opposed_survey(20, 3)
    lm = SteeredLM(tiny_model("gpt2"), form="prompt", settings=TrainSettings(epochs=1), refusals=True)
    lm.fit(survey, space)
    with fake_vllm(tiny_model("gpt2")) as server:
        poll = VllmClient(server.url, lm).poll("Is it?", OPTIONS, Points(2))
    expected = lm.poll("Is it?", OPTIONS, Points(2))
    assert poll.refused is not None
    assert expected.refused is not None
    np.testing.assert_allclose(poll.refused, expected.refused, atol=1e-5)
    np.testing.assert_allclose(poll.probabilities, expected.probabilities, atol=1e-5)


def test_sampling_controls_reach_the_server(lm: SteeredLM, server: FakeVllm) -> None:
    VllmClient(server.url, lm).generate("Why?", Points(1), max_new_tokens=3, top_k=5, stop="\n", seed=9)
    sent = {key: value for key, value in server.bodies[0].items() if key != "prompt_embeds"}
    assert sent == {
        "model": "base", "max_tokens": 3, "temperature": 0.8, "top_p": 0.95, "top_k": 5, "min_p": 0.0,
        "repetition_penalty": 1.0, "stop": ["\n"], "seed": 9,
    }  # fmt: skip


@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf, 0.5, 1e9, -1e300, None, "-1", True, [], {}])
def test_what_is_no_log_probability_is_never_an_answer(
    lm: SteeredLM, server: FakeVllm, value: object, monkeypatch: pytest.MonkeyPatch
) -> None:
    label = f"token_id:{lm.model.option_tokens.ids('ABC')[1]}"

    def spoiled(server: FakeVllm, body: dict[str, Any]) -> Any:
        content = completion(server, body)
        content["choices"][0]["logprobs"]["top_logprobs"][0][label] = value
        return content

    monkeypatch.setattr(fake, "completion", spoiled)
    with pytest.raises(ServerError, match="as the log-probability of an option"):
        VllmClient(server.url, lm).ask("Is it?", OPTIONS, Points(2))


@pytest.mark.parametrize(
    "choices",
    [
        None, 7, [], {}, [7], [None, None], [{"index": 0}, {"index": 0}], [{"index": "0"}, {"index": "1"}],
        [{"index": 0, "text": None}, {"index": 1, "text": 7}], [{"index": 0, "logprobs": 7}, {"index": 1}],
        [{"index": 0, "logprobs": {"top_logprobs": [None]}}, {"index": 1}], [{"index": True}, {"index": 0}],
    ],
)  # fmt: skip
def test_responses_of_a_wrong_type(
    lm: SteeredLM, server: FakeVllm, choices: object, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(fake, "completion", lambda *_: {"choices": choices})
    client = VllmClient(server.url, lm, "base")
    for asks in (lambda: client.ask("Is it?", OPTIONS, Points(2)), lambda: client.generate("Why?", Points(2))):
        with pytest.raises(ServerError) as refused:
            asks()
        assert "\n" not in str(refused.value)
        assert len(str(refused.value)) < 500


def test_a_server_that_does_not_speak_http() -> None:
    with socket.socket() as listens:
        listens.bind(("127.0.0.1", 0))
        listens.listen()
        url = f"http://127.0.0.1:{listens.getsockname()[1]}"

        def answer() -> None:
            taken = listens.accept()[0]
            taken.recv(100)
            taken.sendall(b"\x1b]0;title\x07 nonsense\r\n\r\n")
            taken.close()

        thread = threading.Thread(target=answer)
        thread.start()
        with pytest.raises(ServerError, match="no server answers") as refused:
            Endpoint(url, retries=0, timeout=5).ask("/v1/models")
        thread.join()
    assert str(refused.value).isprintable()
