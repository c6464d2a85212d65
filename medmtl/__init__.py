__version__ = "0.1.0"

import os
# OpenMP threads that spin while they wait ruin every other process on the machine (nbs/63_cli). Read when torch is loaded, so set before.
if not {'OMP_WAIT_POLICY', 'GOMP_SPINCOUNT', 'KMP_BLOCKTIME'} & os.environ.keys(): os.environ['OMP_WAIT_POLICY'] = 'PASSIVE'
