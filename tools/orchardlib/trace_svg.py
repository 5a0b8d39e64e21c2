# SPDX-License-Identifier: BSD-2-Clause
"""
A trace as a picture for who has no viewer: a lane for each CPU, in each the threads that ran as bars in their colours, system calls
as ticks below, interrupts from other CPUs as ticks above; wakes as thin lines from CPU to CPU. As wide as a phone, where letters
are as large as a page's; larger screens show it larger. The same trace gives the same bytes.
"""

import collections
from html import escape

from .trace_model import is_kernel, label

WIDTH, LEFT, RIGHT = 400, 38, 8
LANE, BAR_TOP, BAR, TICK = 34, 8, 14, 6
GRAIN = 0.1             # of a pixel: what lies closer is drawn as one
COLOURS = ("#2f6fb0", "#d9772b", "#3a9a5b", "#b8433f", "#7a5cab", "#8c6d46", "#cc6fa8", "#5c7f1f", "#1f9aa8", "#b39b1e")
OTHERS, KERNEL = "#9aa0a6", "#5f6368"
STYLE = ("text{font:10px system-ui,sans-serif;fill:#222}.t{font-size:12px;font-weight:600}.s{fill:#555}"
         ".g{stroke:#ddd;stroke-width:.5}.w{stroke:#222;stroke-width:.3;opacity:.45}.c{stroke:#222;stroke-width:.35}"
         ".i{stroke:#b8433f;stroke-width:.5}.b{fill:#f3f3f3}")


def _colours(model):
    """{thread: colour}, for those that ran longest; the kernel's own threads have one colour, as have all the others."""
    times = collections.Counter()
    for run in model.runs:
        if not is_kernel(run.thread):
            times[run.thread] += run.end - run.start
    longest = sorted(times, key=lambda thread: (-times[thread], thread))[:len(COLOURS)]
    return {thread: COLOURS[i] for i, thread in enumerate(sorted(longest))}


def _step(span_us):
    """Between two numbers of the axis: 1, 2 or 5 times a power of ten, for at most five numbers."""
    step = 1
    while span_us / step > 5:
        step = step * 5 // 2 if str(step)[0] == "2" else step * 2
    return step


