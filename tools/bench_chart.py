# SPDX-License-Identifier: Apache-2.0
"""The chart of the benchmark: bars as SVG, written by hand.

No script, no font of its own, no background: the text takes the reader's light
or dark scheme, the bars have colours that stand out on both.
"""
from xml.sax.saxutils import escape

WIDTH, LEFT, RIGHT = 720, 172, 70
BAR, GAP, SIZE = 12, 4, 12
CHAR = 0.6  # of the font size: no wider in any usual sans-serif
CLIP = 3.0  # ratios: a longer bar is cut, its label says how long it is

STYLE = """
text { font-family: system-ui, sans-serif; fill: #1f2328; }
.dim { fill: #59636e; }
.line { stroke: #59636e; stroke-width: 1; }
.bare { fill: #8c959f; } .base { fill: #0f7b3f; } .agent { fill: #2da44e; }
.bwrap { fill: #c4622d; } .reference { fill: #8250df; }
@media (prefers-color-scheme: dark) {
text { fill: #e6edf3; } .dim { fill: #9198a1; } .line { stroke: #9198a1; }
.base { fill: #2ea063; } .agent { fill: #56d364; } .reference { fill: #a371f7; }
}
"""
KEYS = (("sandlock", "base", "sandlock, base"),
        ("agent", "agent", "sandlock, agent"),
        ("bwrap", "bwrap", "bubblewrap"),
        ("reference", "reference", "reference"))
STARTS = (("sandlock ten", "base", "sandlock, ten grants"),) + KEYS


def width(text, size=SIZE):
    return len(text) * size * CHAR


class Page:
    def __init__(self):
        self.out = []
        self.y = 0

    def text(self, x, text, anchor="start", cls=None, size=SIZE, y=None):
        self.out.append(
            '<text x="%.1f" y="%.1f" font-size="%d" text-anchor="%s"%s>%s</text>'
            % (x, self.y if y is None else y, size, anchor,
               ' class="%s"' % cls if cls else "", escape(text)))

    def bar(self, cls, length, top):
        self.out.append('<rect class="%s" x="%d" y="%.1f" width="%.1f" '
                        'height="%d"/>' % (cls, LEFT, top, length, BAR))

    def line(self, x, top, bottom):
        self.out.append('<line class="line" x1="%.1f" y1="%.1f" x2="%.1f" '
                        'y2="%.1f"/>' % (x, top, x, bottom))

    def title(self, text, note):
        self.y += 26
        self.text(8, text, size=14)
        self.y += 17
        self.text(8, note, cls="dim", size=11)
        self.y += 8


def start_bars(page, results):
    page.title("Starting a program",
               "milliseconds added to /bin/true; shorter is better")
    rows = [(cls, label, results.need("spawn", "true", setup, field="added") / 1e3)
            for setup, cls, label in STARTS
            if results.get("spawn", "true", setup, field="added") is not None]
    longest = max(value for _, _, value in rows)
    for cls, label, value in rows:
        length = max(value, 0) / longest * (WIDTH - LEFT - RIGHT)
        page.bar(cls, length, page.y)
        page.text(LEFT - 8, label, "end", y=page.y + BAR - 1)
        page.text(LEFT + length + 6, "%.2f" % value, y=page.y + BAR - 1)
        page.y += BAR + GAP + 2


def legend(page, keys):
    x = LEFT
    page.y += 14
    for cls, label in keys:
        page.out.append('<rect class="%s" x="%.1f" y="%.1f" width="10" '
                        'height="10"/>' % (cls, x, page.y - 9))
        page.text(x + 15, label, size=11)
        x += 15 + width(label, 11) + 16
    page.y += 8


def work_bars(page, results):
    page.title("Whole commands",
               "wall time against the same command without a sandbox; the line "
               "is 1.0: no difference")
    whats = results.names("work", "what")
    keys = [(setup, cls, label) for setup, cls, label in KEYS
            if any(results.get("work", w, setup, field="ratio") is not None
                   for w in whats)]
    legend(page, [(cls, label) for _, cls, label in keys])
    scale = (WIDTH - LEFT - RIGHT) / CLIP
    top = page.y
    for what in whats:
        first = page.y
        for setup, cls, _ in keys:
            ratio = results.get("work", what, setup, field="ratio")
            if ratio is None:
                continue
            length = min(ratio, CLIP) * scale
            page.bar(cls, length, page.y)
            page.text(LEFT + length + 6,
                      "%.2f%s" % (ratio, " →" if ratio > CLIP else ""),
                      y=page.y + BAR - 2, size=11)
            page.y += BAR + 2
        page.text(LEFT - 8, what, "end", y=(first + page.y) / 2 + 3)
        page.y += GAP + 2
    page.line(LEFT + scale, top - 2, page.y - GAP)


def chart(results, machine):
    page = Page()
    start_bars(page, results)
    work_bars(page, results)
    page.y += 16
    note = "%s; %s" % (machine, results.data["date"][:10])
    size = 11 if width(note, 11) < WIDTH - 16 else 8
    room = int((WIDTH - 16) / (size * CHAR))
    page.text(8, note if len(note) <= room else note[:room - 1] + "…",
              cls="dim", size=size)
    height = page.y + 10
    return ('<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 %d %d" '
            'width="%d" height="%d" role="img" aria-label="Cost of a sandbox: '
            'start of a program, and whole commands">\n<style>%s</style>\n%s\n'
            '</svg>\n' % (WIDTH, height, WIDTH, height, STYLE,
                          "\n".join(page.out)))
