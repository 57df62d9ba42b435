"""How often things are done by default, and what a runner that has nothing to do costs the database."""

import asyncio

import pytest

from core.access import LOCAL_OWNER
from core.runs import store
from core.runs.heartbeat import seconds_between_beats
from core.runs.options import RunMode, RunOptions
from core.runs.recovery import seconds_between_sweeps
from core.runs.retries import seconds_before
from core.runs.service import Runs
from core.settings import Settings
from tests.runs.conftest import Commands

DEFAULTS = Settings(_env_file=None)  # type: ignore[call-arg]


def test_a_dead_run_is_noticed_within_a_minute_and_a_living_one_has_three_beats_a_lease() -> None:
    assert DEFAULTS.run_lease == 30
    assert seconds_between_beats(DEFAULTS.run_lease) == 10
    assert DEFAULTS.run_lease + seconds_between_sweeps(DEFAULTS) <= 60


@pytest.mark.parametrize("lease", [0.3, 1.5, 30.0, 3600.0])
def test_sweeps_come_at_least_once_a_lease_and_every_ten_seconds(lease: float) -> None:
    assert seconds_between_sweeps(Settings(run_lease=lease)) <= min(lease, 10)


def test_the_pause_before_an_attempt_doubles_up_to_the_longest() -> None:
    pauses = [seconds_before(attempt, DEFAULTS) for attempt in range(2, 10)]
    assert pauses == [5, 10, 20, 40, 80, 160, 300, 300]
    assert seconds_before(100_000, DEFAULTS) == 300
    assert seconds_before(2, Settings(run_retry_delay=7, run_retry_longest=3)) == 3


async def test_a_claim_is_one_command(runs: Runs, commands: Commands) -> None:
    options = RunOptions(mode=RunMode.BACKGROUND)
    run = (await runs.start("quick", {}, principal=LOCAL_OWNER, trigger="rest", options=options)).run
    commands.seen.clear()
    claimed = await store.claim("quick", worker="me", lease=30)
    assert claimed is not None
    assert (claimed.id, claimed.status, claimed.worker, claimed.fence) == (run.id, "running", "me", run.fence + 1)
    assert commands.seen == ["findAndModify taskruns"]


async def test_a_runner_with_nothing_to_do_asks_a_few_times_a_second(runs: Runs, commands: Commands) -> None:
    """Ten looks a second by the settings of these tests, beside two sweeps: one command each, whatever the number of
    operations."""
    await runs.start_runner()
    try:
        await asyncio.sleep(1.0)
        commands.seen.clear()
        await asyncio.sleep(2.0)
        assert 0 < len(commands.seen) <= 2 * (10 + 2 * 2)
        assert {one for one in commands.seen if "taskruns" not in one} == set()
    finally:
        await runs.stop_runner()
