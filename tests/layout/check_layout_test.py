#!/usr/bin/env python3
"""Proves that every rule of the layout check can fail, and that its neighbour passes: each row of the
tables by its own example, each other rule by a small tree."""

import unittest

import check_layout
import rules

HEAD = "// What it is.\n"
BUILD = {"gateway/CMakeLists.txt": "x.cc a.cc b.cc reason.cc"}


def rules_broken(files):
    return {finding.rule for finding in check_layout.check({**BUILD, **files})}


class Fences(unittest.TestCase):
    def test_every_fence_stops_its_example_outside_and_lets_it_pass_inside(self):
        for fence in rules.FENCES:
            with self.subTest(fence.name):
                text = HEAD + f"#pragma once\n#include <{fence.example}>\n"
                name = "fence " + fence.name
                self.assertIn(name, rules_broken({"gateway/route/x.h": text}))
                for place in fence.allowed:
                    path = place + "x.h" if place.endswith(("/", ".")) else place + "/x.h"
                    self.assertNotIn(name, rules_broken({path: text}))


class Bans(unittest.TestCase):
    def test_every_ban_stops_its_example_and_ignores_comments_and_literals(self):
        for ban in rules.BANS:
            with self.subTest(ban.name):
                path = ban.where[0] + ("x.cc" if ban.where[0].count("/") > 1 else "proxy/x.cc")
                name = "ban " + ban.name
                self.assertIn(name, rules_broken({path: HEAD + ban.example + "\n"}))
                self.assertNotIn(name, rules_broken({path: HEAD + "// " + ban.example + "\n"}))
                quoted = ban.example.replace('"', "'")
                self.assertNotIn(name, rules_broken({path: f'{HEAD}auto s = "{quoted}";\n'}))
                for place in ban.allowed:
                    inside = place if place.endswith(".cc") else place + "x.cc"
                    self.assertNotIn(name, rules_broken({inside: HEAD + ban.example + "\n"}))

    def test_what_only_looks_like_a_banned_thing_passes(self):
        for code in ("Session(const Session&) = delete;", "static void* operator new(std::size_t n);",
                     "::new (place) Field(f);", "using namespace std::chrono_literals;",
                     "std::shared_ptr<const Context> context(new Context);",
                     "auto f = [](int n) { return n; };", "tasks.spawn(serve(socket, context));",
                     "const auto big = 1'000'000; auto c = 'x';"):
            with self.subTest(code):
                self.assertEqual(set(), rules_broken({"gateway/proxy/x.cc": HEAD + code + "\n"}))

    def test_code_after_a_digit_separator_or_a_raw_string_is_still_seen(self):
        for before in ("auto n = 1'000'000;", 'auto s = R"x(" // )x";', "auto c = '\"';"):
            with self.subTest(before):
                text = HEAD + before + " std::regex r; auto t = \"\";\n"
                self.assertIn("ban std-regex", rules_broken({"gateway/proxy/x.cc": text}))


class Await(unittest.TestCase):
    def test_what_gcc_miscompiles_is_stopped(self):
        for code in ("co_await f(a ? b : c);", "co_await f(Options{1});", "co_await g.f({1, 2});",
                     "co_await f([&] { return 1; });"):
            with self.subTest(code):
                self.assertEqual({"await-expression"},
                                 rules_broken({"gateway/proxy/x.cc": HEAD + code + "\n"}))

    def test_what_it_compiles_passes(self):
        for code in ("if (co_await f(a)) { g(); }", "auto r = co_await s.read(b[1], c); d ? e : f;"):
            with self.subTest(code):
                self.assertEqual(set(), rules_broken({"gateway/proxy/x.cc": HEAD + code + "\n"}))


