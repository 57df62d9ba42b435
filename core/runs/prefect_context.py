"""The Prefect run we are in, if any, without importing Prefect: it costs two seconds and most runs do not need it."""

import sys
from typing import Any


def prefect_ids() -> dict[str, Any]:
    """``orchestrated``, ``prefect_flow_run_id`` and ``prefect_task_run_id`` of the current context.

    Where Prefect was never imported there is no context. A task context left over from around a subflow belongs to
    another flow run and is not ours.
    """
    context = sys.modules.get("prefect.context")
    if context is None:
        return {}
    flow = context.FlowRunContext.get()
    task = context.TaskRunContext.get()
    flow_run = getattr(flow, "flow_run", None)
    task_run = getattr(task, "task_run", None)
    if flow_run is not None and task_run is not None and task_run.flow_run_id != flow_run.id:
        task_run = None
    flow_id = flow_run.id if flow_run is not None else getattr(task_run, "flow_run_id", None)
    return {
        "orchestrated": flow_run is not None or task_run is not None,
        "prefect_flow_run_id": str(flow_id) if flow_id else None,
        "prefect_task_run_id": str(task_run.id) if task_run is not None else None,
    }
