"""Runs docs/whole-firm.md by hand, over 200 clients and 6 months; it needs `pip install duckdb`.

A FreshBooks of this script's own serves 200 clients of 25 people each, who come and go. A debug build of fbsync reads
every client on the last day of each month (it takes the date from FBSYNC_TEST_CLOCK), and exports it to the folders that
the page describes. Then every `sql` block of the page is run by DuckDB. Last, one sign-in reads all clients into one
database for 100 nights. The sizes and times that the page states are what this prints.

    cargo build && python3 tests/whole_firm.py [CLIENTS [NIGHTS [FOLDER]]]

FBSYNC names another build.
"""

import calendar, email.utils, json, os, pathlib, random, re, subprocess, sys, tempfile, threading, time
from concurrent.futures import ThreadPoolExecutor
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import duckdb

ROOT = pathlib.Path(__file__).resolve().parent.parent
CLIENTS, NIGHTS = [int(given) for given in (sys.argv[1:3] + ["200", "100"][len(sys.argv[1:3]):])]
MONTHS = [(2026, month) for month in range(1, 7)]
ROLES = ["business_employee"] * 6 + ["business_manager", "business_accountant", "contractor"]


def person(number, role, address=None):
    """A member record. Numbers below 1,000 are the firm's own people, who work for many clients."""
    address = address or (f"p{number}@firm.example" if number < 1000 else f"p{number}@client{number // 1000}.example")
    return {"uuid": f"{number:08x}-0000-4000-8000-{random.getrandbits(48):012x}", "identity_id": number,
            "first_name": "Person", "last_name": str(number), "email": address, "active": True,
            "business_role_name": role, "invitation_date_accepted": "2025-01-02T09:00:00Z",
            "created_at": "2025-01-02T09:00:00Z", "updated_at": "2025-01-02T09:00:00Z"}


class World:
    def __init__(self):
        random.seed(1)
        self.now = 0
        self.teams = {client: self.team(client) for client in range(1, CLIENTS + 1)}

    def team(self, client):
        first = client * 1000
        team = [person(first, "owner")] + [person(first + n, random.choice(ROLES)) for n in range(1, 22)]
        return team + [person(n, "business_accountant") for n in random.sample(range(1, 40), 3)]

    def time_passes(self, at, share):
        """In this share of the clients somebody leaves and somebody comes."""
        for client, team in self.teams.items():
            if random.random() < share:
                team.pop(random.randrange(1, len(team)))
                team.append(person(client * 1000 + 100 + at, "business_employee"))


def serve(world):
    class Answers(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def log_message(self, *_):
            pass

        def date_time_string(self, timestamp=None):
            return email.utils.formatdate(world.now, usegmt=True)

        def do_GET(self):
            signed_in = self.headers["Authorization"].rsplit("-", 1)[1]
            clients = range(1, CLIENTS + 1) if signed_in == "all" else [int(signed_in)]
            business = lambda client: {"id": client, "business_uuid": None, "name": f"Client {client:03}",
                                       "account_id": f"c{client}"}
            me = lambda client: {"id": client, "role": "business_accountant", "business": business(client)}
            if self.path.endswith("/users/me"):
                body = {"response": {"id": 1, "identity_id": 500, "identity_uuid": None, "first_name": "The", "last_name":
                        "Firm", "email": "firm@firm.example", "groups": [], "roles": [],
                        "business_memberships": [me(client) for client in clients]}}
            elif "/team_members" in self.path:
                team = world.teams[int(re.search(r"/businesses/(\d+)/", self.path)[1])]
                body = {"response": team, "meta": {"page": 1, "per_page": 100, "total": len(team)}}
            else:
                client = int(re.search(r"/business/(\d+)", self.path)[1])
                body = {"response": business(client) | {"business_group": {"id": 1, "members": []}}}
            data = json.dumps(body).encode()
            self.send_response(200)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(data)))
            self.end_headers()
            self.wfile.write(data)

    server = ThreadingHTTPServer(("127.0.0.1", 0), Answers)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    return f"http://127.0.0.1:{server.server_port}"


def size(folder, pattern):
    return sum(file.stat().st_size for file in folder.glob(pattern)) / 1e6


def timed(*words):
    began = time.monotonic()
    subprocess.run(words, check=True, stdout=subprocess.DEVNULL)
    return f"{time.monotonic() - began:.2f} s"


def main():
    folder = pathlib.Path(sys.argv[3] if len(sys.argv) > 3 else tempfile.mkdtemp(prefix="whole-firm-"))
    world = World()
    origin = serve(world)
    program = os.environ.get("FBSYNC", str(ROOT / "target/debug/fbsync"))
    usual = {"PATH": os.environ["PATH"], "HOME": str(folder), "FRESHBOOKS_API_URL": origin, "NO_PROXY": "*"}

    def one(client, date):
        name = f"client-{client:03}"
        environment = usual | {"FBSYNC_ACCESS_TOKEN": name, "FBSYNC_TEST_CLOCK": str(world.now),
                               "FBSYNC_DB": f"{folder}/db/{name}.sqlite"}
        run = lambda *words: subprocess.run([program, *words], env=environment, check=True, cwd=folder)
        run("sync", "-q")
        for report in ("access", "coverage"):
            part = folder / "firm" / report / f"date={date}"
            part.mkdir(parents=True, exist_ok=True)
            run("export", report, "-q", "-o", f"{part}/{name}.jsonl")

    (folder / "db").mkdir(parents=True)
    for at, (year, month) in enumerate(MONTHS):
        date = f"{year}-{month:02}-{calendar.monthrange(year, month)[1]}"
        world.now = calendar.timegm((year, month, int(date[-2:]), 12, 0, 0))
        with ThreadPoolExecutor(2) as pool:
            list(pool.map(lambda client: one(client, date), range(1, CLIENTS + 1)))
        world.time_passes(at, 0.5)
        print(date, file=sys.stderr)

    os.chdir(folder)
    database = duckdb.connect()
    for query in re.findall(r"^```sql\n(.*?)^```", (ROOT / "docs/whole-firm.md").read_text(), re.S | re.M):
        print(query.strip())
        shown = database.sql(query)
        print(shown if shown is not None else "done\n")
    print(f"{size(folder, 'db/*.sqlite'):.1f} MB in {CLIENTS} databases")
    print(f"{size(folder, 'firm/*/*/*.jsonl'):.1f} MB of JSON Lines, {size(folder, '*.parquet'):.1f} MB of Parquet")

    file = folder / "one.sqlite"
    environment = usual | {"FBSYNC_ACCESS_TOKEN": "client-all", "FBSYNC_DB": str(file)}
    for night in range(1, NIGHTS + 1):
        world.now += 86_400
        world.time_passes(night, 0.02)
        environment["FBSYNC_TEST_CLOCK"] = str(world.now)
        subprocess.run([program, "sync", "-q", "--jobs", "8"], env=environment, check=True)
        if night in (1, 2, NIGHTS):
            print(f"one database after {night} nights: {file.stat().st_size / 1e6:.1f} MB")
    ask = lambda query: timed("sqlite3", "-readonly", str(file), query)
    print("the last snapshot:", ask("SELECT count(*) FROM latest_access"))
    print("every snapshot:", ask("SELECT snapshot_id, count(*) FROM access GROUP BY snapshot_id"))
    print(folder)


main()
