"""`python -m kgan` is the `kgan` command."""

from kgan_cli import main

if __name__ == "__main__":
    main()
