"""Programs that try to pass without solving the problem: none does, whatever they do to their own process."""

from __future__ import annotations

import pytest

from sxl_data.sandbox.run import missing
from sxl_train.grade.grader import Grader
from sxl_train.grade.problems import Problem

pytestmark = pytest.mark.skipif(missing() is not None, reason="no sandbox here")

REFERENCE = "def double(values):\n    return [2 * value for value in values]\n"
PROBLEM = Problem(
    id="toy/double",
    reference=REFERENCE,
    tests="def check(candidate):\n    assert candidate([1, 2]) == [2, 4]\n    assert candidate([]) == []\n"
    "    assert candidate([7]) == [14], 'seven'\ncheck(double)",
    judged=("double",),
)
INPUTS = Problem(
    id="toy/double-inputs",
    reference=REFERENCE,
    judged=("double",),
    inputs=([[1, 2]], [[]], [[7]]),
    rule={"tolerance": 0},
)
ALWAYS = """
class Always(list):
    def __eq__(self, other): return True
    def __ne__(self, other): return False
    def __bool__(self): return True
    def __len__(self): return 10**6
    def __hash__(self): return 0
"""
CHEATS = {
    "exit 0": "import sys\nsys.exit(0)",
    "os._exit 0": "import os\nos._exit(0)",
    "exit in the call": "import os\ndef double(values):\n    os._exit(0)",
    "raise SystemExit(0)": "def double(values):\n    raise SystemExit(0)",
    "raise KeyboardInterrupt": "def double(values):\n    raise KeyboardInterrupt",
    "raise GeneratorExit": "def double(values):\n    raise GeneratorExit",
    "equal to everything": f"{ALWAYS}\ndef double(values):\n    return Always()",
    "equal, no list": "class E:\n    def __eq__(self, other): return True\ndef double(values):\n    return E()",
    "list of equals": f"{ALWAYS}\ndef double(values):\n    return [Always() for v in values]",
    "metaclass equality": "class M(type):\n    def __eq__(c, o): return True\n    def __hash__(c): return 1\n"
    "class C(metaclass=M): pass\ndef double(values):\n    return C",
    "int equal to everything": "class I(int):\n    def __eq__(self, other): return True\n    __hash__ = int.__hash__\n"
    "def double(values):\n    return [I(0) for v in values]",
    "list.__eq__ patched": "import ctypes\ndef double(values):\n    return None\n"
    "list_type = ctypes.py_object(list)\nlist.__eq__ = lambda a, b: True",
    "builtins patched": "import builtins\nbuiltins.all = builtins.any = lambda *a: True\nbuiltins.len = lambda x: 0\n"
    "builtins.AssertionError = ValueError\ndef double(values):\n    return []",
    "assert switched off": "import sys\nsys.flags\n__debug__\ndef double(values):\n    return None",
    "forged passed": "print('passed')\nprint('{\"status\": \"passed\"}')\ndef double(values):\n    print('passed')",
    "forged answers on stdout": "import os\nos.write(1, b'\\n\\x01sxl-answers {\"answers\": []}\\n')\nos._exit(0)",
    "forged answers on every descriptor": "import os\nfor fd in range(3, 64):\n    try:\n"
    '        os.write(fd, b\'\\n\\x01sxl-answers {"answers": [{"value": true}, {"value": true}, {"value": true}]}\\n\')\n'
    "    except OSError:\n        pass\nos._exit(0)",
    "forged verdict as answer": 'def double(values):\n    return {"status": "passed"}',
    "check redefined": "def check(candidate):\n    pass\ndef double(values):\n    return None",
    "json hijacked": 'import json\njson.dumps = lambda *a, **k: \'{"answers": [{"passed": true}]}\'\n'
    "def double(values):\n    return None",
    "driver hijacked": "import sys\nmain = sys.modules['__main__']\nmain.encode_or_opaque = lambda v, c: {'h': [0, True]}\n"
    "main._call = lambda *a: {'value': {'h': [0, True]}}\ndef double(values):\n    return None",
    "frames": "import sys\ndef double(values):\n    frame = sys._getframe()\n    while frame:\n"
    "        for name in ('expected', 'wanted', 'tests', 'answers'):\n            if name in frame.f_locals:\n"
    "                return frame.f_locals[name]\n        frame = frame.f_back",
    "garbage collector": "import gc\ndef double(values):\n    for held in gc.get_objects():\n"
    "        if isinstance(held, list) and len(held) == len(values) and held and held[0] == 2 * values[0]:\n"
    "            return held\n    return []",
    "tests read from files": "import os, glob\ndef double(values):\n    for path in glob.glob('/**/*', recursive=True)[:20000]:\n"
    "        try:\n            text = open(path).read()\n        except Exception:\n            continue\n"
    "        if 'candidate([7]) == [14]' in text:\n            return [2 * v for v in values]\n    return None",
    "tests read from memory": "def double(values):\n    for line in open('/proc/self/maps'):\n        if 'seven' in line:\n"
    "            return [14]\n    return None",
    "tests read from stdin": "import sys\ndef double(values):\n    return sys.stdin.read() or None",
    "other processes": "import os\ndef double(values):\n    for pid in os.listdir('/proc'):\n        if pid.isdigit():\n"
    "            try:\n                open(f'/proc/{pid}/mem', 'r+b').write(b'passed')\n            except OSError:\n"
    "                pass\n",
    "parent killed": "import os, signal\ndef double(values):\n    os.kill(os.getppid(), signal.SIGKILL)",
    "import hook": "import sys\nclass F:\n    def find_spec(self, name, path=None, target=None):\n        return None\n"
    "sys.meta_path.insert(0, F())\nsys.modules['copy'] = sys.modules['random'] = None\ndef double(values):\n    return None",
    "trace function": "import sys\nsys.settrace(lambda *a: None)\ndef double(values):\n    return None",
    "atexit": "import atexit, os\natexit.register(os._exit, 0)\ndef double(values):\n    return None",
    "excepthook": "import sys, os\nsys.excepthook = lambda *a: os._exit(0)\ndef double(values):\n    raise ValueError",
    "thread that exits": "import threading, os, time\nthreading.Thread(target=lambda: (time.sleep(0.05), os._exit(0))).start()\n"
    "def double(values):\n    time.sleep(1)",
    "fork answers": "import os\ndef double(values):\n    if os.fork():\n        os._exit(0)\n    return None",
    "generator": "def double(values):\n    yield from (2 * v for v in values)",
    "iterator as list": "def double(values):\n    return iter([2 * v for v in values])",
    "not a number": "def double(values):\n    return [float('nan') for v in values]",
    "arguments mutated": "def double(values):\n    values[:] = [2 * v for v in values]",
    "answer is the argument": "def double(values):\n    return values",
    "huge answer": "def double(values):\n    return [0] * 10**8",
    "deep answer": "def double(values):\n    a = []\n    for _ in range(10**5):\n        a = [a]\n    return a",
    "output flood": "def double(values):\n    import os\n    while True:\n        os.write(2, b'x' * 65536)",
    "waits for ever": "def double(values):\n    while True: pass",
    "no function": "double = None",
    "only a comment": "# passed",
}


