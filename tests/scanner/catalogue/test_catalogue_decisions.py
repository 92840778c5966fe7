"""The decisions that contracts rest on, stated once more by hand."""

from __future__ import annotations

import pytest

from buttress_scanner.program.catalogue import Catalogue, Entry

CATALOGUE = Catalogue.load()


def decided(path: str) -> Entry:
    """Look a path up that must be decided."""
    entry = CATALOGUE.entry(path)
    assert entry is not None, path
    return entry


EFFECTS = {
    "clock": """time.time time.sleep time.monotonic time.perf_counter_ns time.localtime time.strftime datetime.datetime.now
        datetime.datetime.utcnow datetime.date.today datetime.datetime.today asyncio.sleep threading.Timer email.utils.formatdate
        uuid.uuid1 gzip.compress timeit.default_timer""",
    "random": """random.random random.choice random.shuffle random.Random random.SystemRandom.choice secrets.token_hex os.urandom
        uuid.uuid1 uuid.uuid4 tempfile.mkdtemp ssl.RAND_bytes numpy.random.rand""",
    "io.file": """builtins.open io.open os.listdir os.stat os.path.exists os.getcwd pathlib.Path.read_text pathlib.Path.cwd
        pathlib.PosixPath.exists shutil.copy glob.glob tempfile.mkstemp gzip.open zipfile.ZipFile posixpath.isfile fcntl.flock
        zoneinfo.ZoneInfo io.TextIOWrapper.__iter__ codecs.open mmap.mmap""",
    "io.network": """socket.socket socket.create_connection urllib.request.urlopen http.client.HTTPConnection.request smtplib.SMTP
        ssl.wrap_socket ftplib.FTP.retrbinary xmlrpc.client.ServerProxy.anything requests.get httpx.Client.post
        requests.sessions.Session.get asyncio.open_connection boto3.Client.put_object""",
    "io.process": """subprocess.run subprocess.Popen subprocess.Popen.wait os.system os.fork os.kill multiprocessing.Process
        multiprocessing.spawn.prepare webbrowser.open asyncio.create_subprocess_exec pty.spawn""",
    "io.console": "builtins.print builtins.input sys.stdout.write sys.stderr.write sys.stdin.readline getpass.getpass",
    "io.database": "sqlite3.connect sqlite3.Connection.execute sqlite3.Cursor.fetchall dbm.open shelve.open redis.Redis.get",
    "thread": """threading.Thread threading.Lock threading.Lock.acquire threading.Event _thread.start_new_thread queue.Queue
        queue.Queue.put concurrent.futures.ThreadPoolExecutor concurrent.futures.Executor.submit asyncio.to_thread""",
    "async": "asyncio.run asyncio.create_task asyncio.gather asyncio.Lock asyncio.get_event_loop asyncio.tasks.sleep trio.run",
    "env": """os.environ os.environ.get os.getenv sys.argv pathlib.Path.home os.path.expanduser os.getpid platform.node
        locale.getlocale getpass.getuser""",
    "global-state": """random.seed sys.settrace locale.setlocale signal.signal atexit.register os.chdir os.environ.update
        decimal.getcontext contextvars.ContextVar.set warnings.simplefilter logging.basicConfig gc.collect
        contextlib.redirect_stdout.__enter__ sys.modules""",
    "log": "logging.info logging.Logger.info logging.Logger.exception warnings.warn syslog.syslog loguru.logger.info",
    "unordered": "builtins.id builtins.hash builtins.set.pop",
}
"""Deeds by effect."""

PURE = """
    builtins.len builtins.sorted builtins.str.split builtins.dict.get builtins.isinstance builtins.ValueError time.struct_time
    datetime.datetime datetime.timedelta datetime.datetime.isoformat datetime.datetime.fromisoformat datetime.datetime.strptime
    random.Random.random uuid.uuid3 uuid.uuid5 uuid.UUID os.path.join os.path.splitext posixpath.normpath ntpath.join os.fspath
    os.sep pathlib.Path pathlib.Path.joinpath pathlib.PurePosixPath.with_suffix pathlib.Path.parent io.StringIO io.BytesIO
    io.StringIO.write io.BytesIO.read json.loads json.dumps json.load json.dump re.sub hashlib.sha256 base64.b64encode
    logging.getLogger logging.NullHandler.emit sys.stdout sys.exit sys.version_info urllib.parse.urlparse ipaddress.ip_address
    functools.reduce itertools.count collections.Counter dataclasses.field copy.deepcopy contextlib.suppress decimal.Decimal
    struct.pack zlib.compress fnmatch.fnmatch string.Template.substitute textwrap.dedent asyncio.CancelledError queue.Empty
    importlib.import_module asyncio.iscoroutinefunction typing.cast enum.Enum subprocess.CompletedProcess socket.inet_aton
    http.HTTPStatus secrets.compare_digest calendar.timegm csv.writer xml.etree.ElementTree.fromstring
"""


@pytest.mark.parametrize(
    ("path", "effect"), [(path, effect) for effect, paths in EFFECTS.items() for path in paths.split()], ids=lambda value: value
)
def test_deeds_have_their_effect(path: str, effect: str) -> None:
    """What reads, waits, writes or draws is decided to do so."""
    assert effect in decided(path).effects


@pytest.mark.parametrize("path", PURE.split())
def test_harmless_neighbours_are_pure(path: str) -> None:
    """What only computes is decided to be pure, also where it stands next to a deed."""
    assert decided(path).effects == ()


