"""The benchmark of keys in a token: full handshakes with a key in SoftHSM beside the same key in a file."""

import dataclasses
import os
import shutil
import subprocess

from harness.gateways import ALL
from harness.measure import Backend
from harness.processes import BenchError
from harness.two_ways import KEYS, interleave, one, row, select

WAYS = ("file", "token")
PIN = "123456"


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


def measure(plan, chosen, rounds, tell):
    token = Token(plan.directory, plan.certificates)
    backend = Backend(plan)
    program = ALL["ravelin"].program(plan.programs)

    def run_one(name, way):
        return one(plan, backend, name, way, key_of(way, name, plan.certificates[name][1], token),
                   lambda config: [program, "run", "-c", config], env={**os.environ, **token.env})

    return interleave(backend, WAYS, chosen, rounds, tell, run_one)


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
            rows.append({**row(done, name, WAYS, rate.of), "what": rate.what})
    return rows


def table(done):
    lines = [f"{'key':<10}{'':<34}{'file':>10}{'token':>10}{'token : file':>15}"]
    lines += [f"{each['case']:<10}{each['what']:<34}{each['file']:>10,.0f}{each['token']:>10,.0f}{each['ratio']:>15.2f}"
              for each in done["rows"]]
    return "\n".join(lines) + "\n"
