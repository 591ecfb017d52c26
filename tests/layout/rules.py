"""The layout of the tree as tables: who may include whom, which library stays where, what is not
written at all. Every row carries an example that breaks it; check_layout_test.py proves each."""

from dataclasses import dataclass

# ---- what stands at the top ----
TOP_LEVEL = {
    ".ci", ".clang-format", ".clang-tidy", ".gitignore", "ARCHITECTURE.md", "CHANGELOG.md",
    "CMakeLists.txt", "CMakePresets.json", "CONTRIBUTING.md", "LICENSE", "README.md", "SECURITY.md",
    "base", "bench", "certs", "cli", "cmake", "docs", "firewall", "gateway", "messages", "packaging",
    "policies", "scripts", "system", "tests",
}

# ---- who may include whom ----
# A folder may include itself and what its row names (a part's name stands for all folders of that part); one
# of a part with an order also every folder of the part that stands before it, not those beside it.
GATEWAY_ORDER = [
    {"gateway/config", "gateway/http"}, {"gateway/http1"}, {"gateway/route", "gateway/balance", "gateway/limit"},
    {"gateway/observe"}, {"gateway/net"}, {"gateway/tls"}, {"gateway/dns"}, {"gateway/upstream"},
    {"gateway/discovery"}, {"gateway/proxy"}, {"gateway/admin"}, {"gateway/runtime"},
]
# The language of policies: what one is, reading it, what it means for all packets or for one.
POLICIES_ORDER = [{"policies/model"}, {"policies/space"}, {"policies/analyse", "policies/simulate"},
                  {"policies/parse"}, {"policies/check"}]
# From a policy to the kernel. A simulator of rulesets knows nothing of how they come about.
# A feed ends as blocks of keys, which are part of what a ruleset is.
FIREWALL_ORDER = [{"firewall/ruleset"}, {"firewall/feed"}, {"firewall/compile", "firewall/simulate", "firewall/diff"},
                  {"firewall/kernel"}, {"firewall/trial"}, {"firewall/state"}, {"firewall/control"}, {"firewall/agent"}]
# A pair of files and its checks; what TLS has signed; keys in tokens; what is kept on the disk; who signs, or where else it came from; what gateways
# see of it; renewal.
CERTS_ORDER = [{"certs"}, {"certs/signing"}, {"certs/issuer", "certs/token"}, {"certs/config", "certs/store", "certs/acme"},
               {"certs/ca", "certs/crl", "certs/dns", "certs/import", "certs/backup", "certs/view"},
               {"certs/rotate"}]
