"""How large a training's process becomes:   python nbs/benchmarks/memory.py OUT.jsonl TOKENS OVERRIDE …

S1 on the simulated clinic with default settings, but for the overrides; a JSON line each 5,000 tokens as soon as it is there, and one at the end. Each
measurement is a process of its own, because the system tells the highest mark of a process alone."""
import json, sys, tempfile, time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))
from medmtl.corpora.loading import load_corpora
from medmtl.params import compose
from medmtl.runs.assembly import assemble, development, training_options
from medmtl.training import loop

EVERY = 5_000 # tokens


def gigabytes(field: str) -> float: # of this process, now or at most
    status = dict(line.split(':', 1) for line in Path('/proc/self/status').read_text().splitlines())
    return int(status[field].split()[0]) * 1024 / 1e9


def main(out: Path, tokens: int, overrides: list[str]):
    params = compose(['task=semeval2014t7', 'strategy.training.epochs=200', 'strategy.training.patience=null', f'strategy.training.max_tokens={tokens}', *overrides])
    made = assemble(params, load_corpora(params))
    seen, written, began = 0, 0, time.monotonic()

    def put(**row):
        with out.open('a', encoding='utf-8') as f: f.write(json.dumps(dict(case=' '.join(overrides) or 'default', tokens=seen, **row)) + '\n')

    def watched(*args, **options):
        nonlocal seen, written
        found = loop.backward_step(*args, **options)
        seen += sum(found[1].values())
        if seen - written >= EVERY:
            written = seen
            put(resident=gigabytes('VmRSS'), seconds=time.monotonic() - began)
        return found

    with tempfile.TemporaryDirectory() as folder: loop.train(made.network, made.examples['train'], development(made), folder, backward=watched, **training_options(params))
    put(peak=gigabytes('VmHWM'), seconds=time.monotonic() - began, dtype=str(made.network.backbone.dtype))


if __name__ == '__main__': main(Path(sys.argv[1]), int(sys.argv[2]), sys.argv[3:])
