"""``python -m personaspace``: the command line, as a launcher of many processes wants it."""

from personaspace.cli import main

if __name__ == "__main__":
    main()
