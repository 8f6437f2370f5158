"""`python -m gradcheck_cli` is `gradcheck`."""

from gradcheck_cli.cli.main import main

if __name__ == "__main__":
    main()
