"""From a file to what the kernel enforces: lists of hosts and of networks, and plain rules, each loaded,
replaced and added to, by Ravelin and by the tools an operator would use."""

import dataclasses
import json
import os
import random

from harness.firewall_lab import inside

RAVELIN, NFT = "ravelin", "nft -f"
POLICY = """policy: v1
name: bench
zones: { wan: { interfaces: [wan0] } }
feeds: { list: { file: list.txt } }
bans: { size: 2M }
rules:
  wan -> host:
    - { deny: any, from: feed/list }
    - { allow: tcp/443 }
"""
EXTRA = {"hosts": "198.18.7.7", "nets": "198.18.7.0/24"}  # in no list
SHARE_REPLACED = 0.5


@dataclasses.dataclass(frozen=True)
class SetCase:
    name: str
    kind: str  # hosts, nets or rules
    count: int
    weight: float  # of the rounds asked for


CASES = [
    SetCase("rules-10k", "rules", 10_000, 0.6),
    SetCase("hosts-10k", "hosts", 10_000, 1),
    SetCase("hosts-100k", "hosts", 100_000, 0.6),
    SetCase("hosts-1m", "hosts", 1_000_000, 0.4),
    SetCase("nets-10k", "nets", 10_000, 1),
    SetCase("nets-100k", "nets", 100_000, 0.6),
]


# ---- lists ----
def address_text(number):
    return f"{number >> 24}.{number >> 16 & 255}.{number >> 8 & 255}.{number & 255}"


def make_entries(chance, kind, count):
    """Unsorted, none twice, none in another: of places in 11/8 to 197/8 without 127/8."""
    bits = 0 if kind == "hosts" else 12  # a network has a place of 4096 addresses
    places = set()
    while len(places) < count:
        address = chance.randrange(11 << 24, 198 << 24)
        if address >> 24 != 127:
            places.add(address >> bits)
    entries = list(places)
    chance.shuffle(entries)
    if kind == "hosts":
        return [address_text(entry) for entry in entries]
    return [f"{address_text(entry << bits)}/{chance.choice((20, 22, 24, 24, 24, 28, 29))}" for entry in entries]


def make_lists(case):
    """(a list, one with half of it replaced)."""
    chance = random.Random(f"{case.kind} {case.count}")
    entries = make_entries(chance, case.kind, case.count + int(case.count * SHARE_REPLACED))
    other = entries[-case.count:]
    chance.shuffle(other)
    return entries[:case.count], other


def as_number(entry):
    a, b, c, d = entry.partition("/")[0].split(".")
    return int(a) << 24 | int(b) << 16 | int(c) << 8 | int(d)


# ---- files for each tool ----
def write(directory, name, text):
    path = os.path.join(directory, name)
    with open(path, "w", encoding="ascii") as file:
        file.write(text)
    return path


def nft_table(case, entries, size=""):
    flags = "flags interval; " if case.kind == "nets" else ""
    return (f"table inet bench {{\nset feed {{ type ipv4_addr; {flags}{size}elements = {{\n" + ",\n".join(entries)
            + "\n} }\nchain input { type filter hook input priority 0; policy accept; ip saddr @feed counter drop; }\n}\n")


def nft_json(case, entries):
    def element(entry):
        address, _, length = entry.partition("/")
        return {"prefix": {"addr": address, "len": int(length)}} if length else address
    where = {"family": "inet", "table": "bench"}
    flags = {"flags": ["interval"]} if case.kind == "nets" else {}
    lookup = {"match": {"op": "==", "left": {"payload": {"protocol": "ip", "field": "saddr"}}, "right": "@feed"}}
    return json.dumps({"nftables": [{"add": one} for one in (
        {"table": {"family": "inet", "name": "bench"}},
        {"set": {**where, "name": "feed", "type": "ipv4_addr", **flags, "elem": [element(entry) for entry in entries]}},
        {"chain": {**where, "name": "input", "type": "filter", "hook": "input", "prio": 0, "policy": "accept"}},
        {"rule": {**where, "chain": "input", "expr": [lookup, {"counter": None}, {"drop": None}]}},
    )]})


def ipset_file(case, entries, name="feed"):
    kind = "hash:net" if case.kind == "nets" else "hash:ip"
    return f"create {name} {kind} maxelem 4000000\n" + "".join(f"add {name} {entry}\n" for entry in entries)


