"""A headless Chromium, asked over a pipe in its own DevTools protocol: no driver, no port, no package."""

import base64
import contextlib
import itertools
import json
import os
import shutil
import subprocess
import tempfile
import time

NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
SECONDS = 60


def find():
    """Returns the path of a Chromium, or None."""
    return next(filter(None, map(shutil.which, NAMES)), None)


@contextlib.contextmanager
def browser(width=1200, height=1000):
    """Gives a `Page` of a browser that ends with the block."""
    to_browser, from_here = os.pipe()
    to_here, from_browser = os.pipe()
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as profile:
        options = [
            "--headless=new",
            "--no-sandbox",
            "--disable-gpu",
            "--disable-dev-shm-usage",
            "--no-first-run",
            "--disable-background-networking",
            f"--user-data-dir={profile}",
            f"--window-size={width},{height}",
            "--remote-debugging-pipe",
            "about:blank",
        ]
        # The browser reads from 3 and writes to 4.
        command = f'exec "$0" "$@" 3<&{to_browser} 4>&{from_browser}'
        process = subprocess.Popen(
            ["bash", "-c", command, find(), *options], pass_fds=(to_browser, from_browser), stderr=subprocess.DEVNULL
        )
        os.close(to_browser)
        os.close(from_browser)
        with os.fdopen(from_here, "wb", buffering=0) as writer, os.fdopen(to_here, "rb") as reader:
            page = Page(writer, reader)
            try:
                yield page
            finally:
                with contextlib.suppress(OSError):
                    page.send("Browser.close")
                try:
                    process.wait(20)
                except subprocess.TimeoutExpired:
                    process.kill()
                    process.wait()


class Page:
    """The browser's one tab.

    Attributes:
        urls: What it has asked for.
        errors: What went wrong in its scripts, and what they wrote to the console as errors.
    """

    def __init__(self, writer, reader):
        self._writer, self._reader, self._numbers, self._session = writer, reader, itertools.count(1), None
        self.urls, self.errors = [], []
        (target,) = [t for t in self.send("Target.getTargets")["targetInfos"] if t["type"] == "page"]
        attached = self.send("Target.attachToTarget", targetId=target["targetId"], flatten=True)
        self._session = attached["sessionId"]
        for domain in ("Page", "Runtime", "Network", "DOM", "Log"):
            self.send(f"{domain}.enable")

    def send(self, method, **parameters):
        """Returns the browser's answer to a command of the protocol."""
        number = next(self._numbers)
        message = {"id": number, "method": method, "params": parameters}
        if self._session:
            message["sessionId"] = self._session
        self._writer.write(json.dumps(message).encode() + b"\0")
        while (reply := self._read()).get("id") != number:
            self._note(reply)
        if "error" in reply:
            raise RuntimeError(f"{method}: {reply['error']}")
        return reply["result"]

    def open(self, url):
        """Goes to an address."""
        self.send("Page.navigate", url=url)

    def run(self, script):
        """Returns the value of a JavaScript expression, awaited if it is a promise."""
        result = self.send("Runtime.evaluate", expression=script, awaitPromise=True, returnByValue=True)
        if "exceptionDetails" in result:
            raise RuntimeError(f"{script}: {result['exceptionDetails']}")
        return result["result"].get("value")

    def wait_for(self, script):
        """Returns the first true value of an expression."""
        end = time.monotonic() + SECONDS
        while time.monotonic() < end:
            if value := self.run(script):
                return value
            time.sleep(0.05)
        raise AssertionError(f"{script} did not become true; on the page is: {self.run('document.body.innerText')}")

    def choose_file(self, selector, path):
        """Gives a file to an <input type=file>."""
        root = self.send("DOM.getDocument")["root"]["nodeId"]
        node = self.send("DOM.querySelector", nodeId=root, selector=selector)["nodeId"]
        self.send("DOM.setFileInputFiles", nodeId=node, files=[str(path)])

    def drop_file(self, selector, path):
        """Drops a file on an element, as from the desktop."""
        box = self.run(f"JSON.stringify(document.querySelector({selector!r}).getBoundingClientRect())")
        place = json.loads(box)
        x, y = place["x"] + place["width"] / 2, place["y"] + place["height"] / 2
        data = {"items": [], "files": [str(path)], "dragOperationsMask": 1}
        for kind in ("dragEnter", "dragOver", "drop"):
            self.send("Input.dispatchDragEvent", type=kind, x=x, y=y, data=data)

    def screenshot(self):
        """Returns the whole page as a PNG file."""
        shot = self.send("Page.captureScreenshot", format="png", captureBeyondViewport=True)
        return base64.b64decode(shot["data"])

    def _read(self):
        text = bytearray()
        while (byte := self._reader.read(1)) != b"\0":
            if not byte:
                raise RuntimeError("the browser ended")
            text += byte
        return json.loads(text)

    def _note(self, event):
        parameters = event.get("params", {})
        if event.get("method") == "Network.requestWillBeSent":
            self.urls.append(parameters["request"]["url"])
        elif event.get("method") == "Runtime.exceptionThrown":
            self.errors.append(parameters["exceptionDetails"])
        elif event.get("method") == "Log.entryAdded" and parameters["entry"]["level"] == "error":
            self.errors.append(parameters["entry"])
