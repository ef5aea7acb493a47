"""A server on this machine that answers Completions as vLLM 0.33 does, running a model of ours."""

from __future__ import annotations

import base64
import io
import json
from contextlib import AbstractContextManager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import torch

from personaspace.steer.model.language_model import LanguageModel
from tests.listening import listening


class RefusedError(Exception):
    """What vLLM answers with a status and a message."""


class FakeVllm(ThreadingHTTPServer):
    """Serves one base model under some names.

    Attributes:
        served: What the model is called here.
        enabled: Whether it was started with ``--enable-prompt-embeds``.
        failures: How many requests are still to be answered with status 503.
        key: The API key it wants.
        scores_labels: Whether it knows ``logprob_token_ids``.
        bodies: What it was sent.
    """

    def __init__(self, model: LanguageModel, served: tuple[str, ...] = ("base",)) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.model, self.served = model, served
        self.enabled, self.failures, self.scores_labels = True, 0, True
        self.key: str | None = None
        self.bodies: list[dict[str, Any]] = []

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_port}"


class Handler(BaseHTTPRequestHandler):
    server: FakeVllm

    def log_message(self, *_: Any) -> None:
        pass

    def do_GET(self) -> None:
        cards = [{"id": name, "object": "model", "owned_by": "vllm"} for name in self.server.served]
        self.answer(200, {"object": "list", "data": cards})

    def do_POST(self) -> None:
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        if self.server.key and self.headers.get("Authorization") != f"Bearer {self.server.key}":
            return self.answer(401, {"error": "Unauthorized"})
        if self.server.failures:
            self.server.failures -= 1
            return self.refuse(503, "The engine is sleeping.")
        self.server.bodies.append(body)
        if body["model"] not in self.server.served:
            return self.refuse(404, f"The model `{body['model']}` does not exist.")
        try:
            return self.answer(200, completion(self.server, body))
        except RefusedError as error:
            return self.refuse(400, str(error))

    def refuse(self, status: int, message: str) -> None:
        error = {"message": message, "type": "BadRequestError", "param": None, "code": status}
        self.answer(status, {"error": error})

    def answer(self, status: int, content: Any) -> None:
        data = json.dumps(content).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)


@torch.no_grad()
def completion(server: FakeVllm, body: dict[str, Any]) -> dict[str, Any]:
    """One answer for every prompt, the last first, so that only ``index`` identifies it."""
    if not server.enabled:
        raise RefusedError("You must set `--enable-prompt-embeds` to input `prompt_embeds`.")
    if body.get("logprob_token_ids") and body.get("logprobs") is None:
        raise RefusedError("when using `logprob_token_ids`, `logprobs` must be set.")
    choices = []
    for index, sent in enumerate(body["prompt_embeds"]):
        embeddings = torch.load(io.BytesIO(base64.b64decode(sent, validate=True)), weights_only=True)
        if embeddings.dim() != 2 or embeddings.shape[1] != server.model.width:
            raise RefusedError("`prompt_embeds` must be a 2D tensor of shape (num_tokens, hidden_size)")
        choices.append({"index": index, **written(server, embeddings, body)})
    return {"id": "cmpl-1", "object": "text_completion", "model": body["model"], "choices": choices[::-1], "usage": {}}


def written(server: FakeVllm, embeddings: torch.Tensor, body: dict[str, Any]) -> dict[str, Any]:
    model = server.model
    ids = model.model.generate(
        inputs_embeds=embeddings[None], do_sample=False, max_new_tokens=body["max_tokens"], pad_token_id=0
    )
    text = model.tokenizer.decode(ids[0], skip_special_tokens=True)
    if body.get("logprobs") is None:
        return {"text": text, "logprobs": None, "finish_reason": "length"}
    scores = model.model(inputs_embeds=embeddings[None]).logits[0, -1].log_softmax(-1)
    wanted = body.get("logprob_token_ids", []) if server.scores_labels else []
    top = {f"token_id:{i}": float(scores[i]) for i in (int(ids[0, 0]), *wanted)}
    logprobs = {"tokens": [f"token_id:{int(ids[0, 0])}"], "token_logprobs": [0.0], "top_logprobs": [top]}
    return {"text": text, "logprobs": logprobs | {"text_offset": [0]}, "finish_reason": "length"}


def fake_vllm(model: LanguageModel, served: tuple[str, ...] = ("base",)) -> AbstractContextManager[FakeVllm]:
    """A server that listens until the block ends."""
    return listening(FakeVllm(model, served))
