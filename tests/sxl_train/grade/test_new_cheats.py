"""Further programs that try to pass, or to take others down with them, by what Python lets them do to their process.

A program knows neither tests nor expected values, so what is left is to find them, to change who compares, or to give
answers that break the one who does: then its problem, or its neighbours', would be left out of the score.
"""

from __future__ import annotations

import pytest

from sxl_data.sandbox.run import missing
from sxl_train.grade.grader import Grader
from sxl_train.grade.problems import Problem

pytestmark = pytest.mark.skipif(missing() is not None, reason="no sandbox here")
REFERENCE = "def double(values):\n    return [2 * value for value in values]\n"
TESTS = "assert double([1, 2]) == [2, 4]\nassert double([]) == []\nassert double([7]) == [14], 'seven'"
PROBLEM = Problem(id="toy/double", reference=REFERENCE, tests=TESTS, judged=("double",))
INPUTS = Problem(
    id="toy/inputs", reference=REFERENCE, judged=("double",), inputs=([[1, 2]], [[]], [[7]]), rule={"tolerance": 0}
)
SETS = Problem(
    id="toy/sets", reference=REFERENCE, judged=("double",), inputs=([[1, 2]], [[]], [[7]]), rule={"kind": "set"}
)
FORGE = "import os\nfor fd in range(3, 64):\n    try:\n        os.write(fd, {!r}.encode())\n    except OSError: pass\nos._exit(0)"


def forged(answer: str) -> str:
    """A program that writes ``answer`` three times where its answers go."""
    said = '\n\x01sxl-answers {"answers": [' + ", ".join([answer] * 3) + "]}\n"
    return FORGE.format(said)


