#!/usr/bin/env python3
"""Walks the sign-in in a real Chromium and looks at every page on the way.

Not part of `cargo test`: it needs Debian's `chromium` and `chromium-driver`. It starts `fbsync demo
--serve`, and for each way home an `fbsync auth` against it:

  proceed   consent, the browser's warning, Advanced, Proceed, the page that tells the truth
  edit      https changed to http in the address bar, as FreshBooks' documentation advises
  deny      the person says no
  paste     the person never proceeds and pastes the address instead
  strays    favicon and other requests while it waits, then the reload of a used address

    cargo build && tests/browser/walk.py [--fbsync target/debug/fbsync] [--pictures DIR]
"""

import argparse, base64, json, os, pathlib, re, shutil, signal, socket, ssl, subprocess, sys, tempfile, time
import urllib.error, urllib.request

arguments = argparse.ArgumentParser()
arguments.add_argument("--fbsync", default="target/debug/fbsync")
arguments.add_argument("--pictures", default="walk-pictures")
arguments = arguments.parse_args()
FBSYNC = os.path.abspath(arguments.fbsync)
PICTURES = pathlib.Path(arguments.pictures).absolute()
PICTURES.mkdir(parents=True, exist_ok=True)

FLAGS = ["--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run",
         "--disable-background-networking", "--disable-component-update", "--disable-sync",
         "--window-size=1000,700"]


class Browser:
    """One Chromium with a fresh profile, driven by W3C WebDriver."""

    def __init__(self):
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            port = free.getsockname()[1]
        self.profile = tempfile.mkdtemp(prefix="walk-profile-")
        self.driver = subprocess.Popen(["chromedriver", f"--port={port}"], stdout=subprocess.DEVNULL,
                                       stderr=subprocess.DEVNULL)
        self.base = f"http://127.0.0.1:{port}"
        for _ in range(100):
            try:
                urllib.request.urlopen(f"{self.base}/status")
                break
            except OSError:
                time.sleep(0.1)
        wanted = {"capabilities": {"alwaysMatch": {
            "acceptInsecureCerts": False,
            "pageLoadStrategy": "none",
            "goog:chromeOptions": {"args": FLAGS + [f"--user-data-dir={self.profile}"]}}}}
        self.base += "/session/" + self.call("POST", "/session", wanted)["sessionId"]

    def call(self, method, path, body=None):
        data = None if body is None else json.dumps(body).encode()
        request = urllib.request.Request(self.base + path, data, {"Content-Type": "application/json"}, method=method)
        try:
            return json.load(urllib.request.urlopen(request))["value"]
        except urllib.error.HTTPError as error:
            raise RuntimeError(error.read().decode()) from None

    def go(self, url):
        self.call("POST", "/url", {"url": url})

    def run(self, script, *given):
        return self.call("POST", "/execute/sync", {"script": script, "args": list(given)})

    def text(self):
        return self.run("return document.body ? document.body.innerText : ''") or ""

    def until(self, words, seconds=20):
        end = time.time() + seconds
        while time.time() < end:
            try:
                if words in self.text():
                    return self.text()
            except RuntimeError:
                pass  # between two pages
            time.sleep(0.1)
        raise AssertionError(f"no {words!r} on the page:\n{self.text()}")

    def click(self, selector):
        self.run("document.querySelector(arguments[0]).click()", selector)

    def picture(self, name):
        (PICTURES / f"{name}.png").write_bytes(base64.b64decode(self.call("GET", "/screenshot")))

    def address(self):
        return self.call("GET", "/url")

    def close(self):
        self.call("DELETE", "")
        self.driver.terminate()
        self.driver.wait()
        shutil.rmtree(self.profile, ignore_errors=True)


