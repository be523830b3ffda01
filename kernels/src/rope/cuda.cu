// Rotary positions, a thread for each pair of numbers (mod.rs has the formulas).
#include "../device/device.cuh"

// `x`, `y`: [B, T, H K] as `pairs` pairs; `places`: [B T], where in the tables each position stands; `half`: K / 2, `dim`: H K.
KERNEL rope_turn(const real* x, const float* cosines, const float* sines, const uint32_t* places, real* y, int64_t pairs, int dim,
                 int half, float sign) {
  const int64_t pair = element();
  if (pair >= pairs) return;
  const int64_t row = pair / (dim / 2);
  const int within = (int)(pair % (dim / 2)), head = within / half, i = within % half;
  const int64_t at = (int64_t)places[row] * half + i;
  const float c = cosines[at], s = sign * sines[at];
  const int64_t first = row * dim + (int64_t)head * 2 * half + i;
  const float x1 = (float)x[first], x2 = (float)x[first + half];
  y[first] = (real)(x1 * c - x2 * s);
  y[first + half] = (real)(x2 * c + x1 * s);
}
EXPORT(rope_turn)
