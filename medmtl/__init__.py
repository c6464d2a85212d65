__version__ = "0.1.0"

import os
from .threads import choose_waiting
choose_waiting() # how OpenMP's threads wait (nbs/00a_threads). Read when torch is loaded, so set before.
# oneDNN keeps what it has compiled for each shape of a matrix product, and packed rows have another length at each step: by default a thousand of
# them, some hundred megabytes (nbs/training/04_loop). Read when torch is loaded.
os.environ.setdefault('ONEDNN_PRIMITIVE_CACHE_CAPACITY', '128')
# torch's bridge to oneDNN has a cache of its own, a thousand products with their working memory: .3 GB after an epoch of notes (LOG.md, 2026-11-27).
os.environ.setdefault('LRU_CACHE_CAPACITY', '64')
# Large tensors begin at a page and are asked for as huge pages, where the system has them: a step in float32 peaked at 4.8 GB instead of 6.1
# (LOG.md, 2026-11-27). Read when torch makes its first tensor.
os.environ.setdefault('THP_MEM_ALLOC_ENABLE', '1')