# Values and their codec; sockets that carry them.
MESSAGES_ORDER = [{"messages"}, {"messages/channel"}]
ORDERS = {"certs": CERTS_ORDER, "messages": MESSAGES_ORDER, "gateway": GATEWAY_ORDER, "policies": POLICIES_ORDER, "firewall": FIREWALL_ORDER}
IO_FOLDER_BASE = {"base", "base/io", "messages", "certs"}
MAY_INCLUDE = {
    "base": set(),
    "base/io": {"base"},
    "messages": {"base"},
    "messages/channel": {"base", "base/io"},
    "policies/model": {"base"},
    "policies/space": {"base"},
    "policies/analyse": {"base"},
    "policies/simulate": {"base"},
    "policies/parse": {"base", "base/io"},
    "policies/check": {"base"},
    "certs": {"base", "base/io", "messages"},
    "certs/signing": {"base", "messages"},
    "certs/issuer": {"base"},
    "certs/token": {"base", "base/io"},
    "certs/config": {"base", "base/io"},
    "certs/store": {"base", "base/io"},
    "certs/acme": {"base", "base/io"},
    "certs/ca": {"base", "base/io"},
    "certs/crl": {"base", "base/io"},
    "certs/dns": {"base", "base/io"},
    "certs/import": {"base"},
    "certs/backup": {"base", "base/io"},
    "certs/view": {"base", "base/io"},
    "certs/rotate": {"base", "base/io"},
    "firewall/ruleset": {"base"},
    "firewall/feed": {"base", "base/io", "policies"},
    "firewall/compile": {"base", "policies"},
    "firewall/simulate": {"base", "policies"},
    "firewall/diff": {"base"},
    "firewall/kernel": {"base"},
    "firewall/trial": {"base", "policies"},
    "firewall/state": {"base", "base/io", "messages", "policies"},
    "firewall/control": {"base", "base/io", "messages", "policies"},
    "firewall/agent": {"base", "base/io", "messages", "messages/channel", "policies"},
    "gateway/config": {"base", "base/io", "certs"},
    "gateway/http": {"base"},
    "gateway/http1": {"base"},
    "gateway/route": {"base"},
    "gateway/balance": {"base"},
    "gateway/limit": {"base"},
    "gateway/observe": IO_FOLDER_BASE,
    "gateway/net": IO_FOLDER_BASE,
    "gateway/tls": IO_FOLDER_BASE,
    "gateway/dns": IO_FOLDER_BASE,
    "gateway/upstream": IO_FOLDER_BASE,
    "gateway/discovery": IO_FOLDER_BASE,
    "gateway/proxy": IO_FOLDER_BASE,
    "gateway/admin": IO_FOLDER_BASE,
    "gateway/runtime": IO_FOLDER_BASE,
}
# tests and bench are included by nobody else.
MAY_INCLUDE_ANYTHING = {"cli", "system", "tests", "bench"}
# Files that count as another folder's, for what they include and for who may include them.
COUNTS_AS = {
    # The seam both HTTP versions meet in: named with the wire's nouns, but the proxy's interface.
    "gateway/http/exchange.h": "gateway/proxy",
}
# Leaves anyone in the gateway may include: plain values, which include nothing but each other.
LEAF_HEADERS = {
    "gateway/observe/reason.h", "gateway/config/config.h", "gateway/config/listener_config.h",
    "gateway/config/abuse_config.h", "gateway/config/discover_config.h", "gateway/config/dns_config.h",
    "gateway/config/firewall_config.h",
    "gateway/config/limits_config.h",
    "gateway/config/match_config.h", "gateway/config/overload_config.h",
    "gateway/config/pool_config.h", "gateway/config/route_config.h",
    "gateway/config/route_rules_config.h", "gateway/config/template.h", "gateway/config/tls_config.h",
}


# Paths below are prefixes: "base/io/yaml" covers base/io/yaml.h and base/io/yaml_tree.cc.
@dataclass(frozen=True)
class Fence:
    """An outside header that only some files may include."""

    name: str
    header: str  # regular expression, from the start of what stands in <> or ""
    allowed: tuple  # path prefixes
    example: str  # a header it stops
    why: str


IO_PARTS = ("base/io/", "gateway/net/", "gateway/tls/", "gateway/dns/", "gateway/upstream/",
            "gateway/discovery/", "gateway/proxy/", "gateway/admin/", "gateway/runtime/", "certs/", "firewall/agent", "cli/", "tests/",
            "bench/")
