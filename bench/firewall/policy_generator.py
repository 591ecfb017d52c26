"""Policies of any size for the benchmark, in three shapes, from a seed: as Ravelin's YAML, as the same
rules one by one in nft's text, and as ufw writes them for iptables. With them come probes: packets whose
first matching rule was looked up here, so that traffic meets rules from all over the list.

  services   each rule is about a port or a range of ports, from anywhere
  sources    each rule is about a network, nested in others, and a few services
  mixed      networks times ports and ranges

In all of them ranges overlap, verdicts alternate, one rule in twenty-five is limited, one in twenty-five logs.

policy_generator.py SHAPE COUNT DIRECTORY writes policy.yaml, linear.nft, ufw.rules and probes.txt."""

import dataclasses
import ipaddress
import itertools
import os
import random
import sys

SHAPES = ("services", "sources", "mixed")
INTERFACE = "wan0"
SOURCES = ipaddress.ip_network("10.0.0.0/8")  # what the traffic comes from
LIMIT = 10_000  # per second: the most that iptables takes, and no probe reaches it
PROBES = 64
LATE_PROBES = 16
TRIES = 20  # rules of one part of the list that are tried for a probe: earlier ones may cover them
COMMON_PORTS = (22, 25, 53, 80, 123, 443, 3306, 5432, 8080, 9100)


@dataclasses.dataclass(frozen=True)
class Rule:
    verb: str  # allow or deny
    protocol: str  # tcp or udp
    first_port: int
    last_port: int
    network: ipaddress.IPv4Network | None = None
    is_limited: bool = False
    is_logged: bool = False

    def matches(self, source, protocol, port):
        return (protocol == self.protocol and self.first_port <= port <= self.last_port
                and (self.network is None or source in self.network))

    def ports(self, dash):
        return str(self.first_port) if self.first_port == self.last_port else f"{self.first_port}{dash}{self.last_port}"


def make_rules(shape, count):
    chance = random.Random(f"{shape} {count}")
    return [make_rule(chance, shape) for _ in range(count)]


def make_rule(chance, shape):
    first, last = make_ports(chance, shape)
    is_allow = chance.random() < 0.7
    is_limited = is_allow and chance.random() < 0.04
    return Rule(
        verb="allow" if is_allow else "deny",
        protocol="tcp" if chance.random() < 0.8 else "udp",
        first_port=first, last_port=last,
        network=None if shape == "services" else make_network(chance),
        is_limited=is_limited,
        is_logged=not is_limited and chance.random() < 0.04,
    )


def make_ports(chance, shape):
    if shape == "sources":
        return (port := chance.choice(COMMON_PORTS)), port
    first = chance.randrange(1, 60_000)
    is_range = chance.random() < 0.2
    return first, first + chance.randrange(1, 60) if is_range else first


def make_network(chance):
    """Of any length from /12 on, so that wide ones hold narrow ones."""
    length = chance.choice((12, 16, 16, 20, 22, 24, 24, 24, 28, 32, 32, 32))
    address = int(SOURCES.network_address) + chance.randrange(SOURCES.num_addresses)
    return ipaddress.ip_network((address, length), strict=False)


# ---- the same rules in three languages ----
def as_policy(rules):
    lines = [
        "policy: v1", "name: bench", f"zones: {{ wan: {{ interfaces: [{INTERFACE}] }} }}", "rules:",
        "  wan -> host:",
    ]
    for rule in rules:
        words = [f"{rule.verb}: {rule.protocol}/{rule.ports('-')}"]
        if rule.network is not None:
            words.append(f"from: {rule.network}")
        if rule.is_limited:
            words.append(f"limit: {LIMIT}/s burst {LIMIT}")
        if rule.is_logged:
            words.append("log: { prefix: bench, rate: 3/min burst 10 }")
        lines.append("    - { " + ", ".join(words) + " }")
    lines.append("    - deny: any")
    return "\n".join(lines) + "\n"


def as_linear(rules):
    lines = ["table inet linear {", "chain input {", "type filter hook input priority 0; policy drop;",
             'ct state vmap { established : accept, related : accept, invalid : drop }',
             'iifname "lo" accept']
    for rule in rules:
        source = f"ip saddr {rule.network} " if rule.network is not None else ""
        match = f"{source}{rule.protocol} dport {rule.ports('-')}"
        limit = f"limit rate {LIMIT}/second burst {LIMIT} packets " if rule.is_limited else ""
        if rule.is_logged:
            lines.append(f'{match} limit rate 3/minute burst 10 packets log prefix "bench: "')
        lines.append(f"{match} {limit}counter {'accept' if rule.verb == 'allow' else 'drop'}")
    return "\n".join(lines) + "\ncounter drop\n}\n}\n"