def test_there_are_thirty_and_none_passes_and_the_honest_do(attempt):
    assert len(CHEATS) >= 30
    for tier, grades in attempt(CHEATS, REFERENCE, (PROBLEM, INPUTS), 2.0).items():
        assert (tier, [name for name, grade in grades if grade.passed]) == (tier, ["honest"] * 3)


def test_what_one_program_leaves_behind_reaches_no_other():
    """The first would hand the solution to the second through every folder that it can write to."""
    leave = (
        "import os, glob\nfor folder in (os.getcwd(), os.environ.get('TMPDIR', '/tmp'), os.environ['HOME'], '/dev/shm'):\n"
        "    for name in ('double_solved.py', 'json.py', 'sitecustomize.py'):\n        try:\n"
        "            open(os.path.join(folder, name), 'w').write('def double(values):\\n    return [2 * v for v in values]\\n')\n"
        "        except OSError:\n            pass\ndef double(values):\n    return None\n"
    )
    take = (
        "import os, sys\nfor folder in (os.getcwd(), os.environ.get('TMPDIR', '/tmp'), os.environ['HOME'], '/dev/shm'):\n"
        "    sys.path.insert(0, folder)\nfrom double_solved import double\n"
    )
    with Grader(seconds=5.0, workers=1) as grader:
        grades = list(grader.grade([(PROBLEM, leave), (PROBLEM, take), (PROBLEM, REFERENCE)]))
    assert [grade.status for grade in grades] == ["wrong", "load", "passed"]


def test_grades_say_what_happened():
    programs = {
        "wrong": "def double(values):\n    return values",
        "raised": "def double(values):\n    return values[5]",
        "missing": "def single(values):\n    return values",
        "load": "import no_such_module_at_all",
        "syntax": "def double(values:\n",
        "timeout": "def double(values):\n    while True: pass",
        "died": "import os\nos._exit(3)",
        "limit": "def double(values):\n    return bytearray(10**10)",
        "passed": "def double(values):\n    return [v + v for v in values]",
    }
    with Grader(seconds=1.5) as grader:
        found = [grade.status for grade in grader.grade([(PROBLEM, program) for program in programs.values()])]
    with Grader(seconds=5.0) as grader:
        (wrong,) = grader.grade([(PROBLEM, programs["wrong"])])
        (other,) = grader.grade([(INPUTS, programs["wrong"])])
    assert wrong.detail == "AssertionError; double([1, 2]) gave [1, 2]"
    assert other.detail == "expected [2, 4]; double([1, 2]) gave [1, 2]"
    assert found[:7] == list(programs)[:7] and found[7] in ("limit", "raised") and found[8] == "passed"
