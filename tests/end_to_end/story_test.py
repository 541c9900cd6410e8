#!/usr/bin/python3
"""Plays the story of tools/run with the build's own binaries, and shows that it can fail.

Runs have a folder of their own for all that is temporary: whatever is left in it, and every process
that still knows of it, was left behind.
"""

import os
import pathlib
import select
import signal
import subprocess
import tempfile
import unittest

ROOT = pathlib.Path(__file__).resolve().parents[2]
WORKED_POLICY = (ROOT / "config" / "policy-mariadb.yaml").read_text()
END_MS = 60_000


def processes_of(folder):
    """Handles of all processes that have the folder in their environment."""
    handles = {}
    for process in pathlib.Path("/proc").glob("[0-9]*"):
        try:
            if f"TMPDIR={folder}".encode() in (process / "environ").read_bytes().split(b"\0"):
                handles[process.name] = os.pidfd_open(int(process.name))
        except OSError:
            pass  # it has ended meanwhile, or is somebody else's
    return handles


class Story(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.folder = tempfile.TemporaryDirectory(prefix="story-")
        cls.temporary = pathlib.Path(cls.folder.name, "t")
        cls.temporary.mkdir()
        cls.kept = pathlib.Path(cls.folder.name, "kept")

    @classmethod
    def tearDownClass(cls):
        cls.folder.cleanup()

    def command(self, *options):
        return [str(ROOT / "tools" / "run"), "--once", "--built", "--keep", str(self.kept),
                *options]

    def begin(self, *options):
        return subprocess.Popen(self.command(*options), text=True, stdout=subprocess.PIPE,
                                stderr=subprocess.STDOUT,
                                env={**os.environ, "TMPDIR": str(self.temporary)})

    def play(self, *options):
        """Exit code and output of a whole run, which leaves nothing behind."""
        story = self.begin(*options)
        output, _ = story.communicate()
        self.assertEqual(processes_of(self.temporary), {}, output)
        self.assertEqual(list(self.temporary.iterdir()), [], output)
        return story.returncode, output

    def policy(self, *changes):
        """The worked example without its tests, changed: a file."""
        text = WORKED_POLICY[:WORKED_POLICY.index("\ntests:")] + "\n"
        for before, after in changes:
            self.assertIn(before, text)
            text = text.replace(before, after)
        file = pathlib.Path(self.folder.name, "policy.yaml")
        file.write_text(text)
        return str(file)

    def test_1_goes_as_it_should_and_again_with_the_data_that_were_kept(self):
        for first_order in ("o1 ", "o7 "):
            code, output = self.play()
            self.assertEqual(code, 0, output)
            self.assertIn(first_order, output)
            for what in ("replayed", "ALREADY_MOVED", "refunds_within_paid", "unit_mismatch",
                         "COMMIT", "BREAKER */account:", "The story went as it should."):
                self.assertIn(what, output)
            print(next(line for line in output.splitlines() if "COMMIT" in line))

    def test_2_fails_when_a_row_typed_by_hand_freezes_nothing(self):
        code, output = self.play("--policy", self.policy(("ungated: freeze", "ungated: alert")))
        self.assertEqual(code, 1, output)
        self.assertIn("WRONG: expected HOLD BREAKER */account:", output)

    def test_3_fails_when_more_may_go_back_than_was_paid(self):
        code, output = self.play("--policy", self.policy(
            ("refunded + refunded_late <= paid", "refunded_late <= paid"),
            ("refunded + settled <= paid", "settled <= paid")))
        self.assertEqual(code, 1, output)
        self.assertIn("WRONG: expected BLOCK refunds_within_paid, got ALLOW", output)

    def test_4_told_to_end_it_ends_all_that_it_started(self):
        story = self.begin()
        for line in story.stdout:
            if line.startswith("3. "):
                break
        self.assertGreater(len(processes_of(self.temporary)), 3)
        story.send_signal(signal.SIGTERM)
        story.communicate()
        self.assertEqual(story.returncode, 128 + signal.SIGTERM)
        self.assertEqual(processes_of(self.temporary), {})
        self.assertEqual(list(self.temporary.iterdir()), [])

    def test_5_killed_it_takes_all_that_it_started_along(self):
        story = self.begin()
        for line in story.stdout:
            if line.startswith("3. "):
                break
        handles = processes_of(self.temporary)
        self.assertGreater(len(handles), 3)
        story.kill()
        story.wait()
        for name, handle in handles.items():
            ended = select.poll()
            ended.register(handle, select.POLLIN)
            self.assertTrue(ended.poll(END_MS), f"process {name} goes on")
        story.stdout.close()


if __name__ == "__main__":
    unittest.main()