def write_set_files(case, directory):
    entries, other = make_lists(case)
    lines = "".join(f"{entry}\n" for entry in entries)
    write(directory, "policy.yaml", POLICY)
    write(directory, "list.txt", lines)
    write(directory, "first.txt", lines)
    write(directory, "other.txt", "".join(f"{entry}\n" for entry in other))
    write(directory, "more.txt", lines + EXTRA[case.kind] + "\n")
    write(directory, "load.nft", nft_table(case, entries))
    write(directory, "sized.nft", nft_table(case, entries, f"size {case.count * 3 // 2}; "))
    write(directory, "sorted.nft", nft_table(case, sorted(entries, key=as_number)))
    write(directory, "load.json", nft_json(case, entries))
    write(directory, "replace.nft", "flush set inet bench feed\nadd element inet bench feed {\n" + ",\n".join(other) + "\n}\n")
    write(directory, "load.ipset", ipset_file(case, entries))
    write(directory, "replace.ipset", ipset_file(case, other, "fresh") + "swap fresh feed\ndestroy fresh\n")


# ---- measurements ----
class SetRun:
    """One case in one directory, as often as asked."""

    def __init__(self, lab, case, directory):
        self.lab, self.case, self.directory = lab, case, directory
        self.states = 0
        if case.kind == "rules":
            self._write_rules()
        else:
            write_set_files(case, directory)

    def path(self, name):
        return os.path.join(self.directory, name)

    def _write_rules(self):
        count = str(self.case.count)
        first, other = (self.lab_program("print-rules", count, seed) for seed in ("1", "2"))
        write(self.directory, "load.nft", first)
        body = [line for line in other.splitlines() if line.startswith("\t\t") and "hook" not in line]
        write(self.directory, "replace.nft", "flush chain inet ravelin input\n" + "".join(
            f"add rule inet ravelin input {line.strip()}\n" for line in body))
        name = self.lab.open()
        inside(name, "nft", "-f", self.path("load.nft"))
        write(self.directory, "load.json", inside(name, "nft", "-j", "list", "ruleset"))
        self.lab.close(name)

    def lab_program(self, *words):
        # In any namespace: it only prints.
        name = self.lab.open()
        text, _ = self.lab.measured(name, self.lab.program("bench_firewall_load"), *words)
        self.lab.close(name)
        return text + "\n"

    def new_state(self):
        self.states += 1
        return self.path(f"state-{self.states}")

    def in_new_namespace(self, *commands):
        """[usage], of commands that follow one another in a namespace of their own."""
        name = self.lab.open()
        try:
            return [self.lab.measured(name, *command)[1] for command in commands]
        finally:
            self.lab.close(name)

    def ravelin(self):
        program, rules = self.lab.program("bench_firewall_load"), self.case.kind == "rules"
        count = str(self.case.count)
        load = ("rules", count) if rules else ("feed", self.path("policy.yaml"), self.new_state())
        change = ("change-rules", count) if rules else (
            "change", self.path("policy.yaml"), self.new_state(), self.path("list.txt"), self.path("first.txt"),
            self.path("other.txt"), self.path("more.txt"), self.case.kind)
        (usage,) = self.in_new_namespace((program, *load))
        name = self.lab.open()
        try:
            inner = json.loads(self.lab.measured(name, program, *change)[0])
        finally:
            self.lab.close(name)
        found = {"load": usage, "resident": {"wall_ms": inner["load"]}, "replace": {"wall_ms": min(inner["replace"])}, "one_more": {"wall_ms": min(inner["one_more"])}}
        if "element" in inner:
            found["element"] = {"wall_ms": inner["element"]}
        return found

    def nft(self):
        rules = self.case.kind == "rules"
        one = ("add rule inet ravelin input ip saddr 10.99.0.1 tcp dport 99 counter accept" if rules
               else f"add element inet bench feed {{ {EXTRA[self.case.kind]} }}")
        load, replace, more = self.in_new_namespace(
            ("nft", "-f", self.path("load.nft")), ("nft", "-f", self.path("replace.nft")), ("nft", one))
        return {"load": load, "resident": load, "replace": replace, "one_more": more,
                **({} if rules else {"element": more})}

    def ipset(self):
        load, replace, more = self.in_new_namespace(
            ("ipset", "-file", self.path("load.ipset"), "restore"), ("ipset", "-file", self.path("replace.ipset"), "restore"),
            ("ipset", "add", "feed", EXTRA[self.case.kind]))
        return {"load": load, "resident": load, "replace": replace, "one_more": more, "element": more}

    def nft_load(self, *words):
        return {"load": self.in_new_namespace(("nft", *words))[0]}

    def ways(self):
        ways = {RAVELIN: self.ravelin, NFT: self.nft, "nft -j": lambda: self.nft_load("-j", "-f", self.path("load.json"))}
        if self.case.kind != "rules":
            ways |= {
                "nft, sized": lambda: self.nft_load("-f", self.path("sized.nft")),
                "nft, sorted": lambda: self.nft_load("-f", self.path("sorted.nft")),
                "ipset": self.ipset,
            }
        return ways

    def round(self, number):
        """{way: {step: usage}}, in an order that rotates."""
        ways = list(self.ways().items())
        turn = number % len(ways)
        return {name: measure() for name, measure in ways[turn:] + ways[:turn]}
