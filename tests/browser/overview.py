#!/usr/bin/env python3
"""Opens an overview page in a real Chromium and uses it.

It needs Debian's `chromium`, and `pdftoppm` (poppler-utils) for pictures of the printed pages. Chromium is
driven through a pipe, so no port is opened. The page has to load without an error, a request or a dialog;
to fit a phone and a desk, in the light and in the dark; to be read without script; and to search, narrow
and sort. Nothing in it may run but its own script.

    tests/browser/overview.py overview.html [--pictures DIR]
"""

import argparse, base64, json, os, pathlib, select, shutil, subprocess, sys, tempfile, time

FLAGS = ["--headless", "--no-sandbox", "--disable-gpu", "--no-first-run", "--disable-background-networking",
         "--disable-component-update", "--disable-sync", "--hide-scrollbars", "--remote-debugging-pipe"]
DESK, PHONE = (1440, 900), (375, 812)
A4, LETTER = (8.27, 11.69), (8.5, 11)
PATIENCE = 60  # seconds; a busy machine takes its time


class Chromium:
    """One Chromium with a fresh profile, spoken to by the DevTools protocol over a pipe."""

    def __init__(self):
        self.profile = tempfile.mkdtemp(prefix="overview-profile-")
        (theirs_in, self.to), (self.from_, theirs_out) = os.pipe(), os.pipe()
        # The protocol's file descriptors are 3 and 4, whatever ours are.
        line = f'exec chromium "$@" 3<&{theirs_in} 4>&{theirs_out}'
        command = ["bash", "-c", line, "chromium", *FLAGS, f"--user-data-dir={self.profile}"]
        self.process = subprocess.Popen(command, pass_fds=(theirs_in, theirs_out), stdin=subprocess.DEVNULL,
                                        stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        os.close(theirs_in)
        os.close(theirs_out)
        self.number, self.read, self.events = 0, b"", []

    def message(self):
        while b"\0" not in self.read:
            assert select.select([self.from_], [], [], PATIENCE)[0], "Chromium says nothing"
            more = os.read(self.from_, 1 << 20)
            assert more, "Chromium ended"
            self.read += more
        message, self.read = self.read.split(b"\0", 1)
        return json.loads(message)

    def call(self, method, session=None, **params):
        self.number += 1
        request = {"id": self.number, "method": method, "params": params}
        if session:
            request["sessionId"] = session
        os.write(self.to, json.dumps(request).encode() + b"\0")
        while True:
            message = self.message()
            if message.get("id") == self.number:
                assert "error" not in message, f"{method}: {message['error']}"
                return message["result"]
            self.events.append(message)

    def close(self):
        self.call("Browser.close")
        self.process.wait(PATIENCE)
        shutil.rmtree(self.profile, ignore_errors=True)


class Tab:
    """The page, opened in a tab of its own."""

    def __init__(self, chromium, url, size=DESK, scheme="light", script=True):
        self.chromium, self.url = chromium, url
        target = chromium.call("Target.createTarget", url="about:blank")["targetId"]
        self.session = chromium.call("Target.attachToTarget", targetId=target, flatten=True)["sessionId"]
        for domain in ("Page", "Runtime", "Log", "Network"):
            self.call(f"{domain}.enable")
        self.call("Emulation.setDeviceMetricsOverride", width=size[0], height=size[1], deviceScaleFactor=1,
                  mobile=size == PHONE)
        self.call("Emulation.setEmulatedMedia", features=[{"name": "prefers-color-scheme", "value": scheme}])
        self.call("Emulation.setScriptExecutionDisabled", value=not script)
        self.call("Page.navigate", url=url)
        end = time.time() + PATIENCE
        while not self.happened("Page.loadEventFired"):
            assert time.time() < end, "it did not load"
            self.call("Page.getFrameTree")
            time.sleep(0.02)

    def call(self, method, **params):
        return self.chromium.call(method, self.session, **params)

    def run(self, script):
        """The value of an expression; it works where the page's own scripts are switched off, too."""
        answer = self.call("Runtime.evaluate", expression=script, returnByValue=True, awaitPromise=True)
        assert "exceptionDetails" not in answer, f"{script}: {answer['exceptionDetails']}"
        return answer["result"].get("value")

    def happened(self, *methods):
        of_this = (event for event in self.chromium.events if event.get("sessionId") == self.session)
        return [event for event in of_this if event["method"] in methods]

    def is_quiet(self):
        """Nothing was asked for, said or thrown."""
        self.call("Page.captureScreenshot")  # not before it is painted
        asked = [event["params"]["request"]["url"] for event in self.happened("Network.requestWillBeSent")]
        assert asked == [self.url], f"it asked for {asked}"
        said = self.happened("Runtime.consoleAPICalled", "Runtime.exceptionThrown", "Log.entryAdded",
                             "Page.javascriptDialogOpening")
        assert not said, f"it said {said}"

    def fits(self):
        wide, room = self.run("[document.scrollingElement.scrollWidth, innerWidth]")
        assert wide <= room, f"{wide} pixels wide where there are {room}"

    def picture(self, path, top, most):
        height = min(self.run("document.scrollingElement.scrollHeight") - top, most)
        width = self.run("innerWidth")
        clip = {"x": 0, "y": top, "width": width, "height": height, "scale": 1}
        answer = self.call("Page.captureScreenshot", clip=clip, captureBeyondViewport=True)
        path.write_bytes(base64.b64decode(answer["data"]))

    def printed(self, path, paper):
        answer = self.call("Page.printToPDF", paperWidth=paper[0], paperHeight=paper[1], printBackground=False,
                           preferCSSPageSize=False, marginTop=0.6, marginBottom=0.6, marginLeft=0.6, marginRight=0.6)
        path.write_bytes(base64.b64decode(answer["data"]))


# What the page's parts are called, for the checks below.
TOOLS = """
globalThis.rows = () => Array.from(document.querySelectorAll("#people tbody tr"));
globalThis.seen = () => rows().filter(row => row.checkVisibility());
globalThis.text = (row, at) => row.cells[at].textContent;
globalThis.set = (id, value) => {
  const control = document.getElementById(id);
  control.value = value;
  control.dispatchEvent(new Event("input", { bubbles: true }));
};
0
"""


def is_only_itself(tab):
    """What a name could have smuggled in is not there, and what is put in later does not run."""
    count = lambda selector: tab.run(f"document.querySelectorAll({json.dumps(selector)}).length")
    assert (count("script"), count("style"), count("meta[http-equiv]")) == (1, 1, 1)
    for selector in ("img", "iframe", "object", "embed", "link", "base", "form", "video", "[style]", "a:not([href^='#'])"):
        assert count(selector) == 0, selector
    handlers = "Array.from(document.querySelectorAll('*')).some(e => e.getAttributeNames().some(n => n.startsWith('on')))"
    assert not tab.run(handlers)
    assert tab.run("document.title").strip() and tab.run("getComputedStyle(document.body).maxWidth") == "1200px"


def keeps_others_out(tab):
    """The policy bites: neither a script nor a picture nor a style of anybody else."""
    tab.run("""new Promise(done => {
      const script = document.createElement("script");
      script.textContent = "window.smuggled = 1";
      const style = document.createElement("style");
      style.textContent = "body { max-width: 1px }";
      const picture = document.createElement("img");
      picture.src = "https://b.example/a.png";
      const link = document.createElement("a");
      link.href = "javascript:window.smuggled = 1";
      document.body.append(script, style, picture, link);
      link.click();
      setTimeout(done, 200);
    })""")
    assert tab.run("window.smuggled === undefined")
    assert tab.run("getComputedStyle(document.body).maxWidth") == "1200px"
    asked = [event["params"]["request"]["url"] for event in tab.happened("Network.requestWillBeSent")]
    blocked = [event["params"]["errorText"] for event in tab.happened("Network.loadingFailed")]
    assert all(url.startswith(("file:", "https://b.example")) for url in asked), asked
    assert all(why == "net::ERR_BLOCKED_BY_CSP" or why == "" for why in blocked), blocked


def narrows(tab):
    everybody = tab.run("rows().length")
    assert everybody == tab.run("seen().length") > 0
    # A word that some have and others have not, typed without its case.
    words = tab.run("""[rows()[0], rows().at(-1)].flatMap(row => [text(row, 0), text(row, 1), text(row, 2)])
      .flatMap(text => text.match(/[a-z]{3,}/i) ?? [])""")
    assert words
    for word in words:
        tab.run(f"set('words', {json.dumps(word.upper())})")
        found = tab.run("seen().length")
        assert 0 < found <= everybody, (word, found)
        assert tab.run("document.getElementById('shown').textContent").startswith(str(found))
    tab.run("set('words', 'nobody-is-called-so')")
    assert tab.run("seen().length") == 0
    tab.run("document.getElementById('clear').click()")
    assert tab.run("seen().length") == everybody
    for control, data in (("business", "b"), ("class", "c"), ("state", "s")):
        values = tab.run(f"Array.from(document.getElementById('{control}').options, o => o.value).filter(Boolean)")
        total = 0
        for value in values:
            tab.run(f"set('{control}', {json.dumps(value)})")
            others = f"seen().filter(row => row.dataset.{data} !== {json.dumps(value)}).length"
            assert tab.run(others) == 0, (control, value)
            total += tab.run("seen().length")
        assert total == everybody, f"{control}: {total} of {everybody}"
        tab.run("document.getElementById('clear').click()")


def sorts(tab):
    for at in range(tab.run("document.querySelectorAll('#people thead th').length")):
        for way, direction in (("ascending", 1), ("descending", -1)):
            tab.run(f"document.querySelectorAll('#people thead button')[{at}].click()")
            assert tab.run(f"document.querySelectorAll('#people thead th')[{at}].ariaSort") == way
            wrong = tab.run(f"""(() => {{
              const {{ compare }} = new Intl.Collator(undefined, {{ numeric: true }});
              const texts = rows().map(row => text(row, {at}));
              const filled = texts.findLastIndex(Boolean);
              return texts.slice(0, filled).some((t, i) => !t || {direction} * compare(t, texts[i + 1]) > 0);
            }})()""")
            assert not wrong, f"column {at} is not {way}"


def can_be_reached(tab):
    """By keyboard: everything that does something has the focus in turn, and shows it."""
    stops = []
    for _ in range(60):
        for kind in ("keyDown", "keyUp"):
            tab.call("Input.dispatchKeyEvent", type=kind, key="Tab", code="Tab", windowsVirtualKeyCode=9)
        stop = tab.run("""(() => {
          const e = document.activeElement;
          return e === document.body ? null : [e.id || e.textContent.trim(), getComputedStyle(e).outlineStyle];
        })()""")
        if stop is None:
            break
        stops.append(stop)
    names = [name for name, _ in stops]
    assert names[0].startswith("Skip to"), names
    for wanted in ("words", "business", "class", "state", "clear", "Name", "Status"):
        assert wanted in names, f"the keyboard does not come to {wanted}: {names}"
    assert all(style != "none" for _, style in stops), stops


def is_marked_up(tab):
    """What a screen reader needs: one h1, no level left out, names and labels, headers with a scope."""
    levels = tab.run("Array.from(document.querySelectorAll('h1,h2,h3'), h => +h.tagName[1])")
    assert levels.count(1) == 1 and levels[0] == 1, levels
    assert all(after <= before + 1 for before, after in zip(levels, levels[1:])), levels
    assert tab.run("document.querySelectorAll('th:not([scope])').length") == 0
    assert tab.run("Array.from(document.querySelectorAll('table')).every(t => t.caption && t.caption.textContent.trim())")
    assert tab.run("Array.from(document.querySelectorAll('input,select')).every(c => c.labels.length === 1)")
    assert tab.run("Array.from(document.querySelectorAll('svg')).every(s => s.ariaHidden || s.querySelector('title'))")
    assert tab.run("document.documentElement.lang") == "en"


def main():
    arguments = argparse.ArgumentParser()
    arguments.add_argument("page", type=pathlib.Path)
    arguments.add_argument("--pictures", type=pathlib.Path)
    arguments = arguments.parse_args()
    url = arguments.page.absolute().as_uri()
    chromium = Chromium()

    tab = Tab(chromium, url)
    tab.run(TOOLS)
    tab.is_quiet()
    tab.fits()
    paint = tab.run("performance.getEntriesByName('first-contentful-paint')[0]?.startTime")
    for check in (can_be_reached, is_only_itself, is_marked_up, narrows, sorts):
        check(tab)
    tab.is_quiet()
    keeps_others_out(tab)

    plain = Tab(chromium, url, script=False)
    plain.run(TOOLS)
    plain.is_quiet()
    assert plain.run("rows().length") == plain.run("seen().length") == tab.run("rows().length")
    assert plain.run("getComputedStyle(document.querySelector('.controls')).display") == "none"
    assert plain.run("document.querySelectorAll('button:not([id])').length") == 0

    for name, size, scheme in (("desk", DESK, "light"), ("phone", PHONE, "light"), ("desk-dark", DESK, "dark"),
                               ("phone-dark", PHONE, "dark")):
        tab = Tab(chromium, url, size, scheme)
        tab.is_quiet()
        tab.fits()
        if arguments.pictures:
            arguments.pictures.mkdir(parents=True, exist_ok=True)
            # A picture reaches beyond the window, where the page lays nothing out yet.
            tab.run("document.querySelectorAll('section').forEach(one => one.style.contentVisibility = 'visible')")
            top = tab.run("document.getElementById('everybody').getBoundingClientRect().top + scrollY")
            for part, start, most in (("whole", 0, 8000), ("top", 0, 1400), ("everybody", top - 24, 900)):
                tab.picture(arguments.pictures / f"{name}-{part}.png", start, most)
    if arguments.pictures:
        for name, paper in (("a4", A4), ("letter", LETTER)):
            pdf = arguments.pictures / f"print-{name}.pdf"
            tab.printed(pdf, paper)
            if shutil.which("pdftoppm"):
                subprocess.run(["pdftoppm", "-png", "-r", "80", "-l", "4", pdf, pdf.with_suffix("")], check=True)
    chromium.close()
    print(f"{arguments.page.name}: first paint after {paint:.0f} ms, as it should be")


if __name__ == "__main__":
    sys.exit(main())
