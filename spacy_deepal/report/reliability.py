"""The reliability diagram: how sure a model is of entities, and how often they are right."""

from typing import TYPE_CHECKING

from ..rounds.rows import Calibration
from .curves import INK, KNOWN, MUTED, quieten, svg_element

if TYPE_CHECKING:
    from matplotlib.figure import Figure

SIZE = 3.6, 3.3  # inches
WHOLE = 120  # the area of the marker of a bin that holds all entities, in square points


def reliability_svg(calibration: Calibration, id: str) -> str:
    """RETURNS (str): The diagram as an <svg> element. id (str): As for `inline_svg`."""
    label = "Reliability diagram: share of entities that are right, by the confidence in them"
    return svg_element(draw_reliability(calibration), id, label)


def draw_reliability(calibration: Calibration) -> "Figure":
    """Draw the share that is right against confidence, before and after calibration (Guo et al.
    2017, figure 1). On the diagonal, confidence is true. A marker is the larger, the more entities
    it stands for."""
    from matplotlib.figure import Figure

    drawing = Figure(figsize=SIZE, layout="constrained")
    axes = drawing.add_subplot()
    axes.plot([0, 100], [0, 100], color=INK, lw=1, ls=(0, (5, 3)))
    looks = (
        ("as the model says", calibration.before, MUTED, "o"),
        ("calibrated on dev", calibration.after, KNOWN["MNLP"].color, "^"),
    )
    for label, found, color, marker in looks:
        x = [100 * each.confidence for each in found.bins]
        y = [100 * each.right for each in found.bins]
        total = sum(each.entities for each in found.bins)
        sizes = [max(12.0, WHOLE * each.entities / total) for each in found.bins]
        axes.plot(x, y, color=color, lw=1.5, label=f"{label}: error {100 * found.error:.1f}")
        axes.scatter(x, y, sizes, color=color, marker=marker, lw=0)
    axes.set_xlabel("confidence (%)", color=INK)
    axes.set_ylabel("entities that are right (%)", color=INK)
    axes.set(xlim=(-3, 103), ylim=(-3, 103))
    quieten(axes)
    axes.legend(loc="upper left", frameon=False, labelcolor=INK, fontsize=8)
    return drawing
