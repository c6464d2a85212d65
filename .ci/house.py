"""What the house promises, counted from the files alone:   python .ci/house.py

Walls between rooms are import-linter's (.importlinter); here are circles, the size of rooms, the length of lines and cells, the order of
notebooks, and rooms that must do without torch. Prints one line each and fails where a limit is passed."""
import json, re, subprocess, sys
from graphlib import CycleError, TopologicalSorter
from pathlib import Path

root = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(root))
package, notebooks = root/'medmtl', root/'nbs'
NO_TORCH = 'data', 'formats', 'scoring', 'clinic'
TASK_ID = re.compile(r'''['"]semeval20\d\dt\d+\w*['"]''')
ID_ROOMS = 'clinic', 'checks', 'analyses', 'benchmarks', 'phases' # and the official scorers, and tests


def modules() -> dict[str, Path]:
    "Dotted name -> file, of what is exported"
    files = [f for f in package.rglob('*.py') if f.name not in ('__init__.py', '_modidx.py')]
    return {'.'.join(f.relative_to(root).with_suffix('').parts): f for f in sorted(files)}


def imports(name: str, file: Path, known: dict) -> set[str]:
    "The modules of ours that a module imports, also inside functions"
    from medmtl.runs.naming import imported
    return (imported(file.read_text(encoding='utf-8'), name) & known.keys()) - {name}


def code_cells(path: Path) -> list[str]:
    cells = json.loads(path.read_text(encoding='utf-8'))['cells']
    return [''.join(c['source']) for c in cells if c['cell_type'] == 'code']


def exported(cell: str) -> bool: return bool(re.search(r'^#\|\s*exports?\b', cell, re.M))


def is_table(line: str) -> bool: # of words: a line that is one string, or part of a list of strings
    return bool(re.fullmatch(r'''\s*(\w+ = |'\w+': )?[\[({]*\s*[rf]?(['"]).*\2[\s,\])}]*(#.*)?''', line))


def misplaced(graph: dict[str, set[str]], files: list[Path]) -> list[str]:
    "Modules whose notebook stands before one that it imports, in the same room"
    place = {}
    for n, path in enumerate(files):
        for cell in code_cells(path):
            if m := re.search(r'^#\|\s*default_exp\s+(\S+)', cell, re.M): place[f'medmtl.{m[1]}'] = (path.parent, n)
    return [f'{a} stands before {b}' for a, uses in graph.items() for b in sorted(uses)
            if a in place and b in place and place[a][0] == place[b][0] and place[a][1] < place[b][1]]


def without_torch(room: str) -> str: # what went wrong, or ''
    names = [n for n in modules() if n.startswith(f'medmtl.{room}.')]
    program = f'import sys; sys.modules["torch"] = None\nimport {", ".join(names)}\n' if names else ''
    done = subprocess.run([sys.executable, '-c', program], cwd=root, capture_output=True, text=True)
    return (done.stderr.strip().splitlines() or ['it failed'])[-1] if done.returncode else ''


def machine_paths(path: Path) -> list[str]: # of one machine, in a notebook's outputs
    cells = json.loads(path.read_text(encoding='utf-8'))['cells']
    shown = json.dumps([o for c in cells for o in c.get('outputs', [])])
    return re.findall(r'[^"\\\s]*(?:/site-packages/|/ipykernel_\d|(?<![\w.:/])/(?:home|root|Users)/\w)[^"\\\s]*', shown)


def main():
    known, files = modules(), sorted(p for p in notebooks.rglob('*.ipynb') if '.ipynb_checkpoints' not in p.parts)
    graph, faults = {n: imports(n, f, known) for n, f in known.items()}, []
    def tell(what, value, limit, where=()):
        print(f'house: {what}: {value}' + (f' (at most {limit})' if limit else ''))
        for w in list(where)[:12]: print(f'       {w}')
        if value > limit: faults.append(what)
    try: TopologicalSorter(graph).prepare(); circles = []
    except CycleError as e: circles = [' -> '.join(e.args[1])]
    tell('circles of imports', len(circles), 0, circles)
    sizes = {}
    for n, f in known.items():
        room = n.split('.')[1] if n.count('.') > 1 else 'ground'
        sizes[room] = sizes.get(room, 0) + len(f.read_text(encoding='utf-8').splitlines())
    largest = max(sizes, key=sizes.get)
    tell(f'largest room ({largest}), % of all lines', round(100 * sizes[largest] / sum(sizes.values())), LARGEST)
    cells = [(p.relative_to(root).as_posix(), c) for p in files for c in code_cells(p)]
    wide = [f'{p}: {line[:60]}…' for p, c in cells for line in c.splitlines() if len(line) > 100 and not is_table(line)]
    tell('lines of code over 100 characters', len(wide), WIDE, wide)
    long = [f'{p}: {c.count(chr(10)) + 1} lines' for p, c in cells if exported(c) and c.count('\n') + 1 > 60]
    tell('exported cells over 60 lines', len(long), LONG, long)
    ids = [f'{p}: {m}' for p, c in cells if exported(c) and not p.split('/')[1] in ID_ROOMS for m in TASK_ID.findall(c)]
    tell('task ids as literals in exported code', len(ids), 0, ids)
    order = misplaced(graph, files)
    tell('notebooks that stand before what they import', len(order), 0, order)
    executed = sorted((root/'outputs').glob('*/*.ipynb'))
    paths = [f'{p.relative_to(root)}: {m}' for p in [*files, *executed] for m in machine_paths(p)]
    tell('paths of one machine in outputs', len(paths), 0, paths)
    torch = [f'{room}: {why}' for room in NO_TORCH if (why := without_torch(room))]
    tell('rooms that should do without torch and do not', len(torch), 0, torch)
    sys.exit(bool(faults) and f'house: {", ".join(faults)}')


LARGEST, WIDE, LONG = 25, 0, 0
if __name__ == '__main__': main()