class Includes(unittest.TestCase):
    def broken(self, folder, header):
        text = HEAD + f'#pragma once\n#include "{header}"\n'
        return "include-direction" in rules_broken({folder + "/x.h": text})

    def test_every_folder_is_refused_what_its_row_does_not_name(self):
        for folder, allowed in rules.MAY_INCLUDE.items():
            with self.subTest(folder):
                self.assertTrue(self.broken(folder, "cli/run.h"))
                self.assertTrue(self.broken(folder, "tests/support/x.h"))
                for target in allowed | {folder}:
                    self.assertFalse(self.broken(folder, target + "/y.h"))

    def test_every_part_flows_one_way(self):
        for order in rules.ORDERS.values():
            for low, lower in enumerate(order):
                for a, b in ((a, b) for higher in order[low + 1:] for a in lower for b in higher):
                    self.assertTrue(self.broken(a, b + "/y.h"), f"{a} -> {b}")
                    self.assertFalse(self.broken(b, a + "/y.h"), f"{b} -> {a}")

    def test_a_part_named_whole_is_open_whole(self):
        self.assertFalse(self.broken("firewall/compile", "policies/model/y.h"))
        self.assertTrue(self.broken("policies/model", "firewall/ruleset/y.h"))
        self.assertTrue(self.broken("gateway/http", "base/io/y.h"))

    def test_siblings_do_not_meet_and_leaves_are_free(self):
        self.assertTrue(self.broken("gateway/route", "gateway/balance/y.h"))
        self.assertFalse(self.broken("gateway/http1", "gateway/observe/reason.h"))
        self.assertFalse(self.broken("cli", "gateway/runtime/y.h"))
        self.assertTrue(self.broken("cli", "tests/support/y.h"))

    def test_a_file_that_counts_as_anothers_follows_its_rules(self):
        for path, folder in rules.COUNTS_AS.items():
            here = path.rsplit("/", 1)[0]
            self.assertTrue(self.broken(here, path))
            self.assertFalse(self.broken(folder, path))
            text = HEAD + f'#pragma once\n#include "{folder}/y.h"\n'
            self.assertEqual(set(), rules_broken({path: text}))

    def test_quoted_includes_start_at_the_root(self):
        for header in ("y.h", "../base/y.h", "boost/asio.hpp"):
            text = HEAD + f'#pragma once\n#include "{header}"\n'
            self.assertIn("include-from-root", rules_broken({"cli/x.h": text}))

    def test_a_folder_without_a_row_is_noticed(self):
        self.assertIn("unknown-folder", rules_broken({"gateway/magic/x.h": HEAD + "#pragma once\n"}))


class Shape(unittest.TestCase):
    def test_a_good_header_passes(self):
        self.assertEqual(set(), rules_broken({"base/x.h": HEAD + "#pragma once\n"}))

    def test_each_flaw_is_named(self):
        long = HEAD + "\n" * rules.LINES_MAX
        for rule, path, text in (
                ("pragma-once", "base/x.h", HEAD),
                ("file-head", "base/x.h", "#pragma once\n"),
                ("file-head", "cli/x.cc", "#include <string>\n"),
                ("file-head", "scripts/x.py", "import os\n"),
                ("file-length", "base/x.cc", long),
                ("top-level", "magic/x.txt", ""),
                ("vague-name", "base/string_utils.h", HEAD + "#pragma once\n"),
                ("vague-name", "gateway/common/x.txt", ""),
                ("not-built", "base/orphan.cc", HEAD)):
            with self.subTest(rule + " " + path):
                self.assertIn(rule, rules_broken({path: text}))

    def test_a_source_beside_its_header_needs_no_head(self):
        files = {"base/x.h": HEAD + "#pragma once\n", "base/x.cc": '#include "base/x.h"\n'}
        self.assertEqual(set(), rules_broken(files))


class Text(unittest.TestCase):
    def test_every_banned_text_is_found(self):
        for rule, sample in (("foreign-path", "see /wo" "rk/main"), ("foreign-path", "/tmp/rese" "arch/x"),
                             ("unfinished", "// TO" "DO: later"), ("unfinished", "not imple" "mented")):
            with self.subTest(sample):
                self.assertIn("text " + rule, rules_broken({"docs/x.md": sample}))
        self.assertEqual(set(), rules_broken({"docs/x.md": "networking, framework"}))


