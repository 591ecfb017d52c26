#!/usr/bin/env python3
"""Holds the shape of the tree: include directions, fences, bans, file heads and lengths, and that the
documents name tests and reasons that exist, and that no Python test takes another's name. The rules
are tables in rules.py.

check_layout.py [ROOT]      prints one line per finding; exit 0 none, 1 some
"""

import ast
import os
import re
import subprocess
import sys
from collections import namedtuple

import rules

Finding = namedtuple("Finding", "rule path line message")

SOURCE = (".h", ".cc")
INCLUDE = re.compile(r'^\s*#\s*include\s*(<([^>]+)>|"([^"]+)")', re.M)
# Comments and literals, in the order they can begin.
LITERAL = re.compile(
    r'//[^\n]*|/\*.*?\*/|R"(?P<tag>[^()\\\s]{0,16})\(.*?\)(?P=tag)"|"(?:\\.|[^"\\\n])*"'
    r"|(?<![0-9a-fA-F])'(?:\\.|[^'\\\n])+'", re.S)


def blank_literals(text):
    """The code alone: comments and literals become spaces, line numbers stay."""
    def blank(match):
        return re.sub(r"[^\n]", " ", match.group())
    return LITERAL.sub(blank, text)


def line_of(text, offset):
    return text.count("\n", 0, offset) + 1


def folder_of(path):
    """The folder a rule speaks about: base, base/io, gateway/tls, certs, cli, tests, …"""
    if path in rules.COUNTS_AS:
        return rules.COUNTS_AS[path]
    parts = path.split("/")[:-1]
    if not parts:
        return ""
    if parts[0] in rules.ORDERS or parts[:2] == ["base", "io"]:
        return "/".join(parts[:2])
    return parts[0]


def rank_of(folder):
    """Where a folder stands in the order of its part; None: it has no order."""
    for rank, folders in enumerate(rules.ORDERS.get(folder.split("/")[0], [])):
        if folder in folders:
            return rank
    return None


def may_include(folder, header):
    target = folder_of(header)
    if target == folder:
        return True
    if folder in rules.MAY_INCLUDE_ANYTHING:
        return target not in {"tests", "bench"} or folder in {"tests", "bench"}
    if header in rules.LEAF_HEADERS and folder.startswith("gateway/"):
        return True
    if target in rules.MAY_INCLUDE.get(folder, set()):
        return True
    part = target.split("/")[0]
    if folder.split("/")[0] != part:
        return part in rules.ORDERS and part in rules.MAY_INCLUDE.get(folder, set())
    own_rank, rank = rank_of(folder), rank_of(target)
    return own_rank is not None and rank is not None and rank < own_rank


def check_includes(files):
    for path, text in files.items():
        if not path.endswith(SOURCE):
            continue
        folder = folder_of(path)
        known = folder in rules.MAY_INCLUDE or folder in rules.MAY_INCLUDE_ANYTHING
        if not known:
            yield Finding("unknown-folder", path, 1, f'"{folder}" has no row in rules.py')
        for match in INCLUDE.finditer(text):
            line = line_of(text, match.start(1))
            angled, quoted = match.group(2), match.group(3)
            if quoted is not None:
                if "/" not in quoted or quoted.split("/")[0] not in rules.TOP_LEVEL:
                    yield Finding("include-from-root", path, line,
                                  f'"{quoted}" is not a path from the root of the project')
                elif known and not may_include(folder, quoted):
                    yield Finding("include-direction", path, line,
                                  f"{folder} must not include {quoted}")
            yield from check_fences(path, line, angled or quoted)


def check_fences(path, line, header):
    for fence in rules.FENCES:
        if re.match(fence.header, header) and not path.startswith(fence.allowed or ("\0",)):
            allowed = ", ".join(fence.allowed) or "nowhere"
            yield Finding("fence " + fence.name, path, line,
                          f"<{header}> is allowed in: {allowed} ({fence.why})")


def check_bans(files):
    for path, text in files.items():
        if not path.endswith(SOURCE):
            continue
        code = blank_literals(text)
        for ban in rules.BANS:
            if not path.startswith(ban.where) or (ban.allowed and path.startswith(ban.allowed)):
                continue
            for match in re.finditer(ban.pattern, code):
                yield Finding("ban " + ban.name, path, line_of(code, match.start()),
                              f"`{match.group().strip()}`: {ban.why}")
        yield from check_await(path, code)


