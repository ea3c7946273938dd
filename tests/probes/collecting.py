"""A sink that keeps what it is given, and looks numbers up by name."""

from __future__ import annotations

import numpy as np

from shiftscope.wire import frames


class Collecting:
    def __init__(self):
        self.header = None
        self.frames = []
        self.events = []
        self.steps = 0
        self.ended = None

    def begin(self, header):
        assert self.header is None
        self.header = header

    def frame(self, data):
        assert self.header is not None, "a frame before the header"
        lengths = {layout.stream: layout.frame_bytes for layout in self.header.layouts}
        self.frames.extend(frames.split(data, lengths))

    def progress(self, step):
        self.steps = step

    def event(self, kind, step, message, *, network="", layer="", value=None):
        self.events.append((kind, step, message, network))

    def flush(self):
        pass

    def end(self, state, reason):
        self.ended = (state, reason)

    def layout(self, name):
        return next(layout for layout in self.header.layouts if layout.name == name)

    def of(self, stream):
        """The frames of a stream, by its name."""
        number = self.layout(stream).stream
        return [frame for frame in self.frames if frame.stream == number]

    def entry(self, quantity, **where):
        """The only entry of that name, with the layout that it stands in."""
        found = [
            (layout, entry)
            for layout in self.header.layouts
            for entry in layout.entries
            if entry.quantity == quantity and all(getattr(entry, key) == value for key, value in where.items())
        ]
        assert len(found) == 1, f"{quantity} {where}: {len(found)} entries"
        return found[0]

    def values(self, quantity, **where):
        """All recorded values of one entry, shape (frames, *entry.shape)."""
        layout, entry = self.entry(quantity, **where)
        rows = [frame.row[entry.offset : entry.offset + entry.size] for frame in self.of(layout.name)]
        return np.array(rows).reshape(len(rows), *entry.shape)
