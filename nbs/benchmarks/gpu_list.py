"""What waits for a GPU, in one command:   bash nbs/benchmarks/gpu_list.sh OUT [--tiny]

Each step runs in a process of its own for so many seconds at most, and writes JSON lines to OUT/gpu.jsonl as soon as it has them; so what is
there when the time runs out is kept. `--tiny` is the dry run: the same steps with models of a million weights, on a CPU too. Steps 1 to 3 are the
cells of this folder's notebooks with other parameters; a frame that a cell makes is written when the cell is done."""
import argparse, json, os, re, subprocess, sys, time, traceback
from pathlib import Path

root = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(root))
here = root/'nbs'/'benchmarks'

# name -> seconds at most, and what is run: a notebook, its parameters (real, tiny), and the frames that its cells make
NOTEBOOKS = {
    '2 surgery, 3B': (70, '00_gradient_step', dict(model='shape:llama3b', repeats=5, cases=[[5, 'short', 4, 45], [6, 'short', 4, 45], [5, 'long', 2, 400], [6, 'long', 2, 400]]),
                      dict(model='tiny-llama3b', repeats=1, cases=[[5, 'short', 2, 12]]), ['frame']),
    '2 surgery, 8B': (70, '00_gradient_step', dict(model='shape:llama8b', repeats=5, cases=[[6, 'short', 4, 45], [6, 'long', 2, 400]]),
                      dict(model='tiny-llama8b', repeats=1, cases=[[6, 'short', 2, 12]]), ['frame']),
    '2 strategies, 3B': (70, '01_strategies', dict(model='shape:llama3b', repeats=5, sizes={'short': [8, 45], 'long': [4, 400]}),
                         dict(model='tiny-llama3b', repeats=1, sizes={'short': [2, 12]}), ['frame']),
    '2 aggregators': (40, '08_aggregators', dict(model='smollm2', repeats=5), dict(model='tiny-llama3b', repeats=1, rows=2, length=8), ['frame']),
    '3 against peft': (80, '02_against_peft', dict(model='smollm2', precisions=['bfloat16'], repeats=3, sizes={'sentences': [32, 20], 'notes': [32, 10]}),
                       dict(model='tiny-llama3b', precisions=['float32'], repeats=1, sizes={'sentences': [4, 2]}), ['frame']),
    '3 frozen states': (60, '03_frozen_states', dict(model='smollm2', repeats=5, documents=32), dict(model='tiny-smollm2', repeats=1, documents=3), ['table'])}


def put(out: Path, **row):
    line = json.dumps(row, default=str)
    print(line, flush=True)
    with (out/'gpu.jsonl').open('a', encoding='utf-8') as f: f.write(line + '\n')


def card() -> dict:
    import torch
    gpu = torch.cuda.is_available()
    return dict(card=torch.cuda.get_device_name() if gpu else 'CPU', torch=torch.__version__, date=time.strftime('%Y-%m-%d'), commit=os.environ.get('MEDMTL_COMMIT', ''))


def run_notebook(out: Path, step: str, name: str, parameters: dict, frames: list[str]):
    "The cells of a notebook, in their order; the first is the one with the parameters. Charts and prose are not needed here"
    os.chdir(here)
    cells = [''.join(c['source']) for c in json.loads((here/f'{name}.ipynb').read_text(encoding='utf-8'))['cells'] if c['cell_type'] == 'code']
    space, seen = {'__name__': '__main__', 'display': lambda *x: None}, {}
    for n, cell in enumerate(cells):
        if re.search(r'^\s*(\(?bars|alt\.(hconcat|layer|Chart)|picture\()', cell, re.M) and n > 0: continue
        exec(compile(cell, f'{name}[{n}]', 'exec'), space)
        if n == 0:
            if unknown := parameters.keys() - space.keys(): raise ValueError(f'{name} has no parameter {", ".join(sorted(unknown))}')
            space |= parameters
        for k in frames:
            found = space.get(k)
            if found is None or seen.get(k) is found: continue
            seen[k] = found
            for row in found.reset_index().to_dict('records'): put(out, step=step, row=row)
    if missing := [k for k in frames if k not in seen]: raise ValueError(f'{name} made no {", ".join(missing)}')


