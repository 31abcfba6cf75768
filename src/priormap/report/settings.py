"""What a report was asked for: how to sample, and where the data come from."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Settings:
    """How the posterior is drawn and judged; the words are those of `priormap.contrast`."""

    random_seed: int
    draws: int = 1000
    tune: int | None = None
    chains: int = 4
    rope: float = 0.1
    hdi_prob: float = 0.95

    def as_code(self) -> str:
        """Keyword arguments for `priormap.contrast`."""
        tune = "" if self.tune is None else f"tune={self.tune}, "
        return (
            f"draws={self.draws}, {tune}chains={self.chains}, rope={self.rope!r}, "
            f"hdi_prob={self.hdi_prob!r}, random_seed={self.random_seed}"
        )


@dataclass(frozen=True)
class Origin:
    """Where data come from, for a report that can be made again.

    Parameters
    ----------
    name : str
        What to call the data.
    target : str
        What y is.
    load : str
        Lines of Python that make `data`.
    command : str
        The shell command that writes the report.
    choices : tuple of str
        One sentence for each choice that was made for the reader.
    """

    name: str = "arrays in memory"
    target: str = "y"
    load: str = ""
    command: str = ""
    choices: tuple[str, ...] = ()
