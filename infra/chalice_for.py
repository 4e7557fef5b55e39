"""`python -P infra/chalice_for.py 3.12 deploy --stage dev`: Chalice's command line, for a release of that Python.

Chalice itself takes the runtime of whichever Python runs it, and a rollback may bring back a package for another one.
"""

import sys
import warnings

from chalice.cli import main
from chalice.config import Config

if __name__ == "__main__":
    runtime = f"python{sys.argv.pop(1)}"
    Config.lambda_python_version = runtime  # type: ignore[assignment, method-assign]  # a property, to be made a constant
    # Chalice would say that it had to build libraries for this Python: they are in the package already.
    warnings.filterwarnings("ignore", message="You are currently running")
    sys.exit(main())
