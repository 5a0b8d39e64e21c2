# SPDX-License-Identifier: BSD-2-Clause
"""What tools/model/record.c wrote, as streams for parallel.py."""

import dataclasses

from .errors import ToolError
from .parallel import LOCK, READ, UNLOCK, WRITE, Event, Stream


@dataclasses.dataclass
class Window:
    cpus: list      # numbers of those that took part
    streams: list
    idle: int       # how often one of them went to sleep in it


def parse(lines):
    """[Window]. What a CPU spent waiting for a lock is taken out: getting one costs what it cost where nobody was in the way."""
    windows = []
    for line in lines:
        words = line.split()
        if words == ["window"]:
            windows.append(Window([], [], 0))
        elif len(words) == 5 and words[0] == "cpu" and windows:
            windows[-1].cpus.append(int(words[1]))
            windows[-1].idle += int(words[3])
            if int(words[4]) > 1:
                raise ToolError(f"{words[4]} threads took part on CPU {words[1]} at once: the model knows one on each")
            windows[-1].streams.append((int(words[2]), []))
        elif len(words) == 7 and words[0] in (READ, WRITE, LOCK, UNLOCK) and windows and windows[-1].streams:
            windows[-1].streams[-1][1].append((words[0], int(words[1]), int(words[2]), int(words[3], 16), int(words[4], 16),
                                               words[5] == "1", int(words[6], 16)))
        else:
            raise ToolError(f"the recording plugin wrote what nobody reads: {line[:80].rstrip()}")
    for window in windows:
        cheapest = _cheapest(window.streams)
        window.streams = [_stream(instructions, events, cheapest) for instructions, events in window.streams]
    return windows


def _cheapest(streams):
    """{does it sleep: instructions from wanting to having} of those that did not wait."""
    found = {}
    for _, events in streams:
        for what, _, cost, _, _, sleeps, _ in events:
            if what == LOCK:
                found[sleeps] = min(found.get(sleeps, cost), cost)
    return found


def _stream(instructions, events, cheapest):
    waited = 0
    made = []
    for what, when, cost, line, lock, sleeps, pc in events:
        if what == LOCK:
            waited += cost - cheapest[sleeps]
        made.append(Event(when - waited, what, line, lock, sleeps, pc))
    if not instructions:
        raise ToolError("a CPU that took part had not ended when the window closed")
    return Stream(made, instructions - waited)
