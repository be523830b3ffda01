// Elements by index, and their sums back by segments: the host sorts the sources by where they go.
#include "../device/device.cuh"

// `y`: [outer, count, inner], n elements; `x`: [outer, rows, inner].
KERNEL gather_pick(const real* x, const uint32_t* index, real* y, int64_t n, int64_t count, int64_t rows, int64_t inner) {
  const int64_t i = element();
  if (i < n) y[i] = x[(i / inner / count * rows + index[i]) * inner + i % inner];
}
EXPORT(gather_pick)

// To each place of `y` that has sources their sum, in their order. `order`: the sources; `starts`: [segments + 1] into it.
KERNEL gather_add(const real* s, const uint32_t* order, const uint32_t* starts, const uint32_t* places, real* y, int64_t segments) {
  const int64_t segment = element();
  if (segment >= segments) return;
  float sum = (float)y[places[segment]];
  for (uint32_t at = starts[segment]; at < starts[segment + 1]; at++) sum += (float)s[order[at]];
  y[places[segment]] = (real)sum;
}
EXPORT(gather_add)
