"""Two processes train as one does: the same weights up to rounding, one of them writes, and resuming is exact."""

from __future__ import annotations

import json
import multiprocessing
import os
import socket
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file

from personaspace.runs.fit import fit_run
from personaspace.runs.run import Run
from personaspace.runs.steer import steer_run
from personaspace.steer.steered_lm import SteeredLM
from personaspace.steer.training.distributed import Processes, own_device
from personaspace.steer.training.metric_logs import JsonLines
from personaspace.steer.training.settings import TrainSettings
from personaspace.survey.simulate import simulate
from tests.steer.conftest import opposed_survey, tiny_model

SETTINGS = TrainSettings(epochs=1, respondents=8, questions=3, patience=50)


def fit(folder: Path, stop_at: int = 0) -> SteeredLM:
    def on_step(stage: str, step: int, *_: object) -> None:
        if (stage, step) == ("steering", stop_at):
            raise KeyboardInterrupt

    survey, space = opposed_survey(40, 4)
    lm = SteeredLM(tiny_model("llama, grouped queries"), settings=SETTINGS)
    return lm.fit(survey, space, folder / "checkpoint.safetensors", on_step, [JsonLines(folder / "metrics.jsonl")])


def one_of_two(rank: int, port: int, folder: Path, stop_at: int) -> None:
    os.environ.update(
        RANK=str(rank), WORLD_SIZE="2", LOCAL_RANK=str(rank), MASTER_ADDR="127.0.0.1", MASTER_PORT=str(port)
    )
    try:
        fit(folder, stop_at).save(folder / f"process-{rank}")
    except KeyboardInterrupt:
        os._exit(3)


def two_processes(folder: Path, stop_at: int = 0) -> list[dict[str, torch.Tensor]]:
    """Train in two processes; their weights, or nothing if they were stopped."""
    context, port = multiprocessing.get_context("fork"), free_port()
    workers = [context.Process(target=one_of_two, args=(rank, port, folder, stop_at)) for rank in range(2)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join(120)
    assert [worker.exitcode for worker in workers] == [3 if stop_at else 0] * 2
    files = [folder / f"process-{rank}" / "soft_prompt.safetensors" for rank in range(2)]
    return [] if stop_at else [load_file(file) for file in files]


def free_port() -> int:
    with socket.socket() as server:
        server.bind(("127.0.0.1", 0))
        return int(server.getsockname()[1])


def assert_all(first: dict[str, torch.Tensor], second: dict[str, torch.Tensor], close: Callable[..., bool]) -> None:
    assert first.keys() == second.keys()
    for name, tensor in first.items():
        assert close(tensor, second[name]), f"{name} differs by {(tensor - second[name]).abs().max()}"


def up_to_rounding(first: torch.Tensor, second: torch.Tensor) -> bool:
    return torch.allclose(first, second, atol=5e-4, rtol=1e-4)


def test_two_processes_learn_what_one_learns_and_resume_exactly(tmp_path: Path) -> None:
    folders = [tmp_path / name for name in ("one", "two", "stopped")]
    for folder in folders:
        folder.mkdir()
    one = fit(folders[0]).soft_prompt_.state_dict()
    main, other = two_processes(folders[1])
    assert_all(main, other, torch.equal)
    assert_all(main, one, up_to_rounding)

    two_processes(folders[2], stop_at=4)
    resumed, _ = two_processes(folders[2])
    assert_all(resumed, main, torch.equal)
    steps = [json.loads(line)["step"] for line in (folders[2] / "metrics.jsonl").read_text().splitlines()]
    assert steps == list(range(1, len(steps) + 1))


def test_accelerate_launch_writes_the_same_run(tmp_path: Path) -> None:
    pytest.importorskip("accelerate")
    model = tiny_model("llama, grouped queries")
    model.model.save_pretrained(tmp_path / "model")
    model.tokenizer.save_pretrained(tmp_path / "model")
    runs = [Run.create(tmp_path / name) for name in ("one", "two")]
    for run in runs:
        fit_run(run, simulate(respondents=40, seed=0), embedder="factorization", personas=2)
    alone = steer_run(runs[0], str(tmp_path / "model"), settings=TrainSettings(epochs=1))
    launch = ["accelerate", "launch", "--cpu", "--num_processes", "2", "--num_machines", "1", "--mixed_precision", "no"]
    launch += ["--dynamo_backend", "no", "--main_process_port", str(free_port()), "-m", "personaspace", "steer"]
    command = [sys.executable, "-m", launch[0] + ".commands.accelerate_cli", *launch[1:], str(runs[1].folder)]
    options = ["--model", str(tmp_path / "model"), "--epochs", "1", "--json"]
    done = subprocess.run([*command, *options], capture_output=True, text=True, timeout=300)  # noqa: S603
    assert done.returncode == 0, done.stderr[-3000:]
    assert len(done.stdout.strip().splitlines()) == len(json.dumps(json.loads(done.stdout), indent=1).splitlines())
    together = load_file(runs[1].folder / "steer" / "soft_prompt.safetensors")
    assert_all(together, alone.soft_prompt_.state_dict(), up_to_rounding)
    files = [{path.name for path in (run.folder / "steer").rglob("*")} for run in runs]
    assert files[0] == files[1]
    assert Run.open(runs[1].folder).settings("steer") == runs[0].settings("steer")


def test_one_process_shares_nothing() -> None:
    tensor = torch.ones(2)
    alone = Processes()
    assert alone.sum(tensor) is tensor
    assert alone.share([1, 2, 3]) == [1, 2, 3]
    assert alone.main


def test_every_process_has_a_gpu_of_its_own(monkeypatch: pytest.MonkeyPatch) -> None:
    assert own_device("cuda") == "cuda"
    monkeypatch.setenv("LOCAL_RANK", "3")
    assert [own_device(device) for device in ("cuda", "cuda:1", "cpu")] == ["cuda:3", "cuda:1", "cpu"]