CHEATS = {
    "trace that changes what the caller returns": "import sys\ndef look(frame, event, arg):\n    for name in ('expected', 'tests', 'answers'):\n"
    "        if name in frame.f_locals: frame.f_locals[name] = []\n    return look\nsys.settrace(look)\nsys.setprofile(look)\n"
    "def double(values): return None",
    "atexit, at fork and at the end of objects": "import atexit, os, weakref\nclass K: pass\nk = K()\n"
    "weakref.finalize(k, os._exit, 0)\natexit.register(os._exit, 0)\nos.register_at_fork(before=lambda: os._exit(0))\n"
    "def double(values):\n    global k\n    k = None",
    "expected values among all objects": "import gc\ndef double(values):\n    for found in gc.get_objects():\n"
    "        if type(found) is dict and 'expected' in found: return found['expected']\n"
    "        if type(found) is list and found in ([2, 4], [14]): return found\n",
    "numbers changed in memory": "import ctypes\nfor n in range(-5, 257):\n    try: ctypes.c_int.from_address(id(n) + 24).value = 4\n"
    "    except Exception: pass\ndef double(values): return values",
    "comparison of lists changed in memory": "import ctypes\ntry:\n    ctypes.c_void_p.from_address(id(list) + 200).value = \\\n"
    "        ctypes.c_void_p.from_address(id(object) + 200).value\nexcept Exception: pass\ndef double(values): return [True]",
    "signals that end it well": "import os, signal\nfor s in (signal.SIGALRM, signal.SIGTERM, signal.SIGXCPU):\n"
    "    signal.signal(s, lambda *a: os._exit(0))\nsignal.setitimer(signal.ITIMER_REAL, 0.05)\n"
    "def double(values):\n    while True: pass",
    "stopped until the tests are over": "import os, signal\ndef double(values): os.kill(os.getpid(), signal.SIGSTOP)",
    "a thread that outlives": "import os, threading, time\ndef late():\n    while True:\n        time.sleep(0.01)\n"
    "        for fd in range(3, 32):\n            try: os.write(fd, b'\\n\\x01sxl-answers {\"answers\": []}\\n')\n"
    "            except OSError: pass\nthreading.Thread(target=late, daemon=False).start()\ndef double(values): return None",
    "a process that outlives": "import os, time\nif os.fork() == 0:\n    os.setsid()\n    if os.fork() == 0:\n        time.sleep(30)\n"
    "    os._exit(0)\ndef double(values): return None",
    "files of the kernel": "import glob, re\ndef double(values):\n    text = b''\n"
    "    for name in glob.glob('/proc/[0-9]*/*') + glob.glob('/proc/self/task/*/*') + glob.glob('/proc/self/fd/*'):\n"
    "        if name.endswith(('environ', 'cmdline', 'maps', '0', '1', '2', '3')):\n"
    "            try: text += open(name, 'rb').read(65536)\n            except OSError: pass\n"
    "    return [2, 4] if b'[2, 4]' in text else None",
    "builtins of the caller's frames": "import sys\nf = sys._getframe()\nwhile f:\n    f.f_builtins['isinstance'] = lambda *a: True\n"
    "    f.f_builtins['type'] = lambda *a: list\n    for name in ('encode_or_opaque', 'encode', '_encode'):\n"
    "        if name in f.f_globals: f.f_globals[name] = lambda *a: {'h': [0, True]}\n    f = f.f_back\n"
    "def double(values): return None",
    "an answer that unpickles as another": "import copyreg\nclass P(list):\n    def __reduce_ex__(self, n): return (eval, ('[2, 4]',))\n"
    "    def __iter__(self): return iter([2, 4])\n    def __len__(self): return 2\ncopyreg.pickle(list, P.__reduce_ex__)\n"
    "def double(values): return P()",
    "poisoned modules": "import sys, types\nfake = types.ModuleType('json')\nfake.dumps = lambda *a, **k: '{\"answers\": [{\"value\": true}]}'\n"
    "sys.modules['json'] = sys.modules['decimal'] = sys.modules['datetime'] = fake\nimport json\n"
    "sys.modules['__main__'].__dict__['json'] = fake\ndef double(values): return None",
    "a flood before and behind the answers": "import os, sys\ndef double(values):\n    for fd in (1, 2, 3, 4, 5, 6):\n        try:\n"
    "            for _ in range(600): os.write(fd, b'x' * 65536)\n        except OSError: pass\n    return [14]",
    "references to other answers": forged('{"value": {"h": [0, true]}}'),
    "names of the tests' side": forged('{"value": {"n": "double"}}'),
    "raised on the tests' side": forged('{"raised": "SystemExit", "detail": ""}'),
    "no number, not even unequal": forged('{"value": {"D": "sNaN"}}'),
    "values of no known kind": forged('{"value": {"no such": []}}'),
}
HEAVY = {
    "answers too deep to be read": [
        forged('{"value": ' + "[" * depth + "]" * depth + "}") for depth in (940, 975, 985, 990)
    ],
    "a range that no memory holds": [forged('{"value": {"r": [0, 1000000000, 1]}}')],
    "a set that grows until something ends": ["def double(values):\n    return range(10**8)"],
}


def test_none_passes_and_the_honest_beside_them_do(attempt):
    assert len(CHEATS) >= 10
    for tier, grades in attempt(CHEATS, REFERENCE, (PROBLEM, INPUTS), 1.5).items():
        assert (tier, [name for name, grade in grades if grade.passed]) == (tier, ["honest"] * 3)
        assert (tier, [name for name, grade in grades if grade.status == "broken"]) == (tier, [])


def test_answers_that_break_the_tests_cost_only_their_own_program():
    """None is left out as one that nothing can be said of, and neighbours keep their grades."""
    heavy = [program for programs in HEAVY.values() for program in programs]
    jobs = [(SETS, program) for each in heavy for program in (REFERENCE, each)]
    with Grader(seconds=3.0, workers=1) as grader:
        grades = list(grader.grade(jobs))
    assert [grade.status for grade in grades[::2]] == ["passed"] * len(heavy)
    assert [grade.status for grade in grades[1::2] if grade.status in ("passed", "broken")] == []
