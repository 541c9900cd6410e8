#!/usr/bin/python3
"""Runs a program with a planted fault and passes only if its sanitizer reported it.

    canary.py EXPECTED_REPORT PROGRAM [ARGUMENT]...
"""

import subprocess
import sys


def main():
    expected, command = sys.argv[1], sys.argv[2:]
    ran = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    output = ran.stdout + ran.stderr
    if ran.returncode != 0 and expected in output:
        print(f"found, as it must be: {expected}")
        return 0
    print(output)
    print(f"expected {command[0]} to fail reporting '{expected}', but it ended with"
          f" {ran.returncode}: this build's sanitizer is blind, so its other tests prove nothing")
    return 1


if __name__ == "__main__":
    sys.exit(main())
