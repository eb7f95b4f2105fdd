"""A real Kafka broker and a real OpenSearch node on loopback, from their Maven artifacts: for tests and by hand.

    python deploy/servers.py install            download both
    python deploy/servers.py up [--data DIR]    run both until Ctrl-C, and print their addresses
    python deploy/servers.py up --only kafka --kafka-port 9092

Needs Java (Kafka: 17 or newer; OpenSearch 3: 21 or newer) and Maven. Not for production: one node each, no replicas.
Settings: YUNSHAO_SERVERS (where they are installed), OPENSEARCH_JAVA_HOME, JAVA_HOME.
"""

from __future__ import annotations

import argparse
import base64
import contextlib
import fcntl
import json
import os
import re
import secrets
import shutil
import signal
import socket
import ssl
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
import zipfile
from abc import ABC, abstractmethod
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

KAFKA_VERSION = "4.4.0"
SEARCH_VERSION = "3.8.0"
# The newest of which the security plugin is published as well; the node is a bare one, without scripts.
SECURE_VERSION, SECURITY_PLUGIN = "2.19.4", "2.19.4.0"
COPY = "org.apache.maven.plugins:maven-dependency-plugin:3.8.1"
START_SECONDS = 180.0
STOP_SECONDS = 20.0
FIRST_PORT, PORTS = 12_000, 20_000
POM = """<project xmlns="http://maven.apache.org/POM/4.0.0">
  <modelVersion>4.0.0</modelVersion>
  <groupId>local</groupId><artifactId>kafka</artifactId><version>1</version><packaging>pom</packaging>
  <dependencies>
    <dependency><groupId>org.apache.kafka</groupId><artifactId>kafka_2.13</artifactId>
      <version>{version}</version></dependency>
    <dependency><groupId>org.apache.logging.log4j</groupId><artifactId>log4j-slf4j-impl</artifactId>
      <version>2.25.5</version></dependency>
    <dependency><groupId>org.apache.logging.log4j</groupId><artifactId>log4j-core</artifactId>
      <version>2.25.5</version></dependency>
  </dependencies>
</project>
"""
BROKER = """process.roles=broker,controller
node.id=1
controller.quorum.voters=1@127.0.0.1:{controller}
controller.listener.names=CONTROLLER
listeners={listener}://127.0.0.1:{port},CONTROLLER://127.0.0.1:{controller}
advertised.listeners={listener}://127.0.0.1:{port}
inter.broker.listener.name={listener}
listener.security.protocol.map={listener}:{listener},CONTROLLER:PLAINTEXT
log.dirs={data}
offsets.topic.replication.factor=1
offsets.topic.num.partitions=4
transaction.state.log.replication.factor=1
transaction.state.log.min.isr=1
transaction.state.log.num.partitions=4
share.coordinator.state.topic.replication.factor=1
share.coordinator.state.topic.min.isr=1
share.coordinator.state.topic.num.partitions=4
group.initial.rebalance.delay.ms=0
auto.create.topics.enable=false
log.cleaner.dedupe.buffer.size=16777216
{more}
"""
# A second way in, for those who show a certificate's worth of trust and a password.
SECURE_BROKER = """listeners={listener}://127.0.0.1:{port},SASL_SSL://127.0.0.1:{secure_port},CONTROLLER://127.0.0.1:{controller}
advertised.listeners={listener}://127.0.0.1:{port},SASL_SSL://127.0.0.1:{secure_port}
listener.security.protocol.map={listener}:{listener},SASL_SSL:SASL_SSL,CONTROLLER:PLAINTEXT
sasl.enabled.mechanisms=SCRAM-SHA-512,PLAIN
listener.name.sasl_ssl.scram-sha-512.sasl.jaas.config=org.apache.kafka.common.security.scram.ScramLoginModule required;
listener.name.sasl_ssl.plain.sasl.jaas.config=org.apache.kafka.common.security.plain.PlainLoginModule required {users};
listener.name.sasl_ssl.ssl.keystore.type=PEM
listener.name.sasl_ssl.ssl.keystore.location={folder}/broker-both.pem
"""
NODE = """cluster.name: yunshao
node.name: node-{port}
network.host: 127.0.0.1
http.port: {port}
transport.port: {transport}
discovery.type: single-node
path.data: {data}/node
path.logs: {run}/logs
cluster.routing.allocation.disk.threshold_enabled: false
cluster.max_shards_per_node: 5000
{more}
"""


