"""A Chromium spoken to in its own protocol, where what Playwright switches on in each page would be in the way.

Playwright has every page report its errors. V8 then notes where each error comes from, also of those that are caught,
and to do so reads all of the script again: half a second in plotly.js, which tries out what the browser can do.
"""

from __future__ import annotations

import json
import re
import subprocess
import tempfile
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import count
from typing import Any

from websockets.sync.client import ClientConnection, connect

from browsing import FLAGS, executable

Answer = dict[str, Any]
PATIENCE = 60.0
"""Seconds until an answer must have come."""


class Browser:
    """A running browser. Each profile has a cache of its own."""

    def __init__(self, connection: ClientConnection) -> None:
        self._connection = connection
        self._numbers = count(1)

    def send(self, method: str, session: str | None = None, **parameters: Any) -> Answer:  # noqa: ANN401
        """Carry out a command of the protocol and return its result."""
        number = next(self._numbers)
        message: Answer = {"id": number, "method": method, "params": parameters}
        self._connection.send(json.dumps(message if session is None else message | {"sessionId": session}))
        while True:
            answer: Answer = json.loads(self._connection.recv(timeout=PATIENCE))
            if answer.get("id") == number:
                if "error" in answer:
                    raise RuntimeError(f"{method}: {answer['error']['message']}")
                result: Answer = answer["result"]
                return result

    @contextmanager
    def profile(self) -> Iterator[str]:
        """Have a profile for a while; yield its id."""
        made: str = self.send("Target.createBrowserContext")["browserContextId"]
        yield made
        self.send("Target.disposeBrowserContext", browserContextId=made)

    @contextmanager
    def tab(self, profile: str, script: str, width: int = 1600, height: int = 1000) -> Iterator[Tab]:
        """Have an empty tab for a while; `script` runs at the beginning of each of its pages."""
        target = self.send("Target.createTarget", url="about:blank", browserContextId=profile)["targetId"]
        tab = Tab(self, self.send("Target.attachToTarget", targetId=target, flatten=True)["sessionId"])
        size = {"width": width, "height": height, "deviceScaleFactor": 1, "mobile": False}
        tab.send("Emulation.setDeviceMetricsOverride", **size)
        tab.send("Page.enable")
        tab.send("Page.addScriptToEvaluateOnNewDocument", source=script)
        yield tab
        self.send("Target.closeTarget", targetId=target)


class Tab:
    """A tab of a browser."""

    def __init__(self, browser: Browser, session: str) -> None:
        self._browser, self._session = browser, session

    def send(self, method: str, **parameters: Any) -> Answer:  # noqa: ANN401  what the protocol takes
        """Carry out a command of the protocol and return its result."""
        return self._browser.send(method, self._session, **parameters)

    def evaluate(self, expression: str) -> Any:  # noqa: ANN401  what the expression gives
        """Return an expression's value, or what a promise comes to."""
        answer = self.send("Runtime.evaluate", expression=expression, returnByValue=True, awaitPromise=True)
        if "exceptionDetails" in answer:
            raise RuntimeError(f"{expression}: {answer['exceptionDetails']}")
        return answer["result"].get("value")


@contextmanager
def chromium() -> Iterator[Browser]:
    """Run a Chromium with software rendering."""
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder:
        command = [executable(), "--headless", "--remote-debugging-port=0", f"--user-data-dir={folder}", *FLAGS]
        process = subprocess.Popen(command, stderr=subprocess.PIPE, text=True)
        try:
            assert process.stderr is not None
            found = next(filter(None, (re.search(r"ws://\S+", line) for line in process.stderr)), None)
            if found is None:
                raise SystemExit(f"{command[0]} ended before it could be spoken to")
            # It logs on: a full pipe would stop it.
            threading.Thread(target=process.stderr.read, daemon=True).start()
            with connect(found[0], max_size=None, proxy=None) as connection:
                yield Browser(connection)
        finally:
            process.terminate()
            process.wait(20)
