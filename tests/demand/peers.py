"""What statsforecast says of the same series: the first 45 months forecast the last six.

Writes one row for each part and peer: the means of the six months, their 90 % quantiles, and the 90 % quantile of their sum.
A month's quantile is the upper end of the package's own conformal interval of 80 %. For the sum the same method is applied to sums:
the mean, and the 80 % quantile of how far sums of six months were off in the same windows.
"""

import csv
import sys
import warnings
from pathlib import Path

import numpy as np
import pandas as pd
from statsforecast import StatsForecast
from statsforecast.models import ADIDA, IMAPA, TSB, AutoETS, CrostonSBA, SimpleExponentialSmoothingOptimized
from statsforecast.utils import ConformalIntervals

KNOWN, AHEAD = 45, 6


def series():
    with (Path(__file__).parent / "monthly-demand.csv").open() as file:
        rows = list(csv.reader(file))[1:]
    return sorted(row for row in rows if all(row))


def models(windows):
    intervals = ConformalIntervals(h=AHEAD, n_windows=windows)
    some = [
        SimpleExponentialSmoothingOptimized(prediction_intervals=intervals, alias="SES"),
        CrostonSBA(prediction_intervals=intervals),
        TSB(0.1, 0.1, prediction_intervals=intervals, alias="TSB 0.1"),
        TSB(0.2, 0.2, prediction_intervals=intervals, alias="TSB 0.2"),
        ADIDA(prediction_intervals=intervals),
        IMAPA(prediction_intervals=intervals),
    ]
    # It takes a minute, and more windows do not help it.
    return [*some, AutoETS(season_length=12, prediction_intervals=intervals)] if windows == 2 else some


def main():
    warnings.filterwarnings("ignore")
    rows = series()
    parts = [row[0] for row in rows]
    known = pd.DataFrame({
        "unique_id": np.repeat(parts, KNOWN),
        "ds": np.tile(np.arange(KNOWN), len(parts)),
        "y": [float(units) for row in rows for units in row[1 : 1 + KNOWN]],
    })
    out = csv.writer(sys.stdout)
    out.writerow(["part", "peer", *(f"mean_{at}" for at in range(AHEAD)), *(f"high_{at}" for at in range(AHEAD)), "high_sum"])
    for windows in (2, 4):
        tried = models(windows)
        names = [model.alias for model in tried]
        shop = StatsForecast(models=tried, freq=1)
        ahead = shop.forecast(df=known, h=AHEAD, level=[80])
        past = StatsForecast(models=tried, freq=1).cross_validation(df=known, h=AHEAD, n_windows=windows, step_size=AHEAD)
        ahead = {part: rows for part, rows in ahead.groupby("unique_id")}
        sums = past.groupby(["unique_id", "cutoff"])[["y", *names]].sum().reset_index()
        sums = {part: rows for part, rows in sums.groupby("unique_id")}
        for part in parts:
            for name in names:
                mean = ahead[part][name].to_numpy()
                high = np.maximum(ahead[part][f"{name}-hi-80"].to_numpy(), 0)
                off = np.abs(sums[part]["y"] - sums[part][name])
                high_sum = max(mean.sum() + np.quantile(off, 0.8), 0)
                out.writerow([part, f"{name}, {windows} windows", *mean.round(6), *high.round(6), round(high_sum, 6)])


main()