class ServerTrouble(Exception):
    """A server that cannot be had here; the text says why."""


def cache() -> Path:
    """Where servers are installed."""
    return Path(os.environ.get("YUNSHAO_SERVERS") or Path.home() / ".cache" / "yunshao-servers")


def missing() -> str:
    """Why no server can run here; empty where both can."""
    if not shutil.which("mvn"):
        return "Maven is not installed"
    try:
        java_home(17)
        java_home(21)
    except ServerTrouble as error:
        return str(error)
    return ""


def java_home(least: int) -> Path:
    """A JDK of at least this version, the oldest that will do."""
    named = [os.environ.get("OPENSEARCH_JAVA_HOME"), os.environ.get("JAVA_HOME")]
    homes = [Path(name) for name in named if name] + sorted(Path("/usr/lib/jvm").glob("*"))
    on_path = shutil.which("java")
    if on_path:
        homes.append(Path(on_path).resolve().parent.parent)
    found: dict[int, Path] = {}
    for home in homes:
        release = home / "release"
        if (home / "bin" / "java").exists() and release.is_file():
            version = re.search(r'JAVA_VERSION="(\d+)', release.read_text(encoding="utf-8"))
            if version and int(version[1]) >= least:
                found.setdefault(int(version[1]), home)
    if not found:
        raise ServerTrouble(f"no JDK of version {least} or newer: set JAVA_HOME")
    return found[min(found)]


def free_port() -> int:
    """A port that nobody listens on now, and whose neighbour is free as well.

    Below those that the system gives to clients: a server that is started again must find its port.
    """
    while True:
        port = FIRST_PORT + secrets.randbelow(PORTS)
        with socket.socket() as first, socket.socket() as second, contextlib.suppress(OSError):
            first.bind(("127.0.0.1", port))
            second.bind(("127.0.0.1", port + 1))
            return port


