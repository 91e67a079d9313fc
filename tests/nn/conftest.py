import pytest

from pellucid.nn.plan import Plan
from pellucid.ops._recording import Recording


@pytest.fixture
def replays(monkeypatch):
    """Return a list that gets one entry for each replay."""
    seen, replay = [], Recording.replay

    def counted(self, *given):
        if done := replay(self, *given):
            seen.append(self)
        return done

    monkeypatch.setattr(Recording, "replay", counted)
    return seen


@pytest.fixture(params=[True, False], ids=["recorded", "step by step"])
def recorded(request, monkeypatch):
    if not request.param:
        monkeypatch.setattr(Plan, "_can_record", lambda plan, array: False)
    return request.param
