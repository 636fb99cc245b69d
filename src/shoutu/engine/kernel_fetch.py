"""Asks memory ahead for what readings to come will need. Changes nothing but the time they take. Compiled by Numba.

Where readings come in order of points, the processor sees by itself what is next. Where they do not, each would wait
for its point, its rules and its stamps, one after another, from anywhere in memory.
"""

from __future__ import annotations

from typing import Any

from llvmlite import ir
from numba import njit, types
from numba.core import cgutils
from numba.extending import intrinsic

from . import layout as lay

FAR, NEAR = 16, 8
"""So many readings ahead a point is asked for, and, once it is there, what it points to."""
RULES = 8
"""So many rules of a point at most: each is a line of the cache."""
STEP = 4
"""Points so near each other lie in what the processor fetches by itself."""
SEEN, LINE = lay.SEEN, 64


@intrinsic
def _ask(_context: Any, array: Any, row: Any, beside: Any) -> Any:
    """Ask for the cache line ``beside`` bytes into a row of a C-ordered array. Reads nothing, so never faults."""

    def generate(context: Any, builder: Any, signature: Any, given: Any) -> Any:
        kind = signature.args[0]
        made = context.make_array(kind)(context, builder, given[0])
        row_bytes = cgutils.unpack_tuple(builder, made.strides, kind.ndim)[0]
        address = builder.ptrtoint(made.data, row_bytes.type)
        address = builder.add(builder.add(address, builder.mul(given[1], row_bytes)), given[2])
        word = ir.IntType(32)
        shape = ir.FunctionType(ir.VoidType(), [cgutils.voidptr_t, word, word, word])
        prefetch = builder.module.declare_intrinsic("llvm.prefetch", [cgutils.voidptr_t], shape)
        # To be written, into every level of the cache, data.
        builder.call(prefetch, [builder.inttoptr(address, cgutils.voidptr_t), word(1), word(3), word(1)])
        return context.get_dummy_value()

    return types.void(array, types.intp, types.intp), generate


@njit(cache=True)
def scattered(index: Any, start: int) -> bool:
    """Whether at least one in eight of the readings from ``start`` on is of a point far from the one before."""
    far = 0
    for i in range(start + 1, len(index)):
        step = index[i] - index[i - 1]
        far += (step < 0) | (step > STEP)
    return len(index) - start > FAR and 8 * far > len(index) - start


@njit(cache=True, forceinline=True)
def ask_ahead(points: Any, rules: Any, links: Any, seen: Any, index: Any, i: int) -> None:
    """What the readings 16 and 8 after reading ``i`` will touch."""
    n = len(index)
    if i + FAR < n:
        at = index[i + FAR]
        if at >= 0:
            _ask(points, at, 0)  # type: ignore[call-arg]
            _ask(points, at, LINE)
    if i + NEAR < n:
        at = index[i + NEAR]
        if at >= 0:
            p = points[at]
            _ask(links, p.link, 0)  # type: ignore[call-arg]
            _ask(seen, at, p.seen_at * 8)
            for k in range(p.first, min(p.last, p.first + RULES)):
                _ask(rules, k, 0)
