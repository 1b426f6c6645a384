"""Hooks of SnapStart, as AWS's Python library takes them. The variable HOOKS names the hook that throws, if any does."""

import os
import time
import uuid

from snapshot_restore_py import register_after_restore, register_before_snapshot

steps = ["init"]
made = {"init": str(uuid.uuid4())}


def step(name):
    steps.append(name)
    print(f"hook: {name}", flush=True)
    if os.environ.get("HOOKS") == name:
        raise ValueError("thrown on purpose")


@register_before_snapshot
def before_first():
    step("before first")


# With arguments, the other form that the library takes.
register_before_snapshot(step, "before second")


@register_after_restore
def after_first():
    made["restore"] = str(uuid.uuid4())
    step("after first")


register_after_restore(step, name="after second")


def handler(event, context):
    # Until the file is there: whoever asks meanwhile needs a copy of its own.
    while "until" in event and not os.path.exists(event["until"]):
        time.sleep(0.01)
    return {"steps": steps, "made": made}