def same_on_card(out: Path, tiny: bool):
    "1: packing, levels and per-task gradients on the card against the CPU in double precision, in float32 and bfloat16"
    import torch
    from medmtl.corpora.loading import load_tasks
    from medmtl.data.tasks import tasks_of
    from medmtl.modeling.backbones import FAMILIES, best_device, load_backbone
    from medmtl.modeling.streams import make_examples
    from medmtl.modeling.topology import build_network
    from medmtl.params import compose
    from medmtl.runs.assembly import streams_of, topology_of
    from medmtl.training.loop import backward_step
    params = compose(['task=all', 'strategy=s3b_hierarchical', 'model=tiny-llama3b', *(f'corpus.{k}=[3,3,3]' for k in ('notes', 'slotted', 'timelines', 'threads', 'medications'))])
    corpora, streams = load_tasks(tasks_of(params['task']['streams']), params['corpus']), streams_of(params)
    for family in FAMILIES:
        def gradients(device, dtype, family=family):
            backbone = load_backbone(f'random:{family}') # the same numbers for every precision
            backbone.model.to(device, dtype)
            examples = {s.id: make_examples(s, corpora[s.task].splits['train'][:2], backbone.tokenizer)[:2] for s in streams}
            network = build_network(backbone, streams, topology_of(params, streams, backbone.model), 'all-linear', dropout=0.)
            g = torch.Generator().manual_seed(0)
            for p in network.trainable().values(): p.data += (torch.randn(p.shape, generator=g) * .02).to(p)
            tables = network.set_task_gradients()
            for t in tables: t.clear(examples)
            network.eval()
            torch.manual_seed(0) # heads draw pairs that are none
            backward_step(network, {s: list(range(len(e))) for s, e in examples.items()}, examples, 10**9)
            return torch.cat([t.table.flatten().double().cpu() for t in tables])
        right = gradients('cpu', torch.float64)
        for dtype in (torch.float32, torch.bfloat16):
            off = (gradients(best_device(), dtype) - right).norm() / right.norm()
            put(out, step='1 same gradients', family=family, dtype=str(dtype), relative_error=float(off))


