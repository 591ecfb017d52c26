"""The gateways of the certificates' benchmark: what each is given (a store or files, with or without
client certificates), as a command with its environment."""

import dataclasses
import os

from harness.gateways import ALL, CONFIGS
from harness.processes import BenchError

NAME = "n{:06}.bench.test"  # bench/certs/names.h


@dataclasses.dataclass(frozen=True)
class Shown:
    """What a gateway has to show, in each of the forms they want."""

    store: str  # of Ravelin
    folder: str  # with a file for each name, chain and key in one
    count: int  # of names the peers are given
    client_ca: str = ""  # whoever issues the certificates every client must have; "" = none needed


def name_of(number):
    return NAME.format(number)


def pem_of(shown, number):
    return os.path.join(shown.folder, f"{name_of(number)}.pem")


def command(way, setup, shown):
    """(command, environment) of a gateway with its configuration written."""
    return WAYS[way](setup, shown)


def ravelin(setup, shown):
    return ravelin_with(setup, shown, "        - { store: true }", f"certs: {{ store: {shown.store} }}")


def ravelin_files(setup, shown):
    """One certificate as files, which are those of the store."""
    with open(pem_of(shown, 0)) as file:
        chain, mark, key = file.read().partition("-----BEGIN PRIVATE KEY-----")
    chain, key = setup.write("one.crt", chain), setup.write("one.key", mark + key)
    return ravelin_with(setup, shown, f"        - {{ chain: {chain}, key: {key}, default: true }}")


def ravelin_with(setup, shown, certificates, store=""):
    auth = f"      client_auth: {{ mode: require, ca: {shown.client_ca} }}" if shown.client_ca else ""
    config = setup.render("ravelin-certs.yaml.in", STORE=store, CERTIFICATES=certificates, CLIENT_AUTH=auth)
    return [ALL["ravelin"].program(setup.programs), "run", "-c", config], {}


def nginx(setup, shown):
    user = "user root;" if os.geteuid() == 0 else ""
    auth = f"  ssl_verify_client on;\n  ssl_client_certificate {shown.client_ca};" if shown.client_ca else ""
    servers, options = [], " reuseport backlog=4096"  # said once per address
    for number in range(shown.count):
        pem = pem_of(shown, number)
        servers.append(
            f"  server {{\n    listen 127.0.0.1:{setup.port} ssl{options};\n    server_name {name_of(number)};\n"
            f"    ssl_certificate {pem};\n    ssl_certificate_key {pem};\n"
            "    location / { proxy_pass http://web; }\n  }\n")
        options = ""
    config = setup.render("nginx-certs.conf.in", USER=user, SERVERS="".join(servers), CLIENT_AUTH=auth)
    return [program_of("nginx"), "-p", setup.directory, "-c", config], {}


def haproxy(setup, shown):
    auth = f"ca-file {shown.client_ca} verify required" if shown.client_ca else ""
    config = setup.render("haproxy-certs.cfg.in", CERTIFICATES=folder_of(setup, shown), CLIENT_AUTH=auth)
    # 2.6 has no setting for the number of session tickets; OpenSSL's own configuration file has.
    return [program_of("haproxy"), "-db", "-f", config], {"OPENSSL_CONF": os.path.join(CONFIGS, "one-ticket.cnf")}


def folder_of(setup, shown):
    """A folder of exactly the names that are asked for: links to the files."""
    if len(os.listdir(shown.folder)) == shown.count:
        return shown.folder
    folder = os.path.join(setup.directory, "crt")
    os.mkdir(folder)
    for number in range(shown.count):
        os.link(pem_of(shown, number), os.path.join(folder, f"{name_of(number)}.pem"))
    return folder


def program_of(name):
    program = ALL[name].program(None)
    if not program:
        raise BenchError(f"{name} is not there: scripts/setup --test installs it")
    return program


WAYS = {"ravelin": ravelin, "ravelin, files": ravelin_files, "nginx": nginx, "haproxy": haproxy}