class Auth:
    """An `fbsync auth` that has printed its address."""

    def __init__(self, environment, *flags):
        self.process = subprocess.Popen([FBSYNC, "auth", "--no-browser", *flags], env=environment, text=True,
                                        stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        self.said = ""
        while not (line := self.process.stderr.readline()).startswith("http"):
            self.said += line
            assert line, self.said
        self.url = line.strip()

    def ends(self, code, words):
        out, rest = self.process.communicate(timeout=30)
        assert self.process.returncode == code, (self.process.returncode, rest)
        assert words in rest and not out, rest
        return rest


def proceed_past_warning(browser, picture=None):
    browser.until("Your connection is not private")
    if picture:
        browser.picture(f"{picture}-1-warning")
    browser.click("#details-button")
    if picture:
        time.sleep(0.5)
        browser.picture(f"{picture}-2-advanced")
    browser.click("#proceed-link")


def main():
    folder = tempfile.mkdtemp(prefix="walk-")
    serving = subprocess.Popen([FBSYNC, "demo", "--dir", f"{folder}/demo", "--serve"], text=True,
                               stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
    environment = {"PATH": os.environ["PATH"], "HOME": folder}
    while "FBSYNC_PROFILE" not in environment:
        found = re.match(r"export (\w+)='(.*)'", serving.stdout.readline())
        if found:
            environment[found[1]] = found[2]
    base = environment["FBSYNC_REDIRECT_URI"].rsplit("/", 1)[0]
    browser = Browser()
    try:
        auth = Auth(environment)
        browser.go(auth.url)
        browser.until("Allow this app to connect?")
        browser.picture("proceed-0-consent")
        browser.click("#allow")
        proceed_past_warning(browser, "proceed")
        page = browser.until("Signed in")
        browser.picture("proceed-3-signed-in")
        assert "ingrid@harbourlight.example" in page, page
        auth.ends(0, "signed in as")
        print("proceed: ok")

        auth = Auth(environment)
        fresh = Browser()
        fresh.go(auth.url)
        fresh.until("Allow this app")
        fresh.click("#allow")
        fresh.until("Your connection is not private")
        fresh.go(fresh.address().replace("https://", "http://", 1))
        fresh.until("Signed in")
        fresh.picture("edit-signed-in")
        auth.ends(0, "signed in as")
        fresh.close()
        print("edit: ok")

        # This browser has proceeded before. Each sign-in has a certificate of its own, so it warns again.
        auth = Auth(environment)
        browser.go(auth.url)
        browser.until("Allow this app")
        browser.click("#deny")
        proceed_past_warning(browser)
        browser.until("Not signed in")
        browser.picture("deny")
        auth.ends(4, "access was denied in the browser")
        print("deny: ok")

        auth = Auth(environment)
        fresh = Browser()
        fresh.go(auth.url)
        fresh.until("Allow this app")
        fresh.click("#allow")
        fresh.until("Your connection is not private")
        fresh.picture("paste-browser-stays-here")
        auth.process.stdin.write(fresh.address() + "\n")
        auth.process.stdin.flush()
        auth.ends(0, "signed in as")
        fresh.close()
        print("paste: ok")

        auth = Auth(environment)
        anybody = ssl._create_unverified_context()
        for path, code in [("/favicon.ico", 404), ("/", 404), ("/callback", 400), ("/callback?code=a&state=b", 400)]:
            try:
                urllib.request.urlopen(base + path, context=anybody)
                raise AssertionError(path)
            except urllib.error.HTTPError as error:
                assert error.code == code, (path, error.code)
        browser.go(base + "/callback?code=a&state=b")
        proceed_past_warning(browser)
        browser.until("Not the sign-in")
        browser.picture("strays-another-state")
        browser.go(base + "/favicon.ico")
        browser.until("There is nothing at this address")
        browser.go(auth.url)
        browser.until("Allow this app")
        browser.click("#allow")
        browser.until("Signed in")
        auth.ends(0, "signed in as")
        print("strays: ok")
    finally:
        browser.close()
        serving.send_signal(signal.SIGINT)
        assert serving.wait(10) == 130
        shutil.rmtree(folder, ignore_errors=True)


if __name__ == "__main__":
    sys.exit(main())