def check_await(path, code):
    """g++ 12 miscompiles a temporary in braces, a capturing lambda and ?: inside co_await."""
    for match in re.finditer(r"\bco_await\s+[\w:.\->]*(<[\w:, ]*>)?\(", code):
        depth, end = 1, match.end()
        while end < len(code) and depth > 0:
            depth += {"(": 1, ")": -1}.get(code[end], 0)
            end += 1
        arguments = code[match.end():end]
        if re.search(r"\?|\w\s*\{|[(,]\s*\{|\[[^\]]+\]\s*[({]", "(" + arguments):
            yield Finding("await-expression", path, line_of(code, match.start()),
                          "name the value first: g++ 12 miscompiles {}, ?: and captures in co_await")


def check_shape(files):
    """Heads, guards, lengths and names."""
    for path, text in files.items():
        top = path.split("/")[0]
        if top not in rules.TOP_LEVEL:
            yield Finding("top-level", path, 1, f'"{top}" is not one of the top-level names')
        words = re.split(r"[/_.\-]", path.lower())
        is_named_for_operators = path.startswith(rules.VAGUE_NAMES_ALLOWED)
        for word in set() if is_named_for_operators else rules.VAGUE_NAMES.intersection(words):
            yield Finding("vague-name", path, 1, f'"{word}" says nothing about what is inside')
        if not path.endswith(SOURCE + (".py",)):
            continue
        lines = text.count("\n")
        if lines > rules.LINES_MAX:
            yield Finding("file-length", path, lines, f"{lines} lines; the limit is {rules.LINES_MAX}")
        if path.endswith(".h") and "#pragma once" not in text:
            yield Finding("pragma-once", path, 1, "a header begins with #pragma once")
        head = "//" if path.endswith(SOURCE) else ("#!", '"""')
        if needs_head(path, files) and text and not text.startswith(head):
            yield Finding("file-head", path, 1, "begin with one to five lines of comment")


def needs_head(path, files):
    """A .cc beside its .h is introduced there; a test is introduced by what it tests."""
    if path.endswith("_test.cc"):
        return False
    return not (path.endswith(".cc") and path[:-3] + ".h" in files)


def check_build(files):
    """A source file that no CMakeLists.txt names is never compiled, a test never run."""
    named = " ".join(text for path, text in files.items()
                     if path.endswith("CMakeLists.txt") or path.endswith(".cmake"))
    words = {word.rsplit("/", 1)[-1] for word in re.split(r"[\s();\"]+", named)}
    for path in files:
        if path.endswith(".cc") and path.rsplit("/", 1)[-1] not in words:
            yield Finding("not-built", path, 1, "no CMakeLists.txt names it")


def check_text(files):
    for path, text in files.items():
        if os.path.splitext(path)[1] not in rules.TEXT_BAN_FILES or "/corpus/" in path:
            continue
        for rule, pattern in rules.TEXT_BANS.items():
            for match in re.finditer(pattern, text):
                yield Finding("text " + rule, path, line_of(text, match.start()), match.group())


def check_python_names(files):
    """Of two functions or classes with one name in one place the first is never met: a test that never runs."""
    for path, text in files.items():
        if not path.endswith(".py"):
            continue
        try:
            tree = ast.parse(text)
        except SyntaxError as error:
            yield Finding("python-syntax", path, error.lineno or 1, error.msg)
            continue
        for place in ast.walk(tree):
            if not isinstance(place, (ast.Module, ast.ClassDef, ast.FunctionDef)):
                continue
            known = {}
            for node in place.body:
                # A decorator may make the second one part of the first, as @x.setter does.
                if (not isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef))
                        or node.decorator_list):
                    continue
                if node.name in known:
                    yield Finding("python-name-twice", path, node.lineno,
                                  f"{node.name} takes the place of that of line {known[node.name]}")
                known[node.name] = node.lineno


def check_documents(files):
    """`tests/…` and `tests/….cc: Suite.Name` in a document must exist; every reason is explained."""
    for path, text in files.items():
        if not path.endswith(".md"):
            continue
        for match in re.finditer(r"`(tests/[\w./\-]+)(?:: ([\w.\-/ ,]+))?`", text):
            line = line_of(text, match.start())
            target, names = match.group(1).rstrip("/"), match.group(2)
            if target not in files and not any(p.startswith(target + "/") for p in files):
                yield Finding("document-path", path, line, f"{target} does not exist")
            elif names:
                yield from check_test_names(path, line, target, names, files[target])
    yield from check_config_keys(files)
    yield from check_operations(files)


