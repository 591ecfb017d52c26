"""Many routes, said in each gateway's own language. A target is a host and a path prefix; every
target is one route to the same pool."""


def make_targets(count):
    """Up to 100 paths on each host: 10 are one host's, 10,000 are 100 hosts with 100 paths each."""
    return [(f"h{i // 100}.bench.test", f"/app{i % 100}/") for i in range(count)]


def ravelin_routes(targets):
    if not targets:
        return "      - { pool: web }"
    return "\n".join(
        f"      - {{ match: {{ host: {host}, path: {path} }}, pool: web }}" for host, path in targets
    )


def nginx_servers(targets, port):
    """Server blocks by name (a hash) and prefix locations (a tree): nginx's own fast lookups."""
    by_host = {}
    for host, path in targets or [("bench.test", "/")]:
        by_host.setdefault(host, []).append(path)
    listen = f"listen 127.0.0.1:{port} ssl"
    options = " reuseport backlog=4096"  # said once per address
    blocks = []
    for host, paths in by_host.items():
        locations = "".join(f"    location {path} {{ proxy_pass http://web; }}\n" for path in paths)
        blocks.append(f"  server {{\n    {listen}{options};\n    server_name {host};\n{locations}  }}\n")
        options = ""
    return "".join(blocks)


def haproxy_map(targets):
    """For map_beg, which is a prefix tree over host and path together."""
    return "".join(f"{host}{path} web\n" for host, path in targets)


def load_list(targets):
    """What the load generator reads: round after round through all of them, in a mixed order."""
    step = 7919  # a prime: neighbours in the list are far apart in the table
    mixed = [targets[i * step % len(targets)] for i in range(len(targets))]
    return "".join(f"{host} {path}\n" for host, path in mixed)