def nf4_memory(out: Path, tiny: bool):
    "4: a step of S2 and of S3b over an NF4 base in the 8B's shape, rows of 512 tokens: peak memory and tokens a second"
    import torch
    from transformers import AutoConfig, AutoModel, BitsAndBytesConfig
    if not torch.cuda.is_available(): return put(out, step='4 NF4', skipped='bitsandbytes quantises on loading to a GPU; nothing to measure here')
    import tempfile
    from medmtl.data.tasks import Stream
    from medmtl.modeling.attention import PACKED, unmask
    from medmtl.modeling.backbones import Backbone, tiny_tokenizer
    from medmtl.modeling.topology import build_network, topology
    from medmtl.modeling.windows import Example
    from medmtl.training.loop import backward_step
    shape = dict(hidden_size=512, intermediate_size=1024, num_hidden_layers=4, num_attention_heads=8, num_key_value_heads=2) if tiny else \
        dict(hidden_size=4096, intermediate_size=14336, num_hidden_layers=32, num_attention_heads=32, num_key_value_heads=8)
    with tempfile.TemporaryDirectory() as d: # random weights, saved in shards and read back in four bits
        with torch.device('cuda'): AutoModel.from_config(AutoConfig.for_model('llama', vocab_size=32000, **shape), dtype=torch.bfloat16).save_pretrained(d)
        torch.cuda.empty_cache()
        quantised = BitsAndBytesConfig(load_in_4bit=True, bnb_4bit_quant_type='nf4', bnb_4bit_use_double_quant=True, bnb_4bit_compute_dtype=torch.bfloat16)
        for name, ranks, levels in (('S2', {'shared': 32}, {}), ('S3b', {'shared': 32, 'level1': 16, 'level2': 16}, dict(level1_depth=.5, cross_level={'rank': 64, 'heads': 4}))):
            model = AutoModel.from_pretrained(d, dtype=torch.bfloat16, attn_implementation=PACKED, device_map='cuda', quantization_config=quantised)
            model.requires_grad_(False)
            streams = [Stream(f's{i}', 'ranking', level=1 + i // 3) for i in range(6)]
            backbone = Backbone(model, tiny_tokenizer(), 'random', unmask(model), 'random', 'nf4')
            network = build_network(backbone, streams, topology(streams, shape['num_hidden_layers'], ranks, 'sum', **levels))
            network.set_task_gradients()
            examples = {s.id: [Example(torch.randint(3, 32000, (512,)).tolist(), 0, [511], [n]) for n in range(2)] for s in streams}
            for micro in (1024, 2048, 4096, 6144):
                torch.cuda.reset_peak_memory_stats()
                try:
                    for _ in range(3):
                        torch.cuda.synchronize(); began = time.perf_counter()
                        network.train()
                        backward_step(network, {s: [0, 1] for s in examples}, examples, micro)
                        torch.cuda.synchronize(); seconds = time.perf_counter() - began
                    put(out, step='4 NF4', strategy=name, micro_tokens=micro, tokens_per_second=6 * 2 * 512 / seconds, peak_gib=torch.cuda.max_memory_allocated() / 2**30)
                except torch.cuda.OutOfMemoryError: put(out, step='4 NF4', strategy=name, micro_tokens=micro, error='out of memory')
            del network, backbone, model
            torch.cuda.empty_cache()


def learning(out: Path, tiny: bool):
    "5: SmolLM2 on NCBI-disease where it is there, else on the simulated clinic; the default recipe and its neighbours, three seeds"
    import tempfile
    from medmtl.corpora.loading import load_corpora
    from medmtl.corpora.registry import add
    from medmtl.params import compose
    from medmtl.runs.assembly import assemble, predictions_of, scored, train_run
    place, corpus = root/'shared'/'corpora'/'ncbi_disease', 'simulated'
    if place.is_dir():
        add('ncbi_disease', place)
        corpus = 'ncbi_disease'
    model, budget = ('tiny-smollm2', 2000) if tiny else ('smollm2', 700_000)
    recipes = [[], ['strategy.training.learning_rate=5.0e-4'], ['strategy.training.learning_rate=2.0e-3'], ['model.unmask=[15,30]']]
    if tiny: recipes = [[]]
    for seed in range(1 if tiny else 3):
        for recipe in recipes:
            params = compose([f'model={model}', f'corpus={corpus}', 'task=semeval2014t7', f'seed={seed}', f'strategy.training.max_tokens={budget}', 'strategy.training.micro_tokens=16384', *recipe])
            began, made = time.perf_counter(), assemble(params, load_corpora(params))
            with tempfile.TemporaryDirectory() as d: history, _ = train_run(made, params, d)
            score = scored(made, predictions_of(made))['semeval2014t7']['strict_f1']
            put(out, step='5 learning', corpus=corpus, seed=seed, recipe=' '.join(recipe) or 'default', tokens=sum(history.ledger.totals().values()),
                seconds=time.perf_counter() - began, strict_f1=score['value'], low=score['low'], high=score['high'], dev=history.dev())


FUNCTIONS = {'1 same gradients': (60, same_on_card), '4 NF4': (110, nf4_memory), '5 learning': (150, learning)}
ORDER = ['1 same gradients', '2 surgery, 3B', '2 strategies, 3B', '3 against peft', '4 NF4', '5 learning', '2 surgery, 8B', '3 frozen states']
LATER = {'6 known truth': 'not built yet', '7 inference': 'not built yet'}


def main():
    p = argparse.ArgumentParser(description=__doc__)
    p.add_argument('out', type=Path)
    p.add_argument('--tiny', action='store_true', help='the dry run')
    p.add_argument('--step', help='one step, in this process')
    p.add_argument('--seconds', type=float, default=530, help='for all steps together')
    a = p.parse_args()
    a.out.mkdir(parents=True, exist_ok=True)
    a.out = a.out.resolve()
    if a.step:
        try:
            if a.step in FUNCTIONS: FUNCTIONS[a.step][1](a.out, a.tiny)
            else:
                _, name, real, tiny, frames = NOTEBOOKS[a.step]
                run_notebook(a.out, a.step, name, tiny if a.tiny else real, frames)
        except Exception as e:
            traceback.print_exc()
            put(a.out, step=a.step, error=f'{type(e).__name__}: {e}'[:300])
            sys.exit(1)
        return
    put(a.out, step='0 machine', tiny=a.tiny, **card())
    began, bad = time.monotonic(), 0
    for step in ORDER:
        limit = min((FUNCTIONS.get(step) or NOTEBOOKS[step])[0], a.seconds - (time.monotonic() - began)) if not a.tiny else 600
        if limit < 10:
            put(a.out, step=step, skipped='no time left')
            continue
        start = time.monotonic()
        try: code = subprocess.run([sys.executable, __file__, str(a.out), '--step', step] + ['--tiny'] * a.tiny, timeout=limit).returncode
        except subprocess.TimeoutExpired: code = f'stopped after {limit:.0f} s'
        bad += code != 0
        put(a.out, step=step, ended=code, seconds=round(time.monotonic() - start, 1))
    for step, why in LATER.items(): put(a.out, step=step, skipped=why)
    sys.exit(bool(bad))


if __name__ == '__main__': main()
