"""``python -m priormap``."""

import sys

from priormap.cli import main

sys.exit(main())
