"""`python -m hub`: the command line, where the `hub` script is not on the path."""

from hub.cli import main

if __name__ == "__main__":
    main()
