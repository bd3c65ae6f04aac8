#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Run pytest with TAP on stdout, one point per test.

usage: tap.py PYTEST_ARGUMENT...
"""
import sys

import pytest


class Tap:
    """Collects what pytest reports and says it as TAP."""

    def __init__(self):
        self.count = 0
        self.told = set()

    @pytest.hookimpl(trylast=True)
    def pytest_configure(self, config):
        reporter = config.pluginmanager.getplugin("terminalreporter")
        config.pluginmanager.unregister(reporter)

    def point(self, good, name, note=""):
        self.count += 1
        print("%sok %d - %s%s" % ("" if good else "not ", self.count, name,
                                  note), flush=True)

    def explain(self, text):
        for line in str(text).splitlines():
            print("# " + line)

    def pytest_runtest_logreport(self, report):
        path, _, test = report.nodeid.partition("::")
        name = path.rpartition("/")[2] + "::" + test.replace("#", "_")
        if report.failed:
            self.explain(report.longreprtext)
            for title, text in report.sections:
                self.explain(title + "\n" + text)
        elif not report.skipped and report.when != "teardown":
            return
        # A test may fail twice, in its body and in its clean-up.
        if report.nodeid in self.told:
            return
        self.told.add(report.nodeid)
        self.point(not report.failed, name, " # SKIP %s" % report.longrepr[2]
                   if report.skipped else "")

    def pytest_collectreport(self, report):
        if report.failed:
            self.explain(report.longreprtext)
            self.point(False, "collecting " + report.nodeid)


if __name__ == "__main__":
    print("TAP version 13")
    tap = Tap()
    status = pytest.main(["-p", "no:cacheprovider",
                          "-o", "faulthandler_timeout=100"] + sys.argv[1:],
                         plugins=[tap])
    if status not in (0, 1):
        tap.point(False, "pytest ends with status %d" % status)
    print("1..%d" % tap.count)
    sys.exit(status)
