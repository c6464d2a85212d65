"""Each notebook as a test, in a process of its own:   python .ci/notebooks.py [--counts FILE] [notebook ...]

nbdev_test reuses its workers, so that one notebook's imports and settings leak into the next; here nothing can. Cells that settings.ini's
`tst_flags` name, and cells with `#| eval: false`, are left out. Phase templates are not run here: the quick study runs them."""
import os, subprocess, sys, time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

root = Path(__file__).resolve().parent.parent
LIMIT = 900 # seconds for one notebook


def run_one(path: Path) -> int:
    "In the child: execute the notebook's cells where it lies; a failed cell's traceback, and the lines that say what was skipped"
    from execnb.shell import CaptureShell
    from nbdev.config import get_config
    from nbdev.process import NBProcessor
    os.environ['IN_TEST'] = '1'
    flags = set(get_config().tst_flags.split())
    nb, shell, done = NBProcessor(path, process=True).nb, CaptureShell(path), []
    def left_out(cell):
        if cell.cell_type != 'code': return True
        said = cell.directives_ or {}
        if flags & said.keys() or said.get('eval:', [''])[0].lower() == 'false': return True
        done.append(cell)
    os.chdir(path.parent)
    failed = 0
    try: shell.run_all(nb, exc_stop=True, preproc=left_out)
    except BaseException: failed = 1 # a cell may raise anything, SystemExit too
    if failed: print(shell.prettytb(fname=path))
    for cell in done:
        for o in cell.get('outputs', []):
            for line in ''.join(o.get('text', '')).splitlines():
                if line.startswith('skipped:'): print(line)
    if not (failed or done): print('skipped: no cell of it is run here')
    return failed


def test(path: Path, threads: int) -> bool:
    "In the parent: start the child and print what came of it"
    name, began = path.relative_to(root).as_posix(), time.monotonic()
    env = {'OMP_WAIT_POLICY': 'PASSIVE'} | os.environ | {'OMP_NUM_THREADS': str(threads), 'PYTHONPATH': os.pathsep.join(filter(None, [str(root), os.environ.get('PYTHONPATH')]))}
    try:
        child = subprocess.run([sys.executable, __file__, '--one', str(path)], env=env, text=True, encoding='utf-8', errors='replace', cwd=root,
                               stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, timeout=LIMIT)
        good, said = child.returncode == 0, child.stdout
    except subprocess.TimeoutExpired as e:
        good, said = False, (e.stdout or b'').decode('utf-8', 'replace') + f'\nstopped after {LIMIT} s'
    kept = said.splitlines() if not good else [line for line in said.splitlines() if line.startswith('skipped:')]
    print('\n'.join([f"{'ok  ' if good else 'FAIL'} {name} ({time.monotonic() - began:.0f} s)", *(f'       {line}' for line in kept)]), flush=True)
    return good


def main():
    if sys.argv[1:2] == ['--one']: sys.exit(run_one(Path(sys.argv[2])))
    args = sys.argv[1:]
    counts = args.pop(1) if args[:1] == ['--counts'] else None
    chosen = [Path(a).resolve() for a in args if a != '--counts']
    every = [p for p in sorted((root/'nbs').rglob('*.ipynb')) if not any(q[0] in '._' for q in p.relative_to(root).parts)]
    paths = chosen or [p for p in every if p.relative_to(root).parts[1] != 'phases']
    if not paths: sys.exit('no notebooks in nbs/')
    cores = os.cpu_count() or 1
    workers = min(cores, 2, len(paths)) # more would want more memory than a small machine has
    with ThreadPoolExecutor(workers) as pool: results = list(pool.map(lambda p: test(p, max(1, cores // workers)), paths))
    if counts: Path(counts).write_text(f'{sum(results)} {results.count(False)}\n')
    sys.exit(not all(results))


if __name__ == '__main__': main()
