"""What every client's function does: as `do` in the event says."""

import os
import sys
import time


def handler(event, context):
    do = event["do"]
    if do == "echo":
        return event
    if do == "nothing":
        return None
    if do == "context":
        client = context.client_context
        return {
            "requestId": context.aws_request_id,
            "arn": context.invoked_function_arn,
            "remainingMs": context.get_remaining_time_in_millis(),
            "name": context.function_name,
            "memory": str(context.memory_limit_in_mb),
            "custom": client.custom if client else None,
            "trace": os.environ.get("_X_AMZN_TRACE_ID"),
        }
    if do == "throw":
        raise ValueError("thrown on purpose")
    if do == "exit":
        os._exit(3)
    if do == "sleep":
        time.sleep(60)
    if do == "large":
        return "x" * event["bytes"]
    if do == "log":
        print(event["line"])
        sys.stdout.flush()
        return "logged"
    raise ValueError(f"no such thing to do: {do}")