FENCES = [
    Fence("yaml-cpp", r"yaml-cpp/", ("base/io/yaml",), "yaml-cpp/yaml.h",
          "one YAML reader, one place where its exceptions stop"),
    Fence("spdlog", r"spdlog/", ("base/io/log",), "spdlog/spdlog.h", "one log"),
    Fence("openssl", r"openssl/", ("certs/", "gateway/tls/", "tests/", "bench/"), "openssl/ssl.h",
          "TLS objects are wrapped once"),
    Fence("asio", r"boost/(asio|beast)", IO_PARTS, "boost/asio/io_context.hpp",
          "decisions are pure: no I/O library in them"),
    Fence("asio-detail", r"boost/asio/detail/", ("gateway/net/reactor.",),
          "boost/asio/detail/reactor_op.hpp", "internals of one Asio version stay in one file"),
    Fence("asio-ssl", r"boost/asio/ssl", (), "boost/asio/ssl.hpp",
          "its stream costs 68 KiB per idle connection and two copies"),
    Fence("beast-parser", r"boost/beast/http", ("gateway/admin/", "gateway/upstream/", "certs/",
                                                "cli/", "tests/", "bench/"),
          "boost/beast/http/parser.hpp", "bytes from clients meet our own parser only"),
    Fence("c-ares", r"ares(_\w+)?\.h$", ("gateway/dns/cares_channel.",), "ares.h",
          "one file knows its sockets, its memory and when it calls back"),
    Fence("nghttp2", r"nghttp2/", (), "nghttp2/nghttp2.h", "HTTP/2 has no file yet"),
    Fence("netlink", r"(libmnl|libnftnl|linux/netfilter)/", ("firewall/kernel/", "tests/firewall/kernel/", "bench/"), "libmnl/libmnl.h",
          "one folder talks netlink"),
    Fence("zlib", r"zlib\.h$", ("firewall/feed/unpack.", "tests/firewall/feed/"), "zlib.h", "one file unpacks, with a limit"),
    Fence("libpsl", r"libpsl\.h$", ("certs/rotate/registered_domain.",), "libpsl.h", "one file knows where the list is"),
    Fence("p11-kit", r"p11-kit/", ("certs/token/", "tests/certs/token/"), "p11-kit/pkcs11.h",
          "one folder speaks to tokens"),
    Fence("libseccomp", r"seccomp\.h$", ("system/confine/seccomp_filter.",), "seccomp.h",
          "one file hands filters to the kernel"),
    Fence("cli11", r"CLI/", ("cli/",), "CLI/CLI.hpp", "flags are parsed in cli/ alone"),
    Fence("gtest", r"g(test|mock)/", ("tests/",), "gtest/gtest.h", "product code has no test code"),
    Fence("benchmark", r"benchmark/", ("bench/",), "benchmark/benchmark.h", "benchmarks are in bench/"),
    Fence("std-regex", r"regex$", (), "regex", "slow, recursive, and no limit on its stack"),
]


@dataclass(frozen=True)
class Ban:
    """Text that stands nowhere in code (comments and string literals are not looked at)."""

    name: str
    pattern: str
    where: tuple  # path prefixes it holds in
    allowed: tuple  # path prefixes it does not hold in
    example: str  # code it stops; check_layout_test.py puts it in a file of where[0]
    why: str


PRODUCT = ("gateway/", "base/", "messages/", "certs/", "policies/", "firewall/", "system/", "cli/")
CODE = PRODUCT + ("tests/", "bench/")
DATA_PATH = ("gateway/proxy/", "gateway/http/", "gateway/http1/", "gateway/route/",
             "gateway/balance/", "gateway/limit/", "gateway/net/", "gateway/tls/", "gateway/upstream/")
