"""Each notebook as a test, in a process of its own:   python .ci/notebooks.py [--counts FILE] [notebook ...]

nbdev_test reuses its workers, so that one notebook's imports and settings leak into the next; here nothing can: each process is forked from
one that has imported the libraries and nothing of ours, because to import them anew takes longer than most notebooks' tests. Cells that
settings.ini's `tst_flags` name, and cells with `#| eval: false`, are left out. Phase templates are not run here: the quick study runs them."""
import multiprocessing, os, signal, sys, tempfile, time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

root = Path(__file__).resolve().parent.parent
LIMIT = 900 # seconds for one notebook
LIBRARIES = ['torch', 'torch._dynamo', 'transformers', 'transformers.models.llama.modeling_llama', 'transformers.models.gemma3.modeling_gemma3', 'peft',
             'datasets', 'pandas', 'altair', 'scipy.stats', 'hydra', 'papermill', 'execnb.shell', 'nbdev.process', 'nbdev.showdoc', 'fastcore.test']


def run_one(path: Path, log: str) -> None:
    "In the child: execute the notebook's cells where it lies; a failed cell's traceback, and the lines that say what was skipped"
    os.setsid() # so that what it started can be stopped with it
    with open(log, 'a') as f: os.dup2(f.fileno(), 1), os.dup2(f.fileno(), 2)
    with open(os.devnull) as nothing: os.dup2(nothing.fileno(), 0) # nobody answers what it might ask
    from execnb.shell import CaptureShell
    from nbdev.config import get_config
    from nbdev.process import NBProcessor
    flags = set(get_config().tst_flags.split())
    os.chdir(path.parent)
    nb, shell, done = NBProcessor(path, process=True).nb, CaptureShell(path), []
    def left_out(cell):
        if cell.cell_type != 'code': return True
        said = cell.directives_ or {}
        if flags & said.keys() or said.get('eval:', [''])[0].lower() == 'false': return True
        done.append(cell)
    failed = 0
    try: shell.run_all(nb, exc_stop=True, preproc=left_out)
    except BaseException: failed = 1 # a cell may raise anything, SystemExit too
    if failed: print(shell.prettytb(fname=path))
    for cell in done:
        for o in cell.get('outputs', []):
            for line in ''.join(o.get('text', '')).splitlines():
                if line.startswith('skipped:'): print(line)
    if not (failed or done): print('skipped: no cell of it is run here')
    sys.exit(failed)


def test(path: Path, processes) -> bool:
    "In the parent: start the child and print what came of it"
    name, began = path.relative_to(root).as_posix(), time.monotonic()
    with tempfile.NamedTemporaryFile('r', encoding='utf-8', errors='replace') as log:
        child = processes.Process(target=run_one, args=(path, log.name))
        child.start()
        child.join(LIMIT)
        late = child.is_alive()
        if late: os.killpg(child.pid, signal.SIGKILL), child.join()
        good, said = child.exitcode == 0, log.read().splitlines()
    if late: said.append(f'stopped after {LIMIT} s')
    elif not said and not good: said = [f'ended with exit code {child.exitcode}']
    kept = said if not good else [line for line in said if line.startswith('skipped:')]
    print('\n'.join([f"{'ok  ' if good else 'FAIL'} {name} ({time.monotonic() - began:.0f} s)", *(f'       {line}' for line in kept)]), flush=True)
    return good


def main():
    args = sys.argv[1:]
    counts = args.pop(1) if args[:1] == ['--counts'] else None
    chosen = [Path(a).resolve() for a in args if a != '--counts']
    every = [p for p in sorted((root/'nbs').rglob('*.ipynb')) if not any(q[0] in '._' for q in p.relative_to(root).parts)]
    paths = chosen or [p for p in every if p.relative_to(root).parts[1] != 'phases']
    if not paths: sys.exit('no notebooks in nbs/')
    cores = os.cpu_count() or 1
    workers = min(cores, 2, len(paths)) # more would want more memory than a small machine has
    os.environ |= {'OMP_WAIT_POLICY': 'PASSIVE', 'IN_TEST': '1'} | os.environ | {'OMP_NUM_THREADS': str(max(1, cores // workers))}
    os.environ['PYTHONPATH'] = os.pathsep.join(filter(None, [str(root), os.environ.get('PYTHONPATH')])) # of what the notebooks start
    sys.path.insert(0, str(root))
    processes = multiprocessing.get_context('forkserver')
    processes.set_forkserver_preload(LIBRARIES)
    with ThreadPoolExecutor(workers) as pool: results = list(pool.map(lambda p: test(p, processes), paths))
    if counts: Path(counts).write_text(f'{sum(results)} {results.count(False)}\n')
    sys.exit(not all(results))


if __name__ == '__main__': main()
