"""doctor: is everything as it should be?"""

from __future__ import annotations

from usercli.cli.context import Invocation, enable_garbage_collector
from usercli.cli.global_options import command
from usercli.cli.output.writer import Output
from usercli.text import visible


@command
def doctor(invocation: Invocation) -> int:
    """Check the configuration, the machine and the database; exit with 7 if a check fails.

    Each check is ok, warn or fail, with what to do. It changes nothing, needs no schema, and ends within 10 s
    also where the database does not answer: what could not run is "not checked". Warnings alone are code 0.

    \b
    Examples:
      usercli doctor
      usercli doctor -o json
    """
    from usercli.errors import ExitCode
    from usercli.schemas.health import CHECK_FIELDS

    output = Output(invocation.options, CHECK_FIELDS)
    from usercli.services.doctor.examination import examine

    settings = invocation.settings
    enable_garbage_collector()
    found = [view.model_copy(update={"do": invocation.with_reach(view.do)}) for view in examine(settings)]
    output.many(found, ("check", "state", "said"))
    if output.format == "table" and not output.chosen:  # in a column a command is folded, and cannot be copied
        todo = [f"{view.check}: {visible(view.do)}\n" for view in found if view.do]
        output.text(["\n", *todo] if todo else [])
    return ExitCode.PARTIAL if any(view.state == "fail" for view in found) else ExitCode.OK