BANS = [
    # The demo's tiny backends are Asio as in its examples: their io_context owns what they spawn.
    Ban("detached", r"\bdetached\b|\.detach\(\)", CODE, ("cli/demo_backends.cc",), "std::thread(work).detach();",
        "everything that runs has an owner: TaskGroup or a joined thread"),
    Ban("co-spawn", r"\bco_spawn\b", CODE, ("cli/demo_backends.cc",), "asio::co_spawn(io, f(), token);",
        "coroutines start through TaskGroup::spawn"),
    Ban("spawned-lambda", r"\bspawn\s*\(\s*\[[^\]]", CODE, (), "tasks.spawn([&] { return f(); }());",
        "captures die with the lambda, the coroutine lives on"),
    Ban("lambda-coroutine", r"\[[^\[\]]+\]\s*(\([^()]*\))?\s*(mutable\s*)?->\s*(\w+::)*Task\s*<",
        CODE, (), "auto f = [this](int n) -> base::Task<void> { co_return; };",
        "a coroutine is a named function, never a capturing lambda"),
    # Handing it to a smart pointer in the same expression is how private constructors are called.
    Ban("raw-new", r"(?m)^(?!.*_ptr<[^;\n]*[({]\s*new\b).*?(?<!operator )(?<!::)\bnew\b\s*[\w:(]", CODE,
        (), "auto* p = new Session();", "unique_ptr owns on the heap"),
    Ban("raw-delete", r"(?<!operator )\bdelete\b(\[\])?\s+[\w:(*]", CODE, (), "delete session;",
        "unique_ptr owns on the heap"),
    Ban("shared-from-this", r"\bshared_from_this\b", CODE, (), "auto self = shared_from_this();",
        "the coroutine frame owns what it uses"),
    Ban("any-io-executor", r"\bany_io_executor\b", ("gateway/", "base/io/"), (),
        "asio::any_io_executor executor;", "5 to 8 % of a request"),
    # Exact gateway-wide numbers off the path of a request: the queue of a pool whose places are all
    # taken, the count of connections, on accept and close, and what is in flight on routes that limit it.
    Ban("data-path-lock", r"\bstd::(recursive_|shared_|timed_)?mutex\b|\bcondition_variable\b",
        DATA_PATH, ("gateway/upstream/pool.", "gateway/net/connection_limits.", "gateway/limit/in_flight.",
                    "gateway/tls/remote/remote_keys.",  # for one send
                        "gateway/proxy/rules/password_checks."),  # side threads
        "std::mutex mutex_;", "workers share snapshots and atomics, not locks"),
    Ban("using-namespace", r"\busing\s+namespace\b(?!\s+(std::)?(literals|string_literals|"
        r"string_view_literals|chrono_literals|chrono::literals|literals::\w+)\b)"
        r"(?! std::chrono;| ravelin::| gateway;)", CODE, (),
        "using namespace std;", "names say where they come from"),
    Ban("std-regex", r"\bstd::(basic_)?regex\b", CODE, (), "std::regex pattern;",
        "slow, recursive, and no limit on its stack"),
    # yaml-cpp can only be stopped that way; in a consteval function it is a compile error.
    Ban("throw", r"\bthrow\b", PRODUCT, ("base/io/yaml", "gateway/http/fields.cc"), "throw Error();",
        "Result for outside causes, CHECK for bugs"),
    Ban("sleep-in-unit-test", r"\b(sleep_for|sleep_until|usleep|nanosleep|sleep)\s*\(", ("tests/",),
        ("tests/integration/",), "std::this_thread::sleep_for(10ms);", "unit tests wait for events"),
    Ban("skipped-test", r"\bGTEST_SKIP\b|\bDISABLED_\w", ("tests/",), (), "GTEST_SKIP();",
        "a test runs or is deleted"),
]

# ---- text that stands in no tracked file, written so that this file does not hold it either ----
TEXT_BANS = {
    "foreign-path": "|".join(("/wo" "rk/", "/far" "m/", "/tmp/rese" "arch", r"/\.lib" "rary")),
    "unfinished": "|".join(("\\bTO" "DO\\b", "\\bFIX" "ME\\b", "not imple" "mented", "unimple" "mented")),
}
TEXT_BAN_FILES = (".h", ".cc", ".py", ".sh", ".md", ".cmake", ".txt", ".json", ".yaml", ".yml", "")
DOCUMENTED_KEY = (r"`(limits|timeouts|connections|queue|overload|ejection|health|client_auth|retry|tls|log|"
                  r"admin|match)\.(\w+)`")
VAGUE_NAMES = {"util", "utils", "helper", "helpers", "common", "manager", "misc", "stuff"}
# What operators write in `include`: common/services.yaml is a site's or the shipped one.
VAGUE_NAMES_ALLOWED = ("policies/library/common/", "tests/policies/parse/examples/")

LINES_MAX = 600
LINES_QUESTIONED = 400