def check_config_keys(files):
    """A configuration key named in a document (`limits.header_max`) is one the parser reads."""
    parser = "".join(text for path, text in files.items()
                     if path.startswith("gateway/config/") and path.endswith(".cc"))
    if not parser:
        return
    for path, text in files.items():
        for match in re.finditer(rules.DOCUMENTED_KEY, text) if path.endswith(".md") else ():
            for key in match.groups():
                if f'"{key}"' not in parser:
                    yield Finding("document-key", path, line_of(text, match.start()),
                                  f"the configuration has no key {key}")


def check_operations(files):
    """docs/operations.md has a row for each reason and names each metric."""
    table = files.get("docs/operations.md")
    reason = files.get("gateway/observe/reason.h")
    families = files.get("gateway/observe/metric_families.cc")
    if table is not None and families is not None:
        for name in re.findall(r'\.name = "(\w+)"', families):
            if f"`{name}`" not in table:
                yield Finding("metric-table", "docs/operations.md", 1, f"metric `{name}` is not named")
    if reason is not None and table is not None:
        body = re.search(r"enum class Reason[^{]*\{(.*?)\}", blank_literals(reason), re.S)
        tokens = set(re.findall(r"\b(\w+)\b", body.group(1))) - {"none", "count_"}
        rows = dict(re.findall(r"^\| `(\w+)` \| (\d{3}|closed) \|", table, re.M))
        for token in sorted(tokens - set(rows)):
            yield Finding("reason-table", "docs/operations.md", 1, f"reason `{token}` has no row")
        for token in sorted(set(rows) - tokens):
            yield Finding("reason-table", "docs/operations.md", 1, f"`{token}` is not a reason")
        answers = re.findall(r'\{"(\w+)", "\w*", (\d+)\}', files.get("gateway/observe/reason.cc", ""))
        for token, status in answers:
            answer = "closed" if status == "0" else status
            if rows.get(token, answer) != answer:
                yield Finding("reason-table", "docs/operations.md", 1,
                              f"`{token}` answers {answer}, the table says {rows[token]}")


def check_test_names(path, line, target, names, text):
    for name in re.split(r",\s*", names):
        suite, _, test = name.strip().partition(".")
        found = (re.search(rf"TEST(_[FP])?\(\s*{suite},\s*{test.split('/')[0]}\s*\)", text) if test
                 else re.search(rf"\b{re.escape(name.strip())}\b", text))
        if not found:
            yield Finding("document-test", path, line, f"{target} has no test {name.strip()}")


def check(files):
    """All findings of a tree given as {path: text}."""
    parts = (check_includes, check_bans, check_shape, check_build, check_text, check_python_names,
             check_documents)
    return [finding for part in parts for finding in part(files)]


def list_files(root):
    """Tracked files; without git, everything but build/."""
    git = subprocess.run(["git", "-c", "safe.directory=*", "-C", root, "ls-files", "-z"],
                         capture_output=True, text=True, check=False)
    if git.returncode == 0 and git.stdout:
        return [path for path in git.stdout.split("\0") if path]
    found = []
    for folder, folders, names in os.walk(root):
        folders[:] = [name for name in folders if name not in {".git", "build", "__pycache__"}]
        found += [os.path.relpath(os.path.join(folder, name), root) for name in names]
    return found


def read_tree(root):
    files = {}
    for path in list_files(root):
        full = os.path.join(root, path)
        if os.path.isfile(full) and not os.path.islink(full):
            with open(full, encoding="utf-8", errors="replace") as file:
                files[path] = file.read()
    return files


def main():
    root = sys.argv[1] if len(sys.argv) > 1 else os.path.join(os.path.dirname(__file__), "..", "..")
    files = read_tree(os.path.abspath(root))
    findings = check(files)
    for finding in findings:
        print(f"{finding.path}:{finding.line}: {finding.rule}: {finding.message}")
    for path, text in sorted(files.items()):
        if path.endswith(SOURCE) and text.count("\n") > rules.LINES_QUESTIONED:
            print(f"{path}: note: {text.count(chr(10))} lines; does more than one reason live here?")
    print(f"{len(files)} files, {len(findings)} findings")
    return 1 if findings else 0


if __name__ == "__main__":
    sys.exit(main())