class Picture:
    """One of them, while it is drawn."""

    def __init__(self, model):
        self.model = model
        self.start, self.end = _span_of(model)
        self.lanes = {cpu: i for i, cpu in enumerate(model.trace.cpus)}
        self.colours = _colours(model)
        self.parts = []

    def x(self, ns):
        share = (min(max(ns, self.start), self.end) - self.start) / max(self.end - self.start, 1)
        return LEFT + share * (WIDTH - LEFT - RIGHT)

    def y(self, cpu):
        return 26 + LANE * self.lanes[cpu] + BAR_TOP

    def colour(self, run):
        return KERNEL if is_kernel(run.thread) else self.colours.get(run.thread, OTHERS)

    def seen(self, start, end):
        return end >= self.start and start <= self.end

    def draw_bars(self):
        """Bars of one colour that touch are one; each thread has a path of its own, and a name that a pointer shows."""
        bars = collections.defaultdict(list)
        for run in (run for run in self.model.runs if self.seen(run.start, run.end)):
            left, right = self.x(run.start), max(self.x(run.end), self.x(run.start) + GRAIN)
            mine = bars[(self.colour(run), run.thread)]
            if mine and mine[-1][0] == run.cpu and left - mine[-1][2] < GRAIN:
                mine[-1][2] = max(mine[-1][2], right)
            else:
                mine.append([run.cpu, left, right])
        for (colour, thread), mine in sorted(bars.items(), key=lambda item: item[0][1]):
            path = "".join(f"M{left:.1f} {self.y(cpu)}H{right:.1f}v{BAR}H{left:.1f}z" for cpu, left, right in mine)
            self.parts.append(f'<path fill="{colour}" d="{path}"><title>{escape(_name(self.model, thread))}</title></path>')

    def draw_ticks(self, style, places, top, height):
        """One for each place where there are any."""
        found = sorted({(cpu, round(self.x(ns) / GRAIN)) for cpu, ns in places if self.seen(ns, ns)})
        path = "".join(f"M{x * GRAIN:.1f} {self.y(cpu) + top}v{height}" for cpu, x in found)
        if path:
            self.parts.append(f'<path class="{style}" d="{path}"/>')

    def draw_wakes(self):
        lines = set()
        for wait in self.model.waits:
            if wait.waker not in (None, wait.cpu) and self.seen(wait.start, wait.end):
                down = self.lanes[wait.cpu] > self.lanes[wait.waker]
                lines.add(f"M{self.x(wait.start):.1f} {self.y(wait.waker) + BAR * down}"
                          f"L{self.x(wait.end):.1f} {self.y(wait.cpu) + BAR * (not down)}")
        if lines:
            self.parts.append(f'<path class="w" d="{"".join(sorted(lines))}"/>')

    def draw_frame(self, bottom):
        for cpu in self.lanes:
            self.parts.append(f'<rect class="b" x="{LEFT}" y="{self.y(cpu)}" width="{WIDTH - LEFT - RIGHT}" height="{BAR}"/>'
                              f'<text x="2" y="{self.y(cpu) + 11}">cpu {cpu}</text>')
        span_us = (self.end - self.start) / 1000
        step = _step(max(span_us, 1))
        for us in range(0, int(span_us) + 1, step):
            x = self.x(self.start + us * 1000)
            self.parts.append(f'<path class="g" d="M{x:.1f} 22V{bottom}"/>')
            anchor = "start" if not us else "end" if x > WIDTH - 24 else "middle"
            self.parts.append(f'<text class="s" text-anchor="{anchor}" x="{min(x, WIDTH - 2):.1f}" y="{bottom + 11}">{us:,}{"" if us else " µs"}</text>')

    def draw_legend(self, top):
        """Rows of as many words as fit; returns where they end."""
        words = [(colour, _name(self.model, thread)) for thread, colour in self.colours.items()]
        kinds = {self.colour(run) for run in self.model.runs if self.seen(run.start, run.end)}
        words += [(colour, word) for colour, word in ((OTHERS, "other threads"), (KERNEL, "the kernel's threads")) if colour in kinds]
        x, y = 4.0, top
        for colour, word in words:
            width = 16 + 6.1 * len(word)
            if x + width > WIDTH and x > 4:
                x, y = 4.0, y + 15
            self.parts.append(f'<rect x="{x:.1f}" y="{y - 8}" width="9" height="9" fill="{colour}"/>'
                              f'<text x="{x + 12:.1f}" y="{y}">{escape(word)}</text>')
            x += width + 6
        self.parts.append(f'<text class="s" x="4" y="{y + 16}">ticks: below a bar system calls, above interrupts '
                          f'sent; lines: wakes</text><text class="s" x="4" y="{y + 29}">0 is {self.start / 1000:,.0f} µs after '
                          'the kernel was entered</text>')
        return y + 35

    def draw(self):
        run = self.model.trace.header["run"]
        bottom = 26 + LANE * len(self.lanes) + BAR_TOP
        title = " ".join(filter(None, [str(run.get("kernel", "")), str(run.get("program", "")), str(run.get("arguments", ""))]))
        fits = title if len(title) <= 56 else title[:55] + "…"
        self.draw_frame(bottom)
        self.draw_bars()
        calls = [(span.cpu, span.start) for span in self.model.spans if span.kind == "syscall"]
        self.draw_ticks("c", calls, BAR + 1, TICK)
        self.draw_ticks("i", [(event.cpu, event.ns) for event in self.model.instants], -TICK - 1, TICK)
        self.draw_wakes()
        height = self.draw_legend(bottom + 28)
        return (f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {height:.0f}" role="img" '
                f'aria-label="{escape(title)}"><style>{STYLE}</style><rect width="{WIDTH}" height="{height:.0f}" fill="#fff"/>'
                f'<text class="t" x="4" y="15">{escape(fits)}</text>' + "\n".join(self.parts) + "</svg>\n")


def _name(model, thread):
    return label(thread, model.names[thread][1])


def _span_of(model):
    """From the first program's first step to the last's last; of a trace without programs, all of it."""
    runs = [run for run in model.runs if not is_kernel(run.thread)] or model.runs
    if not runs:
        return model.start, model.end
    return min(run.start for run in runs), max(run.end for run in runs)


def write(model, out):
    out.write(Picture(model).draw().encode())
