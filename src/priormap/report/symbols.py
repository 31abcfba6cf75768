"""The symbols of the methods paragraph."""

from __future__ import annotations

from priormap.report.mathematics import number, op, row, sub, superscript, var

EQUALS, MINUS, PLUS = op("="), op("−"), op("+")
J, N, S, T = var("j"), var("n"), var("s"), var("t")
ALPHA, SIGMA = var("α"), var("σ")
TWO = number(2)
SIGMA2 = superscript(SIGMA, TWO)
BJ, XJ = sub(var("b"), J), sub(var("x"), J)
L1, L2 = (sub(var("λ"), number(k)) for k in (1, 2))
L1J, L2J = (sub(var("λ"), row(number(k), J)) for k in (1, 2))
