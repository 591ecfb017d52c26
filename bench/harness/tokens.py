"""The benchmark of keys in a token: full handshakes with a key in SoftHSM beside the same key in a file."""

import dataclasses
import os
import shutil
import statistics
import subprocess
import tempfile

from harness.cases import CONNECTION, HANDSHAKE, Case
from harness.gateways import ALL, Setup
from harness.measure import Backend, drive
from harness.processes import BenchError

KEYS = ("p256", "rsa2048")
WAYS = ("file", "token")
PIN = "123456"


def select(only):
    return [key for key in KEYS if not only or any(key.startswith(start) for start in only)]


class Token:
    """A SoftHSM token with a copy of each key."""

    def __init__(self, directory, certificates):
        if shutil.which("softhsm2-util") is None:
            raise BenchError("softhsm2-util is not installed")
        folder = os.path.join(directory, "tokens")
        os.mkdir(folder)
        conf = os.path.join(directory, "softhsm2.conf")
        with open(conf, "w") as file:
            file.write(f"directories.tokendir = {folder}\nobjectstore.backend = file\nlog.level = ERROR\n")
        self.env = {"SOFTHSM2_CONF": conf}
        self.pin_file = os.path.join(directory, "pin")
        with open(self.pin_file, "w") as file:
            file.write(PIN + "\n")
        self.util("--init-token", "--free", "--label", "bench", "--so-pin", PIN, "--pin", PIN)
        for number, (name, (_, key)) in enumerate(certificates.items(), 1):
            plain = os.path.join(directory, "plain.key")
            run(["openssl", "pkcs8", "-topk8", "-nocrypt", "-in", key, "-out", plain])
            self.util("--import", plain, "--token", "bench", "--label", name, "--id", f"{number:02x}", "--pin", PIN)

    def util(self, *arguments):
        run(["softhsm2-util", *arguments], env={**os.environ, **self.env})


def run(command, **kwargs):
    done = subprocess.run(command, capture_output=True, text=True, check=False, **kwargs)
    if done.returncode != 0:
        raise BenchError(f"{' '.join(command[:2])}: {done.stderr.strip() or done.stdout.strip()}")


def key_of(way, name, key, token):
    if way == "file":
        return f"key: {key}"
    return f'key: "pkcs11:token=bench;object={name};type=private", pin_file: {token.pin_file}'


def one(plan, backend, token, name, way):
    directory = tempfile.mkdtemp(prefix=f"{name}-{way}-", dir=plan.directory)
    chain, key = plan.certificates[name]
    setup = Setup(directory=directory, programs=plan.programs, backend_port=backend.port, chain="", key="",
                  cpus=[plan.gateway_cpu])
    certificates = f"        - {{ chain: {chain}, {key_of(way, name, key, token)}, default: true }}"
    config = setup.render("ravelin-certs.yaml.in", STORE="", CERTIFICATES=certificates, CLIENT_AUTH="")
    case = Case(f"{name}, {way}", HANDSHAKE, CONNECTION, connections=32)
    with setup.start([ALL["ravelin"].program(plan.programs), "run", "-c", config],
                     env={**os.environ, **token.env}) as process:
        process.wait_for_port(setup.port)
        found = drive(plan, case, setup, process, backend, [plan.load_cpu])
    shutil.rmtree(directory)
    return found


def measure(plan, chosen, rounds, tell):
    """[{key: {way: result}}], one per round; the ways take turns at being first."""
    token = Token(plan.directory, plan.certificates)
    backend = Backend(plan)
    done = []
    with backend.process:
        for number in range(rounds):
            found = {}
            for name in chosen:
                for way in WAYS if number % 2 == 0 else reversed(WAYS):
                    tell(f"round {number + 1}/{rounds}  {name}  {way}")
                    found.setdefault(name, {})[way] = one(plan, backend, token, name, way)
            done.append(found)
    return done


@dataclasses.dataclass(frozen=True)
class Rate:
    what: str
    of: callable


RATES = (
    Rate("full handshakes per CPU second", lambda run: 1e6 * run["requests"] / run["cpu_us"]),
    Rate("full handshakes per second", lambda run: run["requests"] / run["seconds"]),
)


def summarise(done):
    """A row per key and rate: medians, and the median of the ratios token : file."""
    rows = []
    for name in done[0]:
        for rate in RATES:
            values = {way: [rate.of(found[name][way]) for found in done] for way in WAYS}
            rows.append({
                "case": name, "what": rate.what, "rounds": values,
                **{way: statistics.median(values[way]) for way in WAYS},
                "ratio": statistics.median(token / file for token, file in zip(values["token"], values["file"])),
            })
    return rows


def table(done):
    lines = [f"{'key':<10}{'':<34}{'file':>10}{'token':>10}{'token : file':>15}"]
    lines += [f"{row['case']:<10}{row['what']:<34}{row['file']:>10,.0f}{row['token']:>10,.0f}{row['ratio']:>15.2f}"
              for row in done["rows"]]
    return "\n".join(lines) + "\n"
