# SPDX-License-Identifier: Apache-2.0
"""What a policy says it would do, against what it does."""
import pytest

from sandlock import Sandbox, SandlockError


def verdicts(sandbox, question):
    return {answer.access: answer.verdict
            for answer in sandbox.explain(question, cmd=["cat"])}


def test_the_answer_is_what_happens_and_the_fix_works(base, tmp_path):
    secret = tmp_path / "secret"
    secret.write_text("x")
    read = [answer for answer in base.explain("path:%s" % secret)
            if answer.access == "read"][0]
    assert (read.verdict, read.error, read.allowed) == ("refused", "EACCES", False)
    assert read.enforced_by == "Landlock" and read.reason
    assert not base.run(["cat", str(secret)]).success
    assert read.fix_field == "fs_readable" and str(tmp_path) in read.fix
    base.fs_readable = [read.fix_value]
    assert base.run(["cat", str(secret)]).success
    read = [answer for answer in base.explain("path:%s" % secret)
            if answer.access == "read"][0]
    assert read.allowed and read.origin == "fs_readable" and read.fix is None


def test_a_secret_is_not_offered(base, tmp_path):
    key = tmp_path / "id_ed25519"
    key.write_text("x")
    read = base.explain("path:%s" % key)[0]
    assert read.verdict == "refused" and "secret" in read.no_fix
    assert read.fix is read.fix_field is read.fix_value is None
    (denial,) = [d for d in base.run(["cat", str(key)], why=True).denials
                 if d.object == str(key)]
    assert denial.fix is None and denial.no_fix == read.no_fix


def test_network_and_system_calls():
    sandbox = Sandbox(profiles=["base"], net_allow=["tcp://:443"])
    (answer,) = sandbox.explain("net:127.0.0.1:443")
    assert answer.allowed and answer.origin == "net_allow"
    (answer,) = sandbox.explain("net:127.0.0.1:80")
    assert not answer.allowed and answer.fix_field == "net_allow"
    assert not any(a.allowed for a in sandbox.explain("syscall:ptrace"))
    assert len(sandbox.explain("bind:80", "bind:81")) == 2


def test_rules_know_their_origin():
    rules = Sandbox(fs_readable=["/usr"], max_open_files=64).rules()
    assert any(r.key == "filesystem.read" and r.subject == "/usr" and r.allows
               and r.origin == "fs_readable" for r in rules)
    assert any(r.key == "limits.open_files" and r.origin == "max_open_files"
               for r in rules)


def test_what_is_no_question(base):
    for question in ("nonsense", "", "path:", "syscall:no_such_call"):
        with pytest.raises(SandlockError):
            base.explain(question)
    with pytest.raises(TypeError, match="question"):
        base.explain(5)
    with pytest.raises(ValueError, match="question"):
        base.explain("path:/\0")
    with pytest.raises(TypeError, match="cmd"):
        base.explain("path:/", cmd="true")
    with pytest.raises(RuntimeError):
        Sandbox(num_cpus=2).explain("path:/")


def test_features_of_the_kernel(base):
    found = {feature.name: feature for feature in base.features()}
    assert found["landlock"].state in ("present", "limited")
    assert found["landlock"].needed
    assert all(f.state in ("present", "missing", "limited") and f.gives
               for f in found.values())
    assert not {f.name for f in Sandbox().features() if f.needed} - set(found)
    with pytest.raises(RuntimeError, match="num_cpus"):
        Sandbox(num_cpus=2).features()