@contextlib.contextmanager
def _installing(home: Path) -> Iterator[Path | None]:
    """A folder to fill, which becomes `home`; None where it is there already."""
    cache().mkdir(parents=True, exist_ok=True)
    with (cache() / f".{home.name}.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if home.exists():
            yield None
            return
        work = Path(tempfile.mkdtemp(prefix=".unpack.", dir=cache()))
        try:
            yield work
            work.chmod(0o755)
            work.rename(home)
        finally:
            shutil.rmtree(work, ignore_errors=True)


def _maven(*words: str) -> None:
    done = subprocess.run(["mvn", "-q", "-B", "-Dstyle.color=never", *words], capture_output=True, text=True)
    if done.returncode:
        raise ServerTrouble(f"Maven: {(done.stdout + done.stderr).strip()[-500:]}")


def install_kafka() -> Path:
    """The broker's jars."""
    home = cache() / f"kafka-{KAFKA_VERSION}"
    with _installing(home) as work:
        if work:
            (work / "pom.xml").write_text(POM.format(version=KAFKA_VERSION), encoding="utf-8")
            # Kafka has no logging backend among its dependencies: without one it fails in silence.
            _maven(
                *("-f", str(work / "pom.xml"), f"{COPY}:copy-dependencies", "-DincludeScope=runtime"),
                *("-DexcludeArtifactIds=slf4j-reload4j,reload4j", f"-DoutputDirectory={work / 'libs'}"),
            )
    return home


def install_search(secure: bool = False) -> Path:
    """The unpacked node; with TLS, passwords and roles where it shall be secure."""
    version = SECURE_VERSION if secure else SEARCH_VERSION
    home = cache() / f"opensearch-{version}{'-secure' if secure else ''}"
    with _installing(home) as work:
        if work:
            made = _unpacked(f"org.opensearch.distribution.integ-test-zip:opensearch:{version}:zip", work)
            inner = made / f"opensearch-{version}"
            for path in list(inner.iterdir()):
                path.rename(work / path.name)
            shutil.rmtree(made)
            if secure:
                _add_security(work)
            for path in (work / "bin").iterdir():
                path.chmod(0o755)
    return home


def _unpacked(artifact: str, work: Path) -> Path:
    folder = work / f".{secrets.token_hex(4)}"
    _maven(f"{COPY}:copy", f"-Dartifact={artifact}", f"-DoutputDirectory={folder}")
    for packed in list(folder.glob("*.zip")):
        with zipfile.ZipFile(packed) as archive:
            archive.extractall(folder)
        packed.unlink()
    return folder


def _add_security(home: Path) -> None:
    """TLS, passwords and roles, as they are published for this version."""
    made = _unpacked(f"org.opensearch.plugin:opensearch-security:{SECURITY_PLUGIN}:zip", home)
    plugin = home / "plugins" / "opensearch-security"
    made.rename(plugin)
    (plugin / "config").rename(home / "config" / "opensearch-security")


class Server(ABC):
    """One process with its folder. It is ended by its own process id alone."""

    name = "server"

    def __init__(self, port: int = 0, data: Path | None = None, settings: str = "") -> None:
        """`data` is kept; without it everything goes when the server stops. `settings`: more lines, which win."""
        self.port = port or free_port()
        self.run = Path(tempfile.mkdtemp(prefix=f"yunshao-{self.name}-"))
        self.run.chmod(0o755)
        self.data = data or self.run / "data"
        self.settings = settings
        self.process: subprocess.Popen[bytes] | None = None

    @property
    def log(self) -> Path:
        """What it printed."""
        return self.run / "log"

    def start(self) -> str:
        """Start, wait until it answers, give its address. Raises ServerTrouble."""
        self.data.mkdir(parents=True, exist_ok=True)
        command, environment = self.command()
        others = None if self.user() is None else []
        with self.log.open("ab") as log:
            self.process = subprocess.Popen(
                command, stdin=subprocess.DEVNULL, stdout=log, stderr=log, env=dict(environment),
                start_new_session=True, user=self.user(), group=self.group(), extra_groups=others,
            )  # fmt: skip
        end = time.monotonic() + START_SECONDS
        while time.monotonic() < end and self.process.poll() is None:
            if self.ready():
                return self.address
            time.sleep(0.1)
        self.kill()
        tail = self.log.read_text("utf-8", "replace")[-2000:] if self.log.exists() else ""
        raise ServerTrouble(f"{self.name} did not start: {tail}")

    @property
    def address(self) -> str:
        """Where it listens."""
        return f"127.0.0.1:{self.port}"

    @abstractmethod
    def command(self) -> tuple[Sequence[str], Mapping[str, str]]:
        """What is run, and its environment."""

    @abstractmethod
    def ready(self) -> bool:
        """Whether it answers."""

    def user(self) -> int | None:
        """Another user to run as."""
        return None

    def group(self) -> int | None:
        """That user's group."""
        return None

    def kill(self) -> None:
        """As a crash: SIGKILL. What it kept stays for the next start."""
        self._end(signal.SIGKILL)

    def stop(self) -> None:
        """End it and remove its folder."""
        self._end(signal.SIGTERM)
        shutil.rmtree(self.run, ignore_errors=True)

    def _end(self, sign: signal.Signals) -> None:
        process, self.process = self.process, None
        if process is None or process.poll() is not None:
            return
        process.send_signal(sign)
        try:
            process.wait(STOP_SECONDS)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


class Kafka(Server):
    """A broker that is its own controller."""

    name = "kafka"

    def __init__(
        self,
        port: int = 0,
        data: Path | None = None,
        settings: str = "",
        listener: str = "PLAINTEXT",
        secure: Path | None = None,
        users: Mapping[str, str] | None = None,
    ) -> None:
        """`secure`: a folder with broker-both.pem (key and certificate); then it listens at `secure_port` too.

        `users` with their passwords are those of PLAIN; those of SCRAM are made through the other door.
        """
        super().__init__(port, data, settings)
        self.listener = listener
        self.secure_port = free_port() if secure else 0
        if secure:
            known = " ".join(f'user_{name}="{word}"' for name, word in (users or {}).items())
            self.settings += "\n" + SECURE_BROKER.format(
                listener=listener, port=self.port, secure_port=self.secure_port, controller=self.port + 1,
                users=known, folder=secure,
            )  # fmt: skip

    def command(self) -> tuple[Sequence[str], Mapping[str, str]]:
        home = install_kafka()
        (self.run / "tmp").mkdir(exist_ok=True)
        file = self.run / "server.properties"
        file.write_text(
            BROKER.format(
                controller=self.port + 1, port=self.port, data=self.data, listener=self.listener, more=self.settings
            ),
            encoding="utf-8",
        )
        java = [
            *(str(java_home(17) / "bin" / "java"), "-Xmx512m", "-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1"),
            *(f"-Djava.io.tmpdir={self.run / 'tmp'}", "-Dlog4j2.level=INFO", "-cp", f"{home}/libs/*"),
        ]
        environment = {"PATH": os.environ["PATH"], "HOME": str(self.run), "LANG": "C.UTF-8"}
        if not (self.data / "meta.properties").exists():
            self._format(home, [*java, "kafka.tools.StorageTool", "format"], file, environment)
        self.log.write_bytes(b"")
        return [*java, "kafka.Kafka", str(file)], environment

    def _format(self, home: Path, tool: Sequence[str], file: Path, environment: Mapping[str, str]) -> None:
        """An empty data folder, made once and copied ever after: the tool is a virtual machine of its own."""
        formatted = home / "formatted"
        with (cache() / ".formatted.lock").open("w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            if not formatted.exists():
                half = self.run / "formatting"
                alike = file.read_text("utf-8").replace(f"log.dirs={self.data}", f"log.dirs={half}")
                file.with_suffix(".format").write_text(alike, encoding="utf-8")
                # A cluster id must not begin with a dash.
                cluster = "A" + base64.urlsafe_b64encode(os.urandom(16)).decode()[1:22]
                done = subprocess.run(
                    [*tool, "-t", cluster, "-c", str(file.with_suffix(".format"))],
                    capture_output=True, text=True, env=dict(environment),
                )  # fmt: skip
                if done.returncode:
                    raise ServerTrouble(f"kafka: {(done.stdout + done.stderr)[-1000:]}")
                shutil.move(half, formatted)
        shutil.copytree(formatted, self.data, dirs_exist_ok=True)

    def ready(self) -> bool:
        return b"Kafka Server started" in self.log.read_bytes()


class Search(Server):
    """A node. Run by root it runs as nobody, because it refuses to be root."""

    name = "opensearch"

    def __init__(
        self, port: int = 0, data: Path | None = None, settings: str = "", secure: Path | None = None, jvm: str = ""
    ) -> None:
        """`secure`: a folder with ca.pem, node.pem, node.key and internal_users.yml."""
        super().__init__(port, data, settings)
        self.secure = secure
        self.jvm = jvm or "-XX:TieredStopAtLevel=1"
        self.auth: tuple[str, str] | None = None

    @property
    def address(self) -> str:
        return f"http{'s' if self.secure else ''}://127.0.0.1:{self.port}"

    def user(self) -> int | None:
        return 65534 if os.geteuid() == 0 else None

    def group(self) -> int | None:
        return 65534 if os.geteuid() == 0 else None

    def command(self) -> tuple[Sequence[str], Mapping[str, str]]:
        home = self._reachable(install_search(bool(self.secure)))
        # Version 2 needs the security manager, which Java has no more.
        java = java_home(17 if self.secure else 21)
        conf = self.run / "conf"
        shutil.rmtree(conf, ignore_errors=True)
        shutil.copytree(home / "config", conf)
        options = conf / "jvm.options"
        lines = options.read_text("utf-8").splitlines()
        gone = re.compile(r"^-Xm[sx]|gc\.log|HeapDump|ErrorFile|-XX:\S*(?:Use\w*GC|G1|InitiatingHeap)")
        options.write_text("\n".join(line for line in lines if not gone.search(line)), encoding="utf-8")
        quick = f"-Xms512m\n-Xmx512m\n-XX:+UseSerialGC\n{self.jvm}\n"
        (conf / "jvm.options.d").mkdir(exist_ok=True)
        (conf / "jvm.options.d" / "heap.options").write_text(quick, encoding="utf-8")
        text = NODE.format(
            port=self.port,
            transport=self.port + 1,
            data=self.data,
            run=self.run,
            more=self.settings + self._secured(conf),
        )
        (conf / "opensearch.yml").write_text(text, encoding="utf-8")
        for name in ("logs", "tmp"):
            (self.run / name).mkdir(exist_ok=True)
        (self.data / "node").mkdir(exist_ok=True)
        if self.user() is not None:
            for path in (conf, self.run / "logs", self.run / "tmp", self.data):
                for inner in (path, *path.rglob("*")):
                    os.chown(inner, self.user() or 0, self.group() or 0)
        environment = {
            "PATH": os.environ["PATH"], "HOME": str(self.run / "tmp"), "LANG": "C.UTF-8",
            "OPENSEARCH_JAVA_HOME": str(java), "OPENSEARCH_PATH_CONF": str(conf),
            "OPENSEARCH_TMPDIR": str(self.run / "tmp"),
        }  # fmt: skip
        return [str(home / "bin" / "opensearch")], environment

    def _reachable(self, home: Path) -> Path:
        """The installed node, linked to where its user can read it."""
        if self.user() is None:
            return home
        shared = Path(tempfile.gettempdir()) / f"yunshao-{home.name}-{os.getuid()}"
        if not (shared / "bin" / "opensearch").exists():
            with (cache() / f".{home.name}.link.lock").open("w") as lock:
                fcntl.flock(lock, fcntl.LOCK_EX)
                if not (shared / "bin" / "opensearch").exists():
                    half = Path(tempfile.mkdtemp(prefix="yunshao-link-"))
                    shutil.copytree(home, half / "home", copy_function=_link)
                    (half / "home").rename(shared)
                    half.rmdir()
        return shared

    def _secured(self, conf: Path) -> str:
        if not self.secure:
            return ""
        (conf / "tls").mkdir()
        for name in ("ca.pem", "node.pem", "node.key"):
            shutil.copy(self.secure / name, conf / "tls" / name)
        shutil.copy(self.secure / "internal_users.yml", conf / "opensearch-security" / "internal_users.yml")
        files = "".join(
            f"plugins.security.ssl.{layer}.{setting}_filepath: tls/{name}\n"
            for layer in ("http", "transport")
            for setting, name in (("pemcert", "node.pem"), ("pemkey", "node.key"), ("pemtrustedcas", "ca.pem"))
        )
        return (
            "\nplugins.security.allow_default_init_securityindex: true\nplugins.security.audit.type: noop\n"
            'plugins.security.nodes_dn: ["CN=node,O=yunshao"]\nplugins.security.ssl.http.enabled: true\n'
            f"plugins.security.ssl.transport.enforce_hostname_verification: false\n{files}"
        )

    def ready(self) -> bool:
        request = urllib.request.Request(f"{self.address}/_cluster/health?wait_for_status=yellow&timeout=1s")
        context = None
        if self.secure:
            context = ssl.create_default_context(cafile=str(self.secure / "ca.pem"))
            word = base64.b64encode(":".join(self.auth or ("", "")).encode()).decode()
            request.add_header("Authorization", f"Basic {word}")
        try:
            with urllib.request.urlopen(request, timeout=3, context=context) as answer:
                return not json.load(answer)["timed_out"]
        except (OSError, ValueError, urllib.error.HTTPError):
            return False


def _link(source: str, target: str) -> None:
    try:
        os.link(source, target)
        Path(target).chmod(Path(target).stat().st_mode | 0o444)
    except OSError:
        shutil.copy2(source, target)


def main() -> int:
    """The command line."""
    parser = argparse.ArgumentParser(description="A Kafka broker and an OpenSearch node for development.")
    parser.add_argument("command", choices=["install", "up"])
    parser.add_argument("--data", type=Path, help="keep their data here")
    parser.add_argument("--only", choices=["kafka", "opensearch"])
    parser.add_argument("--kafka-port", type=int, default=9092)
    parser.add_argument("--search-port", type=int, default=9200)
    given = parser.parse_args()
    try:
        if given.command == "install":
            print(install_kafka(), install_search(), sep="\n")
            return 0
        return _up(given)
    except ServerTrouble as error:
        print(f"servers: {error}", file=sys.stderr)
        return 3


def _up(given: argparse.Namespace) -> int:
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
    servers: list[Server] = []
    if given.only != "opensearch":
        servers.append(Kafka(given.kafka_port, given.data and given.data.resolve() / "kafka"))
    if given.only != "kafka":
        servers.append(Search(given.search_port, given.data and given.data.resolve() / "opensearch"))
    try:
        for server in servers:
            print(f"{server.name} {server.start()}", flush=True)
        signal.pause()
    except KeyboardInterrupt:
        pass
    finally:
        for server in servers:
            server.stop()
    return 0


if __name__ == "__main__":
    sys.exit(main())
