"""The servers that are measured. Each listens on a free port of 127.0.0.1, keeps its data in a
folder of its own, makes everything durable before it answers, and ends with this program."""
import os
import pathlib
import shutil
import socket
import subprocess
import time

ROOT = pathlib.Path(__file__).resolve().parents[2]
SCRIPTS = ROOT / "tests" / "bench" / "load"
PATIENCE = 60           # seconds that a server may take to start or to end
MOST_CONNECTIONS = 300  # of a peer
TICK = os.sysconf("SC_CLK_TCK")


def free_port():
    with socket.create_server(("127.0.0.1", 0)) as listener:
        return listener.getsockname()[1]


def run(*command, text=None):
    """Runs a command to its end and returns what it printed; ends this program if it fails."""
    done = subprocess.run([str(word) for word in command], input=text, text=True,
                          stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    if done.returncode != 0:
        raise SystemExit(f"tools/bench: {command[0]} failed: {done.stderr.strip()[-500:]}")
    return done.stdout


def processor_time(pid):
    """Seconds of processor time of a process and its children, those that have ended included."""
    def fields(stat):
        return stat.rpartition(") ")[2].split()

    total = 0
    for path in pathlib.Path("/proc").glob("[0-9]*/stat"):
        try:
            stat = fields(path.read_text())
        except OSError:
            continue  # it has just ended
        if path.parent.name == str(pid):
            total += sum(int(ticks) for ticks in stat[11:15])
        elif stat[1] == str(pid):
            total += sum(int(ticks) for ticks in stat[11:13])
    return total / TICK


class Server:
    """A process and its folder. What a child adds is its `name`, and an `up` that starts it and
    leaves its address in `address`."""

    def __init__(self, place, bin_folder):
        self.folder = place / self.name
        self.folder.mkdir()
        self.bin = bin_folder
        self.address = ""
        self._process = None
        self._leash = ["setpriv", "--pdeathsig", "TERM"]

    def start(self, *command):
        if shutil.which(command[0]) is None:
            raise SystemExit(f"tools/bench: {self.name} needs {command[0]}, which isn't installed: "
                             "run tools/install --bench, or leave it out of --peers")
        with open(self.folder / "log", "ab") as log:
            self._process = subprocess.Popen(self._leash + [str(word) for word in command],
                                             stdin=subprocess.DEVNULL, stdout=log, stderr=log,
                                             cwd=self.folder, start_new_session=True)

    def await_until(self, is_ready, every=0.05):
        deadline = time.monotonic() + PATIENCE
        while not is_ready():
            if self._process.poll() is not None or time.monotonic() > deadline:
                log = (self.folder / "log").read_text(errors="replace").splitlines()
                raise SystemExit("\n".join(
                    [f"tools/bench: {self.name} did not start; its log ends:", *log[-10:]]))
            time.sleep(every)

    def processor_time(self):
        return processor_time(self._process.pid)

    def stop(self):
        """Ends it, and returns its exit code."""
        if self._process is None:
            return 0
        self._process.terminate()
        try:
            code = self._process.wait(PATIENCE)
        except subprocess.TimeoutExpired:
            self._process.kill()
            code = self._process.wait()
        self._process = None
        return code


class Echo(Server):
    """A gRPC server that answers without deciding: the ceiling."""
    name = "echo"

    def up(self):
        port_file = self.folder / "port"
        self.start(self.bin / "bench_echo", port_file)
        self.await_until(port_file.exists)
        self.address = "127.0.0.1:" + port_file.read_text().strip()


class Fundgate(Server):
    """The gate under the worked example, fed by a service that reports payments."""
    name = "fundgate"

    def up(self):
        port_file = self.folder / "port"
        self.start(self.bin / "fundgated", "--listen", "127.0.0.1:0",
                   "--data", self.folder / "data", "--policy", ROOT / "config" / "policy.yaml",
                   "--port-file", port_file)
        self.await_until(port_file.exists)
        self.address = "127.0.0.1:" + port_file.read_text().strip()


class Feeder(Server):
    """What feeds the gate; with `rows` it reports so many payments a second."""

    def __init__(self, place, bin_folder, gate, rows=0):
        self.name = f"feeder-{rows}-{time.monotonic_ns()}"
        super().__init__(place, bin_folder)
        self.gate = gate
        self.rows = rows

    def up(self):
        ready = self.folder / "ready"
        self.start(self.bin / "bench_feeder", "--address", self.gate.address, "--ready-file", ready,
                   "--rows", self.rows)
        self.await_until(ready.exists)

    def report(self):
        """Ends it; the line that it printed."""
        if self.stop() != 0:
            raise SystemExit("tools/bench: the feeder failed: " + (self.folder / "log").read_text())
        return (self.folder / "log").read_text()


class Redis(Server):
    """A Lua script; every answer after the append-only file is synced."""
    name = "redis"

    def up(self):
        port = free_port()
        self.start("redis-server", "--bind", "127.0.0.1", "--port", port, "--dir", self.folder,
                   "--appendonly", "yes", "--appendfsync", "always", "--save", "",
                   "--auto-aof-rewrite-percentage", 0, "--loglevel", "warning")
        client = ["redis-cli", "-h", "127.0.0.1", "-p", port]
        self.await_until(lambda: subprocess.run(
            [str(word) for word in client] + ["PING"], capture_output=True, text=True,
            check=False).stdout.strip() == "PONG")
        script = run(*client, "-x", "SCRIPT", "LOAD", text=(SCRIPTS / "redis.lua").read_text())
        run(*client, "SET", "script", script.strip())
        run(*client, "EVAL", "for i = 0, 9999 do redis.call('HSET', 'order:m' .. i % 1000 .. "
            "':o' .. i, 'paid', '1000000000000') end", 0)
        self.address = f"127.0.0.1:{port}"


class Postgres(Server):
    """A function in PL/pgSQL; synchronous commit."""
    name = "postgres"

    def up(self):
        programs = sorted(pathlib.Path("/usr/lib/postgresql").glob("*/bin/postgres"))
        if not programs:
            raise SystemExit("tools/bench: PostgreSQL is missing: run tools/install --bench")
        programs = programs[-1].parent
        if os.geteuid() == 0:  # it refuses to run as root
            shutil.chown(self.folder, "postgres", "postgres")
            self._leash += ["--reuid", "postgres", "--regid", "postgres", "--clear-groups"]
        run(*self._leash, programs / "initdb", "--pgdata", self.folder / "data",
            "--username", "bench", "--auth", "trust", "--encoding", "UTF8", "--no-locale")
        port = free_port()
        self.start(programs / "postgres", "-D", self.folder / "data", "-p", port,
                   "-c", "listen_addresses=127.0.0.1", "-c", "unix_socket_directories=",
                   "-c", "synchronous_commit=on", "-c", "fsync=on", "-c", "shared_buffers=256MB",
                   "-c", "max_wal_size=4GB", "-c", f"max_connections={MOST_CONNECTIONS}")
        client = ["psql", "--no-psqlrc", "--quiet", "--host", "127.0.0.1", "--port", port,
                  "--username", "bench", "--set", "ON_ERROR_STOP=1"]
        self.await_until(lambda: subprocess.run(
            [str(word) for word in client] + ["--dbname", "postgres", "--command", "SELECT 1"],
            capture_output=True, check=False).returncode == 0)
        run(*client, "--dbname", "postgres", "--command", "CREATE DATABASE bench")
        run(*client, "--dbname", "bench", "--file", SCRIPTS / "postgres.sql")
        self.address = f"127.0.0.1:{port}"


class Mariadb(Server):
    """A stored procedure; the log is flushed and synced at every commit, and there is no binlog."""
    name = "mariadb"

    def up(self):
        user = ["--user=root"] if os.geteuid() == 0 else []
        own = ["--no-defaults", *user, f"--datadir={self.folder}/data", f"--tmpdir={self.folder}"]
        run("mariadb-install-db", *own, "--auth-root-authentication-method=normal",
            "--skip-test-db", "--skip-name-resolve")
        port = free_port()
        socket_path = self.folder / "socket"
        self.start("/usr/sbin/mariadbd", *own, f"--socket={socket_path}",
                   "--bind-address=127.0.0.1", f"--port={port}", "--skip-name-resolve",
                   "--skip-log-bin", "--innodb-flush-log-at-trx-commit=1",
                   "--innodb-buffer-pool-size=256M", "--innodb-log-file-size=512M",
                   f"--max-connections={MOST_CONNECTIONS}", "--performance-schema=OFF")
        client = ["mariadb", "--no-defaults", "--user=root", f"--socket={socket_path}"]
        self.await_until(lambda: subprocess.run(client + ["-e", "SELECT 1"], capture_output=True,
                                                check=False).returncode == 0)
        run(*client, text=(SCRIPTS / "mariadb.sql").read_text())
        self.address = f"127.0.0.1:{port}"


PEERS = [Redis, Postgres, Mariadb]