class PythonNames(unittest.TestCase):
    def found(self, text):
        return {(finding.rule, finding.line) for finding in check_layout.check({"tests/x.py": text})
                if finding.rule.startswith("python")}

    def test_a_name_that_takes_another_s_place_is_found(self):
        method = "    def test_a(self):\n        pass\n"
        for text, line in (("def a():\n    pass\n\ndef a():\n    pass\n", 4),
                           ("class A:\n" + method + method, 4),
                           ("class A:\n    pass\n\nclass A:\n    pass\n", 4),
                           ("def f():\n    def a():\n        pass\n    def a():\n        pass\n", 4)):
            with self.subTest(text):
                self.assertIn(("python-name-twice", line), self.found(text))

    def test_one_name_in_two_places_passes(self):
        method = "    def test_a(self):\n        pass\n"
        for text in ("class A:\n" + method + "\nclass B:\n" + method,
                     "class A:\n    @property\n    def a(self):\n        pass\n"
                     "    @a.setter\n    def a(self, to):\n        pass\n"):
            with self.subTest(text):
                self.assertEqual(set(), self.found(text))

    def test_what_is_no_python_is_found(self):
        self.assertIn(("python-syntax", 1), self.found("def (\n"))


class Documents(unittest.TestCase):
    TEST = {"tests/base/x_test.cc": '#include "base/x.h"\nTEST(Text, IsFound) {}\n',
            "tests/CMakeLists.txt": "x_test.cc", "base/x.h": HEAD + "#pragma once\n"}

    def test_named_tests_must_exist(self):
        for rule, text in (("document-path", "`tests/base/y_test.cc`"),
                           ("document-path", "`tests/nothing/`"),
                           ("document-test", "`tests/base/x_test.cc: Text.IsLost`"),
                           ("document-test", "`tests/base/x_test.cc: Text.IsFound, Text.IsLost`")):
            with self.subTest(text):
                self.assertIn(rule, rules_broken({**self.TEST, "docs/x.md": text}))
        good = "`tests/base/x_test.cc: Text.IsFound` and `tests/base/`"
        self.assertEqual(set(), rules_broken({**self.TEST, "docs/x.md": good}))

    def test_every_reason_has_a_row_and_every_row_a_reason(self):
        header = HEAD + "#pragma once\nenum class Reason : char {\n  none,\n  a,  // b\n  count_,\n};\n"
        files = {"gateway/observe/reason.h": header}
        self.assertEqual(set(), rules_broken({**files, "docs/operations.md": "| `a` | 400 | x |\n"}))
        source = {"gateway/observe/reason.cc": '{"a", "", 502},\n'}
        for table, extra in (("none\n", {}), ("| `a` | 400 | x |\n| `b` | closed | x |\n", {}),
                             ("| `a` | 400 | x |\n", source)):
            with self.subTest(table):
                self.assertIn("reason-table",
                              rules_broken({**files, **extra, "docs/operations.md": table}))

    def test_named_configuration_keys_must_exist(self):
        parser = {"gateway/config/parse.cc": HEAD + 'f("limits"); f("header_max");\n',
                  "gateway/config/CMakeLists.txt": "parse.cc"}
        self.assertEqual(set(), rules_broken({**parser, "docs/x.md": "`limits.header_max`"}))
        self.assertIn("document-key", rules_broken({**parser, "docs/x.md": "`limits.head_max`"}))

    def test_every_metric_is_named(self):
        files = {"gateway/observe/metric_families.cc": '// x\n{.name = "ravelin_a", .type = gauge}',
                 "gateway/observe/metric_families.h": HEAD + "#pragma once\n",
                 "gateway/observe/CMakeLists.txt": "metric_families.cc"}
        self.assertEqual(set(), rules_broken({**files, "docs/operations.md": "| `ravelin_a` | |"}))
        self.assertIn("metric-table", rules_broken({**files, "docs/operations.md": "ravelin_b"}))


if __name__ == "__main__":
    unittest.main()