# What ufw 0.36 puts before the rules of the user: its before.rules, for input.
UFW_BEFORE = """*filter
:INPUT DROP [0:0]
:ufw-before-input - [0:0]
:ufw-user-input - [0:0]
:ufw-user-logging-input - [0:0]
:ufw-not-local - [0:0]
:ufw-logging-deny - [0:0]
-A INPUT -j ufw-before-input
-A ufw-before-input -i lo -j ACCEPT
-A ufw-before-input -m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT
-A ufw-before-input -m conntrack --ctstate INVALID -j ufw-logging-deny
-A ufw-before-input -m conntrack --ctstate INVALID -j DROP
-A ufw-before-input -p icmp --icmp-type destination-unreachable -j ACCEPT
-A ufw-before-input -p icmp --icmp-type time-exceeded -j ACCEPT
-A ufw-before-input -p icmp --icmp-type parameter-problem -j ACCEPT
-A ufw-before-input -p icmp --icmp-type echo-request -j ACCEPT
-A ufw-before-input -p udp --sport 67 --dport 68 -j ACCEPT
-A ufw-before-input -j ufw-not-local
-A ufw-not-local -m addrtype --dst-type LOCAL -j RETURN
-A ufw-not-local -m addrtype --dst-type MULTICAST -j RETURN
-A ufw-not-local -m addrtype --dst-type BROADCAST -j RETURN
-A ufw-not-local -m limit --limit 3/min --limit-burst 10 -j ufw-logging-deny
-A ufw-not-local -j DROP
-A ufw-before-input -p udp -d 224.0.0.251 --dport 5353 -j ACCEPT
-A ufw-before-input -p udp -d 239.255.255.250 --dport 1900 -j ACCEPT
-A ufw-before-input -j ufw-user-input
-A ufw-logging-deny -m limit --limit 3/min --limit-burst 10 -j LOG --log-prefix "[UFW BLOCK] "
"""


def as_ufw(rules):
    """`ufw limit` would be six connections in thirty seconds, whatever was meant: a plain limit stands here."""
    lines = []
    for rule in rules:
        match = f"-p {rule.protocol}"
        if rule.first_port != rule.last_port:
            match += " -m multiport --dports " + rule.ports(":")
        else:
            match += f" --dport {rule.first_port}"
        if rule.network is not None:
            match += f" -s {rule.network}"
        limit = f" -m limit --limit {LIMIT}/sec --limit-burst {LIMIT}" if rule.is_limited else ""
        if rule.is_logged:
            name = "ALLOW" if rule.verb == "allow" else "BLOCK"
            lines += [
                f"-A ufw-user-logging-input {match} -m conntrack --ctstate NEW -m limit --limit 3/min "
                f'--limit-burst 10 -j LOG --log-prefix "[UFW {name}] "',
                f"-A ufw-user-logging-input {match} -j RETURN",
                f"-A ufw-user-input {match} -j ufw-user-logging-input",
            ]
        lines.append(f"-A ufw-user-input {match}{limit} -j {'ACCEPT' if rule.verb == 'allow' else 'DROP'}")
    return UFW_BEFORE + "\n".join(lines) + "\nCOMMIT\n"


# ---- probes ----
def first_match(rules, source, protocol, port):
    return next((at for at, rule in enumerate(rules) if rule.matches(source, protocol, port)), None)


def packet_for(chance, rule):
    network = rule.network or SOURCES
    source = network[chance.randrange(network.num_addresses)]
    return source, rule.protocol, chance.randrange(rule.first_port, rule.last_port + 1)


def find_probes(rules):
    """Packets as (source, port): TCP allowed by rules from all over the list, TCP allowed by one of the last tenth,
    UDP that meets no rule."""
    chance = random.Random(f"probes {len(rules)}")
    candidates = [at for at, rule in enumerate(rules) if rule.verb == "allow" and rule.protocol == "tcp"]
    per_part = max(1, len(candidates) / PROBES)
    allowed = []
    for part in range(min(PROBES, len(candidates))):
        members = candidates[round(part * per_part):round((part + 1) * per_part)]
        found = (find_probe(chance, rules, at) for at in chance.sample(members, min(len(members), TRIES)))
        allowed += itertools.islice(filter(None, found), 1)
    last = reversed(candidates[-max(1, len(candidates) // 10):])
    late = list(itertools.islice(filter(None, (find_probe(chance, rules, at) for at in last)), LATE_PROBES))
    denied = []
    while len(denied) < PROBES:
        network = chance.choice(rules).network or SOURCES
        source, port = network[chance.randrange(network.num_addresses)], chance.randrange(1, 65_000)
        if first_match(rules, source, "udp", port) is None:
            denied.append((source, port))
    return {"tcp": allowed, "late": late, "udp": denied}


def find_probe(chance, rules, at):
    source, protocol, port = packet_for(chance, rules[at])
    return (source, port) if first_match(rules, source, protocol, port) == at else None


def write(shape, count, directory):
    rules = make_rules(shape, count)
    probes = [f"{kind} {source} {port}" for kind, found in find_probes(rules).items() for source, port in found]
    for name, text in (("policy.yaml", as_policy(rules)), ("linear.nft", as_linear(rules)),
                       ("ufw.rules", as_ufw(rules)), ("probes.txt", "\n".join(probes) + "\n")):
        with open(os.path.join(directory, name), "w", encoding="ascii") as file:
            file.write(text)


if __name__ == "__main__":
    if len(sys.argv) != 4 or sys.argv[1] not in SHAPES:
        sys.exit(__doc__)
    write(sys.argv[1], int(sys.argv[2]), sys.argv[3])
