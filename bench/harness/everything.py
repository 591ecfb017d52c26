"""Ravelin with all its features in use at once: many servers in many pools, and rules, limits and
balancers of every kind on the way of each request. Who asks decides what is seen: `beside`, a route and
a pool without any of it; `few`, ten of the routes; `all`, every route and server in turn. Pure."""

SERVERS, POOLS = 1_000, 100
BALANCES = (
    "balance: round_robin",
    "balance: least_requests",
    "balance: power_of_two",
    "balance: hash\n    hash: { key: path, load_max_percent: 150 }",
)


PLAIN = ("plain.bench.test", "/")


def asked(who, targets):
    return {"": targets, "beside": [PLAIN], "few": targets[:10], "all": targets}[who]


def routes(targets):
    """Every route has limits, conditions, header rules and retries; every tenth is split over two pools."""
    plain = f"      - {{ match: {{ host: {PLAIN[0]} }}, pool: plain }}\n"
    return plain + "\n".join(route(number, host, path) for number, (host, path) in enumerate(targets))


def route(number, host, path):
    pool = f"p{number % POOLS}"
    to = f"pool: {pool}"
    if number % 10 == 0:
        to = f"split: [ {{ pool: {pool}, weight: 90 }}, {{ pool: p{(number + 1) % POOLS}, weight: 10 }} ]"
    return f"""      - match: {{ host: {host}, path: {path}, methods: [GET, POST], from: [127.0.0.0/8], headers: {{ X-Blocked: {{ present: false }} }} }}
        deny: [10.0.0.0/8]
        {to}
        request_headers: {{ set: {{ X-Route: "{{route}}" }}, remove: [X-Debug] }}
        response_headers: {{ set: {{ X-Frame-Options: DENY }} }}
        retry: {{ attempts: 1, on: [connect, closed, timeout, 502], per_try_timeout: 5s }}
        limits: {{ rate: {{ requests: 1000000, per: 1s, burst: 1000000, key: client }}, concurrent: {{ requests: 10000, key: client }} }}"""


def pools(backend_port):
    plain = f"""  - name: plain
    timeouts: {{ idle: 600s }}
    servers:
      - {{ address: "127.0.0.1:{backend_port}" }}
"""
    return plain + "".join(pool(number, backend_port) for number in range(POOLS))


def pool(number, backend_port):
    servers = "".join(
        f'      - {{ name: s{index}, address: "127.0.0.1:{backend_port}", weight: {1 + index % 3} }}\n'
        for index in range(SERVERS // POOLS)
    )
    return f"""  - name: p{number}
    {BALANCES[number % len(BALANCES)]}
    adaptive: true
    weight_header: X-Server-Weight
    slow_start: 5s
    panic_percent: 30
    ejection: {{ error_percent: 5, latency_factor: 5 }}
    circuit: {{ error_percent: 50 }}
    retry_budget: {{ percent: 10 }}
    health: {{ kind: tcp, interval: 10s }}
    timeouts: {{ idle: 600s }}
    servers:
{servers}"""