@pytest.mark.parametrize(
    ("path", "unless"),
    [
        ("time.localtime", (0,)),
        ("time.strftime", (1,)),
        ("random.Random", (0, "x")),
        ("numpy.random.default_rng", (0, "seed")),
        ("builtins.print", ("file",)),
        ("gzip.compress", ("mtime",)),
        ("argparse.ArgumentParser.parse_args", (0, "args")),
    ],
)
def test_arguments_that_take_the_effect_away(path: str, unless: tuple[int | str, ...]) -> None:
    """A time that is given is not read, a seeded generator not random, a stream that is given not the console."""
    assert decided(path).unless == unless


@pytest.mark.parametrize(
    ("path", "mutates"),
    [
        ("heapq.heappush", (0,)),
        ("bisect.insort", (0, "a")),
        ("random.Random.shuffle", ("self", 0, "x")),
        ("random.Random.random", ("self",)),
        ("io.StringIO.write", ("self",)),
        ("io.StringIO.getvalue", ()),
        ("builtins.list.append", ("self",)),
        ("builtins.list.count", ()),
        ("types.SimpleNamespace.__setattr__", ("self",)),
    ],
)
def test_arguments_that_are_changed(path: str, mutates: tuple[int | str, ...]) -> None:
    """A call that changes its object or an argument says so; one that only looks does not."""
    assert decided(path).mutates == mutates


@pytest.mark.parametrize(
    ("path", "keeps"),
    [
        ("random.Random", True),
        ("io.StringIO", True),
        ("builtins.list", True),
        ("builtins.str", False),
        ("datetime.datetime", False),
    ],
)
def test_classes_with_state(path: str, keeps: bool) -> None:
    """A class keeps state if any of its methods changes the object."""
    assert CATALOGUE.keeps_state(path) is keeps


@pytest.mark.parametrize(
    ("path", "calls"),
    [
        ("builtins.map", (0,)),
        ("builtins.filter", (0,)),
        ("builtins.sorted", ("key",)),
        ("builtins.list.sort", ("key",)),
        ("functools.reduce", (0,)),
        ("itertools.groupby", (1, "key")),
        ("re.sub", (1, "repl")),
        ("re.Pattern.sub", (0, "repl")),
        ("asyncio.run", (0, "main")),
    ],
)
def test_arguments_called_during_the_call(path: str, calls: tuple[int | str, ...]) -> None:
    """The function handed in runs before the call returns."""
    assert (decided(path).calls, decided(path).calls_later) == (calls, ())


@pytest.mark.parametrize(
    ("path", "later"),
    [
        ("threading.Thread", (1, "target")),
        ("threading.Timer", (1, "function")),
        ("concurrent.futures.ThreadPoolExecutor.submit", (0, "fn")),
        ("atexit.register", (0, "func")),
        ("signal.signal", (1,)),
        ("asyncio.AbstractEventLoop.call_soon", (0, "callback")),
        ("asyncio.AbstractEventLoop.run_in_executor", (1, "func")),
        ("asyncio.create_task", (0, "coro")),
        ("functools.partial", (0,)),
        ("contextlib.ExitStack.callback", (0,)),
        ("weakref.finalize", (1,)),
    ],
)
def test_arguments_called_afterwards(path: str, later: tuple[int | str, ...]) -> None:
    """The function or coroutine handed in runs at another time."""
    assert (decided(path).calls_later, decided(path).calls) == (later, ())


@pytest.mark.parametrize(
    ("path", "returns"),
    [
        ("builtins.open", "io.TextIOWrapper"),
        ("io.TextIOWrapper.__enter__", "io.TextIOWrapper"),
        ("io.TextIOWrapper.read", "builtins.str"),
        ("socket.gethostname", "builtins.str"),
        ("pathlib.PosixPath.__truediv__", "pathlib.PosixPath"),
        ("datetime.datetime.now", "datetime.datetime"),
        ("datetime.datetime.replace", "datetime.datetime"),
        ("logging.getLogger", "logging.Logger"),
        ("subprocess.run", "subprocess.CompletedProcess"),
        ("sqlite3.connect", "sqlite3.Connection"),
        ("concurrent.futures.ProcessPoolExecutor.__enter__", "concurrent.futures.ProcessPoolExecutor"),
        ("threading.RLock", "threading.RLock"),
        ("structlog.get_logger", "structlog.BoundLogger"),
    ],
)
def test_results_have_a_class(path: str, returns: str) -> None:
    """The class of a result is known, so that methods on harmless results are no deeds and those of resources are."""
    assert decided(path).returns == returns


@pytest.mark.parametrize("path", ["builtins.len", "time.monotonic", "logging.Logger.info", "threading.Lock", "builtins.dict"])
def test_calls_that_cannot_fail(path: str) -> None:
    """Reading a clock, logging, measuring, and making a plain object raise nothing in practice."""
    assert decided(path).no_raise


@pytest.mark.parametrize("path", ["builtins.open", "builtins.int", "builtins.next", "zlib.crc32", "json.loads", "time.sleep"])
def test_calls_that_can_fail(path: str) -> None:
    """Opening, parsing and searching can fail."""
    assert not decided(path).no_raise


@pytest.mark.parametrize("path", ["builtins.sorted", "builtins.set", "builtins.any", "collections.Counter", "builtins.set.union"])
def test_consumers_that_hide_the_order(path: str) -> None:
    """What comes out is the same in whatever order the elements came."""
    assert decided(path).order_blind


@pytest.mark.parametrize("path", ["builtins.list", "builtins.tuple", "builtins.enumerate", "builtins.str.join", "builtins.next"])
def test_consumers_that_show_the_order(path: str) -> None:
    """The order of the elements stays visible."""
    assert not decided(path).order_blind


@pytest.mark.parametrize(("module", "effects"), [("antigravity", ("io.process",)), ("this", ("io.console",)), ("os", ())])
def test_import_effects(module: str, effects: tuple[str, ...]) -> None:
    """Few modules do something by being imported."""
    assert CATALOGUE.import_effects(module) == effects
